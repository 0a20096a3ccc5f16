"""Images made from servers: asked for by people, made by workers, taken in like anything that comes from outside.

What a worker that was killed has left is thrown away by the next one, which begins anew: a disk goes on changing, so
that its second half fits no first half from before.
"""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404
from django.utils import timezone
from django_q.tasks import async_task

from accounts.errors import Conflict, wrong
from accounts.permissions import lock_groups
from accounts.viewer import Viewer
from images.actions.events import record_image
from images.actions.later import run_later
from images.actions.reception import data_of
from images.actions.removal import forget
from images.models import Image
from images.permissions import Verb as ImageVerb
from images.permissions import limit_of
from images.permissions import require as require_for_image
from images.problems import DataProblem
from images.quotas import Counted, confirm, levels_of, reserve
from images.stores import get_store
from images.streams import Intake, Received, receive
from servers import letters
from servers.actions.claims import SILENCE, claim, is_alive, signs_of_life
from servers.actions.events import record_server
from servers.clouds.base import CloudBusy, CloudProblem
from servers.clouds.finding import cloud_of, machine_of
from servers.models import Snapshot
from servers.permissions import Verb, get_server
from servers.possible import refuse, why_not_save
from servers.querysets import SnapshotQuerySet

SHOW_SECONDS = 1  # between two notes of how far it is
AGAIN = timedelta(seconds=10)
LONGEST = timedelta(hours=24)  # after which nothing tries any more
ENDED = "It was given up after a day: its server or its cloud was busy all the time."
# What the new image has of the one that its server was booted from. Who sees it, its tags and family are its own.
INHERITED = (
    "description",
    "os_family",
    "os_version",
    "architecture",
    "min_ram",
    "properties",
    "default_login",
    "ports",
)
Status = Snapshot.Status


class Discarded(Exception):
    """Nobody wants this image any more, or another worker makes it."""


@transaction.atomic
def start_snapshot(server_id: UUID, *, by: Viewer, name: str) -> Snapshot:
    """Have an image made from the disk of a server. It is private, and has the server's image as its parent.

    Raises:
        Http404, PermissionDenied: as ``get_server``; or the viewer may not add images.
        Conflict: the server is not in a state for it.
        ValidationError: per field; its region takes no new images.
        QuotaExceeded: the account has no room for another image.
    """
    require_for_image(by, ImageVerb.CREATE)
    get_server(by, server_id, Verb.SNAPSHOT)
    reserve(by.account, images=1)
    server = get_server(by, server_id, Verb.SNAPSHOT, lock=True)
    refuse(why_not_save(server, live=cloud_of(server.region, server.account).abilities.live_snapshots))
    if server.region.closed_at:
        raise wrong("name", f"{server.region.name} takes no new images.", "closed")
    snapshot = Snapshot(server=server, name=name, store=server.region.store, created_by=by.user)
    snapshot.clean_fields(exclude=["server", "created_by", "image"])
    snapshot.save()
    record_server("had an image made", server, by, what=name)
    transaction.on_commit(lambda: _run_soon(snapshot))
    return snapshot


@transaction.atomic
def discard_snapshot(server_id: UUID, snapshot_id: UUID, *, by: Viewer) -> Snapshot:
    """Cancel an image that is being made, or put one aside that failed. What has come of it is thrown away.

    Raises:
        Http404, PermissionDenied: as ``get_server``; or it is an image already, or was discarded.
    """
    server = get_server(by, server_id, Verb.SNAPSHOT, lock=True)
    snapshots = server.snapshots.select_for_update(of=("self",)).exclude(status=Status.DONE)
    snapshot = snapshots.filter(pk=snapshot_id).first()
    if snapshot is None:
        raise Http404
    if snapshot.is_open:
        record_server("cancelled an image", server, by, what=snapshot.name)
    snapshots.filter(pk=snapshot.pk).delete()
    transaction.on_commit(lambda: forget(snapshot.store, snapshot.store_key), robust=True)
    return snapshot


def fail_snapshot(snapshot: Snapshot, problem: str) -> None:
    """Say on a locked row why there will be no image."""
    key, snapshot.store_key = snapshot.store_key, ""
    snapshot.status, snapshot.problem = Status.FAILED, problem[:500]
    snapshot.claim = snapshot.progress = None
    snapshot.finished_at = timezone.now()
    snapshot.save()
    transaction.on_commit(lambda: forget(snapshot.store, key), robust=True)


