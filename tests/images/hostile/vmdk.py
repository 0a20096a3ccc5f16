"""Hostile VMDK files: descriptors that name other files, and sparse files whose parts contradict each other."""

import struct
from collections.abc import Iterable
from functools import cache, partial

from images.demo_disks import SECTOR
from images.formats import Reason
from tests.images.hostile.rows import Hostile, Taken, by_qemu, le32, le64, put

FLAGS, CAPACITY, GRAIN, DESCRIPTOR, DESCRIPTOR_LENGTH, ENTRIES, DIRECTORY, OVERHEAD = 8, 12, 20, 28, 36, 44, 56, 64
GRAIN_DIRECTORY, GRAIN_TABLE = 26 * SECTOR, 27 * SECTOR  # as qemu-img lays them out
AT_END = 2**64 - 1
LEAK = "Whoever opens it reads this file of the host as a part of the disk."


def sound() -> bytes:
    return by_qemu("vmdk")


def changed(*changes: tuple[int, bytes]) -> partial[bytes]:
    """The sound file with other bytes."""
    return partial(lambda: put(sound(), *changes))


def described(old: bytes, new: bytes) -> partial[bytes]:
    """The sound file with another descriptor."""

    def make() -> bytes:
        text = sound()[SECTOR : 21 * SECTOR].rstrip(b"\0")
        assert old in text
        return put(sound(), (SECTOR, text.replace(old, new).ljust(20 * SECTOR, b"\0")))

    return partial(make)


def sized(sectors: int) -> partial[bytes]:
    """The sound file with another size in header and descriptor, and an empty grain directory of 4 MiB at its end."""

    def make() -> bytes:
        described_so = described(b"RW 4096 ", b"RW %d " % sectors)()
        return put(described_so, (CAPACITY, le64(sectors)), (DIRECTORY, le64(2**14)), (2**23, bytes(2**22)))

    return partial(make)


@cache
def stream() -> bytes:
    """A stream-optimised file that ends with a footer, as VMware writes it and QEMU does not."""
    data = by_qemu("vmdk", "subformat=streamOptimized")
    header = data[:SECTOR]
    footer_marker = le64(1) + le32(0) + le32(3) + bytes(496)
    return put(data, (DIRECTORY, le64(AT_END))) + footer_marker + header + bytes(SECTOR)


def with_footer(*changes: tuple[int, bytes]) -> partial[bytes]:
    """A stream-optimised file with other bytes in its footer."""
    return partial(lambda: put(stream(), *((len(stream()) - 2 * SECTOR + place, new) for place, new in changes)))


def text(kind: str, *extents: str, head: str = "# Disk DescriptorFile\nversion=1\n") -> bytes:
    """A descriptor alone."""
    return "\n".join([f'{head}CID=fffffffe\nparentCID=ffffffff\ncreateType="{kind}"', *extents, ""]).encode()


