"""What becomes of each kind of file: real ones, rare ones, hostile ones, and pieces of them."""

import bz2
import io
import lzma
import pickle
import tarfile
import zipfile
from collections.abc import Container
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from images.demo_disks import MIB, SECTOR, bootable_qcow2, bootable_raw
from images.formats import Inspection, Inspector, Reason, RefusedImage
from images.formats.structure import BLOCK
from tests.images import files
from tests.images.files import Maker

MAX_VIRTUAL_BYTES = 1024**4


def inspect(
    data: bytes, *, max_virtual_bytes: int = MAX_VIRTUAL_BYTES, breaks: Container[int] = frozenset()
) -> Inspection:
    """What the inspector says, when it goes on in another process after some of the blocks."""
    inspector = Inspector(max_virtual_bytes=max_virtual_bytes)
    for start in range(0, len(data), BLOCK):
        inspector.feed(data[start : start + BLOCK])
        if start // BLOCK in breaks:
            state = pickle.dumps(inspector)
            assert len(state) < 2 * MIB
            inspector = pickle.loads(state)  # noqa: S301  # made a line above
    return inspector.finish()


def refusal_of_declared(disk_format: str, data: bytes) -> str | None:
    """The code of the refusal of a file that was said to be something."""
    inspector = Inspector(max_virtual_bytes=MAX_VIRTUAL_BYTES, disk_format=disk_format)
    try:
        for start in range(0, len(data), BLOCK):
            inspector.feed(data[start : start + BLOCK])
        inspector.finish()
    except RefusedImage as refused:
        return refused.code
    return None


def refusal(data: bytes) -> str | None:
    """The code of the refusal, or None when the file is taken. Anything else that is raised fails the test."""
    try:
        inspect(data)
    except RefusedImage as refused:
        return refused.code
    return None


def verdict(data: bytes, breaks: Container[int] = frozenset()) -> Inspection | str:
    """All that a person hears."""
    try:
        return inspect(data, breaks=breaks)
    except RefusedImage as refused:
        return f"{refused.code}: {refused}"


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("disk.img", files.disk())
    return buffer.getvalue()


def tarred() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("machine.ovf"))
    return buffer.getvalue()


TAKEN: dict[str, tuple[Maker, str, int]] = {
    "raw with a boot sector": (files.constant(files.disk()), "raw", 2 * MIB),
    "raw with a GPT": (files.constant(files.gpt()), "raw", 2 * MIB),
    "raw of which the last sector is odd": (files.constant(files.disk() + b"x"), "raw", 2 * MIB + 1),
    "ext4 without partitions": (files.constant(files.file_system(0x438, b"\x53\xef")), "raw", MIB + 0x438),
    "XFS without partitions": (files.constant(files.file_system(0, b"XFSB")), "raw", MIB),
    "Btrfs without partitions": (files.constant(files.file_system(0x10040, b"_BHRfS_M")), "raw", MIB + 0x10040),
    "qcow2": (files.by_qemu("qcow2"), "qcow2", 2 * MIB),
    "qcow2 version 2": (files.by_qemu("qcow2", "compat=0.10"), "qcow2", 2 * MIB),
    "qcow2 with zstd": (files.by_qemu("qcow2", "compression_type=zstd"), "qcow2", 2 * MIB),
    "qcow2 with small clusters": (files.by_qemu("qcow2", "cluster_size=512"), "qcow2", 2 * MIB),
    "qcow2 with large clusters": (files.by_qemu("qcow2", "cluster_size=2M"), "qcow2", 2 * MIB),
    "qcow2, empty": (files.created("qcow2"), "qcow2", 8 * MIB),
    "qcow2 made here": (files.constant(bootable_qcow2("Hello")), "qcow2", MIB),
    "VMDK sparse": (files.by_qemu("vmdk"), "vmdk", 2 * MIB),
    "VMDK stream-optimised": (files.by_qemu("vmdk", "subformat=streamOptimized"), "vmdk", 2 * MIB),
    "VHD dynamic": (files.by_qemu("vpc", "force_size=on"), "vhd", 2 * MIB),
    "VHD fixed": (files.by_qemu("vpc", "subformat=fixed", "force_size=on"), "vhd", 2 * MIB),
    "VHD fixed, empty": (files.created("vpc", "subformat=fixed", "force_size=on"), "vhd", 8 * MIB),
    "VHDX": (files.by_qemu("vhdx"), "vhdx", 2 * MIB),
    "VDI": (files.by_qemu("vdi"), "vdi", 2 * MIB),
    "VDI static": (files.by_qemu("vdi", "static=on"), "vdi", 2 * MIB),
    "ISO": (files.constant(files.iso()), "iso", 200 * files.ISO_BLOCK),
    "ISO, hybrid": (files.constant(files.hybrid_iso()), "iso", 200 * files.ISO_BLOCK),
}

