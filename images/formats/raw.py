"""Raw disks: no format at all, so that we look for what every disk that starts has.

Sources: UEFI Specification 2.10 section 5 (GPT and MBR), magic numbers of file systems from libblkid
(util-linux, libblkid/src/superblocks).
"""

import struct

from images.formats.refusals import truncated
from images.formats.structure import SECTOR, Ending, Structure

FILE_SYSTEMS: tuple[tuple[int, bytes], ...] = (
    (0x438, b"\x53\xef"),  # ext2, ext3, ext4
    (0, b"XFSB"),
    (0x10040, b"_BHRfS_M"),  # Btrfs
    (3, b"NTFS    "),
    (3, b"EXFAT   "),
    (0x36, b"FAT1"),
    (0x52, b"FAT32   "),
    (0x400, b"\x10\x20\xf5\xf2"),  # F2FS
    (0x8000, b"JFS1"),
    (0x10034, b"ReIsEr"),
    (0x400, b"H+"),  # HFS+
    (0x20, b"NXSB"),  # APFS
    (0x255C, b"\x19\x01\x54\x19"),  # UFS1
    (0x1055C, b"\x19\x01\x54\x19"),  # UFS2
    (0, b"hsqs"),  # SquashFS
    (0x400, b"\xe2\xe1\xf5\xe0"),  # EROFS
    (SECTOR, b"LABELONE"),  # an LVM physical volume
)
PARTITION_TABLES: tuple[tuple[int, bytes], ...] = (
    (510, b"\x55\xaa"),  # a PC's boot sector
    (SECTOR, b"EFI PART"),
    (4096, b"EFI PART"),  # on a disk with sectors of 4 KiB
    (508, b"\xda\xbe"),  # Sun
    (SECTOR, b"PM"),  # Apple
    (SECTOR, b"WEV\x82"),  # BSD
)
PROTECTIVE = 0xEE
CYLINDER = 255 * 63 * SECTOR  # bytes: old tools rounded the last partition up to this


class Raw(Structure):
    """A disk as a machine sees it, sector by sector.

    Attributes:
        has_file_system: a file system begins with the first byte, without a partition table.
        is_disk: it has a partition table, a boot sector or a file system, so that something may start it.
    """

    disk_format = "raw"
    opinions = (frozenset({"raw"}), frozenset({"gpt"}))

    @classmethod
    def matches(cls, head: bytes) -> bool:
        """A partition table, a boot sector, or a file system without either."""
        return has_file_system(head) or _has(head, PARTITION_TABLES)

    def __init__(self, head: bytes) -> None:
        super().__init__(head)
        self.has_file_system = has_file_system(head)
        self.is_disk = self.matches(head)
        for sector in (SECTOR, 4096):
            if head[sector : sector + 8] == b"EFI PART":
                (backup,) = self.unpack("<Q", head, sector + 32)
                self.needs((backup + 1) * sector)
        if head[510:512] == b"\x55\xaa" and not self.has_file_system:
            self._follow_partitions(head)

    def finish(self, ending: Ending) -> None:
        """Every partition must be there; the virtual size is the file's own."""
        if ending.size < self.end:
            raise truncated("raw")
        self.virtual_size = ending.size

    def _follow_partitions(self, head: bytes) -> None:
        for place in range(446, 510, 16):
            kind, first, length = struct.unpack_from("<4xB3xII", head, place)
            if kind not in {0, PROTECTIVE}:
                self.needs((first + length) * SECTOR - CYLINDER)


def has_file_system(head: bytes) -> bool:
    """Whether a file system begins with the first byte, as in an image of one partition."""
    return _has(head, FILE_SYSTEMS)


def _has(head: bytes, marks: tuple[tuple[int, bytes], ...]) -> bool:
    return any(head[offset : offset + len(mark)] == mark for offset, mark in marks)