def descriptors() -> Iterable[Hostile]:
    for name, kind, extent in (
        ("flat, an absolute path", "monolithicFlat", 'RW 2048 FLAT "/etc/shadow" 0'),
        ("flat, a relative path", "monolithicFlat", 'RW 2048 FLAT "../../../etc/shadow" 0'),
        ("flat, a path in /proc", "monolithicFlat", 'RW 2048 FLAT "/proc/self/environ" 0'),
        ("flat, a pipe", "monolithicFlat", 'RW 2048 FLAT "/dev/stdin" 0'),
        ("flat, an address", "monolithicFlat", 'RW 2048 FLAT "http://169.254.169.254/" 0'),
        ("twoGbMaxExtentFlat", "twoGbMaxExtentFlat", 'RW 2048 FLAT "/etc/shadow" 0\nRW 2048 FLAT "/etc/passwd" 0'),
        ("twoGbMaxExtentSparse", "twoGbMaxExtentSparse", 'RW 2048 SPARSE "/srv/images/other.vmdk"'),
        ("vmfs", "vmfs", 'RW 2048 VMFS "/etc/shadow"'),
        ("vmfsSparse", "vmfsSparse", 'RW 2048 VMFSSPARSE "/etc/shadow"'),
        ("vmfsRaw", "vmfsRaw", 'RW 2048 VMFSRAW "/dev/sda"'),
        ("vmfsRawDeviceMap", "vmfsRawDeviceMap", 'RW 2048 VMFSRDM "/dev/sda"'),
        ("fullDevice", "fullDevice", 'RW 2048 FLAT "/dev/sda" 0'),
        ("partitionedDevice", "partitionedDevice", 'RW 2048 FLAT "/dev/sda1" 0'),
        ("custom", "custom", 'RW 2048 ZERO\nRW 2048 FLAT "/etc/shadow" 0'),
        ("monolithicSparse, elsewhere", "monolithicSparse", 'RW 2048 SPARSE "/srv/images/other.vmdk"'),
        ("streamOptimized, elsewhere", "streamOptimized", 'RDONLY 2048 SPARSE "/srv/images/other.vmdk"'),
        ("a type that nobody knows", "anything", 'RW 2048 FLAT "/etc/shadow" 0'),
    ):
        data = partial(text, kind, extent)
        yield Hostile(f"VMDK descriptor alone: {name}", LEAK, data, Reason.OTHER_FILE, "CVE-2022-47951")
    flat = 'RW 2048 FLAT "/etc/shadow" 0'
    for name, head in (
        ("comments first", "# nothing\n# to see\n\nversion=1\n"),
        ("no comment at all", "version=1\n"),
        ("lines of Windows", "# Disk DescriptorFile\r\nversion=1\r\n"),
        ("a byte order mark", "\ufeff# Disk DescriptorFile\nversion=1\n"),
    ):
        data = partial(text, "monolithicFlat", flat, head=head)
        yield Hostile(f"VMDK descriptor with {name}", LEAK, data, Reason.OTHER_FILE, "CVE-2022-47951")
    yield Hostile(
        "VMDK descriptor, binary behind it",
        "A program that asks whether all of it is text would call it raw.",
        lambda: text("monolithicFlat", flat).ljust(600) + b"\xff\0" * 4096,
        Reason.OTHER_FILE,
        "CVE-2022-47951",
    )


