"""QEMU's copy-on-write format.

Source: docs/interop/qcow2.rst of QEMU (https://www.qemu.org/docs/master/interop/qcow2.html). Where it leaves limits
open, they are those of block/qcow2.c.
"""

from collections.abc import Iterator
from itertools import islice

from images.formats.refusals import Reason, RefusedImage, damaged, disk_in_disk, encrypted, other_file
from images.formats.structure import SECTOR, Ending, Structure, is_disk_format, whole_entries

OFFSET_MASK = 0x00FFFFFFFFFFFE00
COMPRESSED = 1 << 62
CORRUPT, DATA_FILE, COMPRESSION_TYPE = 1 << 1, 1 << 2, 1 << 3
KNOWN_FEATURES = 0b1111  # dirty, corrupt, data file, compression type; sub-clusters (bit 4) are refused as by OpenStack
CLUSTER_BITS = range(9, 22)  # 512 bytes to 2 MiB
HAS_FEATURES = 3  # the first version with feature bits
HEADER_BYTES = {2: 72, 3: 104}
ZLIB, ZSTD = 0, 1
MAX_L1_BYTES = 32 * 1024 * 1024
MAX_REFCOUNT_TABLE = 8 * 1024 * 1024  # bytes
MAX_REFCOUNT_ORDER = 6  # 64 bits
MAX_TABLES = 3 * 32768  # clusters of tables that are told apart from data; beyond them, overlaps stay unnoticed
MAX_EXTENSIONS = 32  # five kinds are known
END_OF_EXTENSIONS, DATA_FILE_NAME, LUKS_HEADER, BITMAPS = 0, 0x44415441, 0x0537BE77, 0x23852875


