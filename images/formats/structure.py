"""What all readers of formats have in common."""

import struct
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from images.formats.refusals import damaged, truncated

BLOCK = 1024 * 1024  # bytes; every block of a stream but the last has this length
SECTOR = 512  # bytes
MAX_PIECES = 32768  # tables watched for in one file: enough for 16 TiB in a usual qcow2, little memory for us


@dataclass(frozen=True, slots=True)
class Ending:
    """How a file ends: its size in bytes, and its last bytes."""

    size: int
    tail: bytes


class Structure:
    """Reads what a file says about itself while it passes, and refuses it when that cannot be true.

    Attributes:
        disk_format: the name of the format, as Glance calls it.
        opinions: what oslo.utils may find in such a file.
        virtual_size: the size of the disk inside in bytes; 0 until it is known.
    """

    disk_format: ClassVar[str]
    opinions: ClassVar[tuple[frozenset[str], ...]]

    def __init__(self, head: bytes) -> None:  # nobody keeps the head: readers are pickled while an upload waits
        self.virtual_size = 0
        self.end = 0  # what the file must reach at least, by what it says itself
        self.watch = Watch()

    @classmethod
    def matches(cls, head: bytes) -> bool:
        """Whether a file that begins like this has this format."""
        raise NotImplementedError

    def look(self, block: bytes, offset: int) -> None:
        """See the next block of the file.

        Raises:
            RefusedImage: it makes the file one that we refuse.
        """
        self.watch.look(block, offset)

    def finish(self, ending: Ending) -> None:
        """See how the file ends.

        Raises:
            RefusedImage: something is missing, or wrong.
        """
        if ending.size < self.end:
            raise truncated(self.disk_format)
        if self.virtual_size == 0:
            raise damaged(self.disk_format, "it does not say how large its disk is")

    def needs(self, end: int) -> None:
        """Note that the file must be at least this long, in bytes."""
        self.end = max(self.end, end)

    def unpack(self, layout: str, data: bytes, offset: int = 0) -> tuple[Any, ...]:
        """Read fields; a file that is too short for them is refused."""
        try:
            return struct.unpack_from(layout, data, offset)
        except struct.error:
            raise truncated(self.disk_format) from None


class Watch:
    """Byte ranges of a stream that somebody wants to see when they pass, cut where blocks end.

    What has passed already is not seen any more: the tables of an image are checked as far as a stream allows,
    which covers what qemu-img writes.
    """

    def __init__(self) -> None:
        self._pieces: dict[int, list[tuple[int, int, Callable[[bytes], None]]]] = defaultdict(list)
        self._passed = 0
        self._count = 0

    def want(self, offset: int, length: int, see: Callable[[bytes], None]) -> None:
        """Call ``see`` with the bytes from ``offset`` on, ``length`` in all, possibly in several pieces."""
        end = offset + length
        start = max(offset, self._passed)
        while start < end and self._count < MAX_PIECES:
            stop = min(end, (start // BLOCK + 1) * BLOCK)
            self._pieces[start // BLOCK].append((start % BLOCK, stop - start, see))
            self._count += 1
            start = stop

    def look(self, block: bytes, offset: int) -> None:
        """See a block; what is wanted of it may lead to more that is wanted of the same block."""
        number = offset // BLOCK
        while pieces := self._pieces.pop(number, None):
            for start, length, see in pieces:
                see(block[start : start + length])
        self._passed = offset + len(block)


def whole_entries(data: bytes, layout: str) -> list[int]:
    """All complete entries of a table of integers.

    Args:
        data: the bytes of the table, or the part of it that exists.
        layout: one field of ``struct``, with its byte order, such as ">Q".
    """
    length = len(data) // struct.calcsize(layout)
    return list(struct.unpack_from(f"{layout[0]}{length}{layout[1]}", data))
