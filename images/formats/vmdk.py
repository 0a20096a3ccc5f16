"""VMware's format, of which two kinds are complete in one file and safe.

Source: VMware Virtual Disks, Virtual Disk Format 5.0, and block/vmdk.c of QEMU. A descriptor of any other kind
names files of the machine that opens it (CVE-2022-47951, CVE-2024-32498).
"""

import re
from functools import partial
from itertools import islice

from images.formats.refusals import Reason, RefusedImage, damaged, disk_in_disk, other_file, truncated
from images.formats.structure import MAX_PIECES, SECTOR, Ending, Structure, is_disk_format, whole_entries

MAGIC = b"KDMV"
AT_END = 0xFFFFFFFFFFFFFFFF  # the grain directory's place stands in a footer
COMPRESSED = 1 << 16  # among the flags: grains are compressed
KINDS = {"monolithicsparse", "streamoptimized"}
MAX_DESCRIPTOR = 1024 * 1024  # bytes
READ_BY_QEMU = 20 * SECTOR  # bytes in which QEMU looks for a parent, however long the descriptor says it is
MAX_GRAIN = 2**16  # sectors; 128 is usual
MAX_TABLE = 512  # entries; always 512
MAX_DIRECTORY = 4 * 1024 * 1024  # entries: 128 TiB of the usual grains
NO_PARENT = "ffffffff"
MARKER = 12  # bytes before a compressed grain: its first sector in the disk, its length in bytes


