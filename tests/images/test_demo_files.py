"""The tiny file system is one that other programs find no fault with."""

import subprocess
from pathlib import Path

import pytest

from images.demo_files import BLOCK, LARGEST, file_system

FILES = {
    "etc/hostname": b"golden\n",
    "home/debian/.ssh/authorized_keys": b"ssh-ed25519 AAAA\n",
    "home/debian/large": bytes(range(256)) * 48,
    "empty": b"",
}
SIZE = 4 * 1024 * 1024


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    path = tmp_path / "disk"
    path.write_bytes(file_system(FILES, size=SIZE).ljust(SIZE, b"\0"))
    return path


def told(*argv: str | Path) -> bytes:
    return subprocess.run(argv, check=True, capture_output=True).stdout


def test_the_checker_finds_no_fault_with_it(disk: Path) -> None:
    assert b"errors" not in told("e2fsck", "-f", "-n", disk)


@pytest.mark.parametrize("path", FILES)
def test_each_file_holds_what_it_was_given(disk: Path, path: str) -> None:
    assert told("debugfs", "-R", f"cat /{path}", disk) == FILES[path]


@pytest.mark.parametrize(
    ("files", "size"),
    [({"a": bytes(12 * BLOCK + 1)}, SIZE), ({"a": b"x"}, 8 * BLOCK), ({"a": b"x"}, LARGEST + BLOCK)],
    ids=["file", "disk", "group"],
)
def test_what_does_not_fit_is_an_error(files: dict[str, bytes], size: int) -> None:
    with pytest.raises(ValueError, match=r"too large|do not fit"):
        file_system(files, size=size)
