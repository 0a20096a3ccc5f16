"""Hostile raw disks and discs: partition tables, file systems, ISO files, and files of two kinds at once."""

import io
import struct
import zipfile
from collections.abc import Iterable
from functools import partial

from images.demo_disks import MIB, SECTOR, bootable_qcow2, bootable_raw
from images.formats import Reason
from tests.images import files
from tests.images.hostile import microsoft, vmdk
from tests.images.hostile.rows import Hostile, Taken, le32, le64, put

PARTITIONS = 446  # bytes from the start
ENTRIES_OF_GPT = 1024  # bytes from the start
DESCRIPTOR = 32 * 1024
EXTENDED = 5
TWO = "Who trusts the first bytes sees one thing, who looks further another."


def raw() -> bytes:
    return bootable_raw("Hostile")


def partition(kind: int, first: int, length: int, *, flag: int = 0) -> bytes:
    """An entry of a boot sector's table; sectors."""
    return struct.pack("<B3sB3sII", flag, b"\0\2\0", kind, b"\xff\xff\xff", first, length)


def partitioned(*entries: bytes) -> partial[bytes]:
    """A raw disk with this table."""
    return partial(put, bootable_raw("Hostile"), (PARTITIONS, b"".join(entries).ljust(64, b"\0")))


def loop() -> bytes:
    """An extended partition whose next link is itself."""
    disk = partitioned(partition(EXTENDED, 64, 128))()
    return put(disk, (64 * SECTOR + PARTITIONS, partition(EXTENDED, 0, 128)), (64 * SECTOR + 510, b"\x55\xaa"))


def gpt_entries(*extents: tuple[int, int]) -> bytes:
    """A GPT with partitions from one sector to another."""
    entries = b"".join(b"\1" * 16 + b"\2" * 16 + le64(first) + le64(last) + bytes(80) for first, last in extents)
    return put(files.gpt(), (SECTOR + 72, le64(2) + le32(128) + le32(128)), (ENTRIES_OF_GPT, entries))


def disks() -> Iterable[Hostile]:
    yield Hostile("nothing", "An empty file.", lambda: b"", Reason.EMPTY)
    yield Hostile("one byte", "A file of one byte.", lambda: b"\0", Reason.NOT_A_DISK)
    yield Hostile("zeros", "A disk on which nothing is.", lambda: bytes(4 * MIB), Reason.NOT_A_DISK)
    noise = bytes((number * number * 31 + number * 7 + 11) % 256 for number in range(65536)) * 16
    yield Hostile("noise", "Bytes without sense.", lambda: noise, Reason.NOT_A_DISK)
    yield Hostile("a sector of a boot sector", "Half of a boot sector.", lambda: raw()[:256], Reason.NOT_A_DISK)
    yield Hostile(
        "a partition behind the end", "The line broke.", partitioned(partition(0x83, 1, 2**31)), Reason.TRUNCATED
    )
    yield Hostile("a boot sector without partitions", "Nothing to start.", partitioned(), Reason.DAMAGED)
    yield Hostile(
        "a partition with a flag that nobody knows",
        "A sign that this is no partition table at all.",
        partitioned(partition(0x83, 1, 100, flag=0x33)),
        Reason.DAMAGED,
    )
    guest = "only the guest reads its partition table, and nothing here mounts a disk"
    yield Hostile(
        "partitions that overlap",
        "Two partitions of a boot sector lie in one place.",
        partitioned(partition(0x83, 1, 1000), partition(0x83, 1, 1000)),
        Taken("raw", guest),
    )
    yield Hostile(
        "an extended partition in a circle",
        "A program that follows the links of logical partitions never ends.",
        loop,
        Taken("raw", guest),
    )
    yield Hostile(
        "a GPT with partitions that overlap",
        "Two partitions lie in one place.",
        partial(gpt_entries, (34, 2000), (34, 2000)),
        Taken("raw", guest),
    )
    yield Hostile(
        "a GPT of 4 billion partitions",
        "A program that trusts the count reads, or allocates, 512 GiB.",
        lambda: put(files.gpt(), (SECTOR + 80, le32(2**32 - 1))),
        Taken("raw", guest),
        "CVE-2015-5162",
    )
    yield Hostile("a GPT without its copy at the end", "The line broke.", lambda: files.gpt()[:MIB], Reason.TRUNCATED)
    yield Hostile(
        "a GPT with its copy at the end of numbers",
        "A program that multiplies it by the sector size overflows.",
        lambda: put(files.gpt(), (SECTOR + 32, le64(2**64 - 1))),
        Reason.TRUNCATED,
    )
    yield Hostile(
        "a GPT behind a table with more partitions",
        "Programs that read the one table or the other see two disks.",
        lambda: put(files.gpt(), (PARTITIONS + 16, partition(0x83, 100, 100))),
        Reason.DAMAGED,
    )
    for version in (1, 2):
        luks = b"LUKS\xba\xbe" + bytes([0, version])
        yield Hostile(
            f"LUKS {version}", "Nobody would ask for its passphrase.", partial(luks.ljust, MIB, b"\0"), Reason.ENCRYPTED
        )