FLAT = b'# Disk DescriptorFile\nversion=1\ncreateType="monolithicFlat"\nRW 1 FLAT "/etc/passwd" 0\n'
QCOW2 = files.constant(bootable_qcow2("Hello"))
VMDK = files.by_qemu("vmdk")
VHD = files.by_qemu("vpc", "force_size=on")
FIXED_VHD = files.by_qemu("vpc", "subformat=fixed", "force_size=on")
VDI = files.by_qemu("vdi")
VHDX = files.by_qemu("vhdx")

REFUSED: dict[str, tuple[Maker, Reason]] = {
    "empty": (files.constant(b""), Reason.EMPTY),
    "gzip": (files.constant(files.gzip()), Reason.ARCHIVE),
    "xz": (files.constant(lzma.compress(files.disk())), Reason.ARCHIVE),
    "bzip2": (files.constant(bz2.compress(files.disk())), Reason.ARCHIVE),
    "zstd": (files.constant(b"\x28\xb5\x2f\xfd" + bytes(1000)), Reason.ARCHIVE),
    "zip": (files.constant(zipped()), Reason.ARCHIVE),
    "7z": (files.constant(b"7z\xbc\xaf\x27\x1c" + bytes(1000)), Reason.ARCHIVE),
    "tar, OVA": (files.constant(tarred()), Reason.ARCHIVE),
    "random bytes": (files.constant(bytes(range(7, 256)) * 9000), Reason.NOT_A_DISK),
    "zeros": (files.constant(bytes(MIB)), Reason.NOT_A_DISK),
    "one byte": (files.constant(b"\0"), Reason.NOT_A_DISK),
    "text": (files.constant("Grüße, dies ist kein Laufwerk.\n".encode() * 100), Reason.NOT_A_DISK),
    "HTML": (files.constant(b"<!DOCTYPE html><title>404</title>"), Reason.NOT_A_DISK),
    "JSON": (files.constant(b'{"error": "not found"}'), Reason.NOT_A_DISK),
    "PDF": (files.constant(b"%PDF-1.7\n\xff\xfe" + bytes(900)), Reason.NOT_A_DISK),
    "program": (files.constant(b"\x7fELF\x02\x01" + bytes(900)), Reason.NOT_A_DISK),
    "kernel with a boot sector's mark": (files.patched(files.constant(files.disk()), 0, b"MZ"), Reason.NOT_A_DISK),
    "picture": (files.constant(b"\x89PNG\r\n\x1a\n" + bytes(900)), Reason.NOT_A_DISK),
    "Apple disk image": (files.constant(bytes(MIB) + b"koly".ljust(512, b"\0")), Reason.UNSUPPORTED_FORMAT),
    "QED": (files.created("qed"), Reason.UNSUPPORTED_FORMAT),
    "Parallels": (files.created("parallels"), Reason.UNSUPPORTED_FORMAT),
    "QCOW version 1": (files.created("qcow"), Reason.UNSUPPORTED_FORMAT),
    "boot sector without partitions": (files.constant(files.boot_sector_without_partitions()), Reason.DAMAGED),
    "raw, partition cut off": (files.cut(files.constant(files.gpt()), MIB), Reason.TRUNCATED),
    "LUKS": (files.constant(b"LUKS\xba\xbe\0\1".ljust(MIB, b"\0")), Reason.ENCRYPTED),
    "qcow2 with a backing file": (files.with_backing_file, Reason.OTHER_FILE),
    "qcow2 with a data file": (files.with_data_file, Reason.OTHER_FILE),
    "qcow2, encrypted": (files.patched(QCOW2, 35, b"\2"), Reason.ENCRYPTED),
    "qcow2 with sub-clusters": (files.created("qcow2", "extended_l2=on"), Reason.UNSUPPORTED_FEATURES),
    "qcow2 with an unknown feature": (files.patched(QCOW2, 72, b"\x80"), Reason.UNSUPPORTED_FEATURES),
    "qcow2, marked corrupt": (files.patched(QCOW2, 79, b"\x02"), Reason.DAMAGED),
    "qcow2 with clusters of a byte": (files.patched(QCOW2, 20, b"\0\0\0\0"), Reason.DAMAGED),
    "qcow2 with clusters of 2 GiB": (files.patched(QCOW2, 23, b"\x1f"), Reason.DAMAGED),
    "qcow2 with a table of 32 GiB": (files.patched(QCOW2, 36, b"\xff\xff\xff\xff"), Reason.DAMAGED),
    "qcow2 with a crooked table": (files.patched(QCOW2, 47, b"\x07"), Reason.DAMAGED),
    "qcow2 with a table behind its end": (files.patched(QCOW2, 43, b"\x01"), Reason.TRUNCATED),
    "qcow2 with data behind its end": (files.patched(QCOW2, 4 * 65536 + 2, b"\x01"), Reason.TRUNCATED),
    "qcow2 without a disk": (files.patched(QCOW2, 24, bytes(8)), Reason.DAMAGED),
    "qcow2 of 8 EiB": (files.constant(files.gigantic_qcow2()), Reason.VIRTUAL_SIZE),
    "qcow2, header only": (files.cut(QCOW2, 60), Reason.TRUNCATED),
    "qcow2 that is an ISO too": (files.constant(files.qcow2_and_iso()), Reason.TWO_FORMATS),
    "VMDK descriptor of a flat disk": (files.constant(FLAT), Reason.OTHER_FILE),
    "VMDK descriptor with other text behind": (files.constant(FLAT.ljust(600) + b"\xff" * 600), Reason.OTHER_FILE),
    "VMDK of two gigabyte parts": (files.created("vmdk", "subformat=twoGbMaxExtentSparse"), Reason.OTHER_FILE),
    "VMDK flat inside": (
        files.replaced(VMDK, b'createType="monolithicSparse"', b'createType="monolithicFlat"  '),
        Reason.OTHER_FILE,
    ),
    "VMDK with a parent": (files.replaced(VMDK, b"parentCID=ffffffff", b"parentCID=12345678"), Reason.OTHER_FILE),
    "VMDK with a flat extent": (files.replaced(VMDK, b" SPARSE ", b" FLAT   "), Reason.OTHER_FILE),
    "VMDK without a descriptor": (files.patched(VMDK, 512, bytes(512)), Reason.DAMAGED),
    "VMDK with a grain of nothing": (files.patched(VMDK, 20, bytes(8)), Reason.DAMAGED),
    "VMDK whose footer never came": (files.patched(VMDK, 56, b"\xff" * 8), Reason.TRUNCATED),
    "VHD, difference": (files.with_footer_checksum(files.patched(VHD, 63, b"\x04")), Reason.OTHER_FILE),
    "VHD with a wrong checksum": (files.patched(VHD, 64, b"\0\0\0\0"), Reason.DAMAGED),
    "VHD without its end": (files.cut(VHD, -512), Reason.TRUNCATED),
    "VHD with a table of millions": (files.patched(VHD, 512 + 28, b"\xff\xff\xff\xff"), Reason.DAMAGED),
    "VHD fixed, cut off before": (
        lambda folder: FIXED_VHD(folder)[:MIB] + FIXED_VHD(folder)[-SECTOR:],
        Reason.TRUNCATED,
    ),
    "VHD dynamic, only its end": (lambda folder: bytes(MIB) + VHD(folder)[-SECTOR:], Reason.DAMAGED),
    "VHDX with a parent": (files.vhdx_with_parent, Reason.OTHER_FILE),
    "VHDX without regions": (files.patched(VHDX, 192 * 1024, bytes(4)), Reason.DAMAGED),
    "VHDX, metadata cut off": (files.cut(VHDX, MIB), Reason.TRUNCATED),
    "VHDX of which only the start came": (files.cut(VHDX, 1000), Reason.TRUNCATED),
    "VDI, difference": (files.patched(VDI, 0x4C, b"\x04"), Reason.OTHER_FILE),
    "VDI with a parent": (files.patched(VDI, 0x1B8, b"\x01"), Reason.OTHER_FILE),
    "VDI without its last block": (files.cut(VDI, -1), Reason.TRUNCATED),
    "VDI with blocks of nothing": (files.patched(VDI, 0x178, bytes(4)), Reason.DAMAGED),
    "ISO, half": (files.cut(files.constant(files.iso(blocks=1000)), MIB), Reason.TRUNCATED),
    "ISO, header only": (files.cut(files.constant(files.iso()), 32 * 1024 + 50), Reason.TRUNCATED),
}


