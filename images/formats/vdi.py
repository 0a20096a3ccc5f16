"""VirtualBox's format. Source: block/vdi.c of QEMU."""

from images.formats.refusals import damaged, disk_in_disk, other_file
from images.formats.structure import SECTOR, Structure, is_disk_format, whole_entries

MAGIC = b"\x7f\x10\xda\xbe"
VERSION = 0x00010001
BLOCK_BYTES = 1024 * 1024  # no other size was ever written
DYNAMIC, STATIC = 1, 2
NO_PARENT = bytes(32)
UNUSED = 0xFFFFFFFE  # and above: a block that is not there, or all zeros
MAX_BLOCKS = 0x3FFFFFFF


class Vdi(Structure):
    """The header says how many blocks there are, and a map says in which order."""

    disk_format = "vdi"
    opinions = (frozenset({"vdi"}),)

    @classmethod
    def matches(cls, head: bytes) -> bool:
        """A magic number behind a line of text."""
        return head[64:68] == MAGIC

    def __init__(self, head: bytes) -> None:
        super().__init__(head)
        version, _, kind = self.unpack("<III", head, 0x44)
        block_map, self._data = self.unpack("<II", head, 0x154)
        size, block, extra, self._blocks, allocated = self.unpack("<QIIII", head, 0x170)
        (parent,) = self.unpack("32s", head, 0x1A8)
        if kind not in {DYNAMIC, STATIC} or parent != NO_PARENT:
            raise other_file("vdi", "is the difference to another disk")
        if version != VERSION or block != BLOCK_BYTES or extra or self._blocks > MAX_BLOCKS:
            raise damaged("vdi", "its header makes no sense")
        if block_map % SECTOR or self._data % SECTOR or not SECTOR <= block_map < self._data:
            raise damaged("vdi", "its tables are in impossible places")
        self.virtual_size = -(-size // SECTOR) * SECTOR  # VBoxManage writes odd sizes; QEMU rounds them up too
        if size > self._blocks * block or allocated > self._blocks or block_map + 4 * self._blocks > self._data:
            raise damaged("vdi", "its tables are too small for its disk")
        self.needs(self._data + allocated * block)
        self.watch.want(block_map, 4, self._see_first_entry)
        self.watch.want(block_map, 4 * self._blocks, self._see_map)

    def _see_map(self, table: bytes) -> None:
        used = [entry for entry in whole_entries(table, "<I") if entry < UNUSED]
        if len(set(used)) < len(used) or max(used, default=-1) >= self._blocks:
            raise damaged("vdi", "its blocks overlap")
        self.needs(self._data + (max(used, default=-1) + 1) * BLOCK_BYTES)

    def _see_first_entry(self, entry: bytes) -> None:
        for first in whole_entries(entry, "<I"):
            if first < UNUSED:
                self.watch.want(self._data + first * BLOCK_BYTES, SECTOR, self._see_first_sector)

    def _see_first_sector(self, sector: bytes) -> None:
        if is_disk_format(sector):
            raise disk_in_disk("vdi")
