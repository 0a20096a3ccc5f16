"""Tiny disks that really start: for the demo, and for tests.

A PC's firmware loads the first sector of a disk to 0x7C00 and jumps there. Ours writes a line to the first serial port
and halts. The disks are made here byte by byte, so that a panel with demo data needs no other program.
"""

import struct

SECTOR = 512  # bytes
MIB = 1024 * 1024  # bytes
CODE = bytes.fromhex(
    "fc"  #         cld
    "31c0"  #       xor  ax, ax
    "8ed8"  #       mov  ds, ax
    "be177c"  #     mov  si, 0x7c00 + 23    ; the text follows this code
    "baf803"  #     mov  dx, 0x3f8          ; the first serial port
    "ac"  #   next: lodsb
    "84c0"  #       test al, al
    "7403"  #       jz   halt
    "ee"  #         out  dx, al
    "ebf8"  #       jmp  next
    "fa"  #   halt: cli
    "f4"  #   stay: hlt
    "ebfd"  #       jmp  stay
)
PARTITION_TABLE = 446  # bytes from the start
LONGEST_TEXT = PARTITION_TABLE - len(CODE) - 3  # bytes; a line end and a zero follow it
LINUX = 0x83  # type of a partition

CLUSTER = 64 * 1024  # bytes
COPIED = 1 << 63  # "exactly one reference", in entries of qcow2 tables
LARGEST_QCOW2 = CLUSTER // 8 * CLUSTER  # bytes that one second-level table can map


def bootable_raw(text: str, *, size: int = MIB, partition: bytes = b"") -> bytes:
    """A raw disk with one partition that says something on its first serial port when it starts.

    Args:
        text: ASCII, at most ``LONGEST_TEXT`` characters.
        size: bytes, a multiple of 512.
        partition: what lies in the partition, which begins after the first sector and takes all the rest.

    Raises:
        ValueError: the text is too long, or the size is no number of sectors.
    """
    said = text.encode("ascii")
    if len(said) > LONGEST_TEXT or size % SECTOR or size < 2 * SECTOR:
        raise ValueError("The text is too long for a boot sector, or the size is not a number of sectors above one.")
    code = (CODE + said + b"\r\n\0").ljust(PARTITION_TABLE, b"\0")
    entry = struct.pack("<B3sB3sII", 0x80, b"\0\2\0", LINUX, b"\xff\xff\xff", 1, size // SECTOR - 1)
    return (code + entry.ljust(64, b"\0") + b"\x55\xaa" + partition).ljust(size, b"\0")


def bootable_qcow2(text: str, *, size: int = MIB, partition: bytes = b"") -> bytes:
    """The same disk as a qcow2 file."""
    return qcow2(bootable_raw(text, size=size, partition=partition))


def qcow2(disk: bytes) -> bytes:
    """A qcow2 file (version 3) that holds a raw disk and leaves out clusters that are all zero.

    Source: docs/interop/qcow2.rst of QEMU. Clusters, in order: header, refcount table, refcounts, first-level table,
    second-level table, data.

    Raises:
        ValueError: the disk is larger than one second-level table can map.
    """
    if len(disk) > LARGEST_QCOW2:
        raise ValueError(f"At most {LARGEST_QCOW2} bytes fit into one second-level table.")
    map_entries, data = _mapped(disk, first=5)
    clusters = 5 + len(data)
    header = struct.pack(
        ">4sIQIIQIIQQIIQQQQII",
        *(b"QFI\xfb", 3, 0, 0, CLUSTER.bit_length() - 1, len(disk), 0, 1, 3 * CLUSTER, CLUSTER, 1, 0, 0),
        *(0, 0, 0, 4, 104),  # no features; refcounts of 2**4 bits; the length of this header
    )
    tables = (
        header,
        struct.pack(">Q", 2 * CLUSTER),
        struct.pack(f">{clusters}H", *[1] * clusters),
        struct.pack(">Q", 4 * CLUSTER | COPIED),
        struct.pack(f">{len(map_entries)}Q", *map_entries),
    )
    return b"".join(each.ljust(CLUSTER, b"\0") for each in (*tables, *data))


def _mapped(disk: bytes, *, first: int) -> tuple[list[int], list[bytes]]:
    """The second-level table and the clusters it points to, which begin with cluster number ``first``."""
    entries: list[int] = []
    data: list[bytes] = []
    for start in range(0, len(disk), CLUSTER):
        cluster = disk[start : start + CLUSTER]
        if cluster.strip(b"\0"):
            entries.append((first + len(data)) * CLUSTER | COPIED)
            data.append(cluster)
        else:
            entries.append(0)
    return entries, data
