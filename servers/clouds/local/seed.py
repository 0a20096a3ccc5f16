"""The disk from which cloud-init in a guest learns who it is: "NoCloud", a tiny file system labelled cidata.

Written here byte by byte (FAT12 with long names), so that nothing of what people typed ever meets another program of
this host. Sources: the page "NoCloud" of cloud-init's documentation; "FAT: General Overview of On-Disk Format" 1.03 and
"Long Filename Specification" by Microsoft.
"""

import json
import re
import struct
from collections.abc import Mapping

from servers.clouds.base import Machine

SECTOR = 512  # bytes
CLUSTER = 4 * SECTOR
FIRST_CLUSTER, LAST_OF_FILE, MOST_CLUSTERS = 2, 0xFFF, 4084  # with more of them, it would be read as FAT16
ROOT_ENTRIES, ENTRY = 16, 32
LABEL = b"cidata".ljust(11)
MEDIUM = 0xF8  # a fixed disk
IS_LABEL, IS_LONG_NAME, IS_FILE = 0x08, 0x0F, 0x20
LONG_PART = 13  # characters of a long name in each entry
LAST_PART = 0x40
LONGEST_HOSTNAME = 63  # RFC 1123


def seed(machine: Machine) -> bytes:
    """The disk for a machine: a whole number of sectors.

    Raises:
        ValueError: the user data has more than about eight megabytes.
    """
    return file_system(
        {
            "meta-data": _meta_data(machine),
            "user-data": machine.user_data.encode() or b"#cloud-config\n{}\n",
            "network-config": _network_config(machine),
        }
    )


def hostname(name: str) -> str:
    """What a guest calls itself: what the name of a server leaves of letters, digits and hyphens."""
    words = re.sub(r"[^a-z0-9]+", "-", name.lower())[:LONGEST_HOSTNAME]
    return words.strip("-") or "server"


def _meta_data(machine: Machine) -> bytes:
    """JSON, which is YAML too. The keys stand here and not in the user data, which stays as people wrote it.

    cloud-init takes a new disk for a new instance by the id, and sets it up from the beginning.
    """
    keys = ["".join(char for char in key if char.isprintable()) for key in machine.ssh_keys]
    said = {
        "instance-id": f"{machine.id}-{machine.disk_number}",
        "local-hostname": hostname(machine.name),
        "public-keys": keys,
    }
    return json.dumps(said, ensure_ascii=False).encode()  # YAML knows no surrogates, in which JSON escapes some letters


def _network_config(machine: Machine) -> bytes:
    """Without a network card, a guest should not wait for one when it starts; with one, QEMU tells its address."""
    card = {"match": {"name": "e*"}, "dhcp4": True}
    return json.dumps({"version": 2, "ethernets": {"card": card}} if machine.ports else {"config": "disabled"}).encode()


# --- The file system --------------------------------------------------------------------------------


def file_system(files: Mapping[str, bytes]) -> bytes:
    """A file system with these files in its only folder.

    Args:
        files: a few, by name; ASCII.

    Raises:
        ValueError: they do not fit.
    """
    entries, table, data = _entry(LABEL, IS_LABEL), [0xF00 | MEDIUM, LAST_OF_FILE], b""
    for number, (name, content) in enumerate(files.items(), start=1):
        entries += _named(name, number, first=len(table) if content else 0, size=len(content))
        clusters = -(-len(content) // CLUSTER)
        table += [*range(len(table) + 1, len(table) + clusters), LAST_OF_FILE][:clusters]
        data += content.ljust(clusters * CLUSTER, b"\0")
    if len(entries) > ROOT_ENTRIES * ENTRY or len(table) - FIRST_CLUSTER > MOST_CLUSTERS:
        raise ValueError("That is too much for a disk of settings.")
    packed = _packed(table)
    folder = entries.ljust(ROOT_ENTRIES * ENTRY, b"\0")
    return _boot_sector(len(packed) // SECTOR, len(data) // SECTOR) + packed + folder + data


def _boot_sector(table: int, data: int) -> bytes:
    """What the file system is made of; the sizes of its parts in sectors."""
    total = 1 + table + ROOT_ENTRIES * ENTRY // SECTOR + data
    parts = (
        struct.pack("<3s8s", b"\xeb\x3c\x90", b"stockrm1"),
        struct.pack("<HBHBHHBHHHII", SECTOR, CLUSTER // SECTOR, 1, 1, ROOT_ENTRIES, total, MEDIUM, table, 32, 2, 0, 0),
        struct.pack("<BBBI11s8s", 0x80, 0, 0x29, 0, LABEL, b"FAT12".ljust(8)),
    )
    return b"".join(parts).ljust(SECTOR - 2, b"\0") + b"\x55\xaa"


def _packed(table: list[int]) -> bytes:
    """Numbers of twelve bits, two in three bytes."""
    bits = sum(number << 12 * place for place, number in enumerate(table))
    size = -(-len(table) * 12 // 8)
    return bits.to_bytes(size, "little").ljust(-(-size // SECTOR) * SECTOR, b"\0")


def _named(name: str, number: int, *, first: int, size: int) -> bytes:
    """The entries of a file: its long name, the last part first, and a short one that is its number."""
    short = f"FILE{number}".encode().ljust(11)
    parts = [name[start : start + LONG_PART] for start in range(0, len(name), LONG_PART)]
    order = [(place, part) for place, part in enumerate(parts, start=1)][::-1]
    long = [_long_part(part, place | (LAST_PART if place == len(parts) else 0), short) for place, part in order]
    return b"".join(long) + _entry(short, IS_FILE, first=first, size=size)


def _long_part(part: str, place: int, short: bytes) -> bytes:
    ended = part if len(part) == LONG_PART else part + "\0"
    text = ended.encode("utf-16-le").ljust(2 * LONG_PART, b"\xff")
    return struct.pack("<B10sBBB12sH4s", place, text[:10], IS_LONG_NAME, 0, _checksum(short), text[10:22], 0, text[22:])


def _checksum(short: bytes) -> int:
    total = 0
    for byte in short:
        total = ((total >> 1) + (total << 7) + byte) & 0xFF
    return total


def _entry(name: bytes, kind: int, *, first: int = 0, size: int = 0) -> bytes:
    return struct.pack("<11sBBBHHHHHHHI", name, kind, 0, 0, 0, 0, 0, 0, 0, 0x21, first, size)  # 0x21: 1980-01-01
