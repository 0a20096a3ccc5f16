"""Hostile VHD and VHDX files, and VDI files, which are built alike."""

from collections.abc import Iterable
from functools import cache, partial

from images.demo_disks import MIB, SECTOR
from images.formats import Reason
from images.formats.vhd import checksum_of
from images.formats.vhdx import HEADER, HEADERS, REGIONS, TABLE, crc32c
from tests.images import files
from tests.images.hostile.rows import Hostile, Taken, by_qemu, le32, le64, put, u16, u32, u64

HEADER_OF_VHD = SECTOR  # the header behind the copy of the footer
BLOCKS_OF_VHD = 1536  # where qemu-img puts the table of blocks
DIRTY = bytes(range(16))


def vhd() -> bytes:
    return by_qemu("vpc", "force_size=on")


def fixed() -> bytes:
    return by_qemu("vpc", "subformat=fixed", "force_size=on")


def summed(data: bytes) -> bytes:
    """A VHD with right checksums in footer, copy and header."""
    for start in (0, len(data) - SECTOR):
        footer = data[start : start + SECTOR]
        if footer.startswith(b"conectix"):
            data = put(data, (start + 64, u32(checksum_of(footer, 64))))
    header = data[HEADER_OF_VHD : HEADER_OF_VHD + 1024]
    return put(data, (HEADER_OF_VHD + 36, u32(checksum_of(header, 36)))) if header.startswith(b"cxsparse") else data


def in_footers(place: int, new: bytes) -> partial[bytes]:
    """A dynamic VHD with other bytes in both footers."""
    return partial(lambda: summed(put(vhd(), (place, new), (len(vhd()) - SECTOR + place, new))))


def in_footer(place: int, new: bytes) -> partial[bytes]:
    """A fixed VHD with other bytes in its footer."""
    return partial(lambda: summed(put(fixed(), (len(fixed()) - SECTOR + place, new))))


def in_header(place: int, new: bytes) -> partial[bytes]:
    """A dynamic VHD with other bytes in its header."""
    return partial(lambda: summed(put(vhd(), (HEADER_OF_VHD + place, new))))


def in_blocks(number: int, new: bytes) -> partial[bytes]:
    """A dynamic VHD with another table of blocks, of a disk with eight blocks."""

    def make() -> bytes:
        data = summed(put(vhd(), (HEADER_OF_VHD + 28, u32(8))))
        return put(data, (BLOCKS_OF_VHD + 4 * number, new))

    return partial(make)


def dynamic_vhds() -> Iterable[Hostile]:
    what = "Its parts cannot be where it says."
    difference = "Most of the disk would be read from another file."
    yield Hostile("VHD, differencing", difference, in_footers(60, u32(4)), Reason.OTHER_FILE)
    for name, data, reason in (
        ("a wrong checksum", lambda: put(vhd(), (64, u32(1))), Reason.DAMAGED),
        ("a wrong checksum in its header", lambda: put(vhd(), (HEADER_OF_VHD + 36, u32(1))), Reason.DAMAGED),
        ("a kind that nobody knows", in_footers(60, u32(99)), Reason.DAMAGED),
        ("the kind of a fixed disk", in_footers(60, u32(2)), Reason.DAMAGED),
        ("a header behind its end", in_footers(16, u64(2**60)), Reason.TRUNCATED),
        ("a header over its footer", in_footers(16, u64(0)), Reason.DAMAGED),
        ("a table of 2^32 blocks", in_header(28, u32(2**32 - 1)), Reason.DAMAGED),
        ("a table too small for its disk", in_header(28, u32(0)), Reason.DAMAGED),
        ("a table over its header", in_header(16, u64(SECTOR)), Reason.DAMAGED),
        ("a table at an odd place", in_header(16, u64(1537)), Reason.DAMAGED),
        ("a table behind its end", in_header(16, u64(2**50)), Reason.TRUNCATED),
        ("blocks of nothing", in_header(32, u32(0)), Reason.DAMAGED),
        ("blocks of three bytes", in_header(32, u32(3)), Reason.DAMAGED),
        ("blocks of 2 GiB", in_header(32, u32(2**31)), Reason.TRUNCATED),
        ("a block over its table", in_blocks(0, u32(3)), Reason.DAMAGED),
        ("a block over its header", in_blocks(0, u32(0)), Reason.DAMAGED),
        ("a block behind its end", in_blocks(1, u32(2**31)), Reason.TRUNCATED),
        ("two blocks in one place", in_blocks(1, u32(4)), Reason.DAMAGED),
        ("two blocks that overlap", in_blocks(1, u32(5)), Reason.DAMAGED),
        (
            "another footer at its end",
            lambda: summed(put(vhd(), (len(vhd()) - SECTOR + 48, u64(4 * MIB)))),
            Reason.DAMAGED,
        ),
        ("no footer at its end", lambda: vhd()[:-SECTOR], Reason.TRUNCATED),
        ("half a footer", lambda: vhd()[:-1], Reason.TRUNCATED),
        ("nothing but its footer", lambda: vhd()[:SECTOR], Reason.TRUNCATED),
        ("nothing but its headers", lambda: vhd()[:1536], Reason.TRUNCATED),
        ("8 EiB", in_footers(48, u64(2**63)), Reason.DAMAGED),
        ("no size", in_footers(48, u64(0)), Reason.DAMAGED),
    ):
        yield Hostile(f"VHD with {name}", what, data, reason)


