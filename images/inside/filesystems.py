"""Which file system lies somewhere, by its signature."""

from dataclasses import dataclass

from images.inside.disks import Disk


@dataclass(frozen=True, slots=True)
class FileSystem:
    """What lies in a partition.

    Attributes:
        title: as people call it.
        why_not: why nobody looks into it; empty when somebody does.
    """

    title: str
    why_not: str = ""

    @property
    def readable(self) -> bool:
        """Whether its files can be listed."""
        return not self.why_not


def _unread(title: str) -> FileSystem:
    return FileSystem(title, f"{title} cannot be read here")


def _none(title: str) -> FileSystem:
    return FileSystem(title, "it holds no files")


ENCRYPTED = "it is encrypted"
# Where the signature stands, what it is, what it means. The first that matches counts.
SIGNATURES: tuple[tuple[int, bytes, FileSystem], ...] = (
    (0, b"LUKS\xba\xbe", FileSystem("LUKS", ENCRYPTED)),
    (3, b"-FVE-FS-", FileSystem("BitLocker", ENCRYPTED)),
    (3, b"NTFS    ", FileSystem("NTFS")),
    (3, b"EXFAT   ", FileSystem("exFAT")),
    (82, b"FAT32   ", FileSystem("FAT32")),
    (54, b"FAT16   ", FileSystem("FAT16")),
    (54, b"FAT12   ", FileSystem("FAT12")),
    (0, b"XFSB", _unread("XFS")),
    (0x10040, b"_BHRfS_M", _unread("Btrfs")),
    (0x1018, b"\xc6\x85\x73\xf6\x4e\x1a\x45\xca", _unread("bcachefs")),
    (0, b"hsqs", _unread("SquashFS")),
    (1024, b"\xe2\xe1\xf5\xe0", _unread("EROFS")),
    (1024, b"\x10\x20\xf5\xf2", _unread("F2FS")),
    (32, b"NXSB", _unread("APFS")),
    (1024, b"H+", _unread("HFS+")),
    (1024, b"HX", _unread("HFSX")),
    (3, b"ReFS", _unread("ReFS")),
    (0x155C, b"\x19\x54\x01\x19", _unread("UFS")),
    (4096, b"\xfc\x4e\x2b\xa9", _unread("Linux RAID")),
    (0, b"\xfc\x4e\x2b\xa9", _unread("Linux RAID")),
    *((512 * sector, b"LABELONE", _unread("LVM")) for sector in range(4)),
    (4086, b"SWAPSPACE2", _none("Swap")),
    (4086, b"SWAP-SPACE", _none("Swap")),
    (65526, b"SWAPSPACE2", _none("Swap")),
    (1080, b"\x53\xef", FileSystem("ext2, ext3 or ext4")),
    (0x8001, b"CD001", FileSystem("ISO 9660")),
    *((0x20000 + 1024 * ring, b"\x0c\xb1\xba\x00", _unread("ZFS")) for ring in range(4)),
)
PROBED = max(place + len(signature) for place, signature, _found in SIGNATURES)
UNKNOWN = FileSystem("", "nothing known is there")


def identify(disk: Disk, start: int) -> FileSystem:
    """The file system that begins at this byte."""
    probe = disk.read(start, PROBED)
    for place, signature, found in SIGNATURES:
        if probe.startswith(signature, place):
            return found
    return UNKNOWN
