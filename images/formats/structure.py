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
DISK_MAGICS = (b"QFI\xfb", b"KDMV", b"COWD", b"conectix", b"vhdxfile", b"QED\0", b"LUKS\xba\xbe", b"# Disk Descriptor")


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

    def look_at_end(self, tail: bytes) -> None:
        """See the last bytes of the file, which may lead to more that is wanted of it."""

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

    What has passed already is seen at the end, if the caller can read it again (``look_back``): QEMU moves a table
    that grows behind those that it names.
    """

    def __init__(self) -> None:
        self._pieces: dict[int, list[tuple[int, int, Callable[[bytes], None]]]] = defaultdict(list)
        self._count = 0

    @property
    def room(self) -> int:
        """How many pieces may still be wanted."""
        return MAX_PIECES - self._count

    def want(self, offset: int, length: int, see: Callable[[bytes], None]) -> None:
        """Call ``see`` with the bytes from ``offset`` on, ``length`` in all, possibly in several pieces."""
        end = offset + length
        while offset < end and self._count < MAX_PIECES:
            stop = min(end, (offset // BLOCK + 1) * BLOCK)
            self._pieces[offset // BLOCK].append((offset % BLOCK, stop - offset, see))
            self._count += 1
            offset = stop

    def look(self, block: bytes, offset: int) -> None:
        """See a block; what is wanted of it may lead to more that is wanted of the same block."""
        while pieces := self._pieces.pop(offset // BLOCK, None):
            for start, length, see in pieces:
                see(block[start : start + length])

    def look_back(self, read: Callable[[int, int], bytes]) -> None:
        """See what had passed before somebody wanted it.

        Args:
            read: gives the bytes at an offset, as many as there are up to a length.
        """
        while self._pieces:
            number, pieces = self._pieces.popitem()
            for start, length, see in pieces:
                see(read(number * BLOCK + start, length))


def is_disk_format(start: bytes) -> bool:
    """Whether bytes look like the start of a file in a disk format, other than raw."""
    return start.startswith(DISK_MAGICS) or start[64:68] == b"\x7f\x10\xda\xbe"


def whole_entries(data: bytes, layout: str) -> list[int]:
    """All complete entries of a table of integers.

    Args:
        data: the bytes of the table, or the part of it that exists.
        layout: one field of ``struct``, with its byte order, such as ">Q".
    """
    length = len(data) // struct.calcsize(layout)
    return list(struct.unpack_from(f"{layout[0]}{length}{layout[1]}", data))
