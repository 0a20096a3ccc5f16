"""What people upload by mistake, recognised by its first bytes.

oslo.utils calls all of these "raw" and safe, since raw means "nothing that I know".
Source of the numbers: the file(1) database, and RFC 1952, 8878, 8259 for the rest.
"""

import re

from images.formats.refusals import Reason, RefusedImage, encrypted
from images.formats.vmdk import unsupported_kind

ARCHIVES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x1f\x8b", "gzip"),
    (0, b"\xfd7zXZ\x00", "xz"),
    (0, b"BZh", "bzip2"),
    (0, b"\x28\xb5\x2f\xfd", "zstd"),
    (0, b"\x04\x22\x4d\x18", "lz4"),
    (0, b"\x02\x21\x4c\x18", "lz4"),
    (0, b"LZIP", "lzip"),
    (0, b"\x5d\x00\x00", "lzma"),
    (0, b"\x1f\x9d", "compress"),
    (0, b"PK\x03\x04", "zip"),
    (0, b"PK\x05\x06", "zip"),
    (0, b"7z\xbc\xaf\x27\x1c", "7z"),
    (0, b"Rar!\x1a\x07", "rar"),
    (0, b"MSWIM\x00\x00\x00", "wim"),
    (0, b"070701", "cpio"),
    (257, b"ustar", "tar or OVA"),
)
UNPACKED_HERE = {"gzip", "xz"}
FOREIGN_DISKS: tuple[tuple[bytes, str], ...] = (
    (b"QED\x00", "QED"),
    (b"COWD", "ESX COW"),
    (b"OOOM", "user-mode Linux COW"),
    (b"WithoutFreeSpace", "Parallels"),
    (b"WithouFreSpacExt", "Parallels"),
    (b"Bochs Virtual HD Image", "Bochs"),
    (b"#!/bin/sh\n#V2.0 Format", "cloop"),
    (b"MComprHD", "CHD"),
)
OTHER_THINGS: tuple[tuple[bytes, str], ...] = (
    (b"\x7fELF", "a program (ELF)"),
    (b"MZ", "a Windows or EFI program"),
    (b"#!", "a script"),
    (b"%PDF-", "a PDF document"),
    (b"\x89PNG\r\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"RIFF", "a sound, video or picture file"),
    (b"OggS", "a sound or video file"),
    (b"ID3", "a sound file"),
    (b"\x1aE\xdf\xa3", "a video file"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"!<arch>\n", "a Debian package or library"),
    (b"\xed\xab\xee\xdb", "an RPM package"),
    (b"\xca\xfe\xba\xbe", "a Java class or macOS program"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document"),
)
# Whatever follows: QEMU reads a file that begins like this as a VMDK, also if the rest is a boot sector.
VMDK_TEXT = re.compile(rb"(?:#[^\n]*\n|[ \t]*\r?\n)*(?:version=|# disk descriptor)", re.IGNORECASE)
WEB_PAGES = (b"<!doctype html", b"<html", b"<head", b"<script", b"<svg", b"<?xml")
LUKS = b"LUKS\xba\xbe"
APPLE_FOOTER = b"koly"
TEXT_SAMPLE = 512  # bytes
TEXT_START = 4096  # bytes


def refuse_foreign(head: bytes) -> None:
    """Refuse what begins like something that is no disk, or no disk that we take.

    Raises:
        RefusedImage: with a sentence that names what it is.
    """
    if VMDK_TEXT.match(head[:TEXT_START]):
        raise text(head)
    for offset, mark, name in ARCHIVES:
        if head[offset : offset + len(mark)] == mark:
            raise archive(name)
    for mark, name in FOREIGN_DISKS:
        if head.startswith(mark):
            raise foreign_disk(name)
    if head.startswith(LUKS):
        raise encrypted("LUKS")
    for mark, name in OTHER_THINGS:
        if head.startswith(mark):
            raise not_a_disk(f"This is {name}, not a disk.")
    if is_text(head) or _beginning(head).startswith(WEB_PAGES):
        raise text(head)


def refuse_foreign_tail(tail: bytes) -> None:
    """Refuse what ends like something that is no disk that we take.

    Raises:
        RefusedImage: with a sentence that names what it is.
    """
    if tail[-512:].startswith(APPLE_FOOTER):
        raise foreign_disk("Apple disk image (dmg)")


def is_text(head: bytes) -> bool:
    """Whether the first bytes are text that people read: no disk begins like that."""
    sample = head[:TEXT_SAMPLE]
    try:
        # A character may be cut in two at the end of the sample.
        decoded = sample.decode("utf-8", errors="ignore" if len(sample) == TEXT_SAMPLE else "strict")
    except UnicodeDecodeError:
        return False
    printable = all(char.isprintable() or char in "\t\r\n\ufeff" for char in decoded)
    return printable and len(decoded.encode()) > len(sample) - 4


def _beginning(head: bytes) -> bytes:
    """The first bytes without what may stand before a text, in lower case."""
    return head[:TEXT_START].lstrip(b"\xef\xbb\xbf \t\r\n").lower()


def archive(name: str) -> RefusedImage:
    """The refusal of a compressed file."""
    way_out = (
        "tick “Unpack” to have it unpacked while it comes, or unpack it first and upload the disk inside"
        if name in UNPACKED_HERE
        else "unpack it first, and upload the disk inside"
    )
    return RefusedImage(Reason.ARCHIVE, f"This is a {name} archive: {way_out}.")


def foreign_disk(name: str) -> RefusedImage:
    """The refusal of a disk format that cannot be checked or started here."""
    return RefusedImage(
        Reason.UNSUPPORTED_FORMAT,
        f"{name} is a disk format that we do not take. Convert it to qcow2 "
        "(“qemu-img convert -O qcow2 FILE new.qcow2”), and upload the result.",
    )


def not_a_disk(what: str) -> RefusedImage:
    """The refusal of something else."""
    return RefusedImage(
        Reason.NOT_A_DISK,
        f"{what} We take qcow2, raw, VMDK, VHD, VHDX, VDI and ISO files that hold a partition table or a file system.",
    )


def text(head: bytes) -> RefusedImage:
    """The refusal of a text file: a VMDK descriptor, a web page instead of the download, or anything else."""
    start = _beginning(head)
    if VMDK_TEXT.match(start) or b"createtype=" in start:
        return unsupported_kind(start.partition(b'createtype="')[2].partition(b'"')[0].decode("ascii", "replace"))
    if start.startswith((*WEB_PAGES, b"{", b"[")):
        return not_a_disk("This is a web page or an answer of a web service, not a disk: the download has failed.")
    return not_a_disk("This is a text file, not a disk.")