class Qcow2(Structure):
    """Follows the tables from the header to the last cluster, and sees to it that none lies where another one does.

    A cluster of data may be named twice: that is how qcow2 shares it. A table may not, nor may data lie where a table
    does: a guest that writes there would write its own file header, and name a file of the host in it.
    """

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
        self._tables: set[int] = set()  # where clusters of tables begin
        self._check_version()
        if backing_offset:
            raise other_file("qcow2", "has a backing file")  # CVE-2022-47951, CVE-2024-32498, CVE-2024-4467
        if encryption:
            raise encrypted("qcow2")
        self._claim(0, 1)
        self._check_features(head)
        self._follow_extensions(head)
        self._check_size()
        self._refuse_snapshots(head)
        self._follow_tables(head)

    def finish(self, ending: Ending) -> None:
        """See how the file ends."""
        super().finish(ending)
        if self._mapped < self.virtual_size:
            raise damaged("qcow2", "its tables are too small for its disk")

    def _check_version(self) -> None:
        if self._version not in HEADER_BYTES:
            raise RefusedImage(
                Reason.UNSUPPORTED_FORMAT,
                "This is a QCOW file of a version that we do not take. "
                "Run “qemu-img convert -O qcow2 FILE new.qcow2” and upload the result.",
            )
        if self._cluster_bits not in CLUSTER_BITS:
            raise damaged("qcow2", "its cluster size makes no sense")

    def _check_size(self) -> None:
        if self.virtual_size % SECTOR:
            raise damaged("qcow2", "the size of its disk is no number of sectors")  # QEMU would round it down

    def _check_features(self, head: bytes) -> None:
        """Refuse what would read other files, or what nobody here can check."""
        if self._version < HAS_FEATURES:
            return
        features, _, _, refcount_order, length = self.unpack(">QQQII", head, 72)
        if features & DATA_FILE:
            raise other_file("qcow2", "keeps its data in another file")  # CVE-2024-32498
        if features & CORRUPT:
            raise damaged("qcow2", "it is marked as corrupt; “qemu-img check -r all FILE” may repair it")
        compression = head[104] if length > HEADER_BYTES[3] and len(head) > HEADER_BYTES[3] else ZLIB
        if features & ~KNOWN_FEATURES or compression not in {ZLIB, ZSTD}:
            raise unsupported("features that not every QEMU can read (such as extended L2 entries)")
        if refcount_order > MAX_REFCOUNT_ORDER or bool(features & COMPRESSION_TYPE) != (compression != ZLIB):
            raise damaged("qcow2", "its header makes no sense")

    def _follow_extensions(self, head: bytes) -> None:
        seen: set[int] = set()
        for kind, place, length in self._extensions(head):
            if kind in seen or len(seen) >= MAX_EXTENSIONS:  # no program writes one twice
                raise damaged("qcow2", "its header says too much")
            seen.add(kind)
            if kind == DATA_FILE_NAME:
                raise other_file("qcow2", "names another file for its data")  # CVE-2024-32498, without the feature bit
            if kind == LUKS_HEADER:
                raise encrypted("qcow2")
            if kind == BITMAPS:
                size, offset = self.unpack(">QQ", head[: place + length], place + 8)
                self._check_place(offset)
                self._claim(offset, min(size, MAX_L1_BYTES))
                self.needs(offset + size)

    def _extensions(self, head: bytes) -> Iterator[tuple[int, int, int]]:
        """Kind, place and length in bytes of each header extension; all of them lie in the first cluster."""
        (place,) = self.unpack(">I", head, 100) if self._version >= HAS_FEATURES else (HEADER_BYTES[2],)
        if not HEADER_BYTES[self._version] <= place <= self._cluster or place % 8:
            raise damaged("qcow2", "its header makes no sense")
        while place + 8 <= self._cluster:
            kind, length = self.unpack(">II", head, place)
            if kind == END_OF_EXTENSIONS:
                return
            place += 8
            if length > self._cluster - place:
                raise damaged("qcow2", "its header is longer than it can be")
            yield kind, place, length
            place += -(-length // 8) * 8

    def _refuse_snapshots(self, head: bytes) -> None:
        (snapshots,) = self.unpack(">I", head, 60)
        if snapshots:
            raise unsupported("snapshots: whoever gets the disk would get what was deleted from it as well")

    def _follow_tables(self, head: bytes) -> None:
        l1_entries, l1_offset, refcount_offset, refcount_clusters = self.unpack(">IQQI", head, 36)
        refcount_bytes = refcount_clusters * self._cluster
        if l1_entries * 8 > MAX_L1_BYTES or not 0 < refcount_bytes <= MAX_REFCOUNT_TABLE:
            raise damaged("qcow2", "its tables are larger than they can be")
        self._mapped = l1_entries * (self._cluster * self._cluster // 8)
        self._follow(l1_offset, l1_entries * 8)
        self._follow(refcount_offset, refcount_bytes)
        self.watch.want(refcount_offset, 8, self._see_first_refcounts)
        self.watch.want(refcount_offset, refcount_bytes, self._see_refcounts)
        self.watch.want(l1_offset, min(self._cluster, l1_entries * 8), self._see_first_l1)
        self.watch.want(l1_offset + self._cluster, l1_entries * 8 - self._cluster, self._see_l1)

    @property
    def _cluster(self) -> int:
        return int(1 << self._cluster_bits)

    def _check_place(self, offset: int) -> None:
        if offset % self._cluster:
            raise damaged("qcow2", "its tables are in impossible places")

    def _follow(self, offset: int, length: int) -> None:
        self._check_place(offset)
        self._claim(offset, length)
        self.needs(offset + length)

    def _claim(self, offset: int, length: int) -> None:
        """Note that there is a table, which is alone there."""
        for place in range(offset, offset + length, self._cluster):
            if place in self._tables:
                raise damaged("qcow2", "its tables overlap")
            if len(self._tables) < MAX_TABLES:
                self._tables.add(place)

    def _see_first_refcounts(self, entry: bytes) -> None:
        if entry and not any(entry):  # the header itself is counted
            raise damaged("qcow2", "its reference counts are missing")

    def _see_refcounts(self, table: bytes) -> None:
        self._follow_entries(table, 2**64 - 1)

    def _see_first_l1(self, table: bytes) -> None:
        entries = whole_entries(table, ">Q")
        self._see_l1(table)
        if offset := entries[0] & OFFSET_MASK if entries else 0:
            self.watch.want(offset, 8, self._see_first_cluster)

    def _see_l1(self, table: bytes) -> None:
        for offset in self._follow_entries(table, OFFSET_MASK)[: self.watch.room]:
            self.watch.want(offset, self._cluster, self._see_l2)

    def _follow_entries(self, table: bytes, mask: int) -> list[int]:
        """Note the clusters of tables that a table names, all at once: a hostile one names millions."""
        offsets = [offset for entry in whole_entries(table, ">Q") if (offset := entry & mask)]
        clusters = set(offsets)
        if any(offset % self._cluster for offset in clusters):
            raise damaged("qcow2", "its tables are in impossible places")
        if len(clusters) < len(offsets) or not self._tables.isdisjoint(clusters):
            raise damaged("qcow2", "its tables overlap")
        self._tables.update(islice(clusters, max(0, MAX_TABLES - len(self._tables))))
        self.needs(max(clusters) + self._cluster if clusters else 0)
        return offsets

    def _see_l2(self, table: bytes) -> None:
        entries = whole_entries(table, ">Q")
        clusters = {entry & OFFSET_MASK for entry in entries if not entry & COMPRESSED} - {0}
        compressed = {self._compressed(entry) for entry in entries if entry & COMPRESSED}
        if any(offset % self._cluster for offset in clusters):
            raise damaged("qcow2", "its data is in impossible places")
        touched = {place - place % self._cluster for extent in compressed for place in (extent[0], extent[1] - 1)}
        if not self._tables.isdisjoint(clusters | touched):
            raise damaged("qcow2", "its data lies where its tables are")
        # The last cluster of the disk may be shorter, and nobody knows here which one that is.
        self.needs(max(clusters) + (self.virtual_size % self._cluster or self._cluster) if clusters else 0)
        self.needs(max((end for _, end in compressed), default=0))

    def _compressed(self, entry: int) -> tuple[int, int]:
        """Where compressed data begins, and the first byte of its last sector, which is written in part only."""
        size_bit = 62 - (self._cluster_bits - 8)
        start = entry & ((1 << size_bit) - 1)
        more_sectors = (entry & (COMPRESSED - 1)) >> size_bit
        return start, max(start, (start // SECTOR + more_sectors) * SECTOR) + 1

    def _see_first_cluster(self, entry: bytes) -> None:
        (first,) = self.unpack(">Q", entry)
        if not first & COMPRESSED and (offset := first & OFFSET_MASK):
            self.watch.want(offset, SECTOR, self._see_first_sector)

    def _see_first_sector(self, sector: bytes) -> None:
        """Refuse an image file in place of a disk: once converted to raw, it would be opened as what it looks like."""
        if is_disk_format(sector):
            raise disk_in_disk("qcow2")


def unsupported(what: str) -> RefusedImage:
    """The refusal of a file that is fine but for something that a conversion leaves out."""
    return RefusedImage(
        Reason.UNSUPPORTED_FEATURES,
        f"This qcow2 file has {what}. Run “qemu-img convert -O qcow2 FILE plain.qcow2” and upload the result.",
    )