def run_snapshot(snapshot_id: UUID) -> None:
    """Make the image. Whatever goes wrong is told on the row; dies this process, then the next one begins anew."""
    remove_dead_folders()
    snapshot = _claimed(snapshot_id)
    if snapshot is None:
        return
    try:
        with signs_of_life(snapshot):
            received = _received(snapshot)
        _complete(snapshot, received)
    except Discarded:
        forget(snapshot.store, snapshot.store_key)
    except CloudBusy:
        _give_back(snapshot, later=True)
    except (CloudProblem, DataProblem, Conflict, PermissionDenied, Http404, ValidationError) as problem:
        _fail(snapshot, _in_words(problem, snapshot))
    except BaseException:
        _give_back(snapshot)
        raise


def attend_to_snapshots() -> int:
    """Go on with images that nobody makes, because a worker died; and give up what has waited for a day."""
    silent = Snapshot.objects.open().exclude(claim__isnull=False, seen_at__gt=timezone.now() - SILENCE)
    for pk in silent.filter(created_at__lt=timezone.now() - LONGEST).values_list("pk", flat=True):
        _expire(pk)
    waiting = list(silent.filter(created_at__lt=timezone.now() - SILENCE))
    for snapshot in waiting:
        _run_soon(snapshot)
    return len(waiting)


def remove_dead_folders() -> int:
    """Remove what killed workers have left on the disk, and say how many there were."""
    place = _folders()
    folders = list(place.iterdir()) if place.is_dir() else []
    lately = timezone.now() - SILENCE
    living = Snapshot.objects.filter(claim__isnull=False, seen_at__gt=lately).values_list("claim", flat=True)
    names = {each.hex for each in living if each}
    dead = [folder for folder in folders if folder.name not in names]
    for folder in dead:
        shutil.rmtree(folder, ignore_errors=True)
    return len(dead)


def _run_soon(snapshot: Snapshot) -> None:
    async_task("servers.tasks.run_snapshot", str(snapshot.pk), cluster="data")


def _folders() -> Path:
    place: Path = settings.SERVERS_DIR / "snapshots"
    return place


@transaction.atomic
def _claimed(snapshot_id: UUID) -> Snapshot | None:
    """The snapshot, claimed and with a place in the store; what another worker has left of it is thrown away."""
    snapshot = Snapshot.objects.open().select_for_update(of=("self",)).filter(pk=snapshot_id).first()
    if snapshot is None or is_alive(snapshot):
        return None
    left = snapshot.store_key
    if left:
        transaction.on_commit(lambda: forget(snapshot.store, left), robust=True)
    claim(snapshot, status=Status.RUNNING, progress=0, store_key=get_store(snapshot.store).begin())
    return Snapshot.objects.select_related(
        "created_by", *(f"server__{name}" for name in ("account", "region", "flavor", "image", "data"))
    ).get(pk=snapshot.pk)


def _received(snapshot: Snapshot) -> Received:
    """The disk of the server, in the store: hashed and inspected while it comes."""
    intake = Intake(max_bytes=settings.IMAGE_MAX_BYTES, max_virtual_bytes=settings.IMAGE_MAX_VIRTUAL_BYTES)
    with _own_folder(snapshot) as folder:
        chunks = _within_quota(snapshot, _chunks(snapshot, folder))
        return receive(store=get_store(snapshot.store), key=snapshot.store_key, chunks=chunks, intake=intake)


def _chunks(snapshot: Snapshot, folder: Path) -> Iterator[bytes]:
    server = snapshot.server
    show = Shower(snapshot)
    cloud = cloud_of(server.region, server.account)
    for chunk in cloud.snapshot(machine_of(server), folder=folder, progress=show):
        show()
        yield chunk


