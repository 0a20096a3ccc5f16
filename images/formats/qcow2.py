"""QEMU's copy-on-write format.

Source: docs/interop/qcow2.rst of QEMU (https://www.qemu.org/docs/master/interop/qcow2.html).
"""

from images.formats.refusals import Reason, RefusedImage, damaged, other_file
from images.formats.structure import Structure, whole_entries

OFFSET_MASK = 0x00FFFFFFFFFFFE00
COMPRESSED = 1 << 62
CORRUPT, DATA_FILE = 1 << 1, 1 << 2
KNOWN_FEATURES = 0b1111  # dirty, corrupt, data file, compression type; sub-clusters (bit 4) are refused as by OpenStack
CLUSTER_BITS = range(9, 22)  # 512 bytes to 2 MiB
HAS_FEATURES = 3  # the first version with feature bits
MAX_L1_BYTES = 32 * 1024 * 1024  # QEMU opens nothing larger either


class Qcow2(Structure):
    """Follows the tables from the header to the last cluster, as far as they lie ahead in the stream."""

    disk_format = "qcow2"
    opinions = (frozenset({"qcow2"}),)

    @classmethod
    def matches(cls, head: bytes) -> bool:
        """A magic number at the start."""
        return head.startswith(b"QFI\xfb")

    def __init__(self, head: bytes) -> None:
        super().__init__(head)
        (self._version, backing_offset, _, self._cluster_bits, self.virtual_size, encryption) = self.unpack(
            ">IQIIQI", head, 4
        )
        self._check_version()
        if backing_offset:
            raise other_file("qcow2", "has a backing file")  # CVE-2022-47951, CVE-2024-32498
        if encryption:
            raise encrypted("qcow2")
        self._check_features(head)
        self._follow_tables(head)

    def _check_version(self) -> None:
        if self._version not in {2, 3}:
            raise RefusedImage(
                Reason.UNSUPPORTED_FORMAT,
                "This is a QCOW file of a version that we do not take. "
                "Run “qemu-img convert -O qcow2 FILE new.qcow2” and upload the result.",
            )
        if self._cluster_bits not in CLUSTER_BITS:
            raise damaged("qcow2", "its cluster size makes no sense")

    def _check_features(self, head: bytes) -> None:
        """Refuse what would read other files, or what nobody here can check."""
        (features,) = self.unpack(">Q", head, 72) if self._version >= HAS_FEATURES else (0,)
        if features & DATA_FILE:
            raise other_file("qcow2", "keeps its data in another file")  # CVE-2024-32498
        if features & CORRUPT:
            raise damaged("qcow2", "it is marked as corrupt; “qemu-img check -r all FILE” may repair it")
        if features & ~KNOWN_FEATURES:
            raise RefusedImage(
                Reason.UNSUPPORTED_FEATURES,
                "This qcow2 file uses features that not every QEMU can read (such as extended L2 entries). "
                "Run “qemu-img convert -O qcow2 FILE plain.qcow2” and upload the result.",
            )

    def _follow_tables(self, head: bytes) -> None:
        l1_entries, l1_offset, refcount_offset, _, snapshots, snapshots_offset = self.unpack(">IQQIIQ", head, 36)
        if l1_entries * 8 > MAX_L1_BYTES or l1_offset % self._cluster or refcount_offset % self._cluster:
            raise damaged("qcow2", "its tables are in impossible places")
        self.needs(l1_offset + l1_entries * 8)
        self.needs(refcount_offset + 8)
        self.needs(snapshots_offset + 40 if snapshots else 0)
        self.watch.want(l1_offset, l1_entries * 8, self._see_l1)

    @property
    def _cluster(self) -> int:
        return int(1 << self._cluster_bits)

    def _see_l1(self, table: bytes) -> None:
        for entry in whole_entries(table, ">Q"):
            if offset := entry & OFFSET_MASK:
                if offset % self._cluster:
                    raise damaged("qcow2", "its tables are in impossible places")
                self.needs(offset + self._cluster)
                self.watch.want(offset, self._cluster, self._see_l2)

    def _see_l2(self, table: bytes) -> None:
        # The last cluster of a file may be written in part only, so that only its first byte is sure to exist.
        compressed_mask = (1 << (62 - (self._cluster_bits - 8))) - 1
        for entry in whole_entries(table, ">Q"):
            mask = compressed_mask if entry & COMPRESSED else OFFSET_MASK
            if offset := entry & mask:
                self.needs(offset + 1)


def encrypted(disk_format: str) -> RefusedImage:
    """The refusal of a disk that nobody could start without a passphrase."""
    return RefusedImage(
        Reason.ENCRYPTED,
        f"This {disk_format} file is encrypted as a whole, and servers have no passphrase to start it. Convert it "
        "with qemu-img to an unencrypted one; partitions inside may stay encrypted.",
    )