def embedded() -> Iterable[Hostile]:
    kind = b'createType="monolithicSparse"'
    extent = b'RW 4096 SPARSE "target"'
    for name, old, new, reason in (
        ("another type inside: monolithicFlat", kind, b'createType="monolithicFlat"', Reason.OTHER_FILE),
        ("another type inside: vmfs", kind, b'createType="vmfs"', Reason.OTHER_FILE),
        ("no type inside", kind, b"", Reason.OTHER_FILE),
        ("two types", kind, kind + b'\ncreateType="monolithicFlat"', Reason.DAMAGED),
        ("one more type in a comment", kind, b'# createType="monolithicFlat"\n' + kind, Reason.DAMAGED),
        ("no extent", extent, b"", Reason.OTHER_FILE),
        ("a flat extent", extent, b'RW 4096 FLAT "target" 0', Reason.OTHER_FILE),
        ("one more extent", extent, extent + b'\nRW 4096 FLAT "/etc/shadow" 0', Reason.OTHER_FILE),
        ("an extent elsewhere", extent, b'RW 4096 SPARSE "/srv/images/other.vmdk"', Reason.OTHER_FILE),
        ("an extent elsewhere on Windows", extent, b'RW 4096 SPARSE "..\\other.vmdk"', Reason.OTHER_FILE),
        ("an extent of another size", extent, b'RW 8192 SPARSE "target"', Reason.DAMAGED),
        ("a line that nobody knows", extent, extent + b"\nchangeTrackPath /etc/shadow", Reason.DAMAGED),
        ("a parent", b"parentCID=ffffffff", b"parentCID=12345678", Reason.OTHER_FILE),
        (
            "the name of a parent and no parent",
            extent,
            b'parentFileNameHint="/etc/shadow"\n' + extent,
            Reason.OTHER_FILE,
        ),
        (
            "the name of a parent in a comment",
            extent,
            b'# parentFileNameHint="/etc/shadow"\n' + extent,
            Reason.OTHER_FILE,
        ),
        ("json: as its parent", extent, b'parentFileNameHint="json:{}"\n' + extent, Reason.OTHER_FILE),
    ):
        yield Hostile(f"VMDK with {name}", LEAK, described(old, new), reason, "CVE-2022-47951")
    yield Hostile(
        "VMDK with the name of a parent behind its descriptor",
        "QEMU reads 20 sectors, however long the descriptor says it is.",
        lambda: put(
            sound(),
            (DESCRIPTOR_LENGTH, le64(1)),
            (SECTOR, sound()[SECTOR:].partition(b"\0")[0].ljust(SECTOR) + b'parentFileNameHint="/etc/shadow"\n\0'),
        ),
        Reason.OTHER_FILE,
        "CVE-2022-47951",
    )
    yield Hostile(
        "VMDK with a capacity of 0",
        "QEMU then follows the descriptor inside, with all files that it names.",
        changed((CAPACITY, le64(0))),
        Reason.DAMAGED,
        "CVE-2022-47951",
    )
    for name, sectors, reason in (("8 EiB", 2**54, Reason.DAMAGED), ("32 TiB", 2**36, Reason.VIRTUAL_SIZE)):
        yield Hostile(
            f"VMDK of {name}", "Whoever makes room for the disk has none left.", sized(sectors), reason, "CVE-2015-5162"
        )
    yield Hostile(
        "VMDK whose header and descriptor have different sizes",
        "Two programs would see two disks.",
        changed((CAPACITY, le64(8192))),
        Reason.DAMAGED,
    )


