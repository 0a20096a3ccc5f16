"""Receiving image data: written, hashed and inspected in one go, in bounded memory, with breaks in between."""

import pickle
import zlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from itertools import chain
from types import TracebackType
from typing import Protocol, Self

from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.templatetags.panel import size as readable_size
from images.archives import ArchiveInspector
from images.formats import Inspection, Inspector
from images.hashes import new_hash
from images.hashing import Hashing
from images.problems import (
    CannotContinue,
    NoSuchData,
    StoreProblem,
    TooLarge,
    WrongChecksum,
    WrongOffset,
)
from images.stores import ImageStore
from images.stores.base import Writer

BLOCK = 1024 * 1024  # bytes; from here on hashlib and the file system cost the same per byte
SALT = "images.streams"
SIGNATURE_BYTES = 32

Reader = Callable[[int, int], bytes]  # the bytes of finished data at an offset, up to a length
LOST = "What had come of this file is lost. Send it from its beginning."
CHANGED = "What had come of this file is not what it was. Send it from its beginning."


@dataclass(frozen=True, slots=True)
class Intake:
    """What may come in.

    Attributes:
        max_bytes: how many bytes an image may have.
        max_virtual_bytes: how large the disk inside may say it is, in bytes.
        checksum: what all bytes together must hash to, as ``algorithm:hex`` (md5, sha256 or sha512); empty: anything.
        unpack: whether an archive of a disk comes, instead of the disk itself.
        disk_format: what the disk was said to be; empty: anything.
    """

    max_bytes: int
    max_virtual_bytes: int
    checksum: str = ""
    unpack: bool = False
    disk_format: str = ""

    @property
    def algorithms(self) -> tuple[str, ...]:
        """The hashes to compute: the two that an image always has, and the one that is expected."""
        return tuple(dict.fromkeys(("md5", "sha512", *filter(None, [self.checksum.partition(":")[0]]))))

    def asks_the_same(self, other: "Intake") -> bool:
        """Whether what was inspected for this one needs no second look for the other."""
        return (self.unpack, self.disk_format) == (other.unpack, other.disk_format)


@dataclass(frozen=True, slots=True)
class Received:
    """What is known about image data once all of it is in the store."""

    size: int  # bytes
    md5: str
    sha512: str
    inspection: Inspection
    stamp: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """From where a receiver could go on if this process died now.

    Attributes:
        offset: how many bytes need not be sent again.
        state: what ``Receiver`` needs to know of them; None when they have to be read again from the store.
        durable: done when the bytes are safe; only then the snapshot is worth anything.
    """

    offset: int
    state: bytes | None
    durable: "Future[None]"


class AnyInspector(Protocol):
    """What looks at the bytes: ``Inspector``, or the one for archives."""

    def feed(self, block: bytes) -> None: ...

    def finish(self, read: "Reader | None" = None) -> Inspection: ...


@dataclass(slots=True)
class Knowledge:
    """What a receiver has learnt: everything of it that is not in the store.

    Attributes:
        intake: what it was asked to take.
        inspector: what it has seen of the format.
        hashes: the state of each hash.
        rest: bytes behind the last whole block; they are in the store only with the next one.
    """

    intake: Intake
    inspector: AnyInspector
    hashes: dict[str, bytes]
    rest: bytes

    def signed(self) -> bytes:
        """As bytes that only this panel can have made: what reads them runs them."""
        packed = zlib.compress(pickle.dumps(self), level=1)
        return salted_hmac(SALT, packed, algorithm="sha256").digest() + packed

    @classmethod
    def opened(cls, signed: bytes, intake: Intake) -> "Knowledge | None":
        """What was signed, if it can be gone on with.

        Returns:
            None if somebody else signed it, a version of the panel that knew other things, or a machine whose hashes
            mean nothing on this one; and if it does not answer what is asked now.
        """
        signature, packed = signed[:SIGNATURE_BYTES], signed[SIGNATURE_BYTES:]
        if not constant_time_compare(signature, salted_hmac(SALT, packed, algorithm="sha256").digest()):
            return None
        try:
            known = pickle.loads(zlib.decompress(packed))  # noqa: S301  # the signature was checked
            for name in intake.algorithms:
                new_hash(name, known.hashes[name])
            asks_the_same = known.intake.asks_the_same(intake)
        except Exception:  # noqa: BLE001  # whatever has changed since: the bytes are read again
            return None
        return known if asks_the_same else None


