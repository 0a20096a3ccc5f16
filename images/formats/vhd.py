"""Microsoft's older format, which QEMU calls vpc.

Source: Virtual Hard Disk Image Format Specification 1.0, and block/vpc.c of QEMU.
"""

from images.formats.refusals import damaged, other_file, truncated
from images.formats.structure import SECTOR, Ending, Structure, whole_entries

MAGIC = b"conectix"
FIXED, DYNAMIC, DIFFERENCING = 2, 3, 4
UNUSED = 0xFFFFFFFF
MAX_ENTRIES = 4 * 1024 * 1024


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
        self.virtual_size, kind = read_footer(self, head[:SECTOR])
        if kind == DIFFERENCING:
            raise other_file("vhd", "is the difference to another disk")
        if kind != DYNAMIC:
            raise damaged("vhd", "its header is that of another kind of disk")
        (header,) = self.unpack(">Q", head, 16)
        magic, _, table, _, entries, self._block = self.unpack(">8sQQIII", head, header)
        if magic != b"cxsparse" or entries > MAX_ENTRIES or table % 4:
            raise damaged("vhd", "its header makes no sense")
        self.needs(table + entries * 4 + SECTOR)
        self.watch.want(table, entries * 4, self._see_blocks)

    def finish(self, ending: Ending) -> None:
        """The footer stands at the very end."""
        super().finish(ending)
        if not ending.tail[-SECTOR:].startswith(MAGIC):
            raise truncated("vhd")

    def _see_blocks(self, table: bytes) -> None:
        for sector in whole_entries(table, ">I"):
            if sector != UNUSED:
                self.needs(sector * SECTOR + self._block)


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
        self.needs(self.virtual_size + SECTOR)
        super().finish(ending)


def read_footer(structure: Structure, footer: bytes) -> tuple[int, int]:
    """The size of the disk in bytes and the kind of disk, from a footer whose checksum is right."""
    size, _, kind, checksum = structure.unpack(">QIII", footer, 48)
    if ~(sum(footer) - sum(footer[64:68])) & 0xFFFFFFFF != checksum:
        raise damaged("vhd", "the checksum of its footer is wrong")
    return size, kind
