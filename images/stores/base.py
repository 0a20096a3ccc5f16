"""What every store of image data can do.

Django's storage API takes a file as a whole: it can neither append nor go on after a break. Image data comes
in chunks for minutes or hours, must be invisible until it is complete, and is never changed afterwards.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol


class ByteRange(Protocol):
    """A part of some image data, open for reading: a file object, and an iterator of large chunks.

    It may also have ``fileno()``, positioned at the first byte, so that a server can use ``sendfile``.
    """

    def __iter__(self) -> Iterator[bytes]: ...

    def read(self, size: int = -1, /) -> bytes: ...

    def close(self) -> None: ...


class ImageStore(Protocol):
    """Keeps image data under keys that it makes itself.

    Life of a key: ``begin``, ``append`` in order, then ``finish`` or ``abort``; after ``finish`` it can be read
    until ``delete``. All methods may be called from any process: a store holds no state of an upload in memory.
    """

    def begin(self) -> str:
        """Make room for new data and give its key."""

    def append(self, key: str, *, offset: int, chunk: bytes) -> None:
        """Add a chunk at the end of unfinished data.

        Args:
            key: what ``begin`` gave.
            offset: where the chunk begins, in bytes; it must be where the data ends so far.
            chunk: the bytes; about 1 MiB is a good size.

        Raises:
            WrongOffset: the data ends elsewhere.
            NoSuchData: no unfinished data has this key.
            StoreFull: no room is left.
        """

    def finish(self, key: str) -> None:
        """Make the data durable, then visible, and read-only for ever."""

    def abort(self, key: str) -> None:
        """Forget unfinished data. Nothing happens if there is none."""

    def delete(self, key: str) -> None:
        """Remove finished data. Nothing happens if there is none."""

    def exists(self, key: str) -> bool:
        """Whether finished data has this key."""

    def size(self, key: str) -> int:
        """How many bytes there are, finished or not."""

    def read(self, key: str, *, start: int = 0, stop: int | None = None) -> ByteRange:
        """Open finished data from byte ``start`` up to but not including ``stop``."""

    def local_path(self, key: str) -> Path:
        """A file on this machine that holds the finished data, for programs such as QEMU. Read only."""
