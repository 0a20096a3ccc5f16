"""One go of bytes for an upload: claimed, saved every few seconds, and let go. No transaction is open meanwhile.

Browsers, imports, conversions and unpacking all receive through here. A go may end in any way, a power cut included:
the row then tells from where the next one goes on.
"""

import time
import uuid
from concurrent.futures import wait
from contextlib import suppress
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django_q.tasks import async_task

from accounts.errors import Conflict
from images.actions.creation import make_planned_image
from images.formats import RefusedImage
from images.models import ImageData, Upload
from images.problems import (
    BrokenUpload,
    CannotContinue,
    DataProblem,
    NoSuchData,
    QuotaExceeded,
    StoreProblem,
    TooLarge,
    WrongChecksum,
)
from images.quotas import confirm, room
from images.stores import get_store
from images.streams import Intake, Received, Receiver, Snapshot

SAVE_SECONDS = 5  # what a killed server may cost the sender, in time
SILENT_SECONDS = 15  # without a sign of life for so long, a claim is given to the next who asks
FINAL = (RefusedImage, TooLarge, WrongChecksum)  # the same bytes would be refused again
RATE_WEIGHT = 0.3  # of the newest speed in the shown one


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


def is_alive(upload: Upload) -> bool:
    """Whether whoever claimed the upload gave a sign of life lately."""
    if upload.claim is None or upload.seen_at is None:
        return False
    # A sign of life from the future is one from before the clock was set back: it tells nothing.
    return abs(timezone.now() - upload.seen_at) < timedelta(seconds=SILENT_SECONDS)


