"""Converting an image into another format: a new image, made in the background of a copy of its data."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.http import Http404
from django.utils import timezone
from django_q.tasks import async_task

from accounts.errors import Conflict
from accounts.permissions import lock_rows
from accounts.viewer import Viewer
from images.actions.claims import SILENT_SECONDS, Claim, TakenOver, claim
from images.actions.creation import NewImage, planner, require_plan
from images.actions.events import record_copy
from images.actions.health import local_file
from images.actions.holds import conversion_holder, hold, let_go
from images.actions.later import run_later
from images.actions.reception import Reception
from images.actions.removal import forget
from images.actions.uploads import LONGEST_NAME, begun
from images.conversions import TARGETS, convert, size_of, why_not
from images.models import Conversion, ImageData, Region, Upload
from images.permissions import Verb, get_image, require
from images.problems import DataProblem
from images.querysets import UploadQuerySet
from images.quotas import reserve
from images.streams import too_large

CHUNK = 1024 * 1024  # bytes
AGAIN = timedelta(seconds=10)  # after which one looks whether the account's other conversion is done
QEMU_SHARE = 80  # percent of the work until QEMU is done; the rest is hashing and storing
# What the new image has of the old one. Whom it is shared with, its protection and its tags are its own.
INHERITED = (
    "description",
    "os_family",
    "os_version",
    "architecture",
    "min_disk",
    "min_ram",
    "properties",
    "default_login",
    "ports",
)


class NoLongerShared(DataProblem):
    """The image is another account's, which does not share it any more, or not for copying."""

    code = "no-longer-shared"
    status = 403


@transaction.atomic
def start_conversion(
    image_id: UUID, *, by: Viewer, disk_format: str, name: str, region: Region | None = None
) -> Upload:
    """Have a new image made of an image, in another format. It is private, and has the image as its parent.

    Who may copy an image may convert it: it costs the producer as much as a download, and the producer hears of it.

    Args:
        disk_format: one of ``images.conversions.TARGETS``.
        region: where the new image will live; None for where the image lives.

    Raises:
        Http404, PermissionDenied: as ``get_image``; or the viewer may not add images.
        Conflict: this image cannot be converted now.
        TooLarge: the result would have more bytes than an image may have.
        ValidationError: per field.
        QuotaExceeded: the account has no room for it.
    """
    require(by, Verb.CREATE)
    reserve(by.account, uploads=1, images=1)
    image = get_image(by, image_id, Verb.EXPORT, lock=True)
    if reason := _why_not(image.data, disk_format):
        raise Conflict(reason)
    size = size_of(image.data, disk_format)
    if size is not None and size > settings.IMAGE_MAX_BYTES:
        raise too_large(settings.IMAGE_MAX_BYTES)
    if size:
        reserve(by.account, size=size)
    new = NewImage(name=name, region=region or image.region, facts={each: getattr(image, each) for each in INHERITED})
    require_plan(new, by=by)
    upload = Upload.objects.create(
        origin=Upload.Origin.CONVERSION,
        filename=f"{name}.{disk_format}"[-LONGEST_NAME:],
        size=size,
        plan=new.plan(),
        **begun(by, region=new.region),
    )
    Conversion.objects.create(upload=upload, image=image, disk_format=disk_format)
    hold(image.data, conversion_holder(upload.pk))
    record_copy("converted", image, by, disk_format=disk_format)
    transaction.on_commit(lambda: async_task("images.tasks.run_conversion", str(upload.pk), cluster="data"))
    return upload


def run_conversion(upload_id: UUID) -> Upload | None:
    """Convert, and take the result in like anything that comes from outside: hashed and inspected.

    Whatever goes wrong is told on the row. Dies this process, then the next one begins anew.

    Returns:
        The upload; None if there is nothing to convert, or somebody is at it.
    """
    remove_dead_folders()
    conversion = _claimed(upload_id)
    if conversion is None:
        return None
    try:
        _require_shared(conversion)
        _convert(conversion)
    except TakenOver:
        return None  # discarded, with everything that belonged to it
    except DataProblem as problem:
        _fail(conversion.upload, problem)
    except BaseException:
        _give_back(conversion.upload)
        raise
    let_go(conversion_holder(upload_id))
    return conversion.upload


def dead_folders() -> list[Path]:
    """What killed conversions left on the disk."""
    folders = list(settings.CONVERSION_DIR.iterdir()) if settings.CONVERSION_DIR.is_dir() else []
    names = {claim.hex for claim in _living().values_list("claim", flat=True) if claim}
    return [folder for folder in folders if folder.name not in names]


