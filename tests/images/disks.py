"""Disks with something on them, made by the tools that everybody uses. None of them needs root."""

import struct
import subprocess
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

MIB = 1024**2
SECTOR = 512
LINUX = bytes.fromhex("af3dc60f838472478e793d69d8477de4")
EFI = bytes.fromhex("28732ac11ff8d211ba4b00a0c93ec93b")


def run(*argv: str | Path) -> None:
    """Run a tool; what it says is seen when it fails."""
    subprocess.run(argv, check=True, capture_output=True, text=True)


def lay_out(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files below a folder, by path."""
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def ext4(path: Path, files: Mapping[str, str | bytes], *, size: int = 8 * MIB, kind: str = "ext4") -> Path:
    """A bare file system of the ext family."""
    folder = lay_out(path.with_suffix(".files"), files)
    folder.mkdir(exist_ok=True)
    with path.open("wb") as file:
        file.truncate(size)
    run("mke2fs", "-q", "-F", "-t", kind, "-d", folder, path)
    return path


def fat(path: Path, files: Mapping[str, str | bytes], *, size: int = 16 * MIB, bits: int = 16) -> Path:
    """A bare FAT file system."""
    folder = lay_out(path.with_suffix(".files"), files)
    with path.open("wb") as file:
        file.truncate(size)
    run("mkfs.fat", "-F", str(bits), path)
    for entry in sorted(folder.iterdir()):
        run("mcopy", "-s", "-i", path, entry, "::/")
    return path


def gpt(path: Path, parts: Sequence[tuple[bytes, str, Path]]) -> Path:
    """A disk with a GPT: each partition has a type, a name, and the file that lies in it."""
    starts, position = [], 2048
    for _kind, _name, content in parts:
        starts.append(position)
        position += -(-content.stat().st_size // MIB) * 2048
    total = position + 2048
    lasts = [
        start + content.stat().st_size // SECTOR - 1 for start, (*_rest, content) in zip(starts, parts, strict=True)
    ]
    entries = b"".join(
        struct.pack("<16s16sQQQ72s", kind, bytes([start % 251]) * 16, start, last, 0, name.encode("utf-16-le"))
        for start, last, (kind, name, _content) in zip(starts, lasts, parts, strict=True)
    ).ljust(128 * 128, b"\0")
    with path.open("wb") as file:
        file.truncate(total * SECTOR)
        file.write(mbr_sector((0xEE, 1, total - 1)))
        for here, there, table in ((1, total - 1, 2), (total - 1, 1, total - 33)):
            file.seek(table * SECTOR)
            file.write(entries)
            file.seek(here * SECTOR)
            file.write(_gpt_header(here, there, table, total, entries))
        for start, (_kind, _name, content) in zip(starts, parts, strict=True):
            file.seek(start * SECTOR)
            file.write(content.read_bytes())
    return path


def _gpt_header(here: int, there: int, table: int, total: int, entries: bytes) -> bytes:
    def header(checksum: int) -> bytes:
        return struct.pack(
            "<8sIIIIQQQQ16sQIII", b"EFI PART", 0x10000, 92, checksum, 0, here, there, 34, total - 34,
            b"\7" * 16, table, 128, 128, zlib.crc32(entries),
        )  # fmt: skip

    return header(zlib.crc32(header(0)))


def mbr_sector(*parts: tuple[int, int, int]) -> bytes:
    """A sector with a partition table: the type, first sector and number of sectors of each."""
    rows = b"".join(
        struct.pack("<B3sB3sII", 0, b"\0\2\0", kind, b"\xff" * 3, first, count) for kind, first, count in parts
    )
    return bytes(446) + rows.ljust(64, b"\0") + b"\x55\xaa"


def mbr(path: Path, parts: Sequence[tuple[int, Path]]) -> Path:
    """A disk with an MBR: each partition has a type, and the file that lies in it."""
    rows, position, contents = [], 2048, []
    for kind, content in parts:
        sectors = -(-content.stat().st_size // SECTOR)
        rows.append((kind, position, sectors))
        contents.append((position, content))
        position += -(-sectors // 2048) * 2048
    with path.open("wb") as file:
        file.truncate(position * SECTOR)
        file.write(mbr_sector(*rows))
        for start, content in contents:
            file.seek(start * SECTOR)
            file.write(content.read_bytes())
    return path


def qcow2(source: Path, *options: str) -> Path:
    """The same disk as qcow2, beside it."""
    target = source.with_suffix(".qcow2")
    run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", *options, source, target)
    return target
