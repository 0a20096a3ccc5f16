"""VMware's format, of which two kinds are complete in one file and safe.

Source: VMware Virtual Disks, Virtual Disk Format 5.0, and block/vmdk.c of QEMU. A descriptor of any other kind
names files of the machine that opens it (CVE-2022-47951, CVE-2024-32498).
"""

import re

from images.formats.refusals import Reason, RefusedImage, damaged, other_file, truncated
from images.formats.structure import SECTOR, Ending, Structure, whole_entries

MAGIC = b"KDMV"
AT_END = 0xFFFFFFFFFFFFFFFF  # the grain directory's place stands in a footer
KINDS = {"monolithicsparse", "streamoptimized"}
MAX_DESCRIPTOR = 1024 * 1024  # bytes
MAX_GRAIN = 2**16  # sectors; 128 is usual
MAX_TABLE = 4096  # entries; 512 is usual
NO_PARENT = "ffffffff"


class Vmdk(Structure):
    """Reads the header, the descriptor and the grain tables."""

    disk_format = "vmdk"
    opinions = (frozenset({"vmdk"}),)

    @classmethod
    def matches(cls, head: bytes) -> bool:
        """A magic number at the start."""
        return head.startswith(MAGIC)

    def __init__(self, head: bytes) -> None:
        super().__init__(head)
        (sectors, grain, place, length, entries, _, directory, overhead) = self.unpack("<QQQQIQQQ", head, 12)
        self.virtual_size = sectors * SECTOR
        if not (0 < grain <= MAX_GRAIN and 0 < entries <= MAX_TABLE):
            raise damaged("vmdk", "its grain size makes no sense")
        self._grain, self._entries, self._overhead = grain, entries, overhead
        self._at_end = directory == AT_END
        check_descriptor(head[place * SECTOR : place * SECTOR + min(length * SECTOR, MAX_DESCRIPTOR)])
        if not self._at_end:
            self._follow_tables(directory * SECTOR)

    def finish(self, ending: Ending) -> None:
        """A stream-optimised file closes with a footer and an end marker; without them it was cut off."""
        if self._at_end and (len(ending.tail) < 3 * SECTOR or ending.tail[-2 * SECTOR :][:4] != MAGIC):
            raise truncated("vmdk")
        self.needs(self._overhead * SECTOR)
        super().finish(ending)

    def _follow_tables(self, directory: int) -> None:
        tables = -(-self.virtual_size // (self._grain * SECTOR * self._entries))
        self.needs(directory + tables * 4)
        self.watch.want(directory, tables * 4, self._see_directory)

    def _see_directory(self, table: bytes) -> None:
        for sector in whole_entries(table, "<I"):
            if sector:
                self.needs(sector * SECTOR + self._entries * 4)
                self.watch.want(sector * SECTOR, self._entries * 4, self._see_grains)

    def _see_grains(self, table: bytes) -> None:
        for sector in whole_entries(table, "<I"):
            if sector > 1:  # 0: not there; 1: all zeros
                self.needs((sector + 1) * SECTOR)


def check_descriptor(descriptor: bytes) -> None:
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
    if _field(text, "parentcid") not in {"", NO_PARENT}:
        raise other_file("vmdk", "is the difference to another disk")
    extents = re.findall(r"^\s*(?:rw|rdonly|noaccess)\s+\d+\s+(\w+)", text, re.MULTILINE)
    if extents != ["sparse"]:
        raise other_file("vmdk", "is spread over several files")


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
