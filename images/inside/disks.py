"""Disks as a row of bytes, whatever format they are kept in. Nothing is ever written."""

import os
import struct
import zlib
from collections import OrderedDict
from typing import Protocol

SECTOR = 512


class UnreadableDisk(Exception):
    """The disk breaks the rules of its format, or asks for what this reader does not do."""


class Disk(Protocol):
    """A disk.

    Attributes:
        size: bytes.
    """

    size: int

    def read(self, offset: int, length: int) -> bytes:
        """So many bytes from there on; fewer at the end of the disk."""


class RawDisk:
    """The bytes as they are."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_RDONLY)
        self.size = os.fstat(self._file).st_size

    def read(self, offset: int, length: int) -> bytes:
        """What the file holds there."""
        return os.pread(self._file, length, offset) if offset >= 0 else b""


class Qcow2Disk:
    """QEMU's format, versions 2 and 3 (docs/interop/qcow2.rst of QEMU): the current state, without snapshots.

    Ours, because the library that the ecosystem keeps (libqcow 20260703) gives wrong bytes for compressed clusters and
    knows no extended entries. Tables are read where they are needed, so that a header that lies about their size
    costs nothing.
    """

    HEADER = struct.Struct(">4sIQIIQIIQQIIQ")
    DIRTY, CORRUPT, DATA_FILE, COMPRESSION, EXTENDED = (1 << bit for bit in range(5))
    OFFSET = 0x00FFFFFFFFFFFE00
    COMPRESSED, ALL_ZERO = 1 << 62, 1
    SUBCLUSTERS = 32
    CACHED = 64  # clusters: of tables, and of unpacked data

    def __init__(self, path: str) -> None:
        self._file = RawDisk(path)
        header = self._file.read(0, 112).ljust(112, b"\0")
        magic, version, backing, _length, bits, size, encrypted, entries, table, *_rest = self.HEADER.unpack_from(
            header
        )
        features = struct.unpack_from(">Q", header, 72)[0] if version > 2 else 0
        if magic != b"QFI\xfb" or version not in (2, 3) or not 9 <= bits <= 21:
            raise UnreadableDisk("It is not qcow2, or of an unknown version.")
        if backing or encrypted or features & ~(self.DIRTY | self.COMPRESSION | self.EXTENDED):
            raise UnreadableDisk("It is encrypted, marked as corrupt, or needs another file.")
        self.size = size
        self._bits, self._cluster = bits, 1 << bits
        self._zlib = not (features & self.COMPRESSION and header[104])
        self._entry = 16 if features & self.EXTENDED else 8
        self._entries, self._table = entries, table
        self._kept: OrderedDict[int, bytes] = OrderedDict()

    def read(self, offset: int, length: int) -> bytes:
        """The bytes that a server would see there."""
        end = min(offset + length, self.size)
        parts: list[bytes] = []
        while 0 <= offset < end:
            inside = offset % self._cluster
            count = min(self._cluster - inside, end - offset)
            parts.append(self._within(offset, inside, count))
            offset += count
        return b"".join(parts)

    def _within(self, offset: int, inside: int, count: int) -> bytes:
        """Bytes out of one cluster."""
        entry, bitmap = self._entry_of(offset)
        if entry & self.COMPRESSED:
            return self._unpacked(entry)[inside : inside + count].ljust(count, b"\0")
        place = entry & self.OFFSET
        if not place or (self._entry == 8 and entry & self.ALL_ZERO):  # a short entry
            return bytes(count)
        data = self._file.read(place + inside, count).ljust(count, b"\0")
        return data if self._entry == 8 else self._holes(data, inside, bitmap)  # a short entry

    def _holes(self, data: bytes, inside: int, bitmap: int) -> bytes:
        """The same bytes, with zeros where a part of the cluster is not there or said to be zero."""
        size = self._cluster // self.SUBCLUSTERS
        out = bytearray(data)
        for number in range(inside // size, (inside + len(data) - 1) // size + 1):
            if not bitmap >> number & 1 or bitmap >> (number + self.SUBCLUSTERS) & 1:
                start, stop = max(0, number * size - inside), min(len(data), (number + 1) * size - inside)
                out[start:stop] = bytes(stop - start)
        return bytes(out)

    def _entry_of(self, offset: int) -> tuple[int, int]:
        """What the second table says of the cluster at this offset, and which parts of it are there."""
        per_table = self._cluster // self._entry
        first, second = divmod(offset >> self._bits, per_table)
        if first >= self._entries:
            return 0, 0
        table = self._number(self._file.read(self._table + 8 * first, 8)) & self.OFFSET
        if not table:
            return 0, 0
        entry = self._table_at(table)[second * self._entry :][: self._entry]
        return self._number(entry[:8]), self._number(entry[8:])

    def _table_at(self, place: int) -> bytes:
        return self._cached(place) or self._keep(place, self._file.read(place, self._cluster))

    def _unpacked(self, entry: int) -> bytes:
        if not self._zlib:
            raise UnreadableDisk("It is compressed with zstd, which is not looked into.")
        if data := self._cached(-entry):
            return data
        width = 62 - (self._bits - 8)
        place, sectors = entry & ((1 << width) - 1), (entry & (self.COMPRESSED - 1)) >> width
        packed = self._file.read(place, (sectors + 1) * SECTOR - place % SECTOR)
        try:
            return self._keep(-entry, zlib.decompressobj(-12).decompress(packed, self._cluster))
        except zlib.error:
            raise UnreadableDisk("A compressed part of it cannot be unpacked.") from None

    def _cached(self, key: int) -> bytes | None:
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    def _keep(self, key: int, data: bytes) -> bytes:
        self._kept[key] = data
        if len(self._kept) > self.CACHED:
            self._kept.popitem(last=False)
        return data

    @staticmethod
    def _number(data: bytes) -> int:
        return int.from_bytes(data, "big")


FORMATS: dict[str, type[RawDisk] | type[Qcow2Disk]] = {"raw": RawDisk, "iso": RawDisk, "qcow2": Qcow2Disk}


def open_disk(path: str, disk_format: str) -> Disk:
    """A disk of one of the ``FORMATS``.

    Raises:
        UnreadableDisk: it breaks the rules of its format.
    """
    return FORMATS[disk_format](path)
