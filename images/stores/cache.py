"""Copies of image data from elsewhere on this machine's own disk, for programs that need a file.

No lock files, and no state but the files themselves: each is locked with ``flock`` by whoever uses it, and the kernel
lets go of a lock when its process dies, however it dies.

- ``<name>``: a whole copy. Who uses it holds a shared lock; removing it needs an exclusive one.
- ``<name>.part``: a copy on its way. Who fetches holds an exclusive lock; the file has its full length from the
  beginning, so that its room is taken before the first byte comes.
"""

import errno
import fcntl
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from django.conf import settings

from accounts.templatetags.panel import size as readable_size
from images.problems import Busy, StoreFull, StoreProblem

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
PART = ".part"
LOCK = "lock"  # held while room is made; no copy has a name without a dot


class Source(Iterable[bytes], Protocol):
    """Image data that is read in chunks and then closed."""

    def close(self) -> None: ...


def default_cache() -> "ImageCache":
    """The cache that the settings describe."""
    return ImageCache(settings.IMAGE_CACHE_DIR, settings.IMAGE_CACHE_BYTES)


@dataclass(frozen=True, slots=True)
class ImageCache:
    """A folder that holds at most so many bytes of copies. What was not used for longest goes first.

    Any number of processes on this machine may use the folder at once.

    Attributes:
        folder: made when it is needed; on a file system that knows ``flock``.
        limit: bytes.
    """

    folder: Path
    limit: int

    @contextmanager
    def file(self, name: str, size: int, fetch: Callable[[], Source]) -> Iterator[Path]:
        """A copy that stays while the context lasts.

        Args:
            name: of the data; the same name always stands for the same bytes.
            size: of the data, in bytes.
            fetch: opens the data, if there is no copy yet.

        Raises:
            StoreFull: the data is larger than the whole cache, or the disk is full.
            Busy: everything in the cache is in use.
            StoreProblem: the data could not be fetched whole.
        """
        if size > self.limit:
            raise StoreFull(
                f"The image has {readable_size(size)}, but the panel works on copies of at most "
                f"{readable_size(self.limit)}. Ask whoever runs this panel to raise STOCKROOM_CACHE_BYTES."
            )
        descriptor = self._open(self.folder / name, size, fetch)
        try:
            yield self.folder / name
        finally:
            os.close(descriptor)

    def _open(self, path: Path, size: int, fetch: Callable[[], Source]) -> int:
        """Lock the copy for use, after making it if need be."""
        while True:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with suppress(FileNotFoundError):
                descriptor = _lock(path, os.O_RDONLY, fcntl.LOCK_SH)
                os.utime(descriptor)
                return descriptor
            self._fetch(path, size, fetch)

    def _fetch(self, path: Path, size: int, fetch: Callable[[], Source]) -> None:
        """Make the copy, or wait until somebody else has made it."""
        part = path.with_name(path.name + PART)
        try:
            descriptor = _lock(part, os.O_RDWR | os.O_CREAT, fcntl.LOCK_EX)
        except FileNotFoundError:
            return  # who held it has finished
        try:
            if not path.exists():
                self._take_room(descriptor, size)
                _copy(fetch, descriptor, size)
                with self._counting():
                    part.rename(path)
        finally:
            part.unlink(missing_ok=True)
            os.close(descriptor)

    def _take_room(self, descriptor: int, size: int) -> None:
        """Give a file its full length, after removing what was not used for longest."""
        os.ftruncate(descriptor, 0)
        with self._counting():
            self._make_room(size)
            try:
                if size:
                    os.posix_fallocate(descriptor, 0, size)
            except OSError as error:
                raise _problem(error) from error

    def _make_room(self, size: int) -> None:
        sizes = self._sizes()
        for path in list(sizes):
            if sum(sizes.values()) + size <= self.limit:
                return
            if _remove_unused(path):
                del sizes[path]
        if sum(sizes.values()) + size > self.limit:
            raise Busy("The panel is working on as many images as it has room for. Try again in a while.")

    def _sizes(self) -> dict[Path, int]:
        """The bytes of each file, what was not used for longest first."""
        found = {}
        for path in self.folder.iterdir():
            with suppress(FileNotFoundError):
                found[path] = path.stat()
        ordered = sorted(found.items(), key=lambda each: each[1].st_mtime_ns)
        return {path: status.st_size for path, status in ordered if status.st_size}

    @contextmanager
    def _counting(self) -> Iterator[None]:
        """While it lasts, nobody else takes room or renames."""
        descriptor = _lock(self.folder / LOCK, os.O_RDWR | os.O_CREAT, fcntl.LOCK_EX)
        try:
            yield
        finally:
            os.close(descriptor)


def _lock(path: Path, flags: int, kind: int) -> int:
    """Open a file and lock it, sure that it is still the one of this name.

    Raises:
        FileNotFoundError: it is not there, or was removed or renamed while we waited for the lock.
    """
    descriptor = os.open(path, flags, 0o600)
    try:
        fcntl.flock(descriptor, kind)
        same = path.stat().st_ino == os.fstat(descriptor).st_ino
    except BaseException:
        os.close(descriptor)
        raise
    if not same:
        os.close(descriptor)
        raise FileNotFoundError(path)
    return descriptor


def _remove_unused(path: Path) -> bool:
    """Remove a copy that nobody uses, or the beginning of one whose process died."""
    try:
        descriptor = _lock(path, os.O_RDONLY, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, FileNotFoundError):
        return not path.exists()
    path.unlink()
    os.close(descriptor)
    return True


def _copy(fetch: Callable[[], Source], descriptor: int, size: int) -> None:
    done = 0
    with closing(fetch()) as source:
        for chunk in source:
            done += len(chunk)
            if done > size:
                break
            _write(descriptor, chunk)
    if done != size:
        raise StoreProblem("The image could not be fetched whole from its store. Try again.")


def _write(descriptor: int, chunk: bytes) -> None:
    view = memoryview(chunk)
    try:
        while view:
            view = view[os.write(descriptor, view) :]
    except OSError as error:
        raise _problem(error) from error


def _problem(error: OSError) -> StoreProblem:
    if error.errno in FULL:
        return StoreFull("The disk of the panel is full. Ask whoever runs it to make room.")
    return StoreProblem(f"The panel cannot keep a copy of the image: {error.strerror}.")
