"""Who works on an upload at this moment. The row alone says so, in any process and after a power cut.

Whoever claims a row writes to it as long as nobody else has claimed it since, and gives signs of life; silence lets
the next one have it.
"""

import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.errors import Conflict
from images.models import Upload
from images.problems import DataProblem
from images.querysets import UploadQuerySet

SILENT_SECONDS = 15  # without a sign of life for so long, a claim is given to the next who asks


class TakenOver(Conflict):
    """The upload was discarded, or somebody else is sending it now."""


class InUse(Conflict):
    """Somebody is sending the upload at this moment."""


def claim(upload: Upload, *, to_unpack: bool = False) -> None:
    """Take a locked upload for oneself; who had it before and is silent, has lost it.

    Args:
        to_unpack: whether for what is in its archive, and not for what somebody sends.

    Raises:
        InUse: somebody is sending it.
        Conflict: it has its data, or it was refused.
    """
    if upload.status == Upload.Status.RECEIVED:
        raise Conflict("This file has come already. Go on with the form, or discard the upload and start again.")
    if upload.status == Upload.Status.FAILED:
        raise Conflict(f"{upload.problem} Discard this upload, and start another one.")
    if upload.status == Upload.Status.PROCESSING and not to_unpack:
        raise Conflict("This file has come already and is being unpacked.")
    if is_alive(upload):
        raise InUse("This file is being sent already, maybe in another tab. Wait a moment, or discard the upload.")
    upload.claim, upload.seen_at = uuid.uuid4(), timezone.now()
    if upload.status != Upload.Status.PROCESSING:
        upload.status = Upload.Status.RECEIVING
    upload.problem = ""
    upload.save(update_fields=["claim", "seen_at", "status", "problem"])


@transaction.atomic
def claim_one(uploads: UploadQuerySet, *, to_unpack: bool = False) -> Upload | None:
    """Claim what a background task is to go on with.

    Args:
        uploads: at most one, by its id and what it has to be like.
        to_unpack: see ``claim``.

    Returns:
        The upload; None if it is no longer like that, or somebody is at it.
    """
    upload = uploads.select_for_update(of=("self",)).first()
    try:
        if upload is not None:
            claim(upload, to_unpack=to_unpack)
    except Conflict:
        return None
    return upload


def is_alive(upload: Upload) -> bool:
    """Whether whoever claimed the upload gave a sign of life lately."""
    if upload.claim is None or upload.seen_at is None:
        return False
    # A sign of life from the future is one from before the clock was set back: it tells nothing.
    return abs(timezone.now() - upload.seen_at) < timedelta(seconds=SILENT_SECONDS)


def lacks_data(upload: Upload) -> bool:
    """Whether a queued image has no data, and gets none unless somebody sends it or has it fetched."""
    if is_alive(upload) or upload.status in (Upload.Status.PROCESSING, Upload.Status.RECEIVED):
        return False
    if upload.status == Upload.Status.FAILED or upload.origin == Upload.Origin.UPLOAD:
        return True
    return upload.has_stopped


class Claim:
    """What whoever has claimed an upload writes to its row.

    Each method raises ``TakenOver`` if the upload was discarded, or somebody else has claimed it since.

    Args:
        upload: claimed (see ``claim``).
    """

    def __init__(self, upload: Upload) -> None:
        self._upload = upload

    def update(self, **columns: Any) -> None:
        """Write to the row."""
        if not self._ours.update(**columns):
            raise discarded()

    def show_life(self, **columns: Any) -> None:
        """Tell others that somebody is at it, and what else there is to say."""
        self.update(seen_at=timezone.now(), **columns)

    def save(self, *, offset: int, state: bytes | None, rate: int) -> None:
        """Note from where to go on. Bytes that have come give the upload another day.

        Args:
            offset: how many bytes are safe.
            state: what hashes and inspection know of them.
            rate: bytes a second.
        """
        expires_at = timezone.now() + timedelta(hours=settings.UPLOAD_LIFETIME_HOURS)
        self.show_life(offset=offset, state=state, rate=rate, expires_at=expires_at)

    def let_go(self, error: BaseException | None, status: str, **columns: Any) -> None:
        """End, and say on the row why if that helps a person."""
        problem = str(error) if isinstance(error, DataProblem) else ""
        self.update(status=status, claim=None, rate=0, problem=problem, **columns)

    def locked(self) -> Upload:
        """The row as it is now, locked for the transaction."""
        row = self._ours.select_for_update(of=("self",)).first()
        if row is None:
            raise discarded()
        return row

    @property
    def _ours(self) -> UploadQuerySet:
        return Upload.objects.filter(pk=self._upload.pk, claim=self._upload.claim)


def discarded() -> TakenOver:
    """What somebody hears who sends bytes that nobody waits for any more."""
    return TakenOver("This upload was discarded while the file came, or is being sent in another way now.")
