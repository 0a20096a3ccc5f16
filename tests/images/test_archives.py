"""Archives unpack while they stream, into what was packed or into a refusal, in bounded memory."""

import gzip
import lzma
import pickle
import tracemalloc
from collections.abc import Callable, Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from images import archives
from images.archives import MAX_START, STEP, ArchiveInspector, kind_of, unpacked
from images.demo_disks import MIB, bootable_qcow2, bootable_raw
from images.formats import Inspection, Reason, RefusedImage, recognised
from images.formats.structure import BLOCK

DISK = bootable_raw("Packed")
PACKED = {"gzip": gzip.compress(DISK, mtime=0), "xz": lzma.compress(DISK)}
MAX_MEMORY = 32 * MIB
MAX_BYTES = 64 * MIB


def chunks(data: bytes, *sizes: int) -> Iterator[bytes]:
    """The data in chunks of these sizes, over and over."""
    place = 0
    while place < len(data):
        for size in sizes:
            yield data[place : place + size]
            place += size


def noise(size: int) -> bytes:
    """Bytes that hardly get smaller."""
    return bytes((number * number + number * 7 + (number >> 7) * 13) % 251 for number in range(65536)) * (size // 65536)


def reason(data: bytes, *, max_bytes: int = MAX_BYTES, max_ratio: int = 2000) -> str:
    """The code of the refusal."""
    with pytest.raises(RefusedImage) as refused:
        for _ in unpacked([data], max_bytes=max_bytes, max_ratio=max_ratio):
            pass
    assert str(refused.value).endswith(".")
    return refused.value.code


@pytest.mark.parametrize("name", PACKED)
@given(sizes=st.lists(st.integers(1, 70_000), min_size=1, max_size=5))
@example(sizes=[1])
def test_what_was_packed_comes_out_whatever_the_chunks(name: str, sizes: list[int]) -> None:
    blocks = list(unpacked(chunks(PACKED[name], *sizes), max_bytes=len(DISK)))
    assert b"".join(blocks) == DISK
    assert all(0 < len(block) <= STEP for block in blocks)


@pytest.mark.parametrize("name", PACKED)
@given(parts=st.lists(st.binary(max_size=2000), min_size=1, max_size=5), zeros=st.integers(0, 20))
def test_streams_behind_each_other_are_one_disk(name: str, parts: list[bytes], zeros: int) -> None:
    pack = gzip.compress if name == "gzip" else lzma.compress
    data = bytes(zeros * 4).join(map(pack, parts)) + bytes(zeros * 4)
    assert b"".join(unpacked([data], max_bytes=MAX_BYTES)) == b"".join(parts)


@pytest.mark.parametrize("name", PACKED)
@given(part=st.floats(0, 1, exclude_max=True))
@example(part=0.99999)
def test_an_archive_that_was_cut_off_is_refused(name: str, part: float) -> None:
    length = int(len(PACKED[name]) * part)
    assert reason(PACKED[name][:length]) in {Reason.EMPTY, Reason.TRUNCATED, Reason.NOT_AN_ARCHIVE}


@pytest.mark.parametrize("name", PACKED)
@given(place=st.integers(24, 2**20), bit=st.integers(0, 7))
def test_one_wrong_bit_never_gives_another_disk(name: str, place: int, bit: int) -> None:
    data = bytearray(PACKED[name])
    data[24 + place % (len(data) - 24)] ^= 1 << bit
    try:
        assert b"".join(unpacked([bytes(data)], max_bytes=MAX_BYTES)) == DISK
    except RefusedImage as refused:
        assert refused.code in {Reason.DAMAGED, Reason.TRUNCATED, Reason.TOO_MUCH}  # noqa: PT017  # either is right


def test_a_disk_larger_than_allowed_is_refused_before_all_of_it_is_there() -> None:
    assert reason(PACKED["gzip"], max_bytes=len(DISK) - 1) == Reason.TOO_MUCH
    assert b"".join(unpacked([PACKED["gzip"]], max_bytes=len(DISK))) == DISK


def test_the_ratio_counts_only_after_some_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "GRACE", 8 * MIB)
    assert sum(map(len, unpacked([lzma.compress(bytes(8 * MIB))], max_bytes=MAX_BYTES, max_ratio=10))) == 8 * MIB
    assert reason(lzma.compress(bytes(8 * MIB + 1)), max_ratio=10) == Reason.TOO_MUCH