class Vmdk(Structure):
    """Reads the header, the descriptor, the grain tables, and the footer of a stream-optimised file."""

    disk_format = "vmdk"
    opinions = (frozenset({"vmdk"}),)

    @classmethod
    def matches(cls, head: bytes) -> bool:
        """A magic number at the start."""
        return head.startswith(MAGIC)

    def __init__(self, head: bytes) -> None:
        super().__init__(head)
        _, flags, sectors, grain, place, length, entries, _, directory, overhead = self.unpack("<IIQQQQIQQQ", head, 4)
        self.virtual_size = sectors * SECTOR
        if not (0 < grain <= MAX_GRAIN and grain & (grain - 1) == 0 and 0 < entries <= MAX_TABLE):
            raise damaged("vmdk", "its grain size makes no sense")
        self._grain, self._entries, self._overhead = grain, entries, overhead
        self._is_compressed = bool(flags & COMPRESSED)
        self._header = header_fields(head)
        self._at_end = directory == AT_END
        self._tables: set[int] = set()
        check_descriptor(head[place * SECTOR :][: min(max(length * SECTOR, READ_BY_QEMU), MAX_DESCRIPTOR)], sectors)
        self._first_free = place + length  # sector; before it lie header and descriptor
        if not self._at_end:
            self._follow_tables(directory)

    def finish(self, ending: Ending) -> None:
        """A stream-optimised file closes with a footer and an end marker; without them it was cut off."""
        if self._at_end:
            footer = ending.tail[-2 * SECTOR : -SECTOR]
            if len(ending.tail) < 3 * SECTOR or not footer.startswith(MAGIC):
                raise truncated("vmdk")
            # QEMU believes the footer, so that its disk could be another one than that of the header.
            if header_fields(footer) != self._header:
                raise damaged("vmdk", "its header and its footer differ")
        self.needs(self._overhead * SECTOR)
        super().finish(ending)

    def look_at_end(self, tail: bytes) -> None:
        """Follow the grain directory that the footer names."""
        if self._at_end and tail[-2 * SECTOR :].startswith(MAGIC):
            (directory,) = self.unpack("<Q", tail[-2 * SECTOR :], 56)
            self._follow_tables(directory)

    def _follow_tables(self, directory: int) -> None:
        tables = -(-self.virtual_size // (self._grain * SECTOR * self._entries))
        if not 0 < directory < AT_END or directory < self._first_free or tables > MAX_DIRECTORY:
            raise damaged("vmdk", "its tables are in impossible places")
        self.needs(directory * SECTOR + tables * 4)
        self.watch.want(directory * SECTOR, 4, self._see_first_table)
        self.watch.want(directory * SECTOR, tables * 4, self._see_directory)

    def _see_first_table(self, entry: bytes) -> None:
        for sector in whole_entries(entry, "<I"):
            if sector:
                self.watch.want(sector * SECTOR, 4, self._see_first_grain)

    def _see_directory(self, table: bytes) -> None:
        sectors = [sector for sector in whole_entries(table, "<I") if sector]
        tables = set(sectors)
        if (
            len(tables) < len(sectors)
            or not self._tables.isdisjoint(tables)
            or min(tables, default=AT_END) < self._first_free
        ):
            raise damaged("vmdk", "its tables overlap")
        self._tables.update(islice(tables, max(0, MAX_PIECES - len(self._tables))))
        self.needs(max(tables) * SECTOR + self._entries * 4 if tables else 0)
        for sector in sectors[: self.watch.room]:
            self.watch.want(sector * SECTOR, self._entries * 4, self._see_grains)

    def _see_grains(self, table: bytes) -> None:
        # 0: not there; 1: all zeros
        sectors = set(whole_entries(table, "<I")) - {0, 1}
        if (sectors and min(sectors) < self._first_free) or not self._tables.isdisjoint(sectors):
            raise damaged("vmdk", "its data lies where its tables are")
        grain = SECTOR if self._is_compressed else self.virtual_size % (self._grain * SECTOR) or self._grain * SECTOR
        self.needs(max(sectors) * SECTOR + grain if sectors else 0)
        if sectors and self._is_compressed:
            self.watch.want(max(sectors) * SECTOR, MARKER, partial(self._see_marker, max(sectors)))

    def _see_marker(self, sector: int, marker: bytes) -> None:
        """The marker before a compressed grain says how long it is."""
        _, length = self.unpack("<QI", marker)
        self.needs(sector * SECTOR + MARKER + length)

    def _see_first_grain(self, entry: bytes) -> None:
        for sector in whole_entries(entry, "<I"):
            if sector > 1 and not self._is_compressed:
                self.watch.want(sector * SECTOR, SECTOR, self._see_first_sector)

    def _see_first_sector(self, sector: bytes) -> None:
        if is_disk_format(sector):
            raise disk_in_disk("vmdk")


def header_fields(header: bytes) -> bytes:
    """What must be the same in header and footer: all but the flags and the place of the grain directory."""
    return header[:8] + header[12:48]


def check_descriptor(descriptor: bytes, sectors: int) -> None:
    """Refuse a descriptor that makes the disk anything but one that is complete in its own file.

    Raises:
        RefusedImage: it names other files, or is damaged.
    """
    text = descriptor.partition(b"\0")[0].decode("ascii", errors="replace").lower()
    if not text.strip():
        raise damaged("vmdk", "its descriptor is missing")
    kind = _field(text, "createtype")
    if kind not in KINDS:
        raise unsupported_kind(kind)
    # QEMU opens what the hint names whether or not there is a parent, and even if the line is a comment.
    if _field(text, "parentcid") not in {"", NO_PARENT} or "parentfilenamehint" in text:
        raise other_file("vmdk", "is the difference to another disk")
    if text.count("createtype") > 1:
        raise damaged("vmdk", "its descriptor contradicts itself")
    _check_extents(text, sectors)


def _check_extents(text: str, sectors: int) -> None:
    extents = re.findall(r"^\s*(?:rw|rdonly|noaccess)\s+(\d+)\s+(\w+)(.*)", text, re.MULTILINE)
    if [kind for _, kind, _ in extents] != ["sparse"]:
        raise other_file("vmdk", "is spread over several files")
    ((length, _, name),) = extents
    if "/" in name or "\\" in name:
        raise other_file("vmdk", "names a file in another folder")
    if length.lstrip("0") != str(sectors):
        raise damaged("vmdk", "its header and its descriptor differ")


def unsupported_kind(kind: str) -> RefusedImage:
    """The refusal of a kind of VMDK that is more than one file."""
    named = f" of the type “{kind[:40]}”" if kind.isalnum() else ""
    return RefusedImage(
        Reason.OTHER_FILE,
        f"This is a VMDK{named}, which keeps its data in other files. Run “qemu-img convert -O vmdk -o "
        "subformat=streamOptimized FILE single.vmdk” beside them, and upload the result.",
    )


def _field(text: str, name: str) -> str:
    match = re.search(rf'^\s*{name}\s*=\s*"?([^"\n\r]*)', text, re.MULTILINE)
    return match[1].strip() if match else ""