def fixed_vhds() -> Iterable[Hostile]:
    what = "The footer and the disk before it do not belong together."
    for name, data, reason in (
        ("a wrong checksum", lambda: put(fixed(), (len(fixed()) - SECTOR + 64, u32(1))), Reason.DAMAGED),
        ("more than its disk", in_footer(48, u64(MIB)), Reason.DAMAGED),
        ("less than its disk", in_footer(48, u64(64 * MIB)), Reason.TRUNCATED),
        ("the footer of a dynamic disk", in_footer(60, u32(3)), Reason.DAMAGED),
        ("the footer of a difference", in_footer(60, u32(4)), Reason.DAMAGED),
        ("a hole before its footer", lambda: fixed()[:MIB] + fixed()[-SECTOR:], Reason.TRUNCATED),
    ):
        yield Hostile(f"VHD of fixed size with {name}", what, data, reason)
    yield Hostile(
        "VHD of fixed size whose geometry is another size",
        "QEMU believes the geometry of a file that Virtual PC made, so that its disk is larger.",
        in_footer(28, b"vpc \0\5\0\3Wi2k" + u64(2 * MIB) * 2 + u16(4000) + b"\x10\x3f"),
        Reason.DAMAGED,
    )


@cache
def vhdx() -> bytes:
    return by_qemu("vhdx")


def region(name: bytes) -> int:
    """Where a region begins, of which the number begins with these bytes."""
    place = vhdx().index(name, REGIONS, REGIONS + TABLE)
    return int.from_bytes(vhdx()[place + 16 : place + 24], "little")


def entry(name: bytes, *, start: int) -> int:
    """Where an entry of a table stands, of which the number begins with these bytes."""
    return vhdx().index(name, start, start + TABLE)


METADATA, BLOCKS = bytes.fromhex("06a27c8b9047"), bytes.fromhex("6677c22d23f6")
SIZE, PARAMETERS = bytes.fromhex("2442a52f1bcd"), bytes.fromhex("3767a1ca36fa")


def with_crc(data: bytes, place: int, length: int) -> bytes:
    """With the right checksum behind the signature."""
    part = data[place : place + length]
    return put(data, (place + 4, le32(crc32c(part[:4] + bytes(4) + part[8:]))))


def in_regions(place: int, new: bytes) -> bytes:
    """A VHDX with other bytes in both copies of the table of regions."""
    data = with_crc(put(vhdx(), (REGIONS + place, new)), REGIONS, TABLE)
    return put(data, (REGIONS + TABLE, data[REGIONS : REGIONS + TABLE]))


def region_entry(name: bytes) -> int:
    return entry(name, start=REGIONS) - REGIONS


def in_metadata(place: int, new: bytes) -> bytes:
    return put(vhdx(), (region(METADATA) + place, new))


def metadata_entry(name: bytes) -> int:
    return entry(name, start=region(METADATA)) - region(METADATA)


def item(name: bytes) -> int:
    """Where the value of an item of metadata stands, from the start of the region."""
    place = region(METADATA) + metadata_entry(name)
    return int.from_bytes(vhdx()[place + 16 : place + 20], "little")


