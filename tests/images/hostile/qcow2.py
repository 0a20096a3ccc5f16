"""Hostile qcow2 files. The sound one that they are made of has a cluster of 64 KiB for each of its parts."""

from collections.abc import Iterable
from functools import partial

from images.demo_disks import bootable_qcow2, bootable_raw, qcow2
from images.formats import Reason
from tests.images.hostile.rows import Hostile, Taken, put, u32, u64

CLUSTER = 64 * 1024
HEADER, REFCOUNT_TABLE, REFCOUNTS, L1, L2, DATA, END = (number * CLUSTER for number in range(7))
SOUND = bootable_qcow2("Hostile")
BACKING_NAME = 512  # where the name of a backing file is put
COPIED, COMPRESSED = 1 << 63, 1 << 62

VERSION, BACKING, CLUSTER_BITS, SIZE, ENCRYPTION, L1_ENTRIES, L1_PLACE = 4, 8, 20, 24, 32, 36, 40
REFCOUNT_PLACE, REFCOUNT_CLUSTERS, SNAPSHOTS, FEATURES, AUTOCLEAR, REFCOUNT_ORDER, LENGTH = 48, 56, 60, 72, 88, 96, 100
EXTENSIONS = 104
DATA_FILE, BACKING_FORMAT, LUKS, BITMAPS, NAMES = 0x44415441, 0xE2792ACA, 0x0537BE77, 0x23852875, 0x6803F857


def changed(*changes: tuple[int, bytes]) -> partial[bytes]:
    """The sound file with other bytes."""
    return partial(put, SOUND, *changes)


def backed(name: bytes, *, version: int = 3, place: int = BACKING_NAME) -> partial[bytes]:
    """The sound file with a backing file."""
    pointer = u64(place) + u32(len(name))
    return changed((VERSION, u32(version)), (BACKING, pointer), (BACKING_NAME, name))


