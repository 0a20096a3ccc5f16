"""Makers of image files: real ones by qemu-img, rare and hostile ones byte by byte."""

import struct
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

from images.demo_disks import MIB, SECTOR, bootable_qcow2, bootable_raw

Maker = Callable[[Path], bytes]

ISO_BLOCK = 2048
VHDX_PARENT_LOCATOR = bytes.fromhex("2d5fd3a80bb34d45abf7d3d84834ab0c")
VHDX_VIRTUAL_SIZE = bytes.fromhex("2442a52f1bcd7648b2115dbed83bf4b8")


def disk(size: int = 2 * MIB) -> bytes:
    """A raw disk that starts, with something in every part, so that no format can leave parts out."""
    start = bootable_raw("A disk for tests", size=size)
    pattern = bytes(range(1, 252)) * (size // 251 + 1)
    return start[:SECTOR] + pattern[: size - SECTOR]


def by_qemu(disk_format: str, *options: str) -> Maker:
    """A maker that lets qemu-img convert the disk, with options like "subformat=fixed"."""

    def make(folder: Path) -> bytes:
        source, target = folder / "source.raw", folder / "target"
        source.write_bytes(disk())
        chosen = [word for option in options for word in ("-o", option)]
        run("convert", "-f", "raw", "-O", disk_format, *chosen, str(source), str(target))
        return target.read_bytes()

    return make


def created(disk_format: str, *options: str, size: str = "8M") -> Maker:
    """A maker that lets qemu-img create an empty disk."""

    def make(folder: Path) -> bytes:
        target = folder / "target"
        chosen = [word for option in options for word in ("-o", option)]
        run("create", "-f", disk_format, *chosen, str(target), size)
        return target.read_bytes()

    return make


def run(*arguments: str) -> str:
    """What qemu-img says."""
    return subprocess.run(["qemu-img", *arguments], check=True, capture_output=True, text=True).stdout


def with_backing_file(folder: Path) -> bytes:
    """A qcow2 that reads a file of the machine that opens it (CVE-2022-47951)."""
    (folder / "base.raw").write_bytes(disk())
    return created("qcow2", f"backing_file={folder / 'base.raw'},backing_fmt=raw", size="2M")(folder)


def with_data_file(folder: Path) -> bytes:
    """A qcow2 whose data is any file of the machine that opens it (CVE-2024-32498)."""
    return created("qcow2", f"data_file={folder / 'data.raw'}")(folder)


def patched(maker: Maker, offset: int, new: bytes) -> Maker:
    """A maker that changes some bytes of what another one makes; a negative offset counts from the end."""

    def make(folder: Path) -> bytes:
        data = bytearray(maker(folder))
        start = offset % len(data)
        data[start : start + len(new)] = new
        return bytes(data)

    return make


def replaced(maker: Maker, old: bytes, new: bytes) -> Maker:
    """A maker that replaces a text of the same length."""

    def make(folder: Path) -> bytes:
        data = maker(folder)
        assert len(old) == len(new)
        assert old in data
        return data.replace(old, new)

    return make


def cut(maker: Maker, length: int) -> Maker:
    """A maker that leaves only the first bytes; a negative length leaves out the last ones."""

    def make(folder: Path) -> bytes:
        return maker(folder)[:length]

    return make


def constant(data: bytes) -> Maker:
    """A maker of these bytes."""
    return lambda _folder: data


def with_footer_checksum(maker: Maker) -> Maker:
    """A maker that makes both footers of a VHD right again after they were patched."""

    def make(folder: Path) -> bytes:
        data = bytearray(maker(folder))
        for start in (0, len(data) - SECTOR):
            footer = data[start : start + SECTOR]
            if footer.startswith(b"conectix"):
                total = sum(footer) - sum(footer[64:68])
                data[start + 64 : start + 68] = struct.pack(">I", ~total & 0xFFFFFFFF)
        return bytes(data)

    return make


def iso(*, blocks: int = 200) -> bytes:
    """An ISO 9660 image without files: a primary volume descriptor, and the end of the descriptors."""
    primary = bytearray(ISO_BLOCK)
    primary[:7] = b"\x01CD001\x01"
    primary[40:72] = b"STOCKROOM".ljust(32)
    primary[80:88] = struct.pack("<I", blocks) + struct.pack(">I", blocks)
    primary[128:132] = struct.pack("<H", ISO_BLOCK) + struct.pack(">H", ISO_BLOCK)
    end = b"\xffCD001\x01".ljust(ISO_BLOCK, b"\0")
    return (bytes(16 * ISO_BLOCK) + bytes(primary) + end).ljust(blocks * ISO_BLOCK, b"\0")


def hybrid_iso() -> bytes:
    """An ISO that starts from a USB stick too: a boot sector with a partition before the descriptors."""
    return bootable_raw("From a stick", size=64 * SECTOR)[:SECTOR] + iso()[SECTOR:]


def gpt(*, sectors: int = 4096) -> bytes:
    """A disk with a GUID partition table and its backup in the last sector."""
    entry = struct.pack("<B3sB3sII", 0, b"\0\2\0", 0xEE, b"\xff\xff\xff", 1, 0xFFFFFFFF)
    boot = (bytes(446) + entry).ljust(510, b"\0") + b"\x55\xaa"
    header = struct.pack("<8sIIIIQQQQ", b"EFI PART", 0x10000, 92, 0, 0, 1, sectors - 1, 34, sectors - 34)
    return (boot + header.ljust(SECTOR, b"\0")).ljust(sectors * SECTOR, b"\0")


def file_system(offset: int, magic: bytes) -> bytes:
    """A file system without a partition table, as far as its magic number."""
    return bytes(offset) + magic.ljust(MIB, b"\0")


def boot_sector_without_partitions() -> bytes:
    """A boot sector whose partition table is empty."""
    data = bytearray(bootable_raw("No partitions"))
    data[446:510] = bytes(64)
    return bytes(data)


def gigantic_qcow2() -> bytes:
    """A file of some 400 KiB that claims to be a disk of 8 EiB."""
    return bootable_qcow2("Large")[:24] + struct.pack(">Q", 2**63) + bootable_qcow2("Large")[32:]


def qcow2_and_iso() -> bytes:
    """A polyglot: whoever trusts the first bytes sees a qcow2, who looks further sees a CD."""
    data = bytearray(bootable_qcow2("Two").ljust(MIB, b"\0"))
    data[16 * ISO_BLOCK : 18 * ISO_BLOCK] = iso()[16 * ISO_BLOCK : 18 * ISO_BLOCK]
    return bytes(data)


def gzip() -> bytes:
    """A disk, compressed."""
    packer = zlib.compressobj(wbits=31)
    return packer.compress(disk()) + packer.flush()


def vhdx_with_parent(folder: Path) -> bytes:
    """A VHDX whose metadata names a parent disk, in place of the size that it no longer needs to say itself."""
    return vhdx_with_parent_of(by_qemu("vhdx")(folder))


def vhdx_with_parent_of(data: bytes) -> bytes:
    """The same, made of a VHDX that is sound."""
    table = data.index(b"metadata")
    place = data.index(VHDX_VIRTUAL_SIZE, table)
    return data[:place] + VHDX_PARENT_LOCATOR + data[place + 16 :]