@pytest.mark.parametrize("name", TAKEN)
def test_a_sound_disk_is_taken_and_named_as_glance_names_it(name: str, tmp_path: Path) -> None:
    maker, disk_format, virtual_size = TAKEN[name]
    found = inspect(maker(tmp_path))
    assert (found.disk_format, found.container_format) == (disk_format, "bare")
    # VirtualBox and VHD round up to what their geometry can say.
    assert virtual_size <= found.virtual_size < virtual_size + MIB


@pytest.mark.parametrize("name", REFUSED)
def test_anything_else_is_refused_with_its_reason(name: str, tmp_path: Path) -> None:
    maker, reason = REFUSED[name]
    data = maker(tmp_path)
    with pytest.raises(RefusedImage) as refused:
        inspect(data)
    assert refused.value.code == reason, str(refused.value)
    assert str(refused.value).endswith(".")


def test_a_disk_larger_than_allowed_is_refused_although_the_file_is_small() -> None:
    data = bootable_qcow2("Large", size=4 * MIB)
    assert inspect(data, max_virtual_bytes=4 * MIB).virtual_size == 4 * MIB
    with pytest.raises(RefusedImage, match=r"4\.0 MiB large; at most 2\.0 MiB"):
        inspect(data, max_virtual_bytes=2 * MIB)


