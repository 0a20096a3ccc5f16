"""Partition tables: GPT (UEFI specification, chapter 5) and MBR with logical partitions."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from images.inside.disks import SECTOR, Disk

MOST = 128  # partitions that are listed
PROTECTIVE, EXTENDED = 0xEE, {0x05, 0x0F, 0x85}
GPT_ENTRY_SIZES = range(128, 4097)
TYPES = {  # the types that say something; the file system inside says the rest
    0x82: "Swap",
    0x8E: "LVM",
    0xEF: "EFI system",
    0xFD: "RAID",
}


@dataclass(frozen=True, slots=True)
class Partition:
    """A part of a disk, in bytes."""

    number: int
    start: int
    size: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """The partitions of a disk, and the kind of table that they stand in: "gpt", "mbr" or empty for none."""

    kind: str
    partitions: tuple[Partition, ...]
    complete: bool = True


def read_table(disk: Disk) -> Table:
    """The partitions of a disk, at most ``MOST`` of them."""
    for kind, found in (("gpt", _gpt(disk)), ("mbr", _mbr(disk))):
        partitions = tuple(part for part in found if 0 < part.start < disk.size and part.size > 0)
        if partitions:
            return Table(kind, partitions[:MOST], complete=len(partitions) <= MOST)
    return Table("", ())


def _gpt(disk: Disk) -> list[Partition]:
    """The first table that has a partition: at the beginning, else its copy at the end."""
    places = [(size, size) for size in (SECTOR, 4096)] + [(disk.size - size, size) for size in (SECTOR, 4096)]
    for place, sector in places:
        header = disk.read(place, 92)
        if len(header) == 92 and header.startswith(b"EFI PART"):  # its size in the specification
            first, number, size = struct.unpack_from("<QII", header, 72)
            if size in GPT_ENTRY_SIZES and (
                found := list(_gpt_entries(disk, first * sector, min(number, 1024), size, sector))
            ):
                return found
    return []


def _gpt_entries(disk: Disk, place: int, number: int, size: int, sector: int) -> Iterator[Partition]:
    table = disk.read(place, number * size)
    for index in range(len(table) // size):
        kind, _id, first, last = struct.unpack_from("<16s16sQQ", table, index * size)
        if any(kind) and last >= first:
            name = table[index * size + 56 : index * size + 128].decode("utf-16-le", "replace").split("\0")[0]
            yield Partition(index + 1, first * sector, (last - first + 1) * sector, name)


def _mbr(disk: Disk) -> list[Partition]:
    found: list[Partition] = []
    for number, (kind, first, count) in enumerate(_entries(disk, 0), start=1):
        if kind in EXTENDED:
            found += _logical(disk, first, count)
        elif kind and kind != PROTECTIVE:
            found.append(Partition(number, first * SECTOR, count * SECTOR, TYPES.get(kind, "")))
    return found


def _logical(disk: Disk, base: int, count: int) -> Iterator[Partition]:
    """The chain of logical partitions; a chain that turns back ends at ``MOST``."""
    here = base
    for number in range(5, 5 + MOST):
        entries = _entries(disk, here * SECTOR)
        if not entries:
            return
        (kind, first, size), (following, forward, _size) = entries[:2]
        if kind:
            yield Partition(number, (here + first) * SECTOR, size * SECTOR, TYPES.get(kind, ""))
        if following not in EXTENDED or not 0 < forward < count:
            return
        here = base + forward


def _entries(disk: Disk, place: int) -> list[tuple[int, int, int]]:
    """Type, first sector and number of sectors of the four entries of one table; nothing if none is there."""
    sector = disk.read(place, SECTOR)
    if len(sector) < SECTOR or sector[510:] != b"\x55\xaa":
        return []
    rows = [sector[446 + 16 * row : 462 + 16 * row] for row in range(4)]
    if any(row[0] not in (0x00, 0x80) for row in rows):
        return []  # the boot sector of a file system: what stands there is code
    return [(row[4], *struct.unpack_from("<II", row, 8)) for row in rows]
