"""Going through the files of one file system, with an end to everything."""

from collections.abc import Callable, Iterator
from typing import Any

import pytsk3

from images.inside.disks import Disk, UnreadableDisk
from images.inside.rules import MOST_BYTES, rules_for

MOST_FILES = 2_000_000  # entries of a file system that are looked at
MOST_IN_FOLDER = 200_000
DEEPEST = 64  # folders in each other
LONGEST_NAME = 255 * 4  # bytes
OWN_FOLDERS = (b".", b"..", b"$OrphanFiles")  # the last one is The Sleuth Kit's, of files that are deleted
REPORT_EVERY = 5000  # files

Found = Callable[[str, str, int], None]


class Window(pytsk3.Img_Info):
    """A disk as The Sleuth Kit reads it."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        super().__init__(url="", type=pytsk3.TSK_IMG_TYPE_EXTERNAL)

    def read(self, offset: int, length: int) -> bytes:
        """So many bytes from there on."""
        try:
            return self._disk.read(offset, length)
        except UnreadableDisk as error:
            raise OSError(str(error)) from None

    def get_size(self) -> int:
        """The bytes of the disk."""
        return self._disk.size

    def close(self) -> None:
        """Nothing is to be given back: the process ends soon."""


class Walk:
    """One way through a file system.

    Attributes:
        files: how many entries were looked at.
        gaps: how many could not be, and why: words to numbers.
    """

    def __init__(self, system: Any, *, on_found: Found, on_progress: Callable[[], None]) -> None:
        self.files = 0
        self.gaps: dict[str, int] = {}
        self._system = system
        self._on_found = on_found
        self._on_progress = on_progress
        self._seen: set[int] = set()

    def run(self) -> None:
        """Look at every file, breadth first, so that what lies near the root comes early."""
        waiting: list[tuple[str, int | None, int]] = [("", None, 0)]
        for path, address, depth in waiting:  # it grows while it is gone through
            for name, entry in self._entries(path, address):
                if self.files >= MOST_FILES:
                    self._gap("there are too many files")
                    return
                self._count()
                below = self._look(f"{path}{name}", entry)
                if below is None:
                    continue
                if depth >= DEEPEST:
                    self._gap("folders lie too deep in each other")
                else:
                    waiting.append((f"{path}{name}/", below, depth + 1))

    def _entries(self, path: str, address: int | None) -> Iterator[tuple[str, Any]]:
        """The entries of a folder that are not deleted, with their names."""
        try:
            folder = self._system.open_dir(path="/") if address is None else self._system.open_dir(inode=address)
            for number, entry in enumerate(folder):
                if number >= MOST_IN_FOLDER:
                    self._gap("a folder has too many files")
                    return
                name = entry.info.name.name if entry.info.name else None
                if name and name not in OWN_FOLDERS and is_live(entry):
                    yield name[:LONGEST_NAME].decode("utf-8", "replace").replace("/", "_"), entry
        except OSError:
            self._gap("a folder could not be read")

    def _look(self, path: str, entry: Any) -> int | None:
        """Look at a file; of a folder that was not met yet, give the address."""
        meta = entry.info.meta
        if meta is None:
            self._gap("a file could not be found")
        elif meta.type == pytsk3.TSK_FS_META_TYPE_DIR:
            if meta.addr in self._seen:
                return None
            self._seen.add(meta.addr)
            return int(meta.addr)
        elif meta.type == pytsk3.TSK_FS_META_TYPE_REG and meta.size > 0:
            self._search(path, entry, int(meta.size))
        return None

    def _search(self, path: str, entry: Any, size: int) -> None:
        rules = rules_for(path)
        content = self._content(entry, size) if any(rule.needs_content for rule in rules) else b""
        for rule in rules:
            if number := rule.count(content):
                self._on_found(rule.kind, path, number)

    def _content(self, entry: Any, size: int) -> bytes:
        """The beginning of a file; as much as can be read."""
        try:
            return bytes(entry.read_random(0, min(size, MOST_BYTES)))
        except OSError:
            self._gap("a file could not be read")
            return b""

    def _gap(self, why: str) -> None:
        self.gaps[why] = self.gaps.get(why, 0) + 1

    def _count(self) -> None:
        self.files += 1
        if self.files % REPORT_EVERY == 0:
            self._on_progress()


def is_live(entry: Any) -> bool:
    """Whether an entry is there for everybody, rather than deleted."""
    return not int(entry.info.name.flags) & pytsk3.TSK_FS_NAME_FLAG_UNALLOC


def open_file_system(window: Window, start: int) -> Any:
    """The file system that begins there.

    Raises:
        OSError: it is too broken to be opened.
    """
    return pytsk3.FS_Info(window, offset=start)
