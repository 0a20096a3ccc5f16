"""Bringing image data to a cloud, once for each account there, on first use. Workers of the queue "data" do it.

The row says who is at it, so that no two workers send the same bytes; what one that was killed has left in the cloud is
removed by the next one (``TakesImages.bring``). Where whoever has it there can download it, it goes only to those who
may have the data when it goes, whatever they might when they asked.
"""

import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django_q.tasks import async_task

from images.actions.health import open_data
from images.actions.holds import hold, let_go
from images.actions.later import run_later
from images.problems import DataProblem
from images.stores.base import ByteRange
from servers.actions.claims import SILENCE, claim, is_alive, signs_of_life
from servers.actions.events import attend_soon
from servers.clouds.base import CloudBusy, CloudProblem, CloudRefused, TakesImages
from servers.clouds.finding import cloud_of, source_of
from servers.models import CloudCopy, Server
from servers.reaching import why_not_given

SHOW_SECONDS = 1  # between two notes of how far it is
AGAIN = timedelta(seconds=10)
FAILURE_STANDS = timedelta(minutes=1)
MOST_ATTEMPTS = 5
MOST_WAITS = 360  # an hour
CHUNK = 1024 * 1024  # bytes
Status = CloudCopy.Status


class LostClaim(Exception):
    """Another worker brings it."""


@transaction.atomic
def bring_image(server: Server) -> CloudBusy:
    """Have the image of a server brought to its cloud, unless somebody is at it.

    Returns:
        How far it is.

    Raises:
        CloudRefused: that has just failed. Whoever asks after a while begins anew.
    """
    key = {"region": server.region, "account": server.account, "data": server.data}
    CloudCopy.objects.get_or_create(**key, defaults={"name": server.image_name})
    copy = CloudCopy.objects.select_for_update(of=("self",)).get(**key)
    if copy.status == Status.FAILED and copy.changed_at > timezone.now() - FAILURE_STANDS:
        raise CloudRefused(copy.problem)
    if copy.status in (Status.DONE, Status.FAILED):  # done: but the cloud does not have it any more
        copy.status, copy.problem, copy.progress, copy.attempts, copy.waits = Status.WAITING, "", None, 0, 0
        copy.save()
    hold(copy.data, copy.holder)
    if not is_alive(copy):
        transaction.on_commit(lambda: _run_soon(copy.pk))
    return CloudBusy(
        f"“{copy.name}” is being brought to the cloud of {server.region.name}.", percent=copy.progress or 0
    )


def run_copy(copy_id: int) -> None:
    """Bring it. Whatever goes wrong is told on the row; dies this process, then the next one begins anew."""
    copy = _claimed(copy_id)
    if copy is None:
        return
    try:
        with signs_of_life(copy):
            _bring(copy)
    except LostClaim:
        return
    except (CloudProblem, DataProblem) as problem:
        _fail(copy, problem)
    except BaseException:
        _ours(copy).update(claim=None, status=Status.WAITING, progress=None)
        raise
    else:
        _end(copy, Status.DONE)


def attend_to_copies() -> int:
    """Go on with what nobody brings, because a worker died."""
    waiting = CloudCopy.objects.filter(
        status__in=[Status.WAITING, Status.RUNNING], changed_at__lt=timezone.now() - SILENCE
    )
    silent = [copy for copy in waiting if not is_alive(copy)]
    for copy in silent:
        _run_soon(copy.pk)
    return len(silent)


def _run_soon(copy_id: int) -> None:
    async_task("servers.tasks.run_copy", copy_id, cluster="data")


@transaction.atomic
def _claimed(copy_id: int) -> CloudCopy | None:
    copies = CloudCopy.objects.select_for_update(of=("self",)).select_related("region", "account__organization", "data")
    copy = copies.filter(pk=copy_id, status__in=[Status.WAITING, Status.RUNNING]).first()
    if copy is None or is_alive(copy):
        return None
    claim(copy, status=Status.RUNNING, progress=0, changed_at=timezone.now())
    return copy


def _bring(copy: CloudCopy) -> None:
    cloud = cloud_of(copy.region, copy.account)
    if not isinstance(cloud, TakesImages):
        raise CloudRefused(f"{copy.region.name} takes no images.")
    if cloud.abilities.gives_data and (reason := _why_not(copy)):
        raise CloudRefused(reason)
    with closing(open_data(copy.data)) as stored:
        cloud.bring(source_of(copy.name, copy.data), Sending(copy, stored))


def _why_not(copy: CloudCopy) -> str:
    """Why no server of the account may have the data any more; empty when one may."""
    servers = Server.objects.live().filter(account=copy.account, region=copy.region, data=copy.data)
    reason = f"No server of {copy.account.title} needs it any more."
    for server in servers.select_related("image__account", "image__data__content_check"):
        reason = why_not_given(server.image, copy.account, server.shares.all())
        if not reason:
            return ""
    return reason


class Sending:
    """The bytes of an image, and a note now and then of how many have gone."""

    def __init__(self, copy: CloudCopy, stored: ByteRange) -> None:
        self._copy, self._stored = copy, stored
        self._gone, self._shown_at = 0, float("-inf")

    def __len__(self) -> int:
        return int(self._copy.data.size)

    def __iter__(self) -> Iterator[bytes]:
        return iter(lambda: self.read(CHUNK), b"")

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes.

        Raises:
            LostClaim: another worker brings it.
        """
        chunk = self._stored.read(size)
        self._gone += len(chunk)
        if time.monotonic() - self._shown_at >= SHOW_SECONDS:
            self._shown_at = time.monotonic()
            if not _ours(self._copy).update(progress=100 * self._gone // len(self), seen_at=timezone.now()):
                raise LostClaim
        return chunk


def _ours(copy: CloudCopy) -> QuerySet[CloudCopy]:
    return CloudCopy.objects.filter(pk=copy.pk, claim=copy.claim)


@transaction.atomic
def _fail(copy: CloudCopy, problem: CloudProblem | DataProblem) -> None:
    """Try again later, or give up and say why."""
    row = _ours(copy).select_for_update(of=("self",)).first()
    if row is None:
        return
    is_busy = isinstance(problem, CloudBusy)  # another panel brings it, or an account with the same project
    row.attempts += 0 if is_busy else 1
    row.waits += 1 if is_busy else 0
    if getattr(problem, "lasting", False) or row.attempts >= MOST_ATTEMPTS or row.waits >= MOST_WAITS:
        _end(copy, Status.FAILED, str(problem))
        return
    row.status, row.claim, row.progress, row.problem = Status.WAITING, None, None, str(problem)[:500]
    row.save()
    run_later("servers.tasks.run_copy", row.pk, queue="data", moment=timezone.now() + AGAIN)


@transaction.atomic
def _end(copy: CloudCopy, status: str, problem: str = "") -> None:
    found = _ours(copy).update(
        status=status, problem=problem[:500], claim=None, progress=None, changed_at=timezone.now()
    )
    if found:
        let_go(copy.holder)
        for server in Server.objects.live().filter(account=copy.account, data=copy.data, status=Server.Status.BUILDING):
            attend_soon(server)
