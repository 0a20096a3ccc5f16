"""From an archive that has come to the disk inside, in the background."""

from collections.abc import Iterator
from contextlib import closing
from uuid import UUID

from django.conf import settings

from accounts.errors import Conflict
from images import letters
from images.actions.claims import claim_one
from images.actions.reception import Reception
from images.archives import unpacked
from images.models import Upload
from images.problems import CannotContinue, DataProblem, NoSuchData
from images.stores import get_store
from images.stores.base import ByteRange

CHUNK = 1024 * 1024  # bytes


def unpack_upload(upload_id: UUID) -> Upload | None:
    """Unpack the archive of an upload, which then goes on as if the disk itself had come.

    Whatever is wrong with the archive is told on the row. Dies this process, then the next one begins anew.

    Returns:
        The upload; None if there is nothing to unpack, somebody is at it, or nothing came of it.

    Raises:
        DataProblem: it may work later, and then begins anew.
    """
    upload = claim_one(Upload.objects.filter(pk=upload_id).exclude(archive_key=""), to_unpack=True)
    if upload is None:
        return None
    try:
        with Reception(upload, resumable=False) as reception, closing(_archive(upload)) as archive:
            for chunk in unpacked(_read(reception, archive), max_bytes=settings.IMAGE_MAX_BYTES):
                reception.feed(chunk)
            return reception.complete()
    except (DataProblem, Conflict):
        if Upload.objects.filter(pk=upload_id, status=Upload.Status.PROCESSING, claim=None).exists():
            raise
        if refused := Upload.objects.filter(pk=upload_id, status=Upload.Status.FAILED).first():
            letters.upload_stopped(refused)
        return None  # refused, which the row says; discarded; or somebody else is at it


def _archive(upload: Upload) -> ByteRange:
    try:
        return get_store(upload.store).read(upload.archive_key)
    except NoSuchData as error:
        raise CannotContinue("What had come of this file is lost. Send it from its beginning.") from error


def _read(reception: Reception, archive: ByteRange) -> Iterator[bytes]:
    """The bytes of the archive, while the row tells how far we are."""
    size, done = get_store(reception.upload.store).size(reception.upload.archive_key), 0
    for chunk in iter(lambda: archive.read(CHUNK), b""):
        yield chunk
        done += len(chunk)
        reception.show(done * 100 // size)
