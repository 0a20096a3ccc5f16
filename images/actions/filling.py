"""Data for queued images: sent at once, or staged to be used later; ``images.actions.imports`` fetches it.

Whoever sends with Image v2 sends a file as a whole. Nothing is kept of what broke or was refused, and the image is
queued again, for another try or another file.
"""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.errors import Conflict
from accounts.viewer import Viewer
from images.actions.claims import claim, lacks_data
from images.actions.creation import NewImage, create_image, require_plan
from images.actions.events import record_import_begun
from images.actions.queued import lock_queued
from images.actions.reception import Reception
from images.actions.removal import forget
from images.actions.uploads import announce
from images.formats.refusals import other_format
from images.models import Conversion, Image, Import, Upload
from images.quotas import reserve

# What an upload knows of the data that it waits for, or waited for.
OF_DATA = (
    "filename", "metadata", "size", "unpack", "expected_checksum", "store_key", "archive_key", "status", "offset",
    "state", "claim", "seen_at", "rate", "percent", "problem", "staged",
)  # fmt: skip


def fill(
    upload_id: UUID, *, by: Viewer, chunks: Iterable[bytes], size: int | None = None, staged: bool = False
) -> Upload:
    """Take the data of a queued image, which becomes the image with that.

    Args:
        chunks: all bytes of the file, in order.
        size: how many there are, if that is known.
        staged: keep the data until somebody says that it is to be used; see ``use_staged``.

    Returns:
        The upload as it was last. It stays if the data is staged, and if the image cannot be made: then it says why.

    Raises:
        Http404: no such queued image for this viewer.
        Conflict: its data comes already, or is here.
        TakenOver: it was discarded meanwhile, or somebody else sends it now.
        DataProblem: the data was refused, or the line broke.
    """
    with Reception(_claimed(upload_id, by, size, staged=staged), resumable=False) as reception:
        for chunk in chunks:
            reception.feed(chunk)
        return reception.complete()


@transaction.atomic
def use_staged(upload_id: UUID, *, by: Viewer, request_id: str = "") -> Image:
    """Make a queued image of the data that was staged for it.

    Args:
        request_id: of the program's request, by which its task is known.

    Raises:
        Http404: no such queued image for this viewer.
        Conflict: nothing was staged.
        RefusedImage: it is not of the format that the image was said to have since.
        PermissionDenied, QuotaExceeded, ValidationError: as ``create_image``.
    """
    upload = lock_queued(by, upload_id)
    if upload.data is None:
        raise Conflict("No data was staged for this image. Send it first.")
    new = NewImage.planned(upload.plan or {}).named(upload.pk)
    if new.disk_format not in ("", upload.data.disk_format):
        raise other_format(new.disk_format, upload.data.disk_format)
    record_import_begun(upload, by, request_id=request_id)
    return create_image(upload_id, by=by, new=new)


def emptied(upload_id: UUID, *, by: Viewer, origin: str = Upload.Origin.UPLOAD) -> Upload:
    """A queued image, locked for the transaction, as it was before anything came.

    Args:
        origin: where its data is to come from now.

    Raises:
        Http404: no such queued image for this viewer.
        Conflict: its data comes already, or is here.
        QuotaExceeded: the account has no room for it.
        PermissionDenied, ValidationError: as ``require_plan``. Whoever planned the image may have had a token that
            gives more than this one: what it will show to everybody is up to whoever sends the data as well.
    """
    upload = lock_queued(by, upload_id)
    if not lacks_data(upload):
        raise Conflict("The data of this image comes already, or is here.")
    require_plan(NewImage.planned(upload.plan or {}).named(upload.pk), by=by)
    _require_room(upload, origin)
    keys = (upload.store_key, upload.archive_key)
    transaction.on_commit(lambda: forget(upload.store, *keys), robust=True)
    Import.objects.filter(pk=upload.pk).delete()
    Conversion.objects.filter(pk=upload.pk).delete()
    fresh = Upload()
    for column in OF_DATA:
        setattr(upload, column, getattr(fresh, column))
    upload.origin = origin
    upload.plan = (upload.plan or {}) | {"credential": by.credential}  # revoked, it makes no image of what it sent for
    upload.expires_at = timezone.now() + timedelta(hours=settings.UPLOAD_LIFETIME_HOURS)
    upload.save(update_fields=[*OF_DATA, "origin", "plan", "expires_at"])
    return upload


def _require_room(upload: Upload, origin: str) -> None:
    """What failed counts no longer, and imports count by themselves."""
    failed = upload.status == Upload.Status.FAILED
    if failed or upload.origin != origin:
        is_import = origin == Upload.Origin.IMPORT
        reserve(upload.account, images=int(failed), uploads=int(not is_import), imports=int(is_import))


@transaction.atomic
def _claimed(upload_id: UUID, by: Viewer, size: int | None, *, staged: bool) -> Upload:
    upload = emptied(upload_id, by=by)
    upload.staged = staged
    upload.save(update_fields=["staged"])
    if size is not None:
        announce(upload, size)
    claim(upload)
    return upload