def remove_dead_folders() -> int:
    """Remove what killed conversions left on the disk, and say how many there were."""
    dead = dead_folders()
    for folder in dead:
        shutil.rmtree(folder, ignore_errors=True)
    return len(dead)


def _why_not(data: ImageData, disk_format: str) -> str:
    if disk_format not in TARGETS or disk_format == data.disk_format:
        return f"A {data.disk_format} image cannot be converted to {disk_format}."
    return why_not(data)


@transaction.atomic
def _claimed(upload_id: UUID) -> Conversion | None:
    """The conversion, claimed. What was held for one that is over or discarded is let go.

    Those of one account run one after the other: each may take hours, and others wait for the same workers.
    """
    uploads = Upload.objects.select_for_update(of=("self",)).filter(pk=upload_id)
    upload = uploads.exclude(status__in=[Upload.Status.RECEIVED, Upload.Status.FAILED]).first()
    if upload is None:
        let_go(conversion_holder(upload_id))
        return None
    if _is_busy(upload):
        run_later("images.tasks.run_conversion", str(upload_id), queue="data", moment=timezone.now() + AGAIN)
        return None
    if upload.seen_at is None:  # from its first try on: one that can never be done is not tried for ever
        upload.expires_at = timezone.now() + timedelta(hours=settings.UPLOAD_LIFETIME_HOURS)
    try:
        claim(upload)
    except Conflict:
        return None
    upload.percent = 0
    upload.save(update_fields=["percent", "expires_at"])
    conversion = Conversion.objects.select_related("image__data").get(upload=upload)
    conversion.upload = upload
    return conversion


def _is_busy(upload: Upload) -> bool:
    """Whether another conversion of the account runs."""
    lock_rows([upload.account_id])  # of two that begin at once, one sees the other
    return _living().filter(account=upload.account_id).exclude(pk=upload.pk).exists()


def _living() -> UploadQuerySet:
    """The conversions that somebody is at."""
    lately = timezone.now() - timedelta(seconds=SILENT_SECONDS)
    return Upload.objects.filter(origin=Upload.Origin.CONVERSION, claim__isnull=False, seen_at__gte=lately)


def _require_shared(conversion: Conversion) -> None:
    """Make sure that what is another account's may still be copied: the queue may be long, and shares end at any time.

    Raises:
        NoLongerShared: it may not.
    """
    if conversion.image.account_id == conversion.upload.account_id:
        return
    try:
        get_image(planner(conversion.upload), conversion.image_id, Verb.EXPORT)
    except (Http404, PermissionDenied) as refused:
        raise NoLongerShared("This image is no longer shared with you for copying.") from refused
    except Conflict as damaged:
        raise NoLongerShared(str(damaged)) from damaged


def _convert(conversion: Conversion) -> None:
    upload = conversion.upload
    with _own_folder(upload) as folder:
        result = folder / "result"
        with local_file(conversion.image.data) as source:
            convert(
                conversion.image.data,
                source,
                result,
                disk_format=conversion.disk_format,
                show=lambda percent: Claim(upload).show_life(percent=percent * QEMU_SHARE // 100),
            )
        _take_in(upload, result)


@contextmanager
def _own_folder(upload: Upload) -> Iterator[Path]:
    """A folder for this run alone, named by its claim so that others can tell whether it lives."""
    assert upload.claim
    folder = settings.CONVERSION_DIR / upload.claim.hex
    folder.mkdir(mode=0o700, parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _take_in(upload: Upload, result: Path) -> None:
    size, done = result.stat().st_size, 0
    with Reception(upload, resumable=False) as reception, result.open("rb", buffering=0) as file:
        for chunk in iter(lambda: file.read(CHUNK), b""):
            reception.feed(chunk)
            done += len(chunk)
            reception.show(QEMU_SHARE + done * (100 - QEMU_SHARE) // size)
        reception.complete()


def _give_back(upload: Upload) -> None:
    """Let the next worker begin anew at once: this one has to stop."""
    with suppress(TakenOver):
        Claim(upload).update(claim=None, status=Upload.Status.WAITING, percent=None)


@transaction.atomic
def _fail(upload: Upload, problem: DataProblem) -> None:
    """Say on the row why there will be no image: the same source would fail again."""
    ours = Upload.objects.select_for_update(of=("self",)).filter(Q(claim=upload.claim) | Q(claim=None), pk=upload.pk)
    row = ours.exclude(status=Upload.Status.RECEIVED).first()
    if row is None:
        return
    key, row.store_key = row.store_key, ""
    row.status, row.problem = Upload.Status.FAILED, str(problem)
    row.claim = row.state = row.percent = None
    row.offset = row.rate = 0
    row.save()
    transaction.on_commit(lambda: forget(row.store, key))