def in_log(*places: int) -> bytes:
    """A VHDX that was in use when it was copied."""
    data = vhdx()
    for place in places:
        data = with_crc(put(data, (place + 48, DIRTY)), place, HEADER)
    return data


def vhdxs() -> Iterable[Hostile]:
    what = "Its parts cannot be where it says."
    yield Hostile(
        "VHDX with a log that waits",
        "Opening it writes to it: what was checked is not what a server would start.",
        partial(in_log, *HEADERS),
        Reason.DAMAGED,
    )
    yield Hostile(
        "VHDX with a log that waits, in a header whose checksum is wrong",
        "Nobody believes that header; the other one counts.",
        lambda: put(vhdx(), (min(HEADERS, key=sequence) + 48, DIRTY)),
        Taken("vhdx", "a header with a wrong checksum was not written to its end, and the other one is sound"),
    )
    for name, data, reason in (
        ("a parent", lambda: files.vhdx_with_parent_of(vhdx()), Reason.OTHER_FILE),
        ("the mark of a parent", lambda: in_metadata(item(PARAMETERS) + 4, le32(2)), Reason.OTHER_FILE),
        ("no header", lambda: put(vhdx(), *((place, bytes(4)) for place in HEADERS)), Reason.DAMAGED),
        ("no table of regions", lambda: put(vhdx(), (REGIONS, bytes(4))), Reason.DAMAGED),
        ("two tables of regions that differ", lambda: put(vhdx(), (REGIONS + TABLE + 40, b"\1")), Reason.DAMAGED),
        (
            "a table of regions with a wrong checksum",
            lambda: put(vhdx(), (REGIONS + 4, bytes(4)), (REGIONS + TABLE + 4, bytes(4))),
            Reason.DAMAGED,
        ),
        ("a table of 2^32 regions", lambda: in_regions(8, le32(2**32 - 1)), Reason.DAMAGED),
        ("no regions", lambda: in_regions(8, le32(0)), Reason.DAMAGED),
        ("one region twice", lambda: in_regions(region_entry(METADATA), BLOCKS), Reason.DAMAGED),
        (
            "regions that overlap",
            lambda: in_regions(region_entry(METADATA) + 16, le64(region(BLOCKS))),
            Reason.DAMAGED,
        ),
        ("a region over its headers", lambda: in_regions(region_entry(METADATA) + 16, le64(0)), Reason.DAMAGED),
        (
            "a region at an odd place",
            lambda: in_regions(region_entry(METADATA) + 16, le64(MIB + 512)),
            Reason.DAMAGED,
        ),
        ("a region behind its end", lambda: in_regions(region_entry(METADATA) + 16, le64(2**40)), Reason.TRUNCATED),
        ("no metadata", lambda: in_metadata(0, bytes(8)), Reason.DAMAGED),
        ("metadata of 65,535 items", lambda: in_metadata(10, b"\xff\xff"), Reason.DAMAGED),
        ("metadata behind its region", lambda: in_metadata(metadata_entry(SIZE) + 16, le32(2**31)), Reason.DAMAGED),
        ("metadata over its own table", lambda: in_metadata(metadata_entry(SIZE) + 16, le32(0)), Reason.DAMAGED),
        (
            "two sizes",
            lambda: in_metadata(metadata_entry(PARAMETERS), vhdx()[entry(SIZE, start=region(METADATA)) :][:16]),
            Reason.DAMAGED,
        ),
        (
            "metadata that nobody knows and everybody needs",
            lambda: in_metadata(metadata_entry(SIZE), DIRTY),
            Reason.DAMAGED,
        ),
        ("a size of nothing", lambda: in_metadata(item(SIZE), le64(0)), Reason.TRUNCATED),
        ("a size of a sector and a byte", lambda: in_metadata(item(SIZE), le64(513)), Reason.DAMAGED),
        ("a size of 8 EiB", lambda: in_metadata(item(SIZE), le64(2**63)), Reason.DAMAGED),
        ("a size of 32 TiB", lambda: in_metadata(item(SIZE), le64(2**45)), Reason.VIRTUAL_SIZE),
        ("blocks of nothing", lambda: in_metadata(item(PARAMETERS), le32(0)), Reason.DAMAGED),
        ("blocks of 3 GiB", lambda: in_metadata(item(PARAMETERS), le32(3 * 2**30)), Reason.DAMAGED),
        ("a block over its headers", lambda: put(vhdx(), (region(BLOCKS), le64(6))), Reason.DAMAGED),
        (
            "a block over its metadata",
            lambda: put(vhdx(), (region(BLOCKS), le64(region(METADATA) | 6))),
            Reason.DAMAGED,
        ),
        ("a block behind its end", lambda: put(vhdx(), (region(BLOCKS), le64(2**40 | 6))), Reason.TRUNCATED),
        (
            "two blocks in one place",
            lambda: put(vhdx(), (region(BLOCKS) + 8, vhdx()[region(BLOCKS) :][:8])),
            Reason.DAMAGED,
        ),
        ("nothing but its magic number", lambda: vhdx()[:512], Reason.TRUNCATED),
        ("nothing but its headers", lambda: vhdx()[:REGIONS], Reason.TRUNCATED),
        ("nothing but its first MiB", lambda: vhdx()[:MIB], Reason.TRUNCATED),
        ("its last byte missing", lambda: vhdx()[:-1], Reason.TRUNCATED),
    ):
        yield Hostile(f"VHDX with {name}", what, data, reason)