def extension(kind: int, content: bytes) -> bytes:
    """A header extension and the end of all extensions."""
    return u32(kind) + u32(len(content)) + content.ljust(-(-len(content) // 8) * 8, b"\0") + bytes(8)


def extended(kind: int, content: bytes, *changes: tuple[int, bytes]) -> partial[bytes]:
    """The sound file with a header extension."""
    return changed((EXTENSIONS, extension(kind, content)), *changes)


def second_table(first: int, second: int) -> bytes:
    """A disk with two second-level tables."""
    disk = put(SOUND, (SIZE, u64(1024**3)), (L1_ENTRIES, u32(2)), (L1, u64(first | COPIED) + u64(second | COPIED)))
    return put(disk, (END, bytes(CLUSTER)))


def disk_that_is(inner: bytes) -> bytes:
    """A disk whose first bytes are another image file."""
    return qcow2(inner.ljust(1024 * 1024, b"\0"))


def table_behind() -> bytes:
    """The first-level table at the end, as QEMU leaves it when it has grown; what it names has passed by then."""
    return put(SOUND, (L1_PLACE, u64(END)), (END, u64(L2 | COPIED).ljust(CLUSTER, b"\0")))


def other_files() -> Iterable[Hostile]:
    leak = "A server that starts it would read this file of the host into the disk."
    names = {
        "an absolute path": (b"/etc/shadow", "CVE-2015-1851, CVE-2022-47951"),
        "a relative path": (b"../../var/lib/nova/instances/disk", "CVE-2015-1850"),
        "a path in /proc": (b"/proc/self/environ", "CVE-2024-32498"),
        "a device": (b"/dev/sda", "CVE-2015-1851"),
        "json:": (b'json:{"driver":"qcow2","file":{"driver":"file","filename":"/etc/shadow"}}', "CVE-2024-4467"),
        "json: and NBD": (
            b'json:{"driver":"nbd","server":{"type":"inet","host":"10.0.0.1","port":"1"}}',
            "CVE-2024-4467",
        ),
        "nbd:": (b"nbd://169.254.169.254:80/", "CVE-2024-4467"),
        "http:": (b"http://169.254.169.254/latest/meta-data/", "CVE-2024-32498"),
        "file:": (b"file:/etc/shadow", "CVE-2024-4467"),
        "no name at all": (b"", "CVE-2024-32498"),
    }
    for name, (path, advisory) in names.items():
        yield Hostile(f"qcow2 backed by {name}", leak, backed(path), Reason.OTHER_FILE, advisory)
    yield Hostile(
        "qcow2 version 2, backed", leak, backed(b"/etc/shadow", version=2), Reason.OTHER_FILE, "CVE-2015-1851"
    )
    yield Hostile(
        "QCOW version 1, backed", leak, backed(b"/etc/shadow", version=1), Reason.UNSUPPORTED_FORMAT, "CVE-2015-1851"
    )
    yield Hostile(
        "qcow2 with the name of its backing file behind its end",
        "A check that reads the name first would fail, and might pass over it.",
        backed(b"", place=2**40),
        Reason.OTHER_FILE,
        "CVE-2024-32498",
    )
    yield Hostile(
        "qcow2 with the feature bit of a data file",
        "All data would be read from, and written to, a file of the host.",
        extended(DATA_FILE, b"/etc/shadow", (FEATURES, u64(4))),
        Reason.OTHER_FILE,
        "CVE-2024-32498",
    )
    yield Hostile(
        "qcow2 with the feature bit alone",
        "The name of the data file is left to whoever opens it.",
        changed((FEATURES, u64(4))),
        Reason.OTHER_FILE,
        "CVE-2024-32498",
    )
    yield Hostile(
        "qcow2 with the name of a data file and no feature bit",
        "Harmless today, and one bit away from reading a file of the host.",
        extended(DATA_FILE, b"/etc/shadow"),
        Reason.OTHER_FILE,
        "CVE-2024-32498",
    )
    yield Hostile(
        "qcow2 with json: as its data file",
        "The name of the data file is a description of any device at all.",
        extended(
            DATA_FILE, b'json:{"driver":"host_device","filename":"/dev/sda"}', (FEATURES, u64(4)), (AUTOCLEAR, u64(2))
        ),
        Reason.OTHER_FILE,
        "CVE-2024-4467",
    )
    yield Hostile(
        "qcow2 with the format of a backing file that it does not have",
        "The extension alone names no file.",
        extended(BACKING_FORMAT, b"raw"),
        Taken("qcow2", "QEMU reads no file without a name"),
    )


def headers() -> Iterable[Hostile]:
    yield Hostile(
        "qcow2 version 2 with feature bits",
        "Version 2 has no such field; what stands there are header extensions.",
        changed((VERSION, u32(2)), (FEATURES, u64(0)), (FEATURES + 12, u32(4))),
        Taken("qcow2", "a version 2 file has no features, and QEMU reads none"),
    )
    for name, bits, reason in (
        ("an unknown feature", 1 << 63, Reason.UNSUPPORTED_FEATURES),
        ("extended L2 entries", 1 << 4, Reason.UNSUPPORTED_FEATURES),
        ("the mark of corruption", 1 << 1, Reason.DAMAGED),
        ("a compression without a name", 1 << 3, Reason.DAMAGED),
    ):
        yield Hostile(f"qcow2 with {name}", "Not every QEMU can read it.", changed((FEATURES, u64(bits))), reason)
    yield Hostile(
        "qcow2 that was not closed",
        "Its reference counts may be wrong.",
        changed((FEATURES, u64(1))),
        Taken("qcow2", "QEMU mends reference counts by itself, and no data is lost"),
    )
    yield Hostile(
        "qcow2 with a compression that nobody has",
        "A compression type of 5.",
        changed((FEATURES, u64(8)), (LENGTH, u32(112)), (EXTENSIONS, b"\x05" + bytes(15))),
        Reason.UNSUPPORTED_FEATURES,
    )
    for order in (7, 255, 2**32 - 1):
        what = "A program that shifts by it overflows."
        yield Hostile(
            f"qcow2 with reference counts of 2^{order} bits",
            what,
            changed((REFCOUNT_ORDER, u32(order))),
            Reason.DAMAGED,
        )
    for length in (0, 72, 107, CLUSTER + 8, 2**32 - 8):
        what = "Extensions would begin inside of the header, or behind its cluster."
        yield Hostile(f"qcow2 with a header of {length} bytes", what, changed((LENGTH, u32(length))), Reason.DAMAGED)
    yield Hostile(
        "qcow2 with a header extension of 4 GiB",
        "A program that trusts the length reads, or allocates, 4 GiB.",
        changed((EXTENSIONS, u32(NAMES) + u32(2**32 - 1))),
        Reason.DAMAGED,
        "CVE-2014-0144",
    )
    yield Hostile(
        "qcow2 with a table of feature names longer than its header",
        "A table of names has at most what is left of the first cluster.",
        changed((EXTENSIONS, u32(NAMES) + u32(CLUSTER))),
        Reason.DAMAGED,
    )
    yield Hostile(
        "qcow2 with 8,000 empty header extensions",
        "A program that follows them one by one takes its time.",
        changed((EXTENSIONS, (u32(NAMES) + u32(0)) * ((CLUSTER - EXTENSIONS) // 8))),
        Reason.DAMAGED,
    )
    yield Hostile(
        "qcow2 with a LUKS header",
        "The header extension of an encrypted disk, without the field that says so.",
        extended(LUKS, u64(END) + u64(CLUSTER)),
        Reason.ENCRYPTED,
    )
    for method in (1, 2, 99):
        what = "Nobody would ask for its passphrase."
        yield Hostile(
            f"qcow2 with encryption method {method}", what, changed((ENCRYPTION, u32(method))), Reason.ENCRYPTED
        )
    bitmaps = partial(extended, BITMAPS)
    yield Hostile(
        "qcow2 with bitmaps behind its end",
        "The directory of its bitmaps is not there.",
        bitmaps(u32(1) + u32(0) + u64(CLUSTER) + u64(2**40)),
        Reason.TRUNCATED,
    )
    yield Hostile(
        "qcow2 with bitmaps over its first-level table",
        "Writing a bitmap would rewrite where the data is.",
        bitmaps(u32(1) + u32(0) + u64(CLUSTER) + u64(L1)),
        Reason.DAMAGED,
    )
    for count in (1, 2**32 - 1):
        yield Hostile(
            f"qcow2 with {count:,} snapshots",
            "Deleted files of the past would go out with the disk, through tables that nobody has checked.",
            changed((SNAPSHOTS, u32(count) + u64(END))),
            Reason.UNSUPPORTED_FEATURES,
            "CVE-2015-5162",
        )


def sizes() -> Iterable[Hostile]:
    for name, size, reason in (
        ("of 8 EiB", 2**63, Reason.VIRTUAL_SIZE),
        ("of 16 EiB less a sector", 2**64 - 512, Reason.VIRTUAL_SIZE),
        ("of nothing", 0, Reason.DAMAGED),
        ("of a sector and a byte", 513, Reason.DAMAGED),
        ("larger than its tables", 1024**4, Reason.DAMAGED),
    ):
        what = "Whoever makes room for the disk has none left, or none at all."
        yield Hostile(f"qcow2 {name}", what, changed((SIZE, u64(size))), reason, "CVE-2015-5162")
    for bits in (0, 8, 22, 31, 63, 2**32 - 1):
        what = "A program that shifts by it overflows."
        yield Hostile(
            f"qcow2 with clusters of 2^{bits} bytes",
            what,
            changed((CLUSTER_BITS, u32(bits))),
            Reason.DAMAGED,
            "CVE-2014-0144",
        )
    yield Hostile(
        "qcow2 with a first-level table of 32 GiB",
        "Whoever reads it whole runs out of memory.",
        changed((L1_ENTRIES, u32(2**32 - 1))),
        Reason.DAMAGED,
        "CVE-2015-5162, CVE-2014-0144",
    )
    yield Hostile(
        "qcow2 without a first-level table",
        "The disk has a size and no place for its data.",
        changed((L1_ENTRIES, u32(0))),
        Reason.DAMAGED,
    )
    for clusters in (0, 2**32 - 1):
        what = "A program that multiplies it by the cluster size overflows, or has no reference counts at all."
        yield Hostile(
            f"qcow2 with {clusters:,} clusters of reference table",
            what,
            changed((REFCOUNT_CLUSTERS, u32(clusters))),
            Reason.DAMAGED,
            "CVE-2014-0144",
        )


def places() -> Iterable[Hostile]:
    guest = "A guest that writes to its disk would rewrite the file's own tables, and could name a file of the host."
    for name, changes, reason in (
        ("first-level table at an odd place", (L1_PLACE, u64(L1 + 7)), Reason.DAMAGED),
        ("first-level table over its header", (L1_PLACE, u64(HEADER)), Reason.DAMAGED),
        ("first-level table over its reference table", (L1_PLACE, u64(REFCOUNT_TABLE)), Reason.DAMAGED),
        ("first-level table behind its end", (L1_PLACE, u64(2**62)), Reason.TRUNCATED),
        ("first-level table at the end of numbers", (L1_PLACE, u64(2**64 - CLUSTER)), Reason.TRUNCATED),
        ("reference table over its header", (REFCOUNT_PLACE, u64(HEADER)), Reason.DAMAGED),
        ("reference table at an odd place", (REFCOUNT_PLACE, u64(12345)), Reason.DAMAGED),
        ("reference table behind its end", (REFCOUNT_PLACE, u64(2**40)), Reason.TRUNCATED),
        ("reference counts over its header", (REFCOUNT_TABLE, u64(HEADER + 512)), Reason.DAMAGED),
        ("reference counts over its first-level table", (REFCOUNT_TABLE, u64(L1)), Reason.DAMAGED),
        ("reference counts over its second-level table", (REFCOUNT_TABLE, u64(L2)), Reason.DAMAGED),
        ("reference counts over its data", (REFCOUNT_TABLE, u64(DATA)), Reason.DAMAGED),
        ("reference counts behind its end", (REFCOUNT_TABLE, u64(2**40)), Reason.TRUNCATED),
        ("second-level table at an odd place", (L1, u64(L2 + 512)), Reason.DAMAGED),
        ("second-level table over its header", (L1, u64(HEADER + 512 | COPIED)), Reason.DAMAGED),
        ("second-level table over its first-level table", (L1, u64(L1 | COPIED)), Reason.DAMAGED),
        ("second-level table over its reference counts", (L1, u64(REFCOUNTS | COPIED)), Reason.DAMAGED),
        ("second-level table behind its end", (L1, u64(2**50 | COPIED)), Reason.TRUNCATED),
        ("data over its reference table", (L2, u64(REFCOUNT_TABLE | COPIED)), Reason.DAMAGED),
        ("data over its reference counts", (L2, u64(REFCOUNTS | COPIED)), Reason.DAMAGED),
        ("data over its first-level table", (L2, u64(L1 | COPIED)), Reason.DAMAGED),
        ("data over its second-level table", (L2, u64(L2 | COPIED)), Reason.DAMAGED),
        ("data at an odd place", (L2, u64(DATA + 512 | COPIED)), Reason.DAMAGED),
        ("data behind its end", (L2, u64(2**50 | COPIED)), Reason.TRUNCATED),
        ("data in a cluster that is there in part", (L2 + 8, u64(END | COPIED)), Reason.TRUNCATED),
        ("compressed data behind its end", (L2, u64(2**50 | COMPRESSED)), Reason.TRUNCATED),
        ("compressed data over its header", (L2, u64(100 | COMPRESSED)), Reason.DAMAGED),
        ("compressed data that runs into a table", (L2, u64(L1 - 512 | 3 << 54 | COMPRESSED)), Reason.DAMAGED),
        ("compressed data that runs behind its end", (L2, u64(END - 512 | 9 << 54 | COMPRESSED)), Reason.TRUNCATED),
    ):
        data = changed(changes) if "in part" not in name else partial(put, SOUND, changes, (END, b"part"))
        yield Hostile(f"qcow2 with {name}", guest, data, reason)
    yield Hostile(
        "qcow2 with one second-level table for two parts of its disk",
        "What is written to one part shows up in the other.",
        partial(second_table, L2, L2),
        Reason.DAMAGED,
    )
    yield Hostile(
        "qcow2 with one cluster in two places of its disk",
        "Two entries of a second-level table name the same cluster.",
        changed((L2 + 8, u64(DATA))),
        Taken("qcow2", "that is how qcow2 shares data, and its size was checked"),
    )
    yield Hostile(
        "qcow2 with its first-level table last",
        "What a table names has passed before the table came.",
        table_behind,
        Taken("qcow2", "QEMU leaves it so when a table has grown, and it is read again in the end"),
    )
    yield Hostile(
        "qcow2 with its first-level table last, and data over its header",
        "What the table names is wrong, and has passed before the table came.",
        lambda: put(table_behind(), (L2, u64(REFCOUNTS | COPIED))),
        Reason.DAMAGED,
    )


def inner() -> Iterable[Hostile]:
    what = "Once converted to raw, the result would be opened as the image file that it looks like."
    yield Hostile(
        "qcow2 inside of a qcow2, with a backing file",
        what,
        lambda: disk_that_is(backed(b"/etc/shadow")()),
        Reason.TWO_FORMATS,
        "CVE-2024-32498, CVE-2026-24708",
    )
    descriptor = b'# Disk DescriptorFile\nversion=1\ncreateType="monolithicFlat"\nRW 1 FLAT "/etc/shadow" 0\n'
    yield Hostile(
        "VMDK descriptor inside of a qcow2",
        what,
        lambda: disk_that_is(descriptor),
        Reason.TWO_FORMATS,
        "CVE-2022-47951",
    )
    yield Hostile(
        "qcow2 header in the first sector of a raw disk",
        "A guest writes it to its own disk; whoever then guesses the format reads a file of the host.",
        lambda: put(bootable_raw("Guest"), (0, backed(b"/etc/shadow")()[:1024])),
        Reason.OTHER_FILE,
        "CVE-2026-24708",
    )
    yield Hostile(
        "qcow2 header without a backing file in the first sector of a raw disk",
        "The rest of the disk is no qcow2 at all.",
        lambda: put(bootable_raw("Guest"), (0, SOUND[:512])),
        Reason.DAMAGED,
        "CVE-2026-24708",
    )
    yield Hostile(
        "qcow2 header in the second sector of a raw disk",
        "Nobody looks for a header there.",
        lambda: put(bootable_raw("Guest"), (512, backed(b"/etc/shadow")()[:1024])),
        Taken("raw", "a format begins with the first byte, and servers are told that it is raw"),
        "CVE-2026-24708",
    )


def cut(length: int) -> bytes:
    return SOUND[:length]


def cuts() -> Iterable[Hostile]:
    for name, length in (
        ("its magic number", 4),
        ("half of its header", 60),
        ("its header without the fields of version 3", 72),
        ("its header", 104),
        ("its first cluster", REFCOUNT_TABLE),
        ("its reference table", REFCOUNTS),
        ("its reference counts", L1),
        ("its first-level table", L2),
        ("half of its second-level table", L2 + CLUSTER // 2),
        ("its tables", DATA),
        ("half of its last cluster", DATA + CLUSTER // 2),
        ("all but its last byte", END - 1),
    ):
        yield Hostile(f"qcow2, cut behind {name}", "The line broke.", partial(cut, length), Reason.TRUNCATED)


def rows() -> tuple[Hostile, ...]:
    """All of them."""
    return (*other_files(), *headers(), *sizes(), *places(), *inner(), *cuts())
