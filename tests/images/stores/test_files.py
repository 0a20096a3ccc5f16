"""What only files can promise, beside the contract: rights, descriptors, and what a disk does when it fails."""

import errno
import os
import stat
from contextlib import closing
from pathlib import Path

import pytest

from images.problems import NoSuchData, StoreFull, StoreProblem, WrongOffset
from images.stores import FileStore
from tests.images.stores.bytes_of_images import content, keep


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_server_can_send_a_part_by_its_descriptor(files: FileStore) -> None:
    key = keep(files, b"0123456789")
    with closing(files.read(key, start=3)) as part:
        assert os.lseek(part.fileno(), 0, os.SEEK_CUR) == 3


def test_a_program_gets_the_file_itself_and_cannot_write_to_it(files: FileStore) -> None:
    key = keep(files, b"whole")
    with files.local_file(key) as path:
        assert path == files.root / files.path_below_root(key)
        assert stat.S_IMODE(path.stat().st_mode) == 0o400


def test_only_the_owner_can_look_inside(files: FileStore) -> None:
    keep(files, b"finished")
    with closing(files.write(files.begin())) as writer:
        writer.write(b"unfinished")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (files.root, *files.root.rglob("*"))}
    assert modes == {0o700, 0o600, 0o400}


def test_the_end_is_told_to_whoever_wants_to_go_on_behind_it(files: FileStore) -> None:
    key = files.begin()
    with closing(files.write(key)) as writer:
        writer.write(b"1234")
    with pytest.raises(WrongOffset, match="4 bytes so far"):
        files.write(key, offset=99)


def test_what_lies_behind_the_offset_is_cut_off(files: FileStore) -> None:
    key = files.begin()
    with closing(files.write(key)) as writer:
        writer.write(b"0123456789")
    with closing(files.write(key, offset=4)) as writer:
        writer.finish()
    assert content(files, key) == b"0123"


def test_nothing_of_an_aborted_upload_stays(files: FileStore) -> None:
    key = files.begin()
    with closing(files.write(key)) as writer:
        writer.write(b"data")
    files.abort(key)
    assert files_in(files.root) == []


def test_who_reads_already_reads_on_after_a_delete(files: FileStore) -> None:
    key = keep(files, b"still here")
    with closing(files.read(key)) as opened:
        files.delete(key)
        assert opened.read() == b"still here"


def test_a_file_that_was_touched_is_damaged(files: FileStore) -> None:
    key = keep(files, b"as it was")
    stamp = files.stamp(key)
    with files.local_file(key) as path:
        path.chmod(0o600)
        path.write_bytes(b"as it is!")
    assert files.stamp(key) != stamp


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_told_and_keeps_what_was_there(
    files: FileStore, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    write = os.pwrite

    def write_some(descriptor: int, data: bytes, offset: int) -> int:
        if offset > 4:
            raise OSError(number, os.strerror(number))
        return write(descriptor, data[:2], offset)

    key = files.begin()
    with closing(files.write(key)) as writer:
        writer.write(b"kept")
        monkeypatch.setattr("os.pwrite", write_some)
        with pytest.raises(StoreFull, match="no room left"):
            writer.write(b"too much")
        assert writer.offset == 4
    with closing(files.read_back(key, stop=99)) as opened:
        assert opened.read() == b"kept"


def test_a_system_that_writes_less_than_it_is_given_is_asked_again(
    files: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.pwrite
    monkeypatch.setattr("os.pwrite", lambda descriptor, data, offset: write(descriptor, data[:3], offset))
    assert content(files, keep(files, b"a longer text")) == b"a longer text"


def test_a_broken_disk_is_told(files: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object) -> int:
        raise OSError(errno.EIO, "Input/output error")

    key = files.begin()
    with closing(files.write(key)) as writer:
        writer.write(b"data")
        monkeypatch.setattr("os.fdatasync", broken)
        monkeypatch.setattr("os.fsync", broken)
        with pytest.raises(StoreProblem, match="Input/output error"):
            writer.sync().result()
        with pytest.raises(StoreProblem, match="Input/output error"):
            writer.finish()
    assert not files.exists(key)


def test_a_disk_that_lost_the_data_says_so(files: FileStore) -> None:
    key = keep(files, b"data")
    (files.root / files.path_below_root(key)).unlink()
    with pytest.raises(NoSuchData, match="no image data"):
        content(files, key)