@pytest.mark.parametrize(
    "name", ["qcow2 with a backing file", "gzip", "LUKS", "HTML", "VMDK descriptor of a flat disk"]
)
def test_what_the_first_block_shows_is_refused_before_the_rest_comes(name: str, tmp_path: Path) -> None:
    inspector = Inspector(max_virtual_bytes=MAX_VIRTUAL_BYTES)
    with pytest.raises(RefusedImage):
        inspector.feed(REFUSED[name][0](tmp_path)[:BLOCK])


class Disks(dict[str, bytes]):
    """Disks by name, which hypothesis does not print in full when an example fails."""

    def __repr__(self) -> str:
        return f"{len(self)} disks"


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Disks:
    """The sound disks, made once."""
    return Disks({name: maker(tmp_path_factory.mktemp("disk")) for name, (maker, _, _) in TAKEN.items()})


@pytest.mark.parametrize("name", [*TAKEN, *REFUSED])
def test_an_inspector_that_goes_on_elsewhere_after_every_block_says_the_same(name: str, tmp_path: Path) -> None:
    maker = TAKEN[name][0] if name in TAKEN else REFUSED[name][0]
    data = maker(tmp_path)
    assert verdict(data, breaks=range(len(data))) == verdict(data)


@given(name=st.sampled_from(sorted(TAKEN)), breaks=st.sets(st.integers(0, 16)), length=st.integers(0, 16 * MIB))
def test_breaks_make_no_difference(sound: Disks, name: str, breaks: set[int], length: int) -> None:
    data = sound[name][:length]
    assert verdict(data, breaks) == verdict(data)


