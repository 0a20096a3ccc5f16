"""Files that are no disks: archives, documents, programs, the page of an error; and archives that are sent as such."""

import bz2
import gzip
import io
import lzma
import tarfile
import zlib
from collections.abc import Iterable
from functools import cache, partial

from images.demo_disks import MIB, bootable_qcow2, bootable_raw
from images.formats import Reason
from tests.images import files
from tests.images.hostile import qcow2
from tests.images.hostile.raw import zip_of
from tests.images.hostile.rows import Hostile, Taken, put

DISK = bootable_raw("Packed")
STEP_OF_BOMB = MIB


def tar_of(name: str, content: bytes) -> bytes:
    """A tar archive of one file."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def gz(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


@cache
def gzip_bomb(mebibytes: int) -> bytes:
    """Some hundred KiB that unpack to this many MiB of zeros behind a boot sector."""
    packer = zlib.compressobj(9, wbits=31)
    parts = [packer.compress(DISK), *(packer.compress(bytes(STEP_OF_BOMB)) for _ in range(mebibytes)), packer.flush()]
    return b"".join(parts)


@cache
def xz_bomb(mebibytes: int) -> bytes:
    """The same, ten times smaller."""
    packer = lzma.LZMACompressor(preset=0)
    parts = [packer.compress(DISK), *(packer.compress(bytes(STEP_OF_BOMB)) for _ in range(mebibytes)), packer.flush()]
    return b"".join(parts)


def greedy_xz() -> bytes:
    """An archive that wants a dictionary of 1.5 GiB."""
    packed = lzma.compress(DISK, preset=0)
    header = put(packed[12:24], (4, b"\x25"))  # the size of the dictionary, in a code
    return packed[:12] + header[:8] + zlib.crc32(header[:8]).to_bytes(4, "little") + packed[24:]


def archives() -> Iterable[Hostile]:
    what = "A disk that is packed is no disk."
    for name, data in (
        ("gzip", lambda: gz(DISK)),
        ("xz", lambda: lzma.compress(DISK)),
        ("lzma", lambda: lzma.compress(DISK, format=lzma.FORMAT_ALONE)),
        ("bzip2", lambda: bz2.compress(DISK)),
        ("zstd", lambda: b"\x28\xb5\x2f\xfd" + bytes(1000)),
        ("lz4", lambda: b"\x04\x22\x4d\x18" + bytes(1000)),
        ("lzip", lambda: b"LZIP\1" + bytes(1000)),
        ("compress", lambda: b"\x1f\x9d\x90" + bytes(1000)),
        ("zip", lambda: zip_of("disk.img", DISK)),
        ("7z", lambda: b"7z\xbc\xaf\x27\x1c" + bytes(1000)),
        ("rar", lambda: b"Rar!\x1a\x07\x01\0" + bytes(1000)),
        ("tar", lambda: tar_of("disk.img", DISK)),
        ("OVA", lambda: tar_of("machine.ovf", b"<?xml version='1.0'?><Envelope/>")),
        ("cpio", lambda: b"070701" + b"0" * 1000),
        ("wim", lambda: b"MSWIM\0\0\0" + bytes(1000)),
        ("gzip with a qcow2 behind it", lambda: gz(DISK) + bootable_qcow2("Trailing")),
        ("a gzip bomb", partial(gzip_bomb, 64)),
    ):
        yield Hostile(f"archive: {name}", what, data, Reason.ARCHIVE)


def documents() -> Iterable[Hostile]:
    what = "It is no disk at all."
    page = b"<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head><body>Not here.</body></html>\n"
    for name, data in (
        ("the 404 page of a mirror", page),
        ("the 404 page, long", page.ljust(2 * MIB)),
        ("an OVF description", b'<?xml version="1.0"?>\n<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1"/>'),
        ("an error of an object store", b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'),
        ("JSON", b'{"error": {"code": 404}}'),
        ("a list of checksums", b"d41d8cd98f00b204e9800998ecf8427e  disk.qcow2\n"),
        ("a script", b"#!/bin/sh\nrm -rf /\n"),
        ("a script with a program behind it", b"#!/bin/sh\ntail -n +3 $0 | sh\n" + bytes(range(256)) * 100),
        ("a PDF", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(4096)),
        ("a Linux program", b"\x7fELF\x02\x01\x01" + bytes(4096)),
        ("a Windows program", b"MZ\x90\0" + bytes(4096)),
        ("an SQLite database", b"SQLite format 3\0" + bytes(4096)),
        ("a Debian package", b"!<arch>\ndebian-binary   " + bytes(4096)),
        ("an RPM package", b"\xed\xab\xee\xdb\3\0" + bytes(4096)),
        ("a picture", b"\x89PNG\r\n\x1a\n" + bytes(4096)),
    ):
        yield Hostile(f"no disk: {name}", what, partial(bytes, data), Reason.NOT_A_DISK)
    for name, data in (
        ("QED", b"QED\0" + bytes(4096)),
        ("COWD", b"COWD\1\0\0\0" + bytes(4096)),
        ("Parallels", b"WithoutFreeSpace\2\0\0\0" + bytes(4096)),
        ("Bochs", b"Bochs Virtual HD Image".ljust(32, b"\0") + b"Redolog".ljust(16, b"\0") + b"Growing" + bytes(4096)),
        ("cloop", b"#!/bin/sh\n#V2.0 Format\nmodprobe cloop file=$0 && mount -r -t iso9660 /dev/cloop $1\n"),
        ("CHD", b"MComprHD" + bytes(4096)),
        ("Apple disk image", bytes(MIB) + b"koly".ljust(512, b"\0")),
    ):
        yield Hostile(
            f"another format: {name}",
            "Nobody here can check or start it.",
            partial(bytes, data),
            Reason.UNSUPPORTED_FORMAT,
        )


def unpacked() -> Iterable[Hostile]:
    bomb = "A small archive that fills the disk of whoever unpacks it."
    sound = gz(DISK)
    for name, what, data, reason in (
        ("a gzip bomb", bomb, partial(gzip_bomb, 64), Reason.TOO_MUCH),
        ("an xz bomb", bomb, partial(xz_bomb, 64), Reason.TOO_MUCH),
        ("xz with a dictionary of 1.5 GiB", "It wants as much memory.", greedy_xz, Reason.TOO_MUCH),
        ("gzip, cut in half", "The line broke.", lambda: sound[: len(sound) // 2], Reason.TRUNCATED),
        ("gzip without its last byte", "The line broke.", lambda: sound[:-1], Reason.TRUNCATED),
        ("gzip, nothing but its header", "The line broke.", lambda: sound[:10], Reason.TRUNCATED),
        ("xz without its index", "The line broke.", lambda: lzma.compress(DISK)[:-40], Reason.TRUNCATED),
        (
            "gzip with a wrong checksum",
            "A bit was lost.",
            lambda: put(sound, (len(sound) - 8, b"\0\0\0\0")),
            Reason.DAMAGED,
        ),
        (
            "gzip with a wrong length",
            "A bit was lost.",
            lambda: put(sound, (len(sound) - 4, b"\0\0\0\0")),
            Reason.DAMAGED,
        ),
        (
            "xz with a wrong checksum",
            "A bit was lost.",
            lambda: put(lzma.compress(DISK), (60, b"\xff\xff")),
            Reason.DAMAGED,
        ),
        (
            "gzip with a qcow2 behind it",
            "Two programs see two disks.",
            lambda: sound + bootable_qcow2("Two"),
            Reason.DAMAGED,
        ),
        ("gzip with text behind it", "It was not made in one go.", lambda: sound + b"garbage", Reason.DAMAGED),
        (
            "xz with three zeros behind it",
            "Zeros come in fours.",
            lambda: lzma.compress(DISK) + bytes(3),
            Reason.DAMAGED,
        ),
        ("gzip of an xz behind it", "Two kinds in one file.", lambda: sound + lzma.compress(DISK), Reason.DAMAGED),
        ("gzip of nothing", "There is no disk inside.", lambda: gz(b""), Reason.EMPTY),
        ("gzip of a tar", "The disk is packed twice.", lambda: gz(tar_of("disk.img", DISK)), Reason.ARCHIVE),
        ("gzip of a gzip", "The disk is packed twice.", lambda: gz(sound), Reason.ARCHIVE),
        ("xz of a zip", "The disk is packed twice.", lambda: lzma.compress(zip_of("disk.img", DISK)), Reason.ARCHIVE),
        ("gzip of a web page", "It is no disk at all.", lambda: gz(b"<!DOCTYPE html><p>404"), Reason.NOT_A_DISK),
        ("gzip of zeros", "A disk on which nothing is.", lambda: gz(bytes(4 * MIB)), Reason.NOT_A_DISK),
        (
            "gzip of a qcow2 with a backing file",
            "A server that starts it would read a file of the host.",
            lambda: gz(qcow2.backed(b"/etc/shadow")()),
            Reason.OTHER_FILE,
        ),
        (
            "gzip of a qcow2, cut off",
            "The line broke earlier.",
            lambda: gz(bootable_qcow2("Cut")[:-9]),
            Reason.TRUNCATED,
        ),
        ("gzip of a disk of 8 EiB", bomb, lambda: gz(files.gigantic_qcow2()), Reason.VIRTUAL_SIZE),
        ("a disk that is not packed", "It was sent as an archive.", lambda: DISK, Reason.NOT_AN_ARCHIVE),
        ("a zip", "It cannot be unpacked while it comes.", lambda: zip_of("disk.img", DISK), Reason.ARCHIVE),
        ("zstd", "It cannot be unpacked here.", lambda: b"\x28\xb5\x2f\xfd" + bytes(1000), Reason.ARCHIVE),
        ("nothing", "An empty file.", lambda: b"", Reason.EMPTY),
    ):
        yield Hostile(f"to be unpacked: {name}", what, data, reason, unpack=True)
    for name, data in (
        (
            "gzip in three members",
            lambda: b"".join(gz(DISK[start : start + 400_000]) for start in (0, 400_000, 800_000)),
        ),
        ("gzip with zeros behind it", lambda: sound + bytes(1000)),
        (
            "xz in two streams, zeros between them",
            lambda: lzma.compress(DISK[:99]) + bytes(4) + lzma.compress(DISK[99:]),
        ),
        ("gzip in 3,000 members", lambda: gz(DISK) + gz(b"") * 3000),
    ):
        taken = Taken("raw", "the rules of the format allow it, and every checksum is right")
        yield Hostile(
            f"to be unpacked: {name}", "A program that stops at the first end loses data.", data, taken, unpack=True
        )


def rows() -> tuple[Hostile, ...]:
    """All of them."""
    return (*archives(), *documents(), *unpacked())