@pytest.mark.parametrize("compress", [gzip.compress, lzma.compress])
def test_an_archive_of_almost_nothing_but_beginnings_is_refused(compress: Callable[[bytes], bytes]) -> None:
    """Each costs the same time as a disk's, and a file may have billions of them."""
    assert reason(PACKED["gzip" if compress is gzip.compress else "xz"] + compress(b"") * 5000) == Reason.TOO_MUCH
    whole = DISK * 2
    blocks = b"".join(compress(whole[start : start + 1024]) for start in range(0, len(whole), 1024))
    assert b"".join(unpacked([blocks], max_bytes=len(whole))) == whole


@pytest.mark.parametrize("name", PACKED)
def test_memory_does_not_grow_with_the_disk(name: str) -> None:
    pack = gzip.compress if name == "gzip" else lzma.compress
    data = pack(bytes(32 * MIB)) + pack(noise(8 * MIB)) if name == "gzip" else pack(bytes(32 * MIB))
    tracemalloc.start()
    size = sum(map(len, unpacked(chunks(data, MIB), max_bytes=MAX_BYTES)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size >= 32 * MIB
    assert peak < MAX_MEMORY


def fed(data: bytes) -> Inspection:
    """What the inspector of archives says when it goes on in another process after each block."""
    inspector = ArchiveInspector(max_virtual_bytes=2**40)
    for start in range(0, len(data), BLOCK):
        inspector.feed(data[start : start + BLOCK])
        state = pickle.dumps(inspector)
        assert len(state) < 2 * MIB
        inspector = pickle.loads(state)  # noqa: S301  # made two lines above
    return inspector.finish()


@pytest.mark.parametrize("name", PACKED)
def test_an_archive_of_a_disk_may_come(name: str) -> None:
    found = fed(PACKED[name])
    assert (found.disk_format, found.container_format, found.virtual_size) == (name, "compressed", 0)


def test_only_the_beginning_of_a_large_archive_is_unpacked() -> None:
    disk = DISK[:512] + noise(4 * MIB)
    data = gzip.compress(disk, mtime=0, compresslevel=0)
    assert len(data) > MAX_START
    assert fed(data).disk_format == "gzip"


def test_what_the_disk_inside_can_never_be_is_refused_at_the_first_block() -> None:
    hostile = bytearray(bootable_qcow2("Backed"))
    hostile[8:20] = (1024).to_bytes(8, "big") + (11).to_bytes(4, "big")
    inspector = ArchiveInspector(max_virtual_bytes=2**40)
    with pytest.raises(RefusedImage, match="Inside of this gzip archive is no disk that we take"):
        inspector.feed(gzip.compress(bytes(hostile) + noise(2 * MIB))[:BLOCK])


def test_what_is_no_archive_is_named() -> None:
    with pytest.raises(RefusedImage, match="looks like a qcow2 file"):
        fed(bootable_qcow2("Plain"))
    with pytest.raises(RefusedImage, match="This is a zip archive: unpack it first"):
        fed(b"PK\3\4" + bytes(100))
    with pytest.raises(RefusedImage, match="empty"):
        fed(b"")


def test_the_refusal_of_an_archive_says_that_it_can_be_unpacked_here() -> None:
    assert kind_of(DISK) is None
    with pytest.raises(RefusedImage, match="tick “Unpack” to have it unpacked while it comes"):
        recognised(PACKED["xz"])
