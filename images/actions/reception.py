"""One go of bytes for a claimed upload: saved every few seconds, and let go. No transaction is open meanwhile.

Browsers, imports, conversions and unpacking all receive through here. A go may end in any way, a power cut included:
the row then tells from where the next one goes on.
"""

import time
from concurrent.futures import wait
from contextlib import suppress
from types import TracebackType
from typing import Self

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django_q.tasks import async_task

from images.actions.claims import Claim, TakenOver, discarded
from images.actions.creation import make_planned_image
from images.actions.removal import forget
from images.formats import RefusedImage
from images.models import ImageData, Upload
from images.problems import (
    BrokenUpload,
    CannotContinue,
    DataProblem,
    NoSuchData,
    QuotaExceeded,
    TooLarge,
    WrongChecksum,
)
from images.quotas import confirm, room
from images.stores import get_store
from images.streams import Intake, Received, Receiver, Snapshot

SAVE_SECONDS = 5  # what a killed server may cost the sender, in time
FINAL = (RefusedImage, TooLarge, WrongChecksum)  # the same bytes would be refused again
RATE_WEIGHT = 0.3  # of the newest speed in the shown one


class Reception:
    """Takes bytes for a claimed upload.

    Use it as a context manager::

        with Reception(upload) as reception:
            for chunk in chunks:
                reception.feed(chunk)
            upload = reception.complete()

    Leaving without ``complete`` keeps what has come, for the next go; a file that is refused keeps nothing.

    Args:
        upload: claimed (see ``images.actions.claims``).
        resumable: whether the source can go on from the middle; otherwise the next go begins anew.
        trusted: whether what comes may be saved at once; otherwise only when the caller has checked all of it.
        save_seconds: how often the row is brought up to date.
    """

    def __init__(
        self,
        upload: Upload,
        *,
        resumable: bool = True,
        trusted: bool = True,
        save_seconds: float = SAVE_SECONDS,
    ) -> None:
        self.upload = upload
        self._claim = Claim(upload)
        self._store = get_store(upload.store)
        self._limit = min(upload.size or settings.IMAGE_MAX_BYTES, settings.IMAGE_MAX_BYTES)
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
        self._saved_at = time.monotonic()
        self._speed = Speed(self.upload.rate, self._receiver.size)
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
            self._claim.show_life(percent=percent)

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
        if self._is_archive:
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
            disk_format=(upload.plan or {}).get("disk_format", ""),
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
            self._claim.update(store_key=new, offset=0, state=None)
        except TakenOver:
            forget(self.upload.store, new)
            raise
        self.upload.store_key = new
        forget(self.upload.store, old)

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
            self._claim.show_life(**self._arrived)

    @property
    def _arrived(self) -> dict[str, int]:
        """How much of a queued image has come, in percent: what comes as a whole has no offset that tells it."""
        upload = self.upload
        if self._resumable or not (upload.size and upload.is_queued):
            return {}
        return {"percent": 100 * self._receiver.size // upload.size}

    def _save(self, snapshot: Snapshot) -> None:
        """Note from where to go on, once those bytes are safe."""
        while not wait([snapshot.durable], timeout=self._save_seconds).done:
            self._claim.show_life()  # a slow disk is no dead process
        snapshot.durable.result()
        rate = self._speed.at(self._receiver.size)
        self._claim.save(offset=snapshot.offset, state=snapshot.state, rate=rate)
        self._room = 0  # asked anew: of twenty that began at once, each saw the same room

    # --- Ending -------------------------------------------------------------------------------------

    def _give_up(self, error: BaseException | None) -> None:
        """End without all bytes: keep what can be gone on with, and let the next one try."""
        if isinstance(error, TakenOver):
            return
        with suppress(TakenOver):  # then it is not ours to change any more
            if isinstance(error, FINAL) or (isinstance(error, QuotaExceeded) and not self._resumable):
                self._drop(error, self._refused, archive_key="")
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
        self._claim.let_go(error, self._before)

    def _drop(self, error: BaseException | None, status: str, **columns: str | None) -> None:
        """Let the next one begin anew, or nobody."""
        if self.upload.is_queued:
            columns = columns | {"size": None}  # the next sender says what comes then
        self._claim.let_go(error, status, store_key="", offset=0, state=None, percent=None, **columns)
        forget(self.upload.store, self.upload.store_key)
        if "archive_key" in columns:
            forget(self.upload.store, self.upload.archive_key)

    @property
    def _before(self) -> str:
        """What an upload is before and after a go that does not complete it."""
        return Upload.Status.PROCESSING if self.upload.archive_key else Upload.Status.WAITING

    @property
    def _refused(self) -> str:
        """What an upload is whose data was refused."""
        return Upload.Status.WAITING if self.upload.is_queued else Upload.Status.FAILED

    @transaction.atomic
    def _hand_to_unpacking(self) -> Upload:
        self._claim.update(
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
        row = self._claim.locked()
        archive, row.archive_key = row.archive_key, ""
        row.data = data_of(row.store_key, received, store=row.store)
        row.size = row.offset = received.size
        row.status, row.state, row.claim, row.percent = Upload.Status.RECEIVED, None, None, None
        row.save()
        if archive:
            transaction.on_commit(lambda: forget(self.upload.store, archive))
        if row.plan is not None and not row.staged:
            make_planned_image(row)
        return row


class Speed:
    """How fast bytes come, without every gust of wind.

    Args:
        rate: bytes a second when it was last looked at; 0 if nobody knows.
        size: how many bytes there are now.
    """

    def __init__(self, rate: int, size: int) -> None:
        self._rate, self._size, self._moment = rate, size, time.monotonic()

    def at(self, size: int) -> int:
        """Bytes a second, now that so many have come."""
        now = time.monotonic()
        seconds, grown = now - self._moment, size - self._size
        newest = grown / seconds if seconds > 0 else 0
        self._rate = round(self._rate + RATE_WEIGHT * (newest - self._rate) if self._rate else newest)
        self._size, self._moment = size, now
        return self._rate


def _bytes(state: bytes | memoryview | None) -> bytes | None:
    """PostgreSQL's driver gives a view of the bytes."""
    return None if state is None else bytes(state)


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
