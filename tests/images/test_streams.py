"""Receiving: the hashes are right whatever breaks in between, and what is refused leaves nothing behind."""

import gzip
import hashlib
import pickle
import random
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
from django.test import override_settings
from django.utils.crypto import salted_hmac
from hypothesis import given
from hypothesis import strategies as st

from images import hashes, hashing, streams
from images.demo_disks import MIB, bootable_qcow2, bootable_raw
from images.formats import Reason, RefusedImage
from images.hashing import HashThread
from images.problems import (
    CannotContinue,
    HashingFailed,
    NoSuchData,
    StoreFull,
    StoreProblem,
    TooLarge,
    WrongChecksum,
)
from images.stores import FileStore
from images.stores.files import FileWriter
from images.streams import Intake, Knowledge, Received, Receiver, Snapshot, receive
from tests.images.files import disk, iso
from tests.images.hostile.corpus import CORPUS
from tests.images.hostile.judging import MAX_VIRTUAL_BYTES
from tests.images.hostile.rows import Hostile

DISK = disk(3 * MIB)
LIMIT = 4 * MIB
LEFT_BY_OTHERS: set[threading.Thread] = set()
INTAKE = Intake(max_bytes=LIMIT, max_virtual_bytes=LIMIT)
ARCHIVE = gzip.compress(DISK[:MIB] + random.Random(3).randbytes(2 * MIB), compresslevel=1)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> FileStore:
    """One store for all examples of a property, too."""
    return FileStore(tmp_path_factory.mktemp("images"))


def take(store: FileStore, *chunks: bytes, intake: Intake = INTAKE) -> tuple[str, Received]:
    key = store.begin()
    return key, receive(store=store, key=key, chunks=chunks, intake=intake)


def is_untouched(store: FileStore, before: set[Path]) -> bool:
    """Whether the store holds what it held before, and all threads that hashed have ended: soon, but not at once."""
    deadline = time.monotonic() + 10
    while hash_threads() - LEFT_BY_OTHERS:
        assert time.monotonic() < deadline, "a hash thread goes on for ever"
        time.sleep(0.01)
    return held(store) == before


def hash_threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name.startswith("hash-")}


@pytest.fixture(autouse=True)
def _know_other_threads() -> None:
    """Tests of receivers that are killed leave theirs behind."""
    LEFT_BY_OTHERS.clear()
    LEFT_BY_OTHERS.update(hash_threads())


def held(store: FileStore) -> set[Path]:
    return {path for path in store.root.rglob("*") if path.is_file()}


def content(store: FileStore, key: str) -> bytes:
    with closing(store.read(key)) as opened:
        return opened.read()


def assert_right(store: FileStore, key: str, received: Received, data: bytes) -> None:
    assert content(store, key) == data
    assert received.size == len(data)
    assert received.md5 == hashlib.md5(data, usedforsecurity=False).hexdigest()
    assert received.sha512 == hashlib.sha512(data).hexdigest()
    assert received.stamp == store.stamp(key)


# --- In one go --------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 2 * MIB), max_size=12))
def test_hashes_and_bytes_are_right_however_the_data_is_cut(store: FileStore, cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(DISK)]
    key, received = take(store, *[DISK[start:stop] for start, stop in pairwise(edges)])
    assert_right(store, key, received, DISK)
    assert received.inspection.disk_format == "raw"
    store.delete(key)


def test_nothing_is_visible_before_the_end(store: FileStore) -> None:
    key = store.begin()
    with Receiver(writer=store.write(key), intake=INTAKE) as receiver:
        receiver.feed(DISK)
        assert not store.exists(key)
        receiver.finish()
        assert store.exists(key)
    assert store.exists(key)


def test_progress_is_told_at_most_once_for_each_mebibyte(store: FileStore) -> None:
    told: list[int] = []
    chunks = [DISK[start : start + 1000] for start in range(0, len(DISK), 1000)]
    receive(store=store, key=store.begin(), chunks=chunks, intake=INTAKE, on_progress=told.append)
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
        take(store, DISK, b"x", intake=Intake(max_bytes=len(DISK), max_virtual_bytes=LIMIT))
    assert is_untouched(store, before)


def test_exactly_the_limit_is_taken(store: FileStore) -> None:
    exactly = Intake(max_bytes=len(DISK), max_virtual_bytes=LIMIT)
    assert take(store, DISK, intake=exactly)[1].size == len(DISK)