def tables() -> Iterable[Hostile]:
    what = "Its parts cannot be where it says."
    for name, change, reason in (
        ("grains of nothing", (GRAIN, le64(0)), Reason.DAMAGED),
        ("grains of three sectors", (GRAIN, le64(3)), Reason.DAMAGED),
        ("grains of 2^40 sectors", (GRAIN, le64(2**40)), Reason.DAMAGED),
        ("grain tables without entries", (ENTRIES, le32(0)), Reason.DAMAGED),
        ("grain tables of 2^32 entries", (ENTRIES, le32(2**32 - 1)), Reason.DAMAGED),
        ("its grain directory over its header", (DIRECTORY, le64(0)), Reason.DAMAGED),
        ("its grain directory over its descriptor", (DIRECTORY, le64(2)), Reason.DAMAGED),
        ("its grain directory behind its end", (DIRECTORY, le64(2**40)), Reason.TRUNCATED),
        ("its descriptor over its header", (DESCRIPTOR, le64(0)), Reason.OTHER_FILE),
        ("its descriptor behind its end", (DESCRIPTOR, le64(2**60)), Reason.DAMAGED),
        ("a descriptor of nothing", (DESCRIPTOR_LENGTH, le64(0)), Reason.DAMAGED),
        ("a descriptor of 2^60 sectors", (DESCRIPTOR_LENGTH, le64(2**60)), Reason.DAMAGED),
        ("metadata behind its end", (OVERHEAD, le64(2**40)), Reason.TRUNCATED),
        ("a version of the future", (4, le32(9)), Reason.DAMAGED),
        ("a grain table over its descriptor", (GRAIN_DIRECTORY, le32(1)), Reason.DAMAGED),
        ("a grain table over its directory", (GRAIN_DIRECTORY, le32(26)), Reason.DAMAGED),
        ("a grain table behind its end", (GRAIN_DIRECTORY, le32(2**31)), Reason.TRUNCATED),
        ("a grain over its descriptor", (GRAIN_TABLE, le32(2)), Reason.DAMAGED),
        ("a grain over its grain table", (GRAIN_TABLE, le32(27)), Reason.DAMAGED),
        ("a grain behind its end", (GRAIN_TABLE, le32(2**31)), Reason.TRUNCATED),
        ("a footer that never came", (DIRECTORY, le64(AT_END)), Reason.TRUNCATED),
    ):
        yield Hostile(f"VMDK with {name}", what, changed(change), reason)
    for name, data in (
        ("all but its header", lambda: sound()[:SECTOR]),
        ("all but half of its header", lambda: sound()[:64]),
        ("its grain directory", lambda: sound()[:GRAIN_DIRECTORY]),
        ("its grain tables", lambda: sound()[:GRAIN_TABLE]),
        ("half of its grains", lambda: sound()[: len(sound()) // 2]),
        ("its last byte", lambda: sound()[:-1]),
    ):
        reason = Reason.DAMAGED if name == "all but its header" else Reason.TRUNCATED
        yield Hostile(f"VMDK that lacks {name}", "The line broke.", data, reason)


def streams() -> Iterable[Hostile]:
    yield Hostile(
        "VMDK, stream-optimised, with a footer",
        "The footer says where the tables are; everything that it names has passed.",
        stream,
        Taken("vmdk", "VMware writes it so, and the tables are read again in the end"),
    )
    differ = "QEMU believes the footer: the disk is another one than the header says."
    for name, change, reason in (
        ("another size", (CAPACITY, le64(2**40)), Reason.DAMAGED),
        ("another grain size", (GRAIN, le64(256)), Reason.DAMAGED),
        ("another descriptor", (DESCRIPTOR, le64(40)), Reason.DAMAGED),
        ("another version", (4, le32(1)), Reason.DAMAGED),
        ("one more footer to follow", (DIRECTORY, le64(AT_END)), Reason.DAMAGED),
        ("its directory behind its end", (DIRECTORY, le64(2**40)), Reason.TRUNCATED),
        ("its directory in a circle of markers", (DIRECTORY, le64(1)), Reason.DAMAGED),
    ):
        yield Hostile(f"VMDK whose footer has {name}", differ, with_footer(change), reason)
    yield Hostile(
        "VMDK, stream-optimised, with a marker that is no footer",
        "The marker before the footer says that it is a grain of 2 GiB.",
        lambda: put(stream(), (len(stream()) - 3 * SECTOR, le64(0) + le32(2**31) + le32(0))),
        Reason.DAMAGED,
    )
    yield Hostile(
        "VMDK, stream-optimised, without its end marker",
        "The line broke.",
        lambda: stream()[:-SECTOR],
        Reason.TRUNCATED,
    )
    yield Hostile(
        "VMDK, stream-optimised, with a grain table that names itself",
        "A program that follows the tables runs in a circle.",
        lambda: put(stream(), (GRAIN_TABLE, le32(27) * 512)),
        Reason.DAMAGED,
    )
    yield Hostile(
        "VMDK, stream-optimised, with a last grain of 4 GiB",
        "A program that trusts the marker reads, or allocates, 4 GiB.",
        partial(with_grain, -1),
        Reason.TRUNCATED,
    )
    yield Hostile(
        "VMDK, stream-optimised, with a first grain of 4 GiB",
        "A program that trusts the marker reads, or allocates, 4 GiB.",
        partial(with_grain, 0),
        Taken("vmdk", "only the last grain shows a cut, and reading this one gives an error and nothing else"),
    )


def with_grain(number: int) -> bytes:
    """A stream-optimised file in which the marker before a grain says that it is 4 GiB long."""
    sectors = struct.unpack_from("<32I", stream(), GRAIN_TABLE)
    return put(stream(), (sectors[number] * SECTOR + 8, le32(2**32 - 1)))


def rows() -> tuple[Hostile, ...]:
    """All of them."""
    return (*descriptors(), *embedded(), *tables(), *streams())
