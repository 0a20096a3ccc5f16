"""Receiving image data: written, hashed and inspected in one go, in bounded memory."""

import hashlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, Full, Queue
from threading import Thread
from types import TracebackType
from typing import Self

from accounts.templatetags.panel import size as readable_size
from images.formats import Inspection, Inspector
from images.problems import HashingFailed, StoreProblem, TooLarge
from images.stores import ImageStore

BLOCK = 1024 * 1024  # bytes; from here on hashlib and the file system cost the same per byte
QUEUED_BLOCKS = 8  # how far the stream may run ahead of a hash: enough to even out, little in memory
PATIENCE = 120  # seconds to wait for a hash thread that takes no block before calling it hung


@dataclass(frozen=True, slots=True)
class Received:
    """What is known about image data once all of it is in the store."""

    size: int  # bytes
    md5: str
    sha512: str
    inspection: Inspection


class Receiver:
    """Takes image data in chunks of any size, and gives its size, hashes and format at the end.

    Use it as a context manager: whatever goes wrong, nothing stays in the store::

        with Receiver(store=store, key=store.begin(), max_bytes=…, max_virtual_bytes=…) as receiver:
            receiver.feed(chunk)
            received = receiver.finish()

    The md5 and the sha512 are computed in a thread each (hashlib releases the interpreter's lock), while
    this thread inspects and writes. Nothing here touches the database.

    Args:
        store: where the data goes.
        key: what ``store.begin()`` gave.
        max_bytes: how many bytes an image may have.
        max_virtual_bytes: how large the disk inside may say it is, in bytes.
        on_progress: called with the number of bytes in the store, at most once for each MiB.
    """

    def __init__(
        self,
        *,
        store: ImageStore,
        key: str,
        max_bytes: int,
        max_virtual_bytes: int,
        on_progress: Callable[[int], None] | None = None,
    ) -> None:
        self.key = key
        self.size = 0
        self._store = store
        self._max_bytes = max_bytes
        self._on_progress = on_progress
        self._inspector = Inspector(max_virtual_bytes=max_virtual_bytes)
        self._buffer = bytearray()
        self._written = 0
        self._done = False
        self._hashes = (HashThread("md5"), HashThread("sha512"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Throw away what has come, unless ``finish`` has made it visible."""
        if not self._done:
            self.abort()

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes.

        Raises:
            TooLarge: the image has more bytes than allowed.
            RefusedImage: what has come so far cannot become an image that we take.
            StoreProblem: the store failed.
            HashingFailed: a hash thread failed or hangs.
        """
        self.size += len(chunk)
        if self.size > self._max_bytes:
            raise too_large(self._max_bytes)
        if len(chunk) == BLOCK and not self._buffer:
            self._take(chunk)  # the usual case, without a copy
            return
        self._buffer += chunk
        while len(self._buffer) >= BLOCK:
            block = bytes(memoryview(self._buffer)[:BLOCK])
            del self._buffer[:BLOCK]
            self._take(block)

    def finish(self) -> Received:
        """Say that all bytes have come, and make the data visible.

        Raises:
            RefusedImage: what has come is no image that we take.
            StoreProblem: the store failed.
            HashingFailed: a hash thread failed or hangs.
        """
        if self._buffer:
            self._take(bytes(self._buffer))
        inspection = self._inspector.finish()
        md5, sha512 = (each.hexdigest() for each in self._hashes)
        self._store.finish(self.key)
        self._done = True
        return Received(size=self.size, md5=md5, sha512=sha512, inspection=inspection)

    def abort(self) -> None:
        """Throw away what has come. Safe to call more than once, and after an error; never after ``finish``."""
        self._done = True
        for each in self._hashes:
            each.stop()
        # The error that made us stop is the one to tell; leftovers of a broken store are collected later.
        with suppress(StoreProblem):
            self._store.abort(self.key)

    def _take(self, block: bytes) -> None:
        self._inspector.feed(block)
        for each in self._hashes:
            each.feed(block)
        self._store.append(self.key, offset=self._written, chunk=block)
        self._written += len(block)
        if self._on_progress:
            self._on_progress(self._written)


class HashThread:
    """A hash that is computed in a thread of its own, a bounded number of blocks behind."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._hash = hashlib.new(name, usedforsecurity=False)
        self._queue: Queue[bytes | None] = Queue(maxsize=QUEUED_BLOCKS)
        self._error: Exception | None = None
        self._thread: Thread | None = None

    def feed(self, block: bytes) -> None:
        """Queue a block; waits while the queue is full."""
        if self._thread is None:
            self._thread = Thread(target=self._run, name=f"hash-{self._name}", daemon=True)
            self._thread.start()
        self._put(block)

    def hexdigest(self) -> str:
        """Wait for the thread and give the hash."""
        if self._thread is not None:
            self._put(None)
            self._thread.join(PATIENCE)
            if self._thread.is_alive():
                raise self._hung()
        self._raise_error()
        return self._hash.hexdigest()

    def stop(self) -> None:
        """Let the thread end soon, without waiting for it."""
        with suppress(Empty):
            while True:
                self._queue.get_nowait()
        with suppress(Full):
            self._queue.put_nowait(None)

    def _put(self, block: bytes | None) -> None:
        self._raise_error()
        try:
            self._queue.put(block, timeout=PATIENCE)
        except Full:
            raise self._hung() from None

    def _run(self) -> None:
        for block in iter(self._queue.get, None):
            # After an error the queue is still emptied, so that the other side never waits for us.
            if self._error is None:
                try:
                    self._hash.update(block)
                except Exception as error:  # noqa: BLE001 - raised again in the thread that waits for the hash
                    self._error = error

    def _raise_error(self) -> None:
        if self._error is not None:
            raise HashingFailed(f"The {self._name} of the file could not be computed. Try again.") from self._error

    def _hung(self) -> HashingFailed:
        return HashingFailed(f"Computing the {self._name} of the file has come to a halt. Try again.")


def receive(
    *,
    store: ImageStore,
    key: str,
    chunks: Iterable[bytes],
    max_bytes: int,
    max_virtual_bytes: int,
    on_progress: Callable[[int], None] | None = None,
) -> Received:
    """Receive all chunks; see ``Receiver`` for the arguments and what can go wrong.

    Leaves finished data under the key, or nothing at all.
    """
    with Receiver(
        store=store, key=key, max_bytes=max_bytes, max_virtual_bytes=max_virtual_bytes, on_progress=on_progress
    ) as receiver:
        for chunk in chunks:
            receiver.feed(chunk)
        return receiver.finish()


def too_large(max_bytes: int) -> TooLarge:
    """The refusal of a file with more than ``max_bytes`` bytes."""
    return TooLarge(f"This file is too large: an image may have at most {readable_size(max_bytes)}.")
