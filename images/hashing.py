"""Hashing a stream beside whoever reads or writes it: OpenSSL releases the interpreter's lock."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from queue import Empty, Full, Queue
from threading import Event, Thread
from types import TracebackType
from typing import Self

from images.hashes import new_hash
from images.problems import HashingFailed

QUEUED_BLOCKS = 8  # how far the stream may run ahead of a hash: enough to even out, little in memory
PATIENCE = 120  # seconds to wait for a hash thread that takes no block before calling it hung


class Hashing:
    """Several hashes of one stream, each computed in a thread of its own.

    Use it as a context manager, or ``stop`` it in the end.

    Args:
        names: the algorithms.
        states: what earlier hashes knew of what came before, by algorithm.
    """

    def __init__(self, names: Iterable[str], states: Mapping[str, bytes] | None = None) -> None:
        self._threads = {name: HashThread(name, (states or {}).get(name)) for name in names}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def feed(self, block: bytes) -> None:
        """Take the next bytes.

        Raises:
            HashingFailed: a hash failed or hangs.
        """
        for thread in self._threads.values():
            thread.feed(block)

    def states(self) -> dict[str, bytes] | None:
        """What the hashes know of all that came, by algorithm; None if one of them cannot tell.

        Raises:
            HashingFailed: as ``feed``.
        """
        states = {name: thread.state() for name, thread in self._threads.items()}
        known = {name: state for name, state in states.items() if state is not None}
        return known if len(known) == len(states) else None

    def hexdigests(self) -> dict[str, str]:
        """The hashes of all that came, by algorithm.

        Raises:
            HashingFailed: as ``feed``.
        """
        return {name: thread.hexdigest() for name, thread in self._threads.items()}

    def stop(self) -> None:
        """Let the threads end soon, without waiting for them. Safe to call more than once."""
        for thread in self._threads.values():
            thread.stop()


class HashThread:
    """A hash that is computed in a thread of its own, a bounded number of blocks behind."""

    def __init__(self, name: str, state: bytes | None = None) -> None:
        self._name = name
        self._hash = new_hash(name, state)
        self._queue: Queue[bytes | Event | None] = Queue(maxsize=QUEUED_BLOCKS)
        self._error: Exception | None = None
        self._thread: Thread | None = None

    def feed(self, block: bytes) -> None:
        """Queue a block; waits while the queue is full."""
        if self._thread is None:
            self._thread = Thread(target=self._run, name=f"hash-{self._name}", daemon=True)
            self._thread.start()
        self._put(block)

    def state(self) -> bytes | None:
        """Wait until all blocks are hashed, and give what the hash then knows, if it can tell."""
        self._wait()
        return self._hash.state

    def hexdigest(self) -> str:
        """Wait until all blocks are hashed, and give the hash."""
        self._wait()
        return self._hash.hexdigest()

    def stop(self) -> None:
        """Let the thread end soon, without waiting for it."""
        if self._thread is None:
            return
        with suppress(Empty):
            while True:
                self._queue.get_nowait()
        with suppress(Full):
            self._queue.put_nowait(None)

    def _wait(self) -> None:
        if self._thread is not None:
            arrived = Event()
            self._put(arrived)
            if not arrived.wait(PATIENCE):
                raise self._hung()
        self._raise_error()

    def _put(self, block: bytes | Event) -> None:
        self._raise_error()
        try:
            self._queue.put(block, timeout=PATIENCE)
        except Full:
            raise self._hung() from None

    def _run(self) -> None:
        while (block := self._queue.get()) is not None:
            if isinstance(block, Event):
                block.set()
            else:
                self._update(block)

    def _update(self, block: bytes) -> None:
        """After an error the queue is still emptied, so that the other side never waits for us."""
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
