"""Microsoft's newer format. Source: [MS-VHDX], sections 2.2.3 (regions), 2.5 (block table), 2.6 (metadata)."""

import uuid

from images.formats.refusals import damaged, other_file, truncated
from images.formats.structure import Ending, Structure, whole_entries

REGIONS = 192 * 1024  # bytes from the start
TABLE = 64 * 1024  # bytes of a table of regions or metadata
MAX_ENTRIES = 2047
BLOCK_TABLE = uuid.UUID("2dc27766-f623-4200-9d64-115e9bfd4a08")
METADATA = uuid.UUID("8b7ca206-4790-4b9a-b8fe-575f050f886e")
FILE_PARAMETERS = uuid.UUID("caa16737-fa36-4d43-b3b6-33f0aa44e76b")
VIRTUAL_SIZE = uuid.UUID("2fa54224-cd1b-4876-b211-5dbed83bf4b8")
PARENT_LOCATOR = uuid.UUID("a8d35f2d-b30b-454d-abf7-d3d84834ab0c")
PRESENT = {6, 7}  # states of a block that has data in this file


class Vhdx(Structure):
    """Finds the table of blocks and the metadata through the table of regions."""

    disk_format = "vhdx"
    opinions = (frozenset({"vhdx"}),)

    @classmethod
    def matches(cls, head: bytes) -> bool:
        """A magic number at the start."""
        return head.startswith(b"vhdxfile")

    def __init__(self, head: bytes) -> None:
        super().__init__(head)
        magic, _, count, _ = self.unpack("<4sIII", head, REGIONS)
        if magic != b"regi" or count > MAX_ENTRIES:
            raise damaged("vhdx", "its table of regions makes no sense")
        regions = dict(self._region(head, REGIONS + 16 + 32 * number) for number in range(count))
        if not {BLOCK_TABLE, METADATA} <= regions.keys():
            raise damaged("vhdx", "its tables are missing")
        self._metadata, _ = regions[METADATA]
        self._block = self._last_block = 0
        self.watch.want(self._metadata, TABLE, self._see_metadata)
        self.watch.want(*regions[BLOCK_TABLE], self._see_blocks)

    def _region(self, head: bytes, place: int) -> tuple[uuid.UUID, tuple[int, int]]:
        name, offset, length, _ = self.unpack("<16sQII", head, place)
        self.needs(offset + length)
        return uuid.UUID(bytes_le=name), (offset, length)

    def _see_metadata(self, table: bytes) -> None:
        magic, _, count = self.unpack("<8sHH", table)
        if magic != b"metadata" or count > MAX_ENTRIES:
            raise damaged("vhdx", "its metadata makes no sense")
        items = dict(self._item(table, 32 + 32 * number) for number in range(count))
        if PARENT_LOCATOR in items:
            raise other_file("vhdx", "is the difference to another disk")
        for name, length, see in (
            (FILE_PARAMETERS, 4, self._see_block_size),
            (VIRTUAL_SIZE, 8, self._see_virtual_size),
        ):
            if name in items:
                self.watch.want(self._metadata + items[name], length, see)

    def _item(self, table: bytes, place: int) -> tuple[uuid.UUID, int]:
        name, offset = self.unpack("<16sI", table, place)
        return uuid.UUID(bytes_le=name), offset

    def _see_block_size(self, field: bytes) -> None:
        (self._block,) = self.unpack("<I", field)

    def _see_virtual_size(self, field: bytes) -> None:
        (self.virtual_size,) = self.unpack("<Q", field)

    def _see_blocks(self, table: bytes) -> None:
        for entry in whole_entries(table, "<Q"):
            if entry & 7 in PRESENT:
                self._last_block = max(self._last_block, entry >> 20 << 20)

    def finish(self, ending: Ending) -> None:
        """Without a virtual size the metadata never came."""
        if self.virtual_size == 0:
            raise truncated("vhdx")
        if self._last_block:
            self.needs(self._last_block + self._block)
        super().finish(ending)