@pytest.mark.parametrize("algorithm", ["md5", "sha256", "sha512"])
def test_what_was_promised_has_to_come(store: FileStore, algorithm: str) -> None:
    promised = hashlib.new(algorithm, DISK, usedforsecurity=False).hexdigest()
    intake = Intake(max_bytes=LIMIT, max_virtual_bytes=LIMIT, checksum=f"{algorithm}:{promised.upper()}")
    assert take(store, DISK, intake=intake)[1].size == len(DISK)
    before = held(store)
    with pytest.raises(WrongChecksum, match=rf"its {algorithm} is [0-9a-f]+, but {promised.upper()} was expected"):
        take(store, DISK[:-1] + b"x", intake=intake)
    assert is_untouched(store, before)


def test_a_source_that_fails_leaves_nothing_behind(store: FileStore) -> None:
    def source() -> Iterator[bytes]:
        yield DISK[:MIB]
        raise ConnectionResetError

    before = held(store)
    with pytest.raises(ConnectionResetError):
        receive(store=store, key=store.begin(), chunks=source(), intake=INTAKE)
    assert is_untouched(store, before)


@pytest.fixture
def full_after_one_block(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that has room for 1 MiB of each file."""
    write = FileWriter.write

    def write_once(self: FileWriter, chunk: bytes) -> None:
        if self.offset:
            raise StoreFull
        write(self, chunk)

    monkeypatch.setattr(FileWriter, "write", write_once)


@pytest.mark.usefixtures("full_after_one_block")
def test_a_full_store_leaves_nothing_behind(store: FileStore) -> None:
    before = held(store)
    with pytest.raises(StoreFull):
        take(store, DISK)
    assert is_untouched(store, before)


# --- In several goes --------------------------------------------------------------------------------

WHOLE = {"raw": (DISK, ""), "iso": (iso(blocks=1300), ""), "archive": (ARCHIVE, "sha256")}


def resumed(store: FileStore, key: str, snapshot: Snapshot, *, intake: Intake = INTAKE) -> Receiver:
    return Receiver.resume(store=store, key=key, intake=intake, offset=snapshot.offset, state=snapshot.state)


def begun(store: FileStore, data: bytes, *, intake: Intake = INTAKE) -> tuple[str, Snapshot]:
    """Unfinished data with a snapshot at its end; the process that took it has died."""
    key = store.begin()
    with Receiver(writer=store.write(key), intake=intake) as receiver:
        receiver.feed(data)
        snapshot = receiver.snapshot()
        snapshot.durable.result()
    return key, snapshot


def send(receiver: Receiver, data: bytes, *, stop: int, piece: int) -> None:
    """Go on from where the receiver is, as any sender does that asks first."""
    for start in range(receiver.size, stop, piece):
        receiver.feed(data[start : min(start + piece, stop)])


@given(
    name=st.sampled_from(sorted(WHOLE)),
    goes=st.lists(
        st.tuples(
            st.integers(0, 2 * MIB),  # bytes that come before the snapshot
            st.sampled_from([7_000, 70_000, MIB, MIB + 1, 3 * MIB]),  # bytes of each chunk
            st.sampled_from([0, 1, 300_000, 2 * MIB]),  # bytes that come after it, and are lost
            st.sampled_from(["state", "state", "no state", "another key"]),
        ),
        max_size=5,
    ),
)
def test_any_breaks_at_any_place_end_in_the_right_bytes(
    store: FileStore, name: str, goes: list[tuple[int, int, int, str]]
) -> None:
    data, algorithm = WHOLE[name]
    checksum = f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}" if algorithm else ""
    intake = Intake(max_bytes=LIMIT, max_virtual_bytes=LIMIT, checksum=checksum, unpack=name == "archive")
    key, snapshot = begun(store, b"", intake=intake)
    for more, piece, lost, how in goes:
        with opened(store, key, snapshot, intake, how) as receiver:
            assert receiver.size <= snapshot.offset
            assert receiver.size == snapshot.offset or how != "state"
            stop = min(len(data), receiver.size + more)
            send(receiver, data, stop=stop, piece=piece)
            snapshot = receiver.snapshot()
            snapshot.durable.result()
            assert snapshot.offset == stop
            send(receiver, data, stop=min(len(data), stop + lost), piece=piece)
    with resumed(store, key, snapshot, intake=intake) as receiver:
        send(receiver, data, stop=len(data), piece=MIB)
        received = receiver.finish()
    assert_right(store, key, received, data)
    store.delete(key)


def opened(store: FileStore, key: str, snapshot: Snapshot, intake: Intake, how: str) -> Receiver:
    if how == "another key":
        with override_settings(SECRET_KEY="another"):
            return resumed(store, key, snapshot, intake=intake)
    state = snapshot.state if how == "state" else None
    return resumed(store, key, Snapshot(snapshot.offset, state, snapshot.durable), intake=intake)


def signed(value: object) -> bytes:
    packed = zlib.compress(pickle.dumps(value))
    return salted_hmac(streams.SALT, packed, algorithm="sha256").digest() + packed


@pytest.mark.parametrize(
    "state",
    [
        b"",
        b"short",
        bytes(1000),
        signed("what another version knew"),
        signed(Knowledge(INTAKE, streams._inspector(INTAKE), {}, b"")),
        signed(Knowledge(INTAKE, streams._inspector(INTAKE), {"md5": b"x", "sha512": b"x"}, b"")),
    ],
    ids=["empty", "short", "unsigned", "other version", "no hashes", "hashes of another machine"],
)
def test_state_that_is_of_no_use_is_learnt_again(store: FileStore, state: bytes) -> None:
    key, snapshot = begun(store, DISK[: 2 * MIB + 5])
    with resumed(store, key, Snapshot(snapshot.offset, state, snapshot.durable)) as receiver:
        assert receiver.size == 2 * MIB
        send(receiver, DISK, stop=len(DISK), piece=MIB)
        assert_right(store, key, receiver.finish(), DISK)


@pytest.mark.parametrize(
    "intake",
    [
        Intake(max_bytes=LIMIT, max_virtual_bytes=LIMIT, checksum=f"sha256:{hashlib.sha256(DISK).hexdigest()}"),
        Intake(max_bytes=LIMIT, max_virtual_bytes=LIMIT),
        Intake(max_bytes=LIMIT, max_virtual_bytes=LIMIT, disk_format="raw"),
    ],
    ids=["one more hash", "no archive", "said to be something"],
)
def test_state_that_answers_other_questions_is_learnt_again(store: FileStore, intake: Intake) -> None:
    key, snapshot = begun(store, DISK[: 2 * MIB])
    known = Knowledge.opened(snapshot.state or b"", INTAKE)
    assert known is not None
    other = signed(Knowledge(Intake(LIMIT, LIMIT, unpack=not intake.checksum), known.inspector, known.hashes, b""))
    with resumed(store, key, Snapshot(snapshot.offset, other, snapshot.durable), intake=intake) as receiver:
        send(receiver, DISK, stop=len(DISK), piece=MIB)
        assert_right(store, key, receiver.finish(), DISK)


def test_without_openssl_what_has_come_is_read_again(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashes, "_library", lambda: None)
    key, snapshot = begun(store, DISK[: 2 * MIB + 5])
    assert (snapshot.offset, snapshot.state) == (2 * MIB, None)
    with resumed(store, key, snapshot) as receiver:
        send(receiver, DISK, stop=len(DISK), piece=MIB)
        assert_right(store, key, receiver.finish(), DISK)


@pytest.mark.parametrize("state", ["kept", "lost"])
def test_bytes_that_are_gone_are_told(store: FileStore, state: str) -> None:
    key, snapshot = begun(store, DISK[: 2 * MIB])
    store.write(key, offset=MIB).close()
    with pytest.raises(CannotContinue, match="from its beginning"):
        resumed(store, key, snapshot if state == "kept" else Snapshot(2 * MIB, None, snapshot.durable))
    store.abort(key)
    with pytest.raises(CannotContinue, match="from its beginning"):
        resumed(store, key, snapshot)


def test_a_store_that_cannot_read_back_is_told(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_back(_store: FileStore, _key: str, *, stop: int) -> None:
        raise NoSuchData(f"nobody can read {stop} bytes")

    key, snapshot = begun(store, DISK[: 2 * MIB])
    monkeypatch.setattr(FileStore, "read_back", read_back)
    with pytest.raises(CannotContinue, match="from its beginning"):
        resumed(store, key, Snapshot(2 * MIB, None, snapshot.durable))


def test_fewer_bytes_than_were_to_be_read_again_are_told(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    read_back = FileStore.read_back
    key, snapshot = begun(store, DISK[: 2 * MIB])
    monkeypatch.setattr(FileStore, "read_back", lambda self, key, *, stop: read_back(self, key, stop=stop - 1))
    with pytest.raises(CannotContinue, match="from its beginning"):
        resumed(store, key, Snapshot(2 * MIB, None, snapshot.durable))


@pytest.mark.usefixtures("full_after_one_block")
def test_a_snapshot_never_tells_of_bytes_that_did_not_reach_the_store(store: FileStore) -> None:
    with Receiver(writer=store.write(store.begin()), intake=INTAKE) as receiver:
        receiver.feed(DISK[:MIB])
        assert receiver.snapshot().offset == MIB
        with pytest.raises(StoreFull):
            receiver.feed(DISK[MIB:])
        for act in (receiver.snapshot, receiver.finish):
            with pytest.raises(StoreProblem, match="did not reach the store"):
                act()


def test_a_refused_file_has_no_snapshot(store: FileStore) -> None:
    with Receiver(writer=store.write(store.begin()), intake=INTAKE) as receiver:
        receiver.feed(bytes(MIB))
        with pytest.raises(RefusedImage):
            receiver.finish()
        with pytest.raises(StoreProblem):
            receiver.snapshot()


# --- After a crash between the last byte and the row ------------------------------------------------


@pytest.fixture
def finished(store: FileStore) -> tuple[str, Snapshot]:
    """Data that is complete in the store, and the snapshot that was taken just before."""
    key = store.begin()
    with Receiver(writer=store.write(key), intake=INTAKE) as receiver:
        receiver.feed(DISK[:-1000])
        receiver.feed(DISK[-1000:])
        snapshot = receiver.snapshot()
        receiver.finish()
    return key, snapshot


def test_finished_data_is_taken_up_from_its_state(store: FileStore, finished: tuple[str, Snapshot]) -> None:
    key, snapshot = finished
    with resumed(store, key, snapshot) as receiver:
        assert receiver.size == len(DISK)
        assert_right(store, key, receiver.finish(), DISK)


@pytest.mark.parametrize("offset", [len(DISK), 2 * MIB, 1000])
def test_finished_data_is_taken_up_without_state(store: FileStore, finished: tuple[str, Snapshot], offset: int) -> None:
    key, snapshot = finished
    with resumed(store, key, Snapshot(offset, None, snapshot.durable)) as receiver:
        send(receiver, DISK, stop=len(DISK), piece=70_000)
        assert receiver.snapshot().durable.done()
        assert_right(store, key, receiver.finish(), DISK)


@pytest.mark.parametrize(
    "sent", [DISK[2 * MIB : -1] + b"x", DISK[2 * MIB :] + b"x", DISK[2 * MIB : -1]], ids=["other", "more", "less"]
)
def test_finished_data_is_not_taken_up_by_another_file(
    store: FileStore, finished: tuple[str, Snapshot], sent: bytes
) -> None:
    key, snapshot = finished
    with (
        pytest.raises(CannotContinue, match="not what it was"),
        resumed(store, key, Snapshot(2 * MIB, None, snapshot.durable)) as receiver,
    ):
        receiver.feed(sent)
        receiver.finish()
    assert content(store, key) == DISK


# --- Hashes that fail -------------------------------------------------------------------------------


class BrokenHash:
    """A hash that fails, as hashlib does when memory runs out."""

    state = None

    def update(self, _block: bytes) -> None:
        raise MemoryError

    def hexdigest(self) -> str:
        raise AssertionError("nobody asks a broken hash")


def test_an_error_in_a_hash_thread_reaches_the_upload(store: FileStore) -> None:
    key = store.begin()
    with (
        pytest.raises(HashingFailed, match="sha512"),
        Receiver(writer=store.write(key), intake=INTAKE) as receiver,
    ):
        receiver._hashing._threads["sha512"]._hash = BrokenHash()
        receiver.feed(DISK)
        receiver.finish()
    assert not store.exists(key)
    store.abort(key)


class HangingHash(BrokenHash):
    """A hash that does not come back until it is told to."""

    def __init__(self) -> None:
        self.go_on = threading.Event()

    def update(self, _block: bytes) -> None:
        self.go_on.wait()


@pytest.mark.parametrize("blocks", [1, hashing.QUEUED_BLOCKS + 2], ids=["at the end", "when the queue is full"])
def test_a_hash_thread_that_hangs_is_noticed(monkeypatch: pytest.MonkeyPatch, blocks: int) -> None:
    monkeypatch.setattr(hashing, "PATIENCE", 0.05)
    thread = HashThread("md5")
    hanging = HangingHash()
    thread._hash = hanging
    with pytest.raises(HashingFailed, match="come to a halt"):
        for _ in range(blocks):
            thread.feed(b"x")
        thread.hexdigest()
    thread.stop()
    hanging.go_on.set()


@pytest.mark.parametrize("row", [row for row in CORPUS if not row.unpack], ids=lambda row: row.name)
def test_what_comes_is_judged_as_the_whole_file_is(store: FileStore, row: Hostile) -> None:
    """The tables that passed before anybody named them are looked at once more, in the store."""
    key = store.begin()
    intake = Intake(max_bytes=64 * MIB, max_virtual_bytes=MAX_VIRTUAL_BYTES)
    if isinstance(row.becomes, Reason):
        with pytest.raises(RefusedImage) as refused:
            receive(store=store, key=key, chunks=[row.make()], intake=intake)
        assert refused.value.code == row.becomes
    else:
        found = receive(store=store, key=key, chunks=[row.make()], intake=intake)
        assert found.inspection.disk_format == row.becomes.disk_format
    assert store.exists(key) is not isinstance(row.becomes, Reason)
