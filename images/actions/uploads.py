"""Uploads: where bytes are sent to. The bytes themselves come in through ``images.actions.reception``."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.viewer import Viewer
from images.actions.claims import claim, discarded
from images.actions.events import record_import
from images.actions.reception import Reception
from images.actions.removal import discard
from images.models import Region, Upload
from images.permissions import Verb, get_upload, require
from images.problems import WrongOffset
from images.quotas import reserve
from images.stores import get_store
from images.streams import too_large
from images.validators import valid_checksum

LONGEST_NAME = 255


@transaction.atomic
def start_upload(  # noqa: PLR0913  # all that a sender can say of a file, by keyword
    *,
    by: Viewer,
    filename: str,
    size: int | None = None,
    region: Region | None = None,
    unpack: bool = False,
    checksum: str = "",
    metadata: str = "",
) -> Upload:
    """Make the address that data can be sent to.

    Args:
        filename: what the browser calls the file; only shown.
        size: bytes announced, if they are known.
        region: where the image will live, so that its data comes to the right store; None for the default one.
        unpack: whether the file is a gzip or xz archive of the disk.
        checksum: what the file must hash to, as ``algorithm:hex``; empty takes any.
        metadata: what the sender wants to read again on another day; nobody else does.

    Raises:
        PermissionDenied: the viewer may not add images.
        TooLarge: an image cannot have so many bytes.
        ValidationError: the checksum is none.
        QuotaExceeded: the account has no room for it.
    """
    require(by, Verb.CREATE)
    if size is not None and size > settings.IMAGE_MAX_BYTES:
        raise too_large(settings.IMAGE_MAX_BYTES)
    valid_checksum(checksum)
    reserve(by.account, size=size or 0, uploads=1)
    return Upload.objects.create(
        filename=filename[-LONGEST_NAME:],
        size=size,
        unpack=unpack,
        expected_checksum=checksum.lower(),
        metadata=metadata,
        **begun(by, region=region),
    )


def receive_upload(
    upload_id: UUID,
    *,
    by: Viewer,
    chunks: Iterable[bytes],
    offset: int | None = None,
    size: int | None = None,
    trusted: bool = True,
) -> Upload:
    """Store bytes of an upload, from where the last go ended. One request at a time: the row is claimed first.

    A go of known length that is over before the file is complete leaves the upload waiting for more; one whose
    length nobody knows is complete when its chunks end.

    Args:
        offset: where the sender says that its first byte belongs; None for a file that comes as a whole.
        size: how many bytes the file has in all, for an upload that began without saying so (that of a form).
        trusted: whether what comes may be kept when the go ends early; not if it has a checksum of its own.

    Returns:
        The upload; with its data once it is complete.

    Raises:
        Http404: no such upload for this viewer.
        WrongOffset: the file has another number of bytes so far.
        InUse: another request is sending it.
        Conflict: it has its data, was refused, or was discarded meanwhile.
        DataProblem: the data was refused, or the line broke; what can be gone on with is kept.
    """
    with Reception(_claimed(upload_id, by, offset, size), trusted=trusted) as reception:
        if offset is not None:
            _require_offset(offset, reception.offset)  # less than the row said, if its state was of no use
        for chunk in chunks:
            reception.feed(chunk)
        if offset is None or reception.offset == reception.upload.size:
            return reception.complete()
    try:
        reception.upload.refresh_from_db()
    except Upload.DoesNotExist:
        raise discarded() from None
    return reception.upload


def receive_form_file(*, by: Viewer, filename: str, unpack: bool = False) -> Reception:
    """Make an upload for the file of a form, and what to feed its bytes to.

    Raises:
        As ``start_upload``.
    """
    with transaction.atomic():
        upload = start_upload(by=by, filename=filename, unpack=unpack)
        claim(upload)
    return Reception(upload)


@transaction.atomic
def discard_upload(upload_id: UUID, *, by: Viewer) -> Upload:
    """Throw away what is on its way, with its bytes: an upload, an import or a conversion.

    Who is still sending bytes is told; a task that is at it notices by itself.

    Returns:
        What is no more.

    Raises:
        Http404: no such upload for this viewer: creators see their own, admins all of the account.
    """
    return throw_away(get_upload(by, upload_id), by)


def throw_away(upload: Upload, by: Viewer) -> Upload:
    """Record and discard; the upload is locked and the right is checked."""
    if upload.origin == Upload.Origin.IMPORT:
        record_import("import cancelled", upload, by)
    discard(upload)
    return upload


def begun(by: Viewer, *, region: Region | None) -> dict[str, Any]:
    """The columns that every new upload has.

    Raises:
        ValidationError: the region takes no new images.
    """
    if region is None:
        region = Region.objects.filter(is_default=True).first()
    if region is not None and region.closed_at:
        raise ValidationError({"region": f"{region.name} takes no new images. Choose another region."})
    expires_at = timezone.now() + timedelta(hours=settings.UPLOAD_LIFETIME_HOURS)
    store = region.store if region else get_store().name
    return {"account": by.account, "created_by": by.user, "expires_at": expires_at, "store": store}


@transaction.atomic
def _claimed(upload_id: UUID, by: Viewer, offset: int | None, size: int | None) -> Upload:
    upload = get_upload(by, upload_id)
    claim(upload)
    if size is not None and size != upload.size:
        announce(upload, size)
    if offset is None:
        # The file comes as a whole, so that what came before is worth nothing.
        upload.offset, upload.state = 0, None
        upload.save(update_fields=["offset", "state"])
    else:
        _require_offset(offset, upload.offset)
    return upload


def _require_offset(sent: int, received: int) -> None:
    if sent != received:
        raise WrongOffset(f"The file has {received} bytes so far; go on from there.")


def announce(upload: Upload, size: int) -> None:
    """Note how many bytes a file has that began to come without saying so, as the file of a form does.

    Raises:
        ValidationError: something else was said before, or more has come already.
        TooLarge: an image cannot have so many bytes.
        QuotaExceeded: the account has no room for it.
    """
    if upload.size is not None or size < upload.offset:
        raise ValidationError("This is another size than that of the file that has come so far.")
    if size > settings.IMAGE_MAX_BYTES:
        raise too_large(settings.IMAGE_MAX_BYTES)
    reserve(upload.account, size=size - upload.offset)
    upload.size = size
    upload.save(update_fields=["size"])