def sequence(place: int) -> int:
    return int.from_bytes(vhdx()[place + 8 : place + 16], "little")


def vdi() -> bytes:
    return by_qemu("vdi")


def in_vdi(*changes: tuple[int, bytes]) -> partial[bytes]:
    """A VDI with other bytes."""
    return partial(lambda: put(vdi(), *changes))


def vdis() -> Iterable[Hostile]:
    what = "Its parts cannot be where it says."
    difference = "Most of the disk would be read from another file."
    for name, change in (
        ("of the differencing type", (0x4C, le32(4))),
        ("of the type for undoing", (0x4C, le32(3))),
        ("of a type that nobody knows", (0x4C, le32(99))),
        ("with a link", (0x1A8, DIRTY)),
        ("with a parent", (0x1B8, DIRTY)),
    ):
        yield Hostile(f"VDI {name}", difference, in_vdi(change), Reason.OTHER_FILE)
    for name, change, reason in (
        ("another version", (0x44, le32(0x00020001)), Reason.DAMAGED),
        ("blocks of nothing", (0x178, le32(0)), Reason.DAMAGED),
        ("blocks of a sector", (0x178, le32(512)), Reason.DAMAGED),
        ("something between its blocks", (0x17C, le32(512)), Reason.DAMAGED),
        ("2^32 blocks", (0x180, le32(2**32 - 1)), Reason.DAMAGED),
        ("a map of 4 GiB", (0x180, le32(0x3FFFFFFF)), Reason.DAMAGED),
        ("more blocks in use than it has", (0x184, le32(2**31)), Reason.DAMAGED),
        ("its map over its header", (0x154, le32(0)), Reason.DAMAGED),
        ("its map at an odd place", (0x154, le32(513)), Reason.DAMAGED),
        ("its map behind its end", (0x154, le32(2**32 - 512)), Reason.DAMAGED),
        ("its data over its map", (0x158, le32(512)), Reason.DAMAGED),
        ("its data behind its end", (0x158, le32(2**32 - 512)), Reason.TRUNCATED),
        ("two blocks in one place", (512, bytes(8)), Reason.DAMAGED),
        ("a block behind its end", (512, le32(2**31)), Reason.DAMAGED),
        ("8 EiB", (0x170, le64(2**63)), Reason.DAMAGED),
        ("a size larger than its blocks", (0x170, le64(64 * MIB)), Reason.DAMAGED),
        ("no size", (0x170, le64(0)), Reason.DAMAGED),
    ):
        yield Hostile(f"VDI with {name}", what, in_vdi(change), reason)
    yield Hostile(
        "VDI of a sector and a byte less than 2 MiB",
        "Programs may disagree on how large the disk is.",
        in_vdi((0x170, le64(2 * MIB - 511))),
        Taken("vdi", "VirtualBox writes odd sizes, and everybody rounds them up to a sector"),
    )
    for name, length in (("its header", 256), ("its map", 512), ("its last block", -MIB), ("its last byte", -1)):
        data = partial(lambda length: vdi()[:length], length)
        yield Hostile(f"VDI that lacks {name}", "The line broke.", data, Reason.TRUNCATED)


def rows() -> tuple[Hostile, ...]:
    """All of them."""
    return (*dynamic_vhds(), *fixed_vhds(), *vhdxs(), *vdis())
