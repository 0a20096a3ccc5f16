"""Image data as files in one folder: the default store."""

import errno
import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from images.problems import NoSuchData, StoreFull, StoreProblem, WrongOffset

READ_SIZE = 1024 * 1024  # bytes; larger reads are not faster, smaller ones cost more system calls
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
KEY = re.compile(r"[0-9a-f]{32}", re.ASCII)


class FileStore:
    """Keeps each image in a file of its own.

    Unfinished data lies in ``incoming/<key>``, finished data in ``data/<first two digits>/<key>``, on the same
    file system, so that becoming visible is one atomic rename. Only the owner of the process can look inside.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def begin(self) -> str:
        """Make an empty unfinished file, named by a random key."""
        key = uuid.uuid4().hex
        with _told():
            path = self._incoming(key)
            _make_private(path.parent)
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        return key

    def append(self, key: str, *, offset: int, chunk: bytes) -> None:
        """Write a chunk at the end of an unfinished file; see ``ImageStore.append``."""
        with _told(), _opened(self._incoming(key), os.O_WRONLY) as descriptor:
            end = os.fstat(descriptor).st_size
            if end != offset:
                raise WrongOffset(f"The data has {end} bytes so far, but the next chunk begins at byte {offset}.")
            _write_all(descriptor, chunk, offset)

    def finish(self, key: str) -> None:
        """Bring the bytes to the disk, take away the right to write them, and rename the file into view."""
        incoming, final = self._incoming(key), self._final(key)
        with _told():
            with _opened(incoming, os.O_WRONLY) as descriptor:
                os.fchmod(descriptor, 0o400)
                os.fsync(descriptor)
            _make_private(final.parent)
            incoming.rename(final)
            # The rename itself survives a power cut only when both folders have reached the disk.
            for folder in (final.parent, incoming.parent):
                _sync_folder(folder)

    def abort(self, key: str) -> None:
        """Remove an unfinished file."""
        with _told():
            self._incoming(key).unlink(missing_ok=True)

    def delete(self, key: str) -> None:
        """Remove a finished file. Who has it open, reads on to its end."""
        with _told():
            self._final(key).unlink(missing_ok=True)

    def exists(self, key: str) -> bool:
        """Whether a finished file has this key."""
        return self._final(key).is_file()

    def size(self, key: str) -> int:
        """The number of bytes of a file, finished or not."""
        for path in (self._final(key), self._incoming(key)):
            with suppress(FileNotFoundError):
                return path.stat().st_size
        raise NoSuchData("There is no image data under this key.")

    def read(self, key: str, *, start: int = 0, stop: int | None = None) -> "FileRange":
        """Open a part of a finished file."""
        with _told():
            file = self._final(key).open("rb", buffering=0)
        end = os.fstat(file.fileno()).st_size
        return FileRange(file, start=start, stop=end if stop is None else min(stop, end))

    def local_path(self, key: str) -> Path:
        """The finished file itself."""
        if not self.exists(key):
            raise NoSuchData("There is no image data under this key.")
        return self._final(key)

    def _incoming(self, key: str) -> Path:
        return self.root / "incoming" / _checked(key)

    def _final(self, key: str) -> Path:
        return self.root / "data" / _checked(key)[:2] / key


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
    except FileNotFoundError as error:
        raise NoSuchData("There is no image data under this key.") from error
    except OSError as error:
        if error.errno in FULL:
            raise StoreFull("There is no room left for images. Ask whoever runs this panel to make some.") from error
        raise StoreProblem(f"The image store does not work: {error.strerror}.") from error


@contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    descriptor = os.open(path, flags)
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