def discs() -> Iterable[Hostile]:
    def cut(length: int) -> partial[bytes]:
        return partial(files.iso(blocks=1000).__getitem__, slice(length))

    yield Hostile("ISO, cut in half", "The line broke.", cut(MIB), Reason.TRUNCATED)
    yield Hostile("ISO, cut in its descriptor", "The line broke.", cut(DESCRIPTOR + 50), Reason.TRUNCATED)
    yield Hostile("ISO, cut before its descriptor", "The line broke.", cut(DESCRIPTOR), Reason.NOT_A_DISK)
    yield Hostile(
        "ISO of 2^32 blocks",
        "It says that it is 8 TiB large.",
        lambda: put(files.iso(), (DESCRIPTOR + 80, le32(2**32 - 1))),
        Reason.TRUNCATED,
    )
    yield Hostile(
        "ISO with blocks of nothing",
        "A program that divides by the block size fails.",
        lambda: put(files.iso(), (DESCRIPTOR + 128, bytes(4))),
        Taken("iso", "its size is that of the file, whatever it says"),
    )


def two_formats() -> Iterable[Hostile]:
    iso = files.iso()
    yield Hostile("qcow2 and ISO", TWO, files.qcow2_and_iso, Reason.TWO_FORMATS, "OSSA-2024-001")
    yield Hostile(
        "VMDK and ISO", TWO, lambda: put(vmdk.sound(), (DESCRIPTOR, iso[DESCRIPTOR:][:4096])), Reason.TWO_FORMATS
    )
    yield Hostile("VHD and ISO", TWO, lambda: put(iso, (0, microsoft.vhd()[:2048])), Reason.TWO_FORMATS)
    yield Hostile("VDI and ISO", TWO, lambda: put(iso, (0, microsoft.vdi()[:512])), Reason.TWO_FORMATS)
    yield Hostile("qcow2 and VDI", TWO, lambda: put(microsoft.vdi(), (0, b"QFI\xfb\0\0\0\3")), Reason.TWO_FORMATS)
    yield Hostile(
        "VHDX and ISO", TWO, lambda: put(microsoft.vhdx(), (DESCRIPTOR, iso[DESCRIPTOR:][:4096])), Reason.TWO_FORMATS
    )
    yield Hostile("QED and ISO", TWO, lambda: put(iso, (0, b"QED\0")), Reason.UNSUPPORTED_FORMAT)
    yield Hostile("LUKS and ISO", TWO, lambda: put(iso, (0, b"LUKS\xba\xbe\0\1")), Reason.ENCRYPTED)
    yield Hostile("PDF and ISO", TWO, lambda: put(iso, (0, b"%PDF-1.7\n")), Reason.NOT_A_DISK)
    yield Hostile("a web page and ISO", TWO, lambda: put(iso, (0, b"<!DOCTYPE html><script>")), Reason.NOT_A_DISK)
    yield Hostile(
        "Parallels and VDI",
        TWO,
        lambda: put(microsoft.vdi(), (0, b"WithoutFreeSpace\2\0\0\0")),
        Reason.UNSUPPORTED_FORMAT,
    )


