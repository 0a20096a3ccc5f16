"""CD and DVD images. Source: ECMA-119 (ISO 9660) sections 8.4 and 8.4.8, ECMA-167 (UDF)."""

from images.formats.refusals import truncated
from images.formats.structure import Ending, Structure

DESCRIPTOR = 32 * 1024  # bytes from the start
MAGICS = {b"CD001", b"NSR02", b"NSR03"}
PRIMARY = 1
RUN_OUT = 150 * 2048  # bytes: some copies lack the two seconds of silence that a CD ends with


class Iso(Structure):
    """A disc is as large as its file; the volume says how much of it must be there."""

    disk_format = "iso"
    # A hybrid image has a partition table as well, so that it starts from a USB stick.
    opinions = (frozenset({"iso"}), frozenset({"iso", "gpt"}))

    @classmethod
    def matches(cls, head: bytes) -> bool:
        """A volume descriptor in sector 16."""
        return head[DESCRIPTOR + 1 : DESCRIPTOR + 6] in MAGICS

    def __init__(self, head: bytes) -> None:
        super().__init__(head)
        if head[DESCRIPTOR] == PRIMARY:
            (blocks,) = self.unpack("<I", head, DESCRIPTOR + 80)
            (block,) = self.unpack("<H", head, DESCRIPTOR + 128)
            self.needs(blocks * block - RUN_OUT)

    def finish(self, ending: Ending) -> None:
        """The virtual size is the file's own."""
        if ending.size < self.end:
            raise truncated("iso")
        self.virtual_size = ending.size
