"""Microsoft's newer format.

Source: [MS-VHDX], sections 2.2.2 (headers), 2.2.3 (regions), 2.5 (block table), 2.6 (metadata).
"""

import uuid
from itertools import pairwise

from images.formats.refusals import Reason, RefusedImage, damaged, disk_in_disk, other_file, truncated
from images.formats.structure import SECTOR, Ending, Structure, is_disk_format, whole_entries

MIB = 1024 * 1024  # bytes; regions and blocks are made of it, and the first one is full of headers
HEADERS = (64 * 1024, 128 * 1024)  # bytes from the start
HEADER = 4096  # bytes
NO_LOG = bytes(16)
REGIONS = 192 * 1024  # bytes from the start; a copy follows
TABLE = 64 * 1024  # bytes of a table of regions or metadata
MAX_ENTRIES = 2047
MAX_SIZE = 64 * 1024**4  # bytes
REQUIRED_ITEM = 1 << 2
HAS_PARENT = 1 << 1
BLOCK_TABLE = uuid.UUID("2dc27766-f623-4200-9d64-115e9bfd4a08")
METADATA = uuid.UUID("8b7ca206-4790-4b9a-b8fe-575f050f886e")
FILE_PARAMETERS = uuid.UUID("caa16737-fa36-4d43-b3b6-33f0aa44e76b")
VIRTUAL_SIZE = uuid.UUID("2fa54224-cd1b-4876-b211-5dbed83bf4b8")
PAGE_83 = uuid.UUID("beca12ab-b2e6-4523-93ef-c309e000c746")
LOGICAL_SECTOR = uuid.UUID("8141bf1d-a96f-4709-ba47-f233a8faab5f")
PHYSICAL_SECTOR = uuid.UUID("cda348c7-445d-4471-9cc9-e9885251c556")
PARENT_LOCATOR = uuid.UUID("a8d35f2d-b30b-454d-abf7-d3d84834ab0c")
KNOWN_ITEMS = {FILE_PARAMETERS, VIRTUAL_SIZE, PAGE_83, LOGICAL_SECTOR, PHYSICAL_SECTOR, PARENT_LOCATOR}
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
        if len(head) < REGIONS + 2 * TABLE:
            raise truncated("vhdx")
        self._check_log(head)
        regions = self._regions(head)
        self._metadata, self._metadata_length = regions[METADATA]
        self._taken = sorted(regions.values())
        self._block = self._last_block = 0
        self.watch.want(self._metadata, TABLE, self._see_metadata)
        self.watch.want(regions[BLOCK_TABLE][0], 8, self._see_first_block)
        self.watch.want(*regions[BLOCK_TABLE], self._see_blocks)

    def _check_log(self, head: bytes) -> None:
        """Refuse a file that was not closed: what is in its log would change everything that we read here."""
        headers = [head[place : place + HEADER] for place in HEADERS]
        valid = [each for each in headers if each.startswith(b"head") and has_right_checksum(each)]
        if not valid:
            raise damaged("vhdx", "its headers make no sense")
        newest = max(valid, key=lambda header: int.from_bytes(header[8:16], "little"))
        if newest[48:64] != NO_LOG:
            raise RefusedImage(
                Reason.DAMAGED,
                "This vhdx file was in use when it was copied: changes wait in its log. Shut the machine down and copy "
                "the file again, or run “qemu-img check -r all FILE”.",
            )

    def _regions(self, head: bytes) -> dict[uuid.UUID, tuple[int, int]]:
        table, copy = head[REGIONS : REGIONS + TABLE], head[REGIONS + TABLE : REGIONS + 2 * TABLE]
        magic, _, count, _ = self.unpack("<4sIII", table)
        # QEMU falls back on the copy, so that its disk could be another one.
        if magic != b"regi" or count > MAX_ENTRIES or table != copy or not has_right_checksum(table):
            raise damaged("vhdx", "its table of regions makes no sense")
        regions = dict(self._region(table, 16 + 32 * number) for number in range(count))
        if len(regions) < count or not {BLOCK_TABLE, METADATA} == regions.keys():
            raise damaged("vhdx", "its tables are missing, or there are too many")
        if any(start + length > later for (start, length), (later, _) in pairwise(sorted(regions.values()))):
            raise damaged("vhdx", "its tables overlap")
        return regions

    def _region(self, table: bytes, place: int) -> tuple[uuid.UUID, tuple[int, int]]:
        name, offset, length, _ = self.unpack("<16sQII", table, place)
        if offset < MIB or offset % MIB or length % MIB:
            raise damaged("vhdx", "its tables are in impossible places")
        self.needs(offset + length)
        return uuid.UUID(bytes_le=name), (offset, length)

    def _see_metadata(self, table: bytes) -> None:
        magic, _, count = self.unpack("<8sHH", table)
        if magic != b"metadata" or count > MAX_ENTRIES:
            raise damaged("vhdx", "its metadata makes no sense")
        items = dict(self._item(table, 32 + 32 * number) for number in range(count))
        if PARENT_LOCATOR in items:
            raise other_file("vhdx", "is the difference to another disk")
        if len(items) < count:
            raise damaged("vhdx", "its metadata contradicts itself")
        for name, length, see in (
            (FILE_PARAMETERS, 8, self._see_parameters),
            (VIRTUAL_SIZE, 8, self._see_virtual_size),
        ):
            if name in items:
                self.watch.want(self._metadata + items[name], length, see)

    def _item(self, table: bytes, place: int) -> tuple[uuid.UUID, int]:
        name, offset, length, flags = self.unpack("<16sIII", table, place)
        kind = uuid.UUID(bytes_le=name)
        if kind not in KNOWN_ITEMS and flags & REQUIRED_ITEM:
            raise damaged("vhdx", "its metadata asks for something that nobody knows")
        if offset + length > self._metadata_length or offset < TABLE:
            raise damaged("vhdx", "its metadata is in impossible places")
        return kind, offset

    def _see_parameters(self, field: bytes) -> None:
        self._block, flags = self.unpack("<II", field)
        if flags & HAS_PARENT:
            raise other_file("vhdx", "is the difference to another disk")
        if not MIB <= self._block <= 256 * MIB or self._block & (self._block - 1):
            raise damaged("vhdx", "its block size makes no sense")

    def _see_virtual_size(self, field: bytes) -> None:
        (size,) = self.unpack("<Q", field)
        if size % SECTOR or size > MAX_SIZE:
            raise damaged("vhdx", "the size of its disk makes no sense")
        self.virtual_size = size

    def _see_blocks(self, table: bytes) -> None:
        places = [entry >> 20 << 20 for entry in whole_entries(table, "<Q") if entry & 7 in PRESENT]
        if len(set(places)) < len(places):
            raise damaged("vhdx", "its blocks overlap")
        for start, length in [(0, MIB), *self._taken]:
            if any(start <= place < start + length for place in places):
                raise damaged("vhdx", "its data lies where its tables are")
        self._last_block = max(self._last_block, max(places, default=0))

    def _see_first_block(self, entry: bytes) -> None:
        (first,) = self.unpack("<Q", entry)
        if first & 7 in PRESENT:
            self.watch.want(first >> 20 << 20, SECTOR, self._see_first_sector)

    def _see_first_sector(self, sector: bytes) -> None:
        if is_disk_format(sector):
            raise disk_in_disk("vhdx")

    def finish(self, ending: Ending) -> None:
        """Without a virtual size the metadata never came."""
        if self.virtual_size == 0:
            raise truncated("vhdx")
        if self._last_block:
            self.needs(self._last_block + self._block)
        super().finish(ending)


def has_right_checksum(data: bytes) -> bool:
    """Whether the CRC-32C behind the signature is that of the data with zeros in its place."""
    return crc32c(data[:4] + bytes(4) + data[8:]) == int.from_bytes(data[4:8], "little")


def _crc_of(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
    return byte


CRC_TABLE = tuple(map(_crc_of, range(256)))


def crc32c(data: bytes) -> int:
    """The checksum of RFC 3720, appendix B.4, which Python's library does not have."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ CRC_TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF
