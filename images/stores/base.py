"""What every store of image data can do.

Django's storage API takes a file as a whole: it can neither append nor go on after a break. Image data comes
in chunks for minutes or hours, must be invisible until it is complete, and is never changed afterwards.
"""

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol


class ByteRange(Protocol):
    """A part of some image data, open for reading: a file object, and an iterator of large chunks.

    It may also have ``fileno()``, positioned at the first byte, so that a server can use ``sendfile``.
    """

    def __iter__(self) -> Iterator[bytes]: ...

    def read(self, size: int = -1, /) -> bytes: ...

    def close(self) -> None: ...


class Writer(Protocol):
    """Unfinished data that is being written. There is one at a time: a newer writer makes older ones fail.

    Attributes:
        offset: how many bytes the data has so far.
    """

    offset: int

    def write(self, chunk: bytes) -> None:
        """Add a chunk at the end; about 1 MiB is a good size.

        Raises:
            WriterReplaced: somebody else writes this data now.
            NoSuchData: the data was aborted meanwhile.
            StoreFull: no room is left; nothing of the chunk was written.
        """

    def sync(self) -> "Future[None]":
        """Start to make what has been written so far survive a power cut; the future tells when it does."""

    def finish(self) -> str:
        """Make the data durable, then visible, and read-only for ever.

        Returns:
            The stamp: see ``ImageStore.stamp``.
        """

    def close(self) -> None:
        """Let go of the data and keep what is written. Safe to call more than once, and after ``finish``."""


@dataclass(frozen=True, slots=True)
class Stored:
    """Something that lies in a store.

    Attributes:
        key: what ``begin`` gave.
        size: bytes.
        modified_at: when it last changed.
        finished: whether it is complete and visible.
    """

    key: str
    size: int
    modified_at: datetime
    finished: bool


class ImageStore(Protocol):
    """Keeps image data under keys that it makes itself.

    Life of a key: ``begin``, ``write`` (again after each break), then ``Writer.finish`` or ``abort``; after that it
    can be read until ``delete``. All methods may be called from any process on any machine: a store holds no state
    of an upload in memory, except in the writer itself.
    """

    name: str

    def begin(self) -> str:
        """Make room for new data and give its key."""

    def write(self, key: str, *, offset: int = 0) -> Writer:
        """Go on writing unfinished data at ``offset``; what lies behind is cut off, and earlier writers fail.

        Raises:
            NoSuchData: no unfinished data has this key.
            WrongOffset: fewer than ``offset`` bytes are there. A store need only be able to go on where a writer was
                closed, and at its last two ``sync``.
        """

    def read_back(self, key: str, *, stop: int) -> ByteRange:
        """Open the first ``stop`` bytes of unfinished data.

        Raises:
            NoSuchData: they are not there, or this store cannot read what is unfinished.
        """

    def abort(self, key: str) -> None:
        """Forget unfinished data. Nothing happens if there is none."""

    def delete(self, key: str) -> None:
        """Remove finished data. Nothing happens if there is none."""

    def exists(self, key: str) -> bool:
        """Whether finished data has this key."""

    def size(self, key: str) -> int:
        """How many bytes finished data has.

        Raises:
            NoSuchData: there is none.
        """

    def stamp(self, key: str) -> str:
        """A short text that changes whenever finished data is touched: what a cheap check compares.

        Raises:
            NoSuchData: there is none.
        """

    def read(self, key: str, *, start: int = 0, stop: int | None = None, stamp: str = "") -> ByteRange:
        """Open finished data from byte ``start`` up to but not including ``stop``.

        Args:
            key: of finished data.
            start: the first byte.
            stop: the byte behind the last one; None for the end.
            stamp: what ``stamp`` said when the data was checked; empty opens whatever is there.

        Raises:
            NoSuchData: it is gone.
            DamagedData: it is not what it was when it had this stamp.
        """

    def local_file(self, key: str) -> AbstractContextManager[Path]:
        """A file on this machine that holds the finished data while the context lasts, for programs such as QEMU.

        Read only. A store elsewhere fetches it into a cache of limited size.
        """

    def stored(self) -> Iterator[Stored]:
        """Everything that lies in the store, finished or not, in no order: what leftovers are found by."""

    def link(self, key: str, *, filename: str, content_type: str, seconds: int) -> str:
        """An address at which somebody may fetch finished data for so many seconds; empty if the store has none."""