class Receiver:
    """Takes image data in chunks of any size, and gives its size, hashes and format at the end.

    The hashes are computed in threads of their own, while this one inspects and writes. Nothing here touches the
    database.

    Args:
        writer: where the data goes.
        intake: what may come.
        known: what an earlier receiver had learnt of the data that the writer already has.
        read: reads what the writer has finished, so that inspection can look back.
        on_progress: called with the number of bytes in the store, at most once for each MiB.
    """

    def __init__(
        self,
        *,
        writer: Writer,
        intake: Intake,
        known: Knowledge | None = None,
        read: Reader | None = None,
        on_progress: Callable[[int], None] | None = None,
    ) -> None:
        self._writer = writer
        self._read = read
        self._intake = intake
        self._on_progress = on_progress
        self._inspector: AnyInspector = known.inspector if known else _inspector(intake)
        self._buffer = bytearray(known.rest if known else b"")
        self._hashing = Hashing(intake.algorithms, known.hashes if known else None)
        self._is_sound = True  # whether the store has what the hashes have
        self.size = writer.offset + len(self._buffer)

    @classmethod
    def begin(
        cls, *, store: ImageStore, key: str, intake: Intake, on_progress: Callable[[int], None] | None = None
    ) -> "Receiver":
        """Receive into what ``store.begin`` gave."""
        read = partial(read_finished, store, key)
        return cls(writer=store.write(key), intake=intake, read=read, on_progress=on_progress)

    @classmethod
    def resume(cls, *, store: ImageStore, key: str, intake: Intake, offset: int, state: bytes | None) -> "Receiver":
        """Go on where a snapshot was taken; if its state is of no use, what is in the store is read again.

        Then the last bytes, which were only in the state, have to come again: ``size`` is smaller than ``offset``.

        Raises:
            CannotContinue: the store has not got the bytes, or cannot read them.
        """
        known = Knowledge.opened(state, intake) if state else None
        read = partial(read_finished, store, key)
        if known is not None:
            writer = _writer(store, key, offset - len(known.rest))
            return cls(writer=writer, intake=intake, known=known, read=read)
        receiver = cls(writer=_writer(store, key, offset - offset % BLOCK), intake=intake, read=read)
        try:
            receiver._learn_again(store, key)
        except BaseException:
            receiver.close()
            raise
        return receiver

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes.

        Raises:
            TooLarge: the image has more bytes than allowed.
            RefusedImage: what has come so far cannot become an image that we take.
            StoreProblem: the store failed.
            HashingFailed: a hash thread failed or hangs.
        """
        if self.size + len(chunk) > self._intake.max_bytes:
            raise too_large(self._intake.max_bytes)
        self.size += len(chunk)
        for block in self._whole_blocks(chunk):
            self._take(block)

    def snapshot(self) -> Snapshot:
        """Say from where one could go on; waits for the hashes, but not for the store.

        Raises:
            StoreProblem: the store failed, now or before: then the last snapshot is what counts.
            HashingFailed: as ``feed``.
        """
        self._require_sound()
        hashes = self._hashing.states()
        durable = self._writer.sync()
        if hashes is None:
            return Snapshot(self._writer.offset, None, durable)
        known = Knowledge(self._intake, self._inspector, hashes, bytes(self._buffer))
        return Snapshot(self.size, known.signed(), durable)

    def finish(self) -> Received:
        """Say that all bytes have come, and make the data visible in the store.

        The last look is at finished data, which every store can read: if it is refused, the caller has to delete it.

        Raises:
            RefusedImage: what has come is no image that we take.
            WrongChecksum: it is not what was promised.
            StoreProblem: the store failed.
            HashingFailed: a hash thread failed or hangs.
        """
        self._require_sound()
        if self._buffer:
            self._take(bytes(self._buffer))
            self._buffer.clear()
        self._is_sound = False  # whoever comes after this goes on from the snapshot before it
        found = self._hashing.hexdigests()
        self._check(found)
        stamp = self._writer.finish()
        inspection = self._inspector.finish(self._look_back if self._read else None)
        return Received(self.size, found["md5"], found["sha512"], inspection, stamp)

    def close(self) -> None:
        """Let go of the threads and of the writer. What the store has stays there. Safe to call more than once."""
        self._hashing.stop()
        self._writer.close()

    def _whole_blocks(self, chunk: bytes) -> Iterator[bytes]:
        """What can be taken now; the rest waits for what comes next."""
        if len(chunk) == BLOCK and not self._buffer:
            yield chunk  # the usual case, without a copy
            return
        self._buffer += chunk
        while len(self._buffer) >= BLOCK:
            block = bytes(memoryview(self._buffer)[:BLOCK])
            del self._buffer[:BLOCK]
            yield block

    def _take(self, block: bytes) -> None:
        self._is_sound = False
        self._learn(block)
        self._writer.write(block)
        self._is_sound = True
        if self._on_progress:
            self._on_progress(self._writer.offset)

    def _learn(self, block: bytes) -> None:
        self._inspector.feed(block)
        self._hashing.feed(block)

    def _look_back(self, offset: int, length: int) -> bytes:
        """What a file says of itself may lie anywhere, far behind its end too."""
        assert self._read
        return self._read(offset, min(length, self.size - offset)) if offset < self.size else b""

    def _learn_again(self, store: ImageStore, key: str) -> None:
        end, learnt = self._writer.offset, 0
        read = store.read if isinstance(self._writer, FinishedWriter) else store.read_back
        try:
            with closing(read(key, stop=end)) as stored:
                for block in chain.from_iterable(map(self._whole_blocks, stored)):
                    self._learn(block)
                    learnt += len(block)
        except NoSuchData as error:
            raise CannotContinue(LOST) from error
        if learnt != end:
            raise CannotContinue(LOST)

    def _require_sound(self) -> None:
        if not self._is_sound:
            raise StoreProblem("The last bytes did not reach the store. Go on from where the upload was last saved.")

    def _check(self, found: dict[str, str]) -> None:
        algorithm, _, expected = self._intake.checksum.partition(":")
        if expected and found[algorithm] != expected.lower():
            raise WrongChecksum(
                f"This is not the file that was announced: its {algorithm} is {found[algorithm]}, "
                f"but {expected} was expected."
            )


class FinishedWriter:
    """Stands for data that the store has made visible just before the process died that wanted to note it.

    It takes once more what it has already, and nothing else.
    """

    def __init__(self, store: ImageStore, key: str, offset: int) -> None:
        self.offset = offset
        self._store = store
        self._key = key

    def write(self, chunk: bytes) -> None:
        """Compare with what is there: the hashes are computed from what comes."""
        stop = self.offset + len(chunk)
        with closing(self._store.read(self._key, start=self.offset, stop=stop)) as stored:
            if stored.read() != chunk:
                raise CannotContinue(CHANGED)
        self.offset = stop

    def sync(self) -> "Future[None]":
        """It is safe already."""
        safe: Future[None] = Future()
        safe.set_result(None)
        return safe

    def finish(self) -> str:
        """It is finished already."""
        if self._store.size(self._key) != self.offset:
            raise CannotContinue(CHANGED)
        return self._store.stamp(self._key)

    def close(self) -> None:
        """There is nothing to let go of."""


def _writer(store: ImageStore, key: str, offset: int) -> Writer:
    try:
        return store.write(key, offset=offset)
    except (NoSuchData, WrongOffset) as error:
        if store.exists(key):
            return FinishedWriter(store, key, offset)
        raise CannotContinue(LOST) from error


def _inspector(intake: Intake) -> AnyInspector:
    if intake.unpack:
        return ArchiveInspector(max_virtual_bytes=intake.max_virtual_bytes)
    return Inspector(max_virtual_bytes=intake.max_virtual_bytes, disk_format=intake.disk_format)


def receive(
    *,
    store: ImageStore,
    key: str,
    chunks: Iterable[bytes],
    intake: Intake,
    on_progress: Callable[[int], None] | None = None,
) -> Received:
    """Receive all chunks in one go; see ``Receiver`` for the arguments and what can go wrong.

    Leaves finished data under the key, or nothing at all.
    """
    try:
        with Receiver.begin(store=store, key=key, intake=intake, on_progress=on_progress) as receiver:
            for chunk in chunks:
                receiver.feed(chunk)
            return receiver.finish()
    except BaseException:
        # The error that made us stop is the one to tell; leftovers of a broken store are collected later.
        with suppress(StoreProblem):
            store.abort(key)
            store.delete(key)
        raise


def read_finished(store: ImageStore, key: str, offset: int, length: int) -> bytes:
    """Some bytes of finished data, as many as there are up to a length."""
    with closing(store.read(key, start=offset, stop=offset + length)) as stored:
        return b"".join(stored)


def too_large(max_bytes: int) -> TooLarge:
    """The refusal of a file with more than ``max_bytes`` bytes."""
    return TooLarge(f"This file is too large: an image may have at most {readable_size(max_bytes)}.")
