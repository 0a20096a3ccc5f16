"""Inspects a stream of image data block by block."""

from collections.abc import Callable
from dataclasses import dataclass

from accounts.templatetags.panel import size as readable_size
from images.formats.iso import Iso
from images.formats.opinion import SecondOpinion
from images.formats.qcow2 import Qcow2
from images.formats.raw import Raw
from images.formats.refusals import Reason, RefusedImage, other_format, two_formats
from images.formats.signatures import not_a_disk, refuse_foreign, refuse_foreign_tail
from images.formats.structure import SECTOR, Ending, Structure
from images.formats.vdi import Vdi
from images.formats.vhd import FixedVhd, Vhd
from images.formats.vhdx import Vhdx
from images.formats.vmdk import Vmdk

TAIL = 3 * SECTOR  # bytes: the longest end that a format has (the footer of a VMDK)
FORMATS: tuple[type[Structure], ...] = (Qcow2, Vmdk, Vhd, Vhdx, Vdi, Iso)


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a file is.

    Attributes:
        disk_format: raw, qcow2, vmdk, vhd, vhdx, vdi or iso, as Glance names them.
        virtual_size: the size of the disk inside, in bytes.
        container_format: always "bare": what is uploaded is the disk itself.
    """

    disk_format: str
    virtual_size: int
    container_format: str = "bare"


class Inspector:
    """Feed it all of a file, in order, then ask what it is.

    Every block but the last must have ``structure.BLOCK`` bytes. Memory stays bounded whatever the file says, and
    the cost is far below that of a hash. Between two blocks it can be pickled (below 2 MiB), so that an upload that
    breaks goes on in another process.

    Args:
        max_virtual_bytes: how large the disk inside may say it is: a qcow2 of 200 KiB can claim 8 EiB.
        disk_format: what the file is said to be; empty if nobody said anything.
    """

    def __init__(self, *, max_virtual_bytes: int, disk_format: str = "") -> None:
        self._max_virtual_bytes = max_virtual_bytes
        self._expected = disk_format
        self._structure: Structure | None = None
        self._opinion = SecondOpinion()
        self._tail = b""
        self._size = 0

    def feed(self, block: bytes) -> None:
        """See the next block.

        Raises:
            RefusedImage: as soon as it is certain that the file will not be taken.
        """
        if self._structure is None:
            self._structure = recognised(block)
            self._require_possible(self._structure)
        self._structure.look(block, self._size)
        self._check_virtual_size(self._structure)
        self._opinion.feed(block)
        self._size += len(block)
        self._tail = (self._tail + block[-TAIL:])[-TAIL:]

    def finish(self, read: Callable[[int, int], bytes] | None = None) -> Inspection:
        """Say that the file is complete.

        Args:
            read: gives the bytes of the file at an offset, as many as there are up to a length. With it, tables are
                seen too that had passed before the table that names them came.

        Raises:
            RefusedImage: it is no image that we take.
        """
        if self._structure is None:
            raise RefusedImage(Reason.EMPTY, "This file is empty. Choose the disk itself.")
        structure = self._ended(self._structure)
        self._require_expected(structure)
        structure.look_at_end(self._tail)
        if read is not None:
            structure.watch.look_back(read)
        structure.finish(Ending(size=self._size, tail=self._tail))
        self._check_virtual_size(structure)
        self._opinion.check(structure)
        return Inspection(disk_format=structure.disk_format, virtual_size=structure.virtual_size)

    def _require_possible(self, structure: Structure) -> None:
        """Refuse at once what cannot become what it is said to be; only the end of a VHD of fixed size tells it."""
        if not (isinstance(structure, Raw) and self._expected == FixedVhd.disk_format):
            self._require_expected(structure)

    def _require_expected(self, structure: Structure) -> None:
        if self._expected not in ("", structure.disk_format):
            raise other_format(self._expected, structure.disk_format)

    def _ended(self, structure: Structure) -> Structure:
        """What only the end of a file tells: that something raw is a VHD of fixed size, or no disk at all."""
        refuse_foreign_tail(self._tail)
        if FixedVhd.matches(self._tail) and not isinstance(structure, Vhd):
            if not isinstance(structure, Raw):
                raise two_formats()
            return FixedVhd(b"")
        if not isinstance(structure, Raw):
            return structure
        if not structure.is_disk:
            raise not_a_disk("This file has neither a partition table nor a file system, so nothing could start it.")
        return structure

    def _check_virtual_size(self, structure: Structure) -> None:
        if structure.virtual_size > self._max_virtual_bytes:
            raise RefusedImage(
                Reason.VIRTUAL_SIZE,
                f"The disk inside is {readable_size(structure.virtual_size)} large; "
                f"at most {readable_size(self._max_virtual_bytes)} are allowed.",
            )


def recognised(head: bytes) -> Structure:
    """The reader for a file that begins like this.

    Raises:
        RefusedImage: the file is of two formats at once (one for us and one for whoever opens it), of none that we
            take, or dangerous.
    """
    found = [each for each in FORMATS if each.matches(head)]
    if len(found) > 1:
        raise two_formats()
    refuse_foreign(head)
    return (found or [Raw])[0](head)
