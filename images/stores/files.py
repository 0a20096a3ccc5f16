"""Image data as files in one folder: the default store."""

import errno
import fcntl
import os
import re
import uuid
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import IO

from images.problems import DamagedData, NoSuchData, StoreFull, StoreProblem, WriterReplaced, WrongOffset
from images.stores.base import Stored

READ_SIZE = 1024 * 1024  # bytes; larger reads are not faster, smaller ones cost more system calls
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
KEY = re.compile(r"[0-9a-f]{32}", re.ASCII)
GONE = "There is no image data under this key."


class FileStore:
    """Keeps each image in a file of its own.

    Unfinished data lies in ``incoming/<key>``, finished data in ``data/<first two digits>/<key>``, on the same
    file system, so that becoming visible is one atomic rename. Only the owner of the process can look inside.
    Who writes is told by ``incoming/<key>.writer``: each writer puts a name of its own there.

    Args:
        name: what ``get_store`` calls it.
        root: the folder.
    """

    def __init__(self, root: Path | str, *, name: str = "default") -> None:
        self.name = name
        self.root = Path(root)

    def begin(self) -> str:
        """Make an empty unfinished file, named by a random key."""
        key = uuid.uuid4().hex
        with _told():
            path = self._incoming(key)
            _make_private(path.parent)
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        return key

    def write(self, key: str, *, offset: int = 0) -> "FileWriter":
        """Go on at ``offset``; see ``ImageStore.write``."""
        with _told():
            return FileWriter(self._incoming(key), self._final(key), offset)

    def read_back(self, key: str, *, stop: int) -> "FileRange":
        """Open the beginning of an unfinished file."""
        with _told():
            return FileRange(self._incoming(key).open("rb", buffering=0), start=0, stop=stop)

    def abort(self, key: str) -> None:
        """Remove an unfinished file, and what its writers left beside it."""
        path = self._incoming(key)
        with _told():
            with suppress(FileNotFoundError), _opened(path, os.O_RDONLY) as file, _locked(file):
                # The mark first: whoever dies in between leaves a file under a key, which is found and collected.
                _mark(path).unlink(missing_ok=True)
                path.unlink()
            for mark in path.parent.glob(f"{_mark(path).name}*"):
                mark.unlink(missing_ok=True)

    def delete(self, key: str) -> None:
        """Remove a finished file. Who has it open, reads on to its end."""
        with _told():
            self._final(key).unlink(missing_ok=True)

    def exists(self, key: str) -> bool:
        """Whether a finished file has this key."""
        return self._final(key).is_file()

    def size(self, key: str) -> int:
        """The number of bytes of a finished file."""
        with _told():
            return self._final(key).stat().st_size

    def stamp(self, key: str) -> str:
        """Size and time of the last change: a finished file is never written to, so neither may differ."""
        with _told():
            return _stamp(self._final(key).stat())

    def read(self, key: str, *, start: int = 0, stop: int | None = None, stamp: str = "") -> "FileRange":
        """Open a part of a finished file."""
        with _told():
            file = self._final(key).open("rb", buffering=0)
        found = os.fstat(file.fileno())
        if stamp and _stamp(found) != stamp:
            file.close()
            raise DamagedData("The stored data was changed after it was checked.")
        return FileRange(file, start=start, stop=found.st_size if stop is None else min(stop, found.st_size))

    @contextmanager
    def local_file(self, key: str) -> Iterator[Path]:
        """The finished file itself."""
        if not self.exists(key):
            raise NoSuchData(GONE)
        yield self._final(key)

    def stored(self) -> Iterator[Stored]:
        """All files, whoever made them, and marks that a writer left alone; what has no name of ours stays."""
        for folder, finished in ((self.root / "incoming", False), (self.root / "data", True)):
            for path in folder.glob("*/*" if finished else "*"):
                key = path.name if finished else path.name.partition(".")[0]
                is_alone = path.name != key and not path.with_name(key).exists()
                with suppress(FileNotFoundError):
                    if KEY.fullmatch(key) and (path.name == key or is_alone):
                        found = path.stat()
                        changed = datetime.fromtimestamp(found.st_mtime, UTC)
                        yield Stored(key, found.st_size, changed, finished)

    def link(self, key: str, *, filename: str, content_type: str, seconds: int) -> str:
        """None: files are given out by the panel, or by the web server before it."""
        return ""

    def path_below_root(self, key: str) -> str:
        """Where the finished file is, for a web server that knows the folder."""
        return self._final(key).relative_to(self.root).as_posix()

    def _incoming(self, key: str) -> Path:
        return self.root / "incoming" / _checked(key)

    def _final(self, key: str) -> Path:
        return self.root / "data" / _checked(key)[:2] / key