def descriptors() -> Iterable[Hostile]:
    iso = files.iso()
    flat = vmdk.text("monolithicFlat", 'RW 2048 FLAT "/etc/shadow" 0')
    for name, data in (
        ("a boot sector", lambda: put(raw(), (0, flat + b"\n#"))),
        ("an ISO", lambda: put(iso, (0, flat + b"\0"))),
        ("a VDI", lambda: put(microsoft.vdi(), (0, b"# Disk DescriptorFile\nversion=1\ncreateType=\0"))),
        ("a file system", lambda: put(files.file_system(0x438, b"\x53\xef"), (0, flat + b"\0"))),
        ("a boot sector, comments first", lambda: put(raw(), (0, b"#\n\n  \n#\nversion=1\n"))),
    ):
        what = "QEMU, when it has to guess, reads the descriptor, and with it a file of the host."
        yield Hostile(f"VMDK descriptor before {name}", what, data, Reason.OTHER_FILE, "CVE-2022-47951")


def footers() -> Iterable[Hostile]:
    yield Hostile(
        "qcow2 with the footer of a VHD",
        "Hyper-V would start the whole file as a disk.",
        lambda: bootable_qcow2("Two") + microsoft.fixed()[-SECTOR:],
        Reason.TWO_FORMATS,
    )
    yield Hostile(
        "ISO with the footer of a VHD",
        "Hyper-V would start the whole file as a disk.",
        lambda: files.iso() + microsoft.fixed()[-SECTOR:],
        Reason.TWO_FORMATS,
    )
    yield Hostile(
        "VHD of fixed size whose disk is a qcow2",
        "QEMU, when it has to guess, believes the disk, and not the footer.",
        lambda: put(microsoft.fixed(), (0, bootable_qcow2("Two"))),
        Reason.TWO_FORMATS,
        "CVE-2026-24708",
    )
    yield Hostile(
        "qcow2 with the end of an Apple disk image",
        "A Mac would open another disk.",
        lambda: bootable_qcow2("Two") + b"koly".ljust(SECTOR, b"\0"),
        Reason.UNSUPPORTED_FORMAT,
    )


def disguises() -> Iterable[Hostile]:
    yield Hostile(
        "a boot sector whose code is a web page",
        "A browser that guesses would run the script in it.",
        lambda: put(raw(), (0, b"<!DOCTYPE html><script>alert(1)</script>")),
        Reason.NOT_A_DISK,
    )
    yield Hostile(
        "a boot sector whose code is a script",
        "A shell would run it.",
        lambda: put(raw(), (0, b"#!/bin/sh\n")),
        Reason.NOT_A_DISK,
    )
    yield Hostile(
        "a boot sector that is a Windows program",
        "Windows would run it.",
        lambda: put(raw(), (0, b"MZ")),
        Reason.NOT_A_DISK,
    )
    yield Hostile("a boot sector that is a tar", TWO, lambda: put(raw(), (257, b"ustar")), Reason.ARCHIVE)
    yield Hostile("an ISO that is a gzip", TWO, lambda: put(files.iso(), (0, b"\x1f\x8b\x08\0")), Reason.ARCHIVE)


def borderline() -> Iterable[Hostile]:
    yield Hostile(
        "raw disk with a zip behind it",
        "Programs for archives look at the end, and would unpack it.",
        lambda: raw() + zip_of("a.txt", b"hello"),
        Taken("raw", "a server reads sectors, and whoever downloads it gets a disk by name and type"),
    )
    yield Hostile(
        "qcow2 with a zip behind it",
        "Programs for archives look at the end, and would unpack it.",
        lambda: bootable_qcow2("Two") + zip_of("a.txt", b"hello"),
        Taken("qcow2", "no table names what lies there, and whoever downloads it gets a disk by name and type"),
    )
    yield Hostile(
        "hybrid ISO",
        "A boot sector before the descriptors of a CD.",
        files.hybrid_iso,
        Taken("iso", "it is there on purpose, so that the disc starts from a stick too"),
    )
    yield Hostile(
        "32 KiB of nothing and no descriptor", "The start of a disc.", lambda: bytes(DESCRIPTOR), Reason.NOT_A_DISK
    )


def zip_of(name: str, content: bytes) -> bytes:
    """A zip archive of one file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


def rows() -> tuple[Hostile, ...]:
    """All of them."""
    return (*disks(), *discs(), *two_formats(), *descriptors(), *footers(), *disguises(), *borderline())
