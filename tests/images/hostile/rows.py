"""What a hostile file is, and small tools to make one."""

import struct
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from images.formats import Reason
from tests.images import files


@dataclass(frozen=True, slots=True)
class Taken:
    """A file that looks hostile and is taken all the same.

    Attributes:
        disk_format: as what.
        why: the rest of a sentence that begins with "Taken, because".
    """

    disk_format: str
    why: str


@dataclass(frozen=True, slots=True)
class Hostile:
    """A file that somebody may send in order to harm, or that a broken program or line may leave.

    Attributes:
        name: one line, unique.
        what: a sentence that says what the file would do or what is wrong with it.
        make: gives the bytes.
        becomes: the code of its refusal, or as what it is taken.
        advisory: the CVE or advisory that it comes from.
        unpack: whether it is sent to be unpacked, as an archive of a disk.
    """

    name: str
    what: str
    make: Callable[[], bytes]
    becomes: Reason | Taken
    advisory: str = ""
    unpack: bool = False


@cache
def by_qemu(disk_format: str, *options: str) -> bytes:
    """What qemu-img makes of the disk for tests."""
    with tempfile.TemporaryDirectory() as folder:
        return files.by_qemu(disk_format, *options)(Path(folder))


def put(data: bytes, *changes: tuple[int, bytes]) -> bytes:
    """The same file with other bytes at some offsets; behind its end, zeros fill the gap."""
    changed = bytearray(data)
    for offset, new in changes:
        changed.extend(bytes(max(0, offset + len(new) - len(changed))))
        changed[offset : offset + len(new)] = new
    return bytes(changed)


def u16(number: int) -> bytes:
    """Big-endian, as the next two; formats of Microsoft and VMware use the little-endian ones."""
    return struct.pack(">H", number)


def u32(number: int) -> bytes:
    return struct.pack(">I", number)


def u64(number: int) -> bytes:
    return struct.pack(">Q", number)


def le32(number: int) -> bytes:
    return struct.pack("<I", number)


def le64(number: int) -> bytes:
    return struct.pack("<Q", number)
