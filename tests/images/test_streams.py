"""Receiving: the hashes are right, and whatever goes wrong leaves nothing behind."""

import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from images import streams
from images.demo_disks import MIB, bootable_qcow2, bootable_raw
from images.formats import RefusedImage
from images.problems import HashingFailed, StoreFull, TooLarge
from images.stores import FileStore
from images.streams import HashThread, Intake, Received, Receiver, receive

DISK = bootable_raw("A disk to receive", size=3 * MIB)
LIMIT = 4 * MIB


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> FileStore:
    """One store for all examples of a property, too."""
    return FileStore(tmp_path_factory.mktemp("images"))


def take(store: FileStore, *chunks: bytes, max_bytes: int = LIMIT) -> tuple[str, Received]:
    key = store.begin()
    return key, receive(
        store=store, key=key, chunks=chunks, intake=Intake(max_bytes=max_bytes, max_virtual_bytes=LIMIT)
    )


def is_untouched(store: FileStore, before: set[Path]) -> bool:
    """Whether the store holds what it held before. Hash threads end soon, but not at once."""
    deadline = time.monotonic() + 10
    while any(thread.name.startswith("hash-") for thread in threading.enumerate()):
        assert time.monotonic() < deadline, "a hash thread goes on for ever"
        time.sleep(0.01)
    return held(store) == before


def held(store: FileStore) -> set[Path]:
    return {path for path in store.root.rglob("*") if path.is_file()}


@given(st.lists(st.integers(0, 2 * MIB), max_size=12))
def test_hashes_and_bytes_are_right_however_the_data_is_cut(store: FileStore, cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(DISK)]
    chunks = [DISK[start:stop] for start, stop in pairwise(edges)]
    key, received = take(store, *chunks)
    with closing(store.read(key)) as opened:
        assert opened.read() == DISK
    store.delete(key)
    assert received.size == len(DISK)
    assert received.md5 == hashlib.md5(DISK, usedforsecurity=False).hexdigest()
    assert received.sha512 == hashlib.sha512(DISK).hexdigest()
    assert received.inspection.disk_format == "raw"


def test_nothing_is_visible_before_the_end(store: FileStore) -> None:
    key = store.begin()
    with Receiver(writer=store.write(key), intake=Intake(max_bytes=LIMIT, max_virtual_bytes=LIMIT)) as receiver:
        receiver.feed(DISK)
        assert not store.exists(key)
        receiver.finish()
        assert store.exists(key)
    assert store.exists(key)


def test_progress_is_told_at_most_once_for_each_mebibyte(store: FileStore) -> None:
    told: list[int] = []
    chunks = [DISK[start : start + 1000] for start in range(0, len(DISK), 1000)]
    receive(
        store=store,
        key=store.begin(),
        chunks=chunks,
        intake=Intake(max_bytes=LIMIT, max_virtual_bytes=LIMIT),
        on_progress=told.append,
    )
    assert told == [MIB, 2 * MIB, 3 * MIB]


REFUSED = {
    "nothing": [],
    "empty": [b""],
    "archive": [b"PK\x03\x04" * 1000],
    "zeros, known at the end only": [bytes(MIB)] * 3,
    "disk without its end": [bootable_raw("x", size=64 * MIB)[:MIB]],
    "qcow2 without its end": [bootable_qcow2("x")[:300_000]],
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_file_leaves_nothing_behind(store: FileStore, name: str) -> None:
    before = held(store)
    with pytest.raises(RefusedImage):
        take(store, *REFUSED[name])
    assert is_untouched(store, before)


def test_one_byte_too_many_is_refused_and_leaves_nothing_behind(store: FileStore) -> None:
    before = held(store)
    with pytest.raises(TooLarge, match=r"at most 3\.0 MiB"):
        take(store, DISK, b"x", max_bytes=len(DISK))
    assert is_untouched(store, before)


def test_exactly_the_limit_is_taken(store: FileStore) -> None:
    assert take(store, DISK, max_bytes=len(DISK))[1].size == len(DISK)


def test_a_source_that_fails_leaves_nothing_behind(store: FileStore) -> None:
    def source() -> Iterator[bytes]:
        yield DISK[:MIB]
        raise ConnectionResetError

    before = held(store)
    with pytest.raises(ConnectionResetError):
        receive(
            store=store, key=store.begin(), chunks=source(), intake=Intake(max_bytes=LIMIT, max_virtual_bytes=LIMIT)
        )
    assert is_untouched(store, before)


def test_a_full_store_leaves_nothing_behind(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    append = FileStore.append

    def append_once(self: FileStore, key: str, *, offset: int, chunk: bytes) -> None:
        if offset:
            raise StoreFull
        append(self, key, offset=offset, chunk=chunk)

    before = held(store)
    monkeypatch.setattr(FileStore, "append", append_once)
    with pytest.raises(StoreFull):
        take(store, DISK)
    assert is_untouched(store, before)


def test_a_receiver_that_nobody_finishes_leaves_nothing_behind(store: FileStore) -> None:
    before = held(store)
    with Receiver(
        writer=store.write(store.begin()), intake=Intake(max_bytes=LIMIT, max_virtual_bytes=LIMIT)
    ) as receiver:
        receiver.feed(DISK)
    receiver.abort()
    assert is_untouched(store, before)


class BrokenHash:
    """A hash that fails, as hashlib does when memory runs out."""

    def update(self, _data: bytes) -> None:
        raise MemoryError


def test_an_error_in_a_hash_thread_reaches_the_upload(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    before = held(store)
    key = store.begin()
    with (
        pytest.raises(HashingFailed, match="sha512"),
        Receiver(writer=store.write(key), intake=Intake(max_bytes=LIMIT, max_virtual_bytes=LIMIT)) as receiver,
    ):
        receiver._hashes[1]._hash = BrokenHash()  # type: ignore[assignment]
        receiver.feed(DISK)
        receiver.finish()
    assert is_untouched(store, before)


class HangingHash:
    """A hash that does not come back until it is told to."""

    def __init__(self) -> None:
        self.go_on = threading.Event()

    def update(self, _data: bytes) -> None:
        self.go_on.wait()


@pytest.mark.parametrize("blocks", [1, streams.QUEUED_BLOCKS + 2], ids=["at the end", "when the queue is full"])
def test_a_hash_thread_that_hangs_is_noticed(monkeypatch: pytest.MonkeyPatch, blocks: int) -> None:
    monkeypatch.setattr(streams, "PATIENCE", 0.05)
    thread = HashThread("md5")
    hanging = HangingHash()
    thread._hash = hanging  # type: ignore[assignment]
    with pytest.raises(HashingFailed, match="come to a halt"):
        for _ in range(blocks):
            thread.feed(b"x")
        thread.hexdigest()
    thread.stop()
    hanging.go_on.set()
