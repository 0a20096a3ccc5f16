"""Bytes on their way in. No transaction is open while they stream."""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import Http404
from django.utils import timezone

from accounts.errors import Conflict
from accounts.viewer import Viewer
from images.actions.removal import remove_data
from images.models import ImageData, Upload
from images.permissions import Verb, require
from images.problems import BrokenUpload, DataProblem
from images.stores import get_store
from images.streams import Received, receive, too_large

LONGEST_NAME = 255


@transaction.atomic
def start_upload(*, by: Viewer, filename: str, size: int | None = None) -> Upload:
    """Make the address that data can be sent to.

    Args:
        filename: what the browser calls the file; only shown.
        size: bytes announced, if they are known.

    Raises:
        PermissionDenied: the viewer may not add images.
        TooLarge: an image cannot have so many bytes.
    """
    require(by, Verb.CREATE)
    if size is not None and size > settings.IMAGE_MAX_BYTES:
        raise too_large(settings.IMAGE_MAX_BYTES)
    return Upload.objects.create(filename=filename[-LONGEST_NAME:], size=size, **_begun(by))


def receive_upload(upload_id: UUID, *, by: Viewer, chunks: Iterable[bytes]) -> Upload:
    """Store the bytes of an upload. One request at a time: the row is claimed before the first byte is read.

    Returns:
        The upload, with its data.

    Raises:
        Http404: no such upload for this viewer.
        Conflict: it has its data, another request is sending it, or it was discarded meanwhile.
        DataProblem: the data was refused or the line broke; the upload waits for another try.
    """
    upload = _claim(upload_id, by)
    try:
        received = _stream(upload, chunks)
    except BaseException as problem:
        _release(upload, str(problem) if isinstance(problem, DataProblem) else "")
        raise
    return _complete(upload, received)


@transaction.atomic
def keep_received(*, by: Viewer, filename: str, key: str, received: Received) -> Upload:
    """Keep data that came with a whole form, so that it need not be sent again when the form has an error.

    Raises:
        PermissionDenied: the viewer may not add images.
    """
    require(by, Verb.CREATE)
    data = _data_of(key, received)
    return Upload.objects.create(
        filename=filename[-LONGEST_NAME:],
        size=received.size,
        store_key=key,
        status=Upload.Status.RECEIVED,
        data=data,
        **_begun(by),
    )


@transaction.atomic
def discard_upload(upload_id: UUID, *, by: Viewer) -> None:
    """Throw an unfinished upload away, with its bytes. Who is still sending them is told.

    Raises:
        Http404: no such upload for this viewer: creators see their own, admins all of the account.
    """
    upload = find_upload(upload_id, by=by)
    data = upload.data
    upload.delete()
    if data:
        remove_data(data)
    elif upload.store_key:
        get_store(upload.store).abort(upload.store_key)


def find_upload(upload_id: UUID, *, by: Viewer) -> Upload:
    """The upload, locked for the transaction.

    Raises:
        Http404: no such upload for this viewer, or its time is over.
        PermissionDenied: the viewer may no longer add images.
    """
    require(by, Verb.CREATE)
    uploads = Upload.objects.visible_to(by).unexpired().select_for_update(of=("self",)).select_related("data")
    upload = uploads.filter(pk=upload_id).first()
    if upload is None:
        raise Http404
    return upload


def _begun(by: Viewer) -> dict[str, object]:
    expires_at = timezone.now() + timedelta(hours=settings.UPLOAD_LIFETIME_HOURS)
    return {"account": by.account, "created_by": by.user, "expires_at": expires_at}


@transaction.atomic
def _claim(upload_id: UUID, by: Viewer) -> Upload:
    upload = find_upload(upload_id, by=by)
    if upload.status == Upload.Status.RECEIVED:
        raise Conflict("This file has come already. Go on with the form, or discard the upload and start again.")
    if upload.status == Upload.Status.RECEIVING:
        raise Conflict("This file is being sent already, maybe in another tab. Discard the upload to start again.")
    upload.status, upload.problem, upload.store_key = Upload.Status.RECEIVING, "", get_store(upload.store).begin()
    upload.save(update_fields=["status", "problem", "store_key"])
    return upload


def _stream(upload: Upload, chunks: Iterable[bytes]) -> Received:
    store = get_store(upload.store)
    received = receive(
        store=store,
        key=upload.store_key,
        chunks=chunks,
        max_bytes=settings.IMAGE_MAX_BYTES,
        max_virtual_bytes=settings.IMAGE_MAX_VIRTUAL_BYTES,
    )
    if upload.size is not None and received.size != upload.size:
        store.delete(upload.store_key)
        raise BrokenUpload("The file has changed while it was sent. Choose it again.")
    return received


def _release(upload: Upload, problem: str) -> None:
    """Let the next request try, unless the upload was discarded meanwhile."""
    claimed = Upload.objects.filter(pk=upload.pk, store_key=upload.store_key)
    claimed.update(status=Upload.Status.WAITING, store_key="", problem=problem)


def _complete(upload: Upload, received: Received) -> Upload:
    try:
        return _take_data(upload, received)
    except BaseException:
        get_store(upload.store).delete(upload.store_key)
        raise


@transaction.atomic
def _take_data(upload: Upload, received: Received) -> Upload:
    row = Upload.objects.select_for_update(of=("self",)).filter(pk=upload.pk, store_key=upload.store_key).first()
    if row is None:
        raise Conflict("This upload was discarded while the file came.")
    row.data = _data_of(row.store_key, received, store=row.store)
    row.size, row.status = received.size, Upload.Status.RECEIVED
    row.save(update_fields=["data", "size", "status"])
    return row


def _data_of(key: str, received: Received, *, store: str = "default") -> ImageData:
    return ImageData.objects.create(
        store=store,
        store_key=key,
        disk_format=received.inspection.disk_format,
        container_format=received.inspection.container_format,
        size=received.size,
        virtual_size=received.inspection.virtual_size,
        checksum=received.md5,
        os_hash_value=received.sha512,
    )