class FileWriter:
    """Writes an unfinished file, as long as nobody else begins to.

    Two writers may hold the file open at once: a connection that hangs, and its successor. Each write is done under
    the file's lock and only while the mark is still this writer's own, so that the older one cannot spoil anything.
    """

    def __init__(self, path: Path, final: Path, offset: int) -> None:
        self.offset = offset
        self._path = path
        self._final = final
        self._name = uuid.uuid4().bytes
        self._file = os.open(path, os.O_WRONLY)
        try:
            with _locked(self._file):
                self._take_over(offset)
        except BaseException:
            self.close()
            raise

    def write(self, chunk: bytes) -> None:
        """Write at the end; see ``Writer.write``."""
        with _told(), self._mine():
            _write_all(self._file, chunk, self.offset)
        self.offset += len(chunk)

    def sync(self) -> "Future[None]":
        """Bring what is written to the disk, in a thread of its own: it may take as long as writing did."""
        future: Future[None] = Future()
        descriptor = os.dup(self._file)

        def run() -> None:
            try:
                os.fdatasync(descriptor)
            except OSError as error:
                future.set_exception(_problem(error))
            else:
                future.set_result(None)
            finally:
                os.close(descriptor)

        Thread(target=run, name="sync", daemon=True).start()
        return future

    def finish(self) -> str:
        """Bring the bytes to the disk, rename the file into view, and take away the right to write it.

        In this order, because this process may die after each step: an unfinished file has to stay writable for the
        next writer, and no mark may be left behind without a file.
        """
        with _told(), self._mine():
            os.fsync(self._file)
            _make_private(self._final.parent)
            _mark(self._path).unlink(missing_ok=True)
            self._path.rename(self._final)
            os.fchmod(self._file, 0o400)
            # The rename itself survives a power cut only when both folders have reached the disk.
            for folder in (self._final.parent, self._path.parent):
                _sync_folder(folder)
            stamp = _stamp(os.fstat(self._file))
        self.close()
        return stamp

    def close(self) -> None:
        """Give the file back to the system."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _take_over(self, offset: int) -> None:
        self._path.stat()  # while we waited for the lock, it may have been finished or aborted
        end = os.fstat(self._file).st_size
        if end < offset:
            raise WrongOffset(f"The data has {end} bytes so far, but the next chunk begins at byte {offset}.")
        with _opened(_mark(self._path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC) as mark:
            os.write(mark, self._name)
        os.ftruncate(self._file, offset)

    @contextmanager
    def _mine(self) -> Iterator[None]:
        with _locked(self._file):
            try:
                name = _mark(self._path).read_bytes()
            except FileNotFoundError:
                raise NoSuchData(GONE) from None
            if name != self._name:
                raise WriterReplaced("The file is being sent in another way now.")
            yield


class FileRange:
    """A part of a file that reads as if it were a file of its own and ends where the part ends.

    ``fileno()`` stands at the first byte of the part: a server that is told the length can send it with ``sendfile``.
    """

    def __init__(self, file: IO[bytes], *, start: int, stop: int) -> None:
        self._file = file
        self._left = max(0, stop - start)
        file.seek(start)

    def __iter__(self) -> Iterator[bytes]:
        return iter(lambda: self.read(READ_SIZE), b"")

    def read(self, size: int = -1, /) -> bytes:
        """At most ``size`` bytes, or all that is left."""
        data = self._file.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(data)
        return data

    def fileno(self) -> int:
        """The descriptor of the whole file, which stands where the next read begins."""
        return self._file.fileno()

    def close(self) -> None:
        """Give the file back to the system."""
        self._file.close()


def _checked(key: str) -> str:
    """The key, if it is one that ``begin`` could have made: nothing else may become part of a path."""
    if not KEY.fullmatch(key):
        raise NoSuchData("This is not a key of image data.")
    return key


@contextmanager
def _told() -> Iterator[None]:
    """Turn what the operating system says into errors that a person can read."""
    try:
        yield
    except OSError as error:
        raise _problem(error) from error


def _problem(error: OSError) -> StoreProblem:
    if isinstance(error, FileNotFoundError):
        return NoSuchData(GONE)
    if error.errno in FULL:
        return StoreFull("There is no room left for images. Ask whoever runs this panel to make some.")
    return StoreProblem(f"The image store does not work: {error.strerror}.")


def _mark(path: Path) -> Path:
    """Where it says who writes an unfinished file."""
    return path.with_name(f"{path.name}.writer")


def _stamp(found: os.stat_result) -> str:
    return f"{found.st_size}-{found.st_mtime_ns}"


@contextmanager
def _locked(descriptor: int) -> Iterator[None]:
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


@contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    descriptor = os.open(path, flags, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, chunk: bytes, offset: int) -> None:
    """Write a whole chunk, or leave the file as long as it was: the system may write less than it is given."""
    view = memoryview(chunk)
    done = 0
    try:
        while done < len(view):
            done += os.pwrite(descriptor, view[done:], offset + done)
    except OSError:
        os.ftruncate(descriptor, offset)
        raise


def _make_private(folder: Path) -> None:
    """Make a folder and those above it that are missing, for the owner only."""
    for each in (*reversed(folder.parents[:2]), folder):
        each.mkdir(mode=0o700, parents=True, exist_ok=True)


def _sync_folder(folder: Path) -> None:
    with _opened(folder, os.O_RDONLY | os.O_DIRECTORY) as descriptor:
        os.fsync(descriptor)