# How many bytes may be missing at the end before we notice: what a format writes in whole blocks it may lack in part.
UNNOTICED = {
    "qcow2": 0,
    "qcow2 version 2": 0,
    "qcow2 with zstd": 0,
    "qcow2 with small clusters": 0,
    "qcow2 with large clusters": 0,
    "qcow2 made here": 0,
    "VMDK sparse": 0,
    "VMDK stream-optimised": 64 * 1024,  # the last grain is padded with zeros
    "VHD dynamic": 0,
    "VDI": 0,
    "VHDX": 0,
    "raw with a GPT": 0,
}


@given(name=st.sampled_from(sorted(UNNOTICED)), part=st.floats(min_value=0, max_value=1, exclude_max=True))
@example(name="VDI", part=0.9999999)
@example(name="VHD dynamic", part=0.9999999)
def test_a_disk_that_was_cut_off_is_not_taken(sound: Disks, name: str, part: float) -> None:
    data = sound[name]
    length = int(len(data) * part)
    if length < len(data) - UNNOTICED[name]:
        assert refusal(data[:length]) is not None


@given(
    name=st.sampled_from(sorted(TAKEN)),
    changes=st.lists(st.tuples(st.integers(0, 2**20), st.binary(min_size=1, max_size=16)), min_size=1, max_size=8),
)
def test_no_damage_leads_to_anything_but_taking_or_refusing(
    sound: Disks, name: str, changes: list[tuple[int, bytes]]
) -> None:
    data = bytearray(sound[name][: 2 * MIB])
    for place, new in changes:
        start = place % len(data)
        data[start : start + len(new)] = new
    refusal(bytes(data))


@given(st.binary(max_size=2000))
def test_no_bytes_at_all_lead_to_anything_else_either(data: bytes) -> None:
    refusal(data)
    refusal(bootable_raw("x", size=2 * SECTOR)[:SECTOR] + data)


class TestDeclared:
    """Files of which somebody has said what they are."""

    @pytest.mark.parametrize(
        ("declared", "maker", "expected"),
        [
            ("raw", files.constant(files.disk()), None),
            ("qcow2", files.by_qemu("qcow2"), None),
            ("vhd", files.by_qemu("vpc", "subformat=fixed"), None),
            ("vhd", files.by_qemu("vpc"), None),
            ("raw", files.by_qemu("qcow2"), "other-format"),
            ("raw", files.by_qemu("vpc", "subformat=fixed"), "other-format"),
            ("qcow2", files.constant(files.disk()), "other-format"),
            ("vhd", files.constant(files.disk()), "other-format"),
            ("iso", files.by_qemu("vmdk"), "other-format"),
            ("ami", files.constant(files.disk()), "other-format"),
        ],
    )
    def test_they_have_to_be_that(self, tmp_path: Path, declared: str, maker: Maker, expected: str | None) -> None:
        assert refusal_of_declared(declared, maker(tmp_path)) == expected

    def test_what_can_be_told_at_once_is_not_received_to_its_end(self) -> None:
        inspector = Inspector(max_virtual_bytes=MAX_VIRTUAL_BYTES, disk_format="raw")
        with pytest.raises(RefusedImage, match="does not match stream data qcow2"):
            inspector.feed(bootable_qcow2("A disk.")[:BLOCK])
