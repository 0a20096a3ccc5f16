"""VirtualBox's format. Source: block/vdi.c of QEMU."""

from images.formats.refusals import damaged, other_file
from images.formats.structure import Structure

MAGIC = b"\x7f\x10\xda\xbe"
DYNAMIC, STATIC = 1, 2
NO_PARENT = bytes(16)


class Vdi(Structure):
    """One header says it all: how many blocks there are, and where they begin."""

    disk_format = "vdi"
    opinions = (frozenset({"vdi"}),)

    @classmethod
    def matches(cls, head: bytes) -> bool:
        """A magic number behind a line of text."""
        return head[64:68] == MAGIC

    def __init__(self, head: bytes) -> None:
        super().__init__(head)
        (kind,) = self.unpack("<I", head, 0x4C)
        _, data = self.unpack("<II", head, 0x154)
        self.virtual_size, block, extra, _, allocated = self.unpack("<QIIII", head, 0x170)
        (parent,) = self.unpack("16s", head, 0x1A8 + 16)
        if kind not in {DYNAMIC, STATIC} or parent != NO_PARENT:
            raise other_file("vdi", "is the difference to another disk")
        if not block:
            raise damaged("vdi", "its header makes no sense")
        self.needs(data + allocated * (block + extra))