class Reception:
    """Takes bytes for a claimed upload.

    Use it as a context manager::

        with Reception(upload) as reception:
            for chunk in chunks:
                reception.feed(chunk)
            upload = reception.complete()

    Leaving without ``complete`` keeps what has come, for the next go; a file that is refused keeps nothing.

    Args:
        upload: claimed (see ``claim``).
        max_bytes: how many bytes may come in all, if not as many as an image may have.
        resumable: whether the source can go on from the middle; otherwise the next go begins anew.
        trusted: whether what comes may be saved at once; otherwise only when the caller has checked all of it.
        save_seconds: how often the row is brought up to date.
    """

    def __init__(
        self,
        upload: Upload,
        *,
        max_bytes: int | None = None,
        resumable: bool = True,
        trusted: bool = True,
        save_seconds: float = SAVE_SECONDS,
    ) -> None:
        self.upload = upload
        self._store = get_store(upload.store)
        self._limit = min(filter(None, (max_bytes, upload.size, settings.IMAGE_MAX_BYTES)))
        self._resumable = resumable
        self._trusted = trusted
        self._save_seconds = save_seconds
        self._receiver: Receiver
        self._is_open = False
        self._pending: Snapshot | None = None
        self._done = False
        self._percent: int | None = None
        self._room = 0

    @property
    def offset(self) -> int:
        """How many bytes have come, safe or not."""
        return self._receiver.size

    def __enter__(self) -> Self:
        try:
            self._receiver = self._opened()
        except BaseException as problem:
            self._give_up(problem)
            raise
        self._is_open = True
        self._saved_at = self._measured_at = time.monotonic()
        self._measured = self._receiver.size
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if not self._done:
                self._give_up(error)
        finally:
            self._receiver.close()

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes, and now and then save how far we are.

        Raises:
            DataProblem: see ``Receiver.feed``.
            TakenOver: the upload was discarded, or somebody else sends it now.
        """
        if self.upload.size is not None and self._receiver.size + len(chunk) > self.upload.size:
            raise BrokenUpload("More came than was announced: the file has changed meanwhile. Choose it again.")
        self._require_room(self._receiver.size + len(chunk))
        try:
            self._receiver.feed(chunk)
        except NoSuchData as error:
            raise discarded() from error
        self._save_now_and_then()

    def show(self, percent: int | None) -> None:
        """Give a sign of life; say how far the work is, where bytes do not tell.

        Raises:
            TakenOver: as ``feed``.
        """
        if percent != self._percent or time.monotonic() - self._saved_at >= self._save_seconds:
            self._percent, self._saved_at = percent, time.monotonic()
            self._update(seen_at=timezone.now(), percent=percent)

    def complete(self) -> Upload:
        """Say that all bytes have come.

        Returns:
            The upload with its data; without it yet if it is an archive, which is unpacked in the background.

        Raises:
            DataProblem: see ``Receiver.finish``.
            TakenOver: as ``feed``.
        """
        if self.upload.size is not None and self._receiver.size != self.upload.size:
            raise BrokenUpload("Less came than was announced: the file has changed meanwhile. Choose it again.")
        self._save(self._receiver.snapshot())
        if self.upload.size is None:
            self._confirm_room()
        received = self._receiver.finish()
        self._done = True
        if self.upload.unpack and not self.upload.archive_key:
            return self._hand_to_unpacking()
        return self._take(received)

    def _require_room(self, size: int) -> None:
        """Stop what comes without a known size where the quota ends. Asked anew there: room may have been made."""
        if self.upload.size is None and size > self._room:
            self._room = room(self.upload, least=size)

    @transaction.atomic
    def _confirm_room(self) -> None:
        """Others may have come meanwhile; from here on the row itself reserves what has come."""
        confirm(self.upload.account, size=self._receiver.size)

    @property
    def _is_archive(self) -> bool:
        return self.upload.unpack and not self.upload.archive_key

    # --- Beginning ----------------------------------------------------------------------------------

    def _opened(self) -> Receiver:
        upload = self.upload
        try:
            state = _bytes(upload.state)  # large, and so not loaded before it is needed
        except Upload.DoesNotExist:
            raise discarded() from None
        intake = Intake(
            max_bytes=self._limit,
            max_virtual_bytes=settings.IMAGE_MAX_VIRTUAL_BYTES,
            checksum="" if upload.archive_key else upload.expected_checksum,
            unpack=self._is_archive,
        )
        if upload.store_key and upload.offset and self._resumable:
            return Receiver.resume(
                store=self._store, key=upload.store_key, intake=intake, offset=upload.offset, state=state
            )
        self._begin_anew()
        return Receiver.begin(store=self._store, key=upload.store_key, intake=intake)

    def _begin_anew(self) -> None:
        old, new = self.upload.store_key, self._store.begin()
        try:
            self._update(store_key=new, offset=0, state=None)
        except TakenOver:
            self._forget(new)
            raise
        self.upload.store_key = new
        self._forget(old)

    # --- Saving -------------------------------------------------------------------------------------

    def _save_now_and_then(self) -> None:
        if self._pending is not None and self._pending.durable.done():
            self._save(self._pending)
            self._pending = None
        if time.monotonic() - self._saved_at < self._save_seconds:
            return
        self._saved_at = time.monotonic()
        if self._pending is None and self._resumable and self._trusted:
            self._pending = self._receiver.snapshot()
        else:
            self._update(seen_at=timezone.now())

    def _save(self, snapshot: Snapshot) -> None:
        """Note from where to go on, once those bytes are safe."""
        while not wait([snapshot.durable], timeout=self._save_seconds).done:
            self._update(seen_at=timezone.now())  # a slow disk is no dead process
        snapshot.durable.result()
        now = timezone.now()
        self._update(
            offset=snapshot.offset,
            state=snapshot.state,
            seen_at=now,
            expires_at=now + timedelta(hours=settings.UPLOAD_LIFETIME_HOURS),
            rate=self._rate(),
        )
        self._room = 0  # asked anew: of twenty that began at once, each saw the same room

    def _rate(self) -> int:
        now, size = time.monotonic(), self._receiver.size
        seconds, self._measured_at = now - self._measured_at, now
        newest = (size - self._measured) / seconds if seconds > 0 else 0
        self._measured = size
        old = self.upload.rate
        self.upload.rate = round(old + RATE_WEIGHT * (newest - old) if old else newest)
        return self.upload.rate

    def _update(self, **columns: Any) -> None:
        """Write to the row, if it is still ours."""
        if not Upload.objects.filter(pk=self.upload.pk, claim=self.upload.claim).update(**columns):
            raise discarded()

    # --- Ending -------------------------------------------------------------------------------------

    def _give_up(self, error: BaseException | None) -> None:
        """End without all bytes: keep what can be gone on with, and let the next one try."""
        if isinstance(error, TakenOver):
            return
        with suppress(TakenOver):  # then it is not ours to change any more
            if isinstance(error, FINAL) or (isinstance(error, QuotaExceeded) and not self._resumable):
                self._drop(error, Upload.Status.FAILED, archive_key="")
            elif isinstance(error, CannotContinue):
                self._drop(error, Upload.Status.WAITING, archive_key="")
            elif not self._resumable:
                self._drop(error, self._before)
            else:
                self._keep(error)

    def _keep(self, error: BaseException | None) -> None:
        """Let the next one go on from here."""
        if self._is_open and (error is None or self._trusted):
            # Whatever stopped us may stop this too; then the last save is what counts.
            with suppress(DataProblem):
                self._save(self._receiver.snapshot())
        self._let_go(error, self._before)

    def _drop(self, error: BaseException | None, status: str, **columns: str) -> None:
        """Let the next one begin anew, or nobody."""
        self._let_go(error, status, store_key="", offset=0, state=None, percent=None, **columns)
        self._forget(self.upload.store_key)
        if "archive_key" in columns:
            self._forget(self.upload.archive_key)

    def _let_go(self, error: BaseException | None, status: str, **columns: Any) -> None:
        problem = str(error) if isinstance(error, DataProblem) else ""
        self._update(status=status, claim=None, rate=0, problem=problem, **columns)

    @property
    def _before(self) -> str:
        """What an upload is before and after a go that does not complete it."""
        return Upload.Status.PROCESSING if self.upload.archive_key else Upload.Status.WAITING

    def _forget(self, key: str) -> None:
        """Remove what nobody needs any more, complete or not. What a broken store keeps, is collected later."""
        if key:
            with suppress(StoreProblem):
                self._store.abort(key)
                self._store.delete(key)

    @transaction.atomic
    def _hand_to_unpacking(self) -> Upload:
        self._update(
            status=Upload.Status.PROCESSING,
            archive_key=self.upload.store_key,
            store_key="",
            offset=0,
            state=None,
            size=None,
            claim=None,
            percent=0,
            rate=0,
        )
        async_task("images.tasks.unpack", str(self.upload.pk), cluster="data")
        self.upload.refresh_from_db()
        return self.upload

    @transaction.atomic
    def _take(self, received: Received) -> Upload:
        """Give the upload its data, and make the image if all is known of it."""
        rows = Upload.objects.select_for_update(of=("self",)).filter(pk=self.upload.pk, claim=self.upload.claim)
        row = rows.first()
        if row is None:
            raise discarded()
        archive, row.archive_key = row.archive_key, ""
        row.data = data_of(row.store_key, received, store=row.store)
        row.size = row.offset = received.size
        row.status, row.state, row.claim, row.percent = Upload.Status.RECEIVED, None, None, None
        row.save()
        if archive:
            transaction.on_commit(lambda: self._forget(archive))
        if row.plan is not None:
            make_planned_image(row)
        return row


def _bytes(state: bytes | memoryview | None) -> bytes | None:
    """PostgreSQL's driver gives a view of the bytes."""
    return None if state is None else bytes(state)


def discarded() -> TakenOver:
    """What somebody hears who sends bytes that nobody waits for any more."""
    return TakenOver("This upload was discarded while the file came, or is being sent in another way now.")


def data_of(key: str, received: Received, *, store: str) -> ImageData:
    """The row of data that is complete in a store."""
    return ImageData.objects.create(
        store=store,
        store_key=key,
        stamp=received.stamp,
        disk_format=received.inspection.disk_format,
        container_format=received.inspection.container_format,
        size=received.size,
        virtual_size=received.inspection.virtual_size,
        checksum=received.md5,
        os_hash_value=received.sha512,
        verified_at=timezone.now(),
    )
