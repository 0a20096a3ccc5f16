"""The file store: what it promises about keys, order, visibility and errors."""

import errno
import os
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from images.problems import NoSuchData, StoreFull, StoreProblem, WrongOffset
from images.stores import FileStore, ImageStore, get_store


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "images")


def stored(store: ImageStore, *chunks: bytes) -> str:
    key = store.begin()
    for chunk in chunks:
        store.append(key, offset=store.size(key), chunk=chunk)
    store.finish(key)
    return key


def content(store: ImageStore, key: str, *, start: int = 0, stop: int | None = None) -> bytes:
    with closing(store.read(key, start=start, stop=stop)) as opened:
        return b"".join(opened)


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_the_default_store_lies_where_the_settings_say(settings: Settings, tmp_path: Path) -> None:
    settings.IMAGE_STORE_DIR = tmp_path / "elsewhere"
    key = stored(get_store(), b"data")
    assert get_store("default").local_path(key).is_relative_to(tmp_path / "elsewhere")


def test_a_store_that_nobody_set_up_is_an_error() -> None:
    with pytest.raises(LookupError, match="'tape'"):
        get_store("tape")


def test_data_is_given_back_as_it_came(store: FileStore) -> None:
    key = stored(store, b"one, ", b"two, ", b"three")
    assert content(store, key) == b"one, two, three"
    assert store.size(key) == 15
    assert store.local_path(key).read_bytes() == b"one, two, three"


@pytest.mark.parametrize(
    ("start", "stop", "expected"),
    [(0, None, b"0123456789"), (4, None, b"456789"), (4, 7, b"456"), (8, 99, b"89"), (10, None, b""), (7, 4, b"")],
)
def test_a_part_of_the_data_can_be_read(store: FileStore, start: int, stop: int | None, expected: bytes) -> None:
    key = stored(store, b"0123456789")
    assert content(store, key, start=start, stop=stop) == expected


def test_a_part_reads_like_a_file_that_ends_where_the_part_ends(store: FileStore) -> None:
    key = stored(store, b"0123456789")
    with closing(store.read(key, start=2, stop=8)) as part:
        assert (part.read(4), part.read(4), part.read(), part.read()) == (b"2345", b"67", b"", b"")


def test_a_server_can_send_a_part_by_its_descriptor(store: FileStore) -> None:
    key = stored(store, b"0123456789")
    with closing(store.read(key, start=3)) as part:
        assert os.lseek(part.fileno(), 0, os.SEEK_CUR) == 3


def test_data_is_invisible_until_it_is_finished(store: FileStore) -> None:
    key = store.begin()
    store.append(key, offset=0, chunk=b"half")
    assert not store.exists(key)
    assert store.size(key) == 4
    with pytest.raises(NoSuchData):
        store.read(key)
    with pytest.raises(NoSuchData):
        store.local_path(key)


def test_finished_data_is_never_written_again(store: FileStore) -> None:
    key = stored(store, b"whole")
    with pytest.raises(NoSuchData):
        store.append(key, offset=5, chunk=b"more")
    with pytest.raises(NoSuchData):
        store.finish(key)
    assert stat.S_IMODE(store.local_path(key).stat().st_mode) == 0o400


def test_only_the_owner_can_look_inside(store: FileStore) -> None:
    stored(store, b"finished")
    store.begin()
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (store.root, *store.root.rglob("*"))}
    assert modes == {0o700, 0o600, 0o400}


@pytest.mark.parametrize("offset", [0, 3, 5, 99])
def test_a_chunk_must_begin_where_the_data_ends(store: FileStore, offset: int) -> None:
    key = store.begin()
    store.append(key, offset=0, chunk=b"1234")
    with pytest.raises(WrongOffset, match="4 bytes so far"):
        store.append(key, offset=offset, chunk=b"5")
    assert store.size(key) == 4


def test_an_upload_goes_on_in_another_process(store: FileStore) -> None:
    key = store.begin()
    store.append(key, offset=0, chunk=b"before, ")
    other = FileStore(store.root)
    other.append(key, offset=other.size(key), chunk=b"after")
    other.finish(key)
    assert content(store, key) == b"before, after"


def test_aborting_and_deleting_leave_nothing_and_can_be_repeated(store: FileStore) -> None:
    unfinished, finished = store.begin(), stored(store, b"data")
    for _ in range(2):
        store.abort(unfinished)
        store.delete(finished)
    assert files_in(store.root) == []
    with pytest.raises(NoSuchData):
        store.size(finished)


def test_who_reads_already_reads_on_after_a_delete(store: FileStore) -> None:
    key = stored(store, b"still here")
    with closing(store.read(key)) as opened:
        store.delete(key)
        assert opened.read() == b"still here"


UNKEYS = [
    "",
    "x",
    "../../etc/passwd",
    "..",
    "/etc/passwd",
    "A" * 32,
    "g" * 32,
    "0" * 31,
    "0" * 33,
    "0" * 32 + "\n",
    "٠" * 32,
]
USES: list[Callable[[FileStore, str], object]] = [
    lambda store, key: store.append(key, offset=0, chunk=b""),
    FileStore.finish,
    FileStore.abort,
    FileStore.delete,
    FileStore.exists,
    FileStore.size,
    FileStore.read,
    FileStore.local_path,
]


@pytest.mark.parametrize("key", UNKEYS)
def test_only_keys_of_its_own_become_part_of_a_path(store: FileStore, key: str) -> None:
    for use in USES:
        with pytest.raises(NoSuchData):
            use(store, key)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_told_and_keeps_what_was_there(
    store: FileStore, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    key = store.begin()
    store.append(key, offset=0, chunk=b"kept")
    write = os.pwrite

    def write_some(descriptor: int, data: bytes, offset: int) -> int:
        if offset > 4:
            raise OSError(number, os.strerror(number))
        return write(descriptor, data[:2], offset)

    monkeypatch.setattr("os.pwrite", write_some)
    with pytest.raises(StoreFull, match="no room left"):
        store.append(key, offset=4, chunk=b"too much")
    assert store.size(key) == 4


def test_a_system_that_writes_less_than_it_is_given_is_asked_again(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.pwrite
    monkeypatch.setattr("os.pwrite", lambda descriptor, data, offset: write(descriptor, data[:3], offset))
    assert content(store, stored(store, b"a longer text")) == b"a longer text"


def test_a_broken_disk_is_told(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object) -> int:
        raise OSError(errno.EIO, "Input/output error")

    key = store.begin()
    monkeypatch.setattr("os.fsync", broken)
    with pytest.raises(StoreProblem, match="Input/output error"):
        store.finish(key)
    assert not store.exists(key)