def _within_quota(snapshot: Snapshot, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same, until the account has no more room: the end decides under a lock, but need not be waited for."""
    level, come = levels_of(snapshot.server.account)[Counted.BYTES], 0
    for chunk in chunks:
        come += len(chunk)
        level.require(come, snapshot.server.account)
        yield chunk


class Shower:
    """Writes down how far a snapshot is, now and then, and notices when nobody wants it any more."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._percent = 0
        self._shown_at = float("-inf")

    def __call__(self, percent: int | None = None) -> None:
        self._percent = self._percent if percent is None else percent
        if time.monotonic() - self._shown_at < SHOW_SECONDS:
            return
        self._shown_at = time.monotonic()
        if not _ours(self._snapshot).update(progress=self._percent, seen_at=timezone.now()):
            raise Discarded


@transaction.atomic
def _complete(snapshot: Snapshot, received: Received) -> Image:
    """Make the image of what has come. The rights of the person are those of this moment."""
    by = lock_groups(_maker(snapshot))
    require_for_image(by, ImageVerb.CREATE)
    facts = _facts(snapshot, by)
    row = _ours(snapshot).select_for_update(of=("self",)).first()
    if row is None:
        raise Discarded
    data = data_of(snapshot.store_key, received, store=snapshot.store)
    image = Image(account=by.account, data=data, created_by=by.user, created_at=timezone.now(), **facts)
    image.clean_fields(exclude=["account", "region", "data", "created_by", "parent", "limits_from", "family"])
    image.save()
    confirm(by.account, size=data.size, images=1)
    row.status, row.image, row.finished_at, row.store_key = Status.DONE, image, timezone.now(), ""
    row.claim = row.progress = None
    row.save()
    record_image("created", image, by, visibility=image.visibility, source=image.source)
    return image


def _facts(snapshot: Snapshot, by: Viewer) -> dict[str, Any]:
    """What the new image says of itself, in the account's own words where it has some about the old one.

    The old one is locked, so that nobody is given its data, or loses it, while this is written.
    """
    server = snapshot.server
    images = Image.objects.with_reference(by).select_related("limits_from").select_for_update(of=("self",))
    parent = images.get(pk=server.image_id)
    facts = {name: getattr(parent, name) for name in INHERITED}
    own = {"default_login": parent.own_login, "ports": parent.own_ports}
    return {
        **facts,
        **{name: value for name, value in own.items() if value},
        "min_disk": max(parent.min_disk, server.disk),
        "region": server.region,
        "name": snapshot.name,
        "source": Image.Source.SNAPSHOT,
        "parent": parent,
        "limits_from": limit_of(by, parent),
    }


def _maker(snapshot: Snapshot) -> Viewer:
    """Whoever wanted the image, with the rights of this moment.

    Raises:
        PermissionDenied: they are no longer in the account.
    """
    person, account = snapshot.created_by, snapshot.server.account
    person.refresh_from_db()  # the disk may have taken hours to come
    found = Viewer.of(person, number=account.number) if person.is_active else None
    if found is None:
        raise PermissionDenied(f"{person} no longer belongs to {account.title}.")
    return found


def _in_words(problem: Exception, snapshot: Snapshot) -> str:
    if isinstance(problem, ValidationError):
        return " ".join(problem.messages)
    return f"{snapshot.server.account.title} is closed." if isinstance(problem, Http404) else str(problem)


@transaction.atomic
def _fail(snapshot: Snapshot, problem: str) -> None:
    row = _ours(snapshot).select_for_update(of=("self",)).select_related("server__account", "created_by").first()
    if row is None:
        forget(snapshot.store, snapshot.store_key)
        return
    fail_snapshot(row, problem)
    letters.snapshot_failed(row)


@transaction.atomic
def _expire(snapshot_id: UUID) -> None:
    row = Snapshot.objects.open().select_for_update(of=("self",)).select_related("server__account", "created_by")
    if (snapshot := row.filter(pk=snapshot_id).first()) and not is_alive(snapshot):
        fail_snapshot(snapshot, ENDED)
        letters.snapshot_failed(snapshot)


@transaction.atomic
def _give_back(snapshot: Snapshot, *, later: bool = False) -> None:
    """Let the next worker begin anew: this one has to stop, or the cloud is not ready."""
    if _ours(snapshot).update(claim=None, status=Status.WAITING, progress=None) and later:
        moment = timezone.now() + AGAIN
        run_later("servers.tasks.run_snapshot", str(snapshot.pk), queue="data", moment=moment)


def _ours(snapshot: Snapshot) -> SnapshotQuerySet:
    return Snapshot.objects.filter(pk=snapshot.pk, claim=snapshot.claim)


@contextmanager
def _own_folder(snapshot: Snapshot) -> Iterator[Path]:
    """A folder for this run alone, named by its claim so that others can tell whether it lives."""
    assert snapshot.claim
    folder = _folders() / snapshot.claim.hex
    folder.mkdir(mode=0o700, parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
