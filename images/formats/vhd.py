"""Microsoft's older format, which QEMU calls vpc.

Source: Virtual Hard Disk Image Format Specification 1.0, and block/vpc.c of QEMU.
"""

from itertools import pairwise

from images.formats.refusals import damaged, disk_in_disk, other_file, truncated
from images.formats.structure import SECTOR, Ending, Structure, is_disk_format, whole_entries

MAGIC = b"conectix"
FIXED, DYNAMIC, DIFFERENCING = 2, 3, 4
UNUSED = 0xFFFFFFFF
MAX_ENTRIES = 4 * 1024 * 1024
HEADER = 1024  # bytes: the header of a dynamic disk
MAX_GEOMETRY = 65535 * 16 * 255  # sectors; a larger disk has no geometry
CYLINDER = 16 * 255 * SECTOR  # bytes: a geometry may differ from the size by one of them
# The programs that mean the size, not the geometry. QEMU knows the same ones.
SIZE_COUNTS = (b"win ", b"qem2", b"d2v ", b"CTXS", b"tap\0")


class Vhd(Structure):
    """A dynamic disk: a copy of the footer, a table of blocks, the blocks, the footer."""

    disk_format = "vhd"
    opinions = (frozenset({"vhd"}),)

    @classmethod
    def matches(cls, head: bytes) -> bool:
        """A copy of the footer at the start."""
        return head.startswith(MAGIC)

    def __init__(self, head: bytes) -> None:
        super().__init__(head)
        self._footer = head[:SECTOR]
        self.virtual_size, kind = read_footer(self, self._footer)
        if kind == DIFFERENCING:
            raise other_file("vhd", "is the difference to another disk")
        if kind != DYNAMIC:
            raise damaged("vhd", "its header is that of another kind of disk")
        (header,) = self.unpack(">Q", head, 16)
        magic, _, table, _, entries, self._block, checksum = self.unpack(">8sQQIIII", head, header)
        if magic != b"cxsparse" or entries > MAX_ENTRIES or table % SECTOR or header < SECTOR:
            raise damaged("vhd", "its header makes no sense")
        if (
            self._block < SECTOR
            or self._block & (self._block - 1)
            or checksum_of(head[header:][:HEADER], 36) != checksum
        ):
            raise damaged("vhd", "its header makes no sense")
        if entries * self._block < self.virtual_size or table < header + HEADER:
            raise damaged("vhd", "its tables are too small for its disk")
        self._data = table + entries * 4  # the first byte that a block may have
        self.needs(self._data + SECTOR)
        self.watch.want(table, 4, self._see_first_block)
        self.watch.want(table, entries * 4, self._see_blocks)

    def finish(self, ending: Ending) -> None:
        """The footer stands at the very end."""
        super().finish(ending)
        if not ending.tail[-SECTOR:].startswith(MAGIC):
            raise truncated("vhd")
        if ending.tail[-SECTOR:] != self._footer:
            raise damaged("vhd", "its header and its footer differ")

    @property
    def _bitmap(self) -> int:
        """How many bytes stand before the data of a block: a bit for each sector, in whole sectors."""
        return int(-(-self._block // SECTOR // 8 // SECTOR) * SECTOR)

    def _see_blocks(self, table: bytes) -> None:
        places = sorted(sector * SECTOR for sector in whole_entries(table, ">I") if sector != UNUSED)
        apart = self._bitmap + self._block
        if any(later - place < apart for place, later in pairwise(places)):
            raise damaged("vhd", "its blocks overlap")
        if places and places[0] < self._data:
            raise damaged("vhd", "its data lies where its tables are")
        self.needs(places[-1] + apart if places else 0)

    def _see_first_block(self, entry: bytes) -> None:
        for sector in whole_entries(entry, ">I"):
            if sector != UNUSED:
                self.watch.want(sector * SECTOR + self._bitmap, SECTOR, self._see_first_sector)

    def _see_first_sector(self, sector: bytes) -> None:
        if is_disk_format(sector):
            raise disk_in_disk("vhd")


class FixedVhd(Structure):
    """A raw disk with a footer behind it: known only once the last byte has come."""

    disk_format = "vhd"
    opinions = (frozenset({"raw"}), frozenset({"gpt"}))

    @classmethod
    def matches(cls, head: bytes) -> bool:
        """Whether a file that *ends* like this is one."""
        return head[-SECTOR:].startswith(MAGIC)

    def finish(self, ending: Ending) -> None:
        """Read the footer."""
        self.virtual_size, kind = read_footer(self, ending.tail[-SECTOR:])
        if kind != FIXED:
            raise damaged("vhd", "its beginning is missing")
        (size,) = self.unpack(">Q", ending.tail[-SECTOR:], 48)
        self.needs(size + SECTOR)
        if ending.size > size + SECTOR:
            raise damaged("vhd", "it is larger than its disk")
        super().finish(ending)


def read_footer(structure: Structure, footer: bytes) -> tuple[int, int]:
    """The size of the disk in bytes and the kind of disk, from a footer whose checksum is right."""
    size, cylinders, heads, sectors, kind, checksum = structure.unpack(">QHBBII", footer, 48)
    if checksum_of(footer, 64) != checksum:
        raise damaged("vhd", "the checksum of its footer is wrong")
    by_geometry = cylinders * heads * sectors
    if footer[28:32] in SIZE_COUNTS or by_geometry >= MAX_GEOMETRY:
        return size // SECTOR * SECTOR, kind
    if abs(by_geometry * SECTOR - size) > CYLINDER:
        raise damaged("vhd", "its size and its geometry differ")
    return by_geometry * SECTOR, kind


def checksum_of(data: bytes, place: int) -> int:
    """The complement of the sum of all bytes, without the four where the checksum itself stands."""
    return ~(sum(data) - sum(data[place : place + 4])) & 0xFFFFFFFF
