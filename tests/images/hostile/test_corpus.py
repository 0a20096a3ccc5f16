"""Every file of the corpus becomes what its row says; QEMU sees nothing else in what we take."""

import json
import pickle
import resource
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from images.archives import ArchiveInspector, unpacked
from images.demo_disks import MIB, SECTOR
from images.formats import Inspection, Inspector, RefusedImage
from images.formats.structure import BLOCK
from tests.images.hostile import CORPUS, Hostile, Taken
from tests.images.test_formats import TAKEN

MAX_VIRTUAL_BYTES = 4 * 1024**4
MAX_UNPACKED = 16 * MIB
MAX_STATE = 2 * MIB  # bytes of a pickled inspector
MAX_SECONDS = 5  # for one file, on a machine that does many other things
QEMU_NAMES = {"vhd": "vpc", "iso": "raw"}
NAMES = [row.name for row in CORPUS]
AnyInspector = Inspector | ArchiveInspector


def blocks(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), BLOCK):
        yield data[start : start + BLOCK]


def fed(inspector: AnyInspector, data: bytes, *, breaks: bool = False) -> AnyInspector:
    """The inspector after all blocks; with breaks, it goes on in another process after each of them."""
    for block in blocks(data):
        inspector.feed(block)
        if breaks:
            state = pickle.dumps(inspector)
            assert len(state) < MAX_STATE
            inspector = pickle.loads(state)  # noqa: S301  # made a line above
    return inspector


def inspect(data: bytes, *, breaks: bool = False) -> Inspection:
    """What the panel makes of a disk."""
    inspector = fed(Inspector(max_virtual_bytes=MAX_VIRTUAL_BYTES), data, breaks=breaks)
    assert isinstance(inspector, Inspector)
    return inspector.finish(lambda offset, length: data[offset : offset + length])


def inspect_archive(data: bytes, *, breaks: bool = False) -> Inspection:
    """What the panel makes of an archive: first of the file that comes, then of the disk that comes out."""
    fed(ArchiveInspector(max_virtual_bytes=MAX_VIRTUAL_BYTES), data, breaks=breaks).finish()
    return inspect(b"".join(unpacked(blocks(data), max_bytes=MAX_UNPACKED)))


def outcome(row: Hostile, data: bytes, *, breaks: bool = False) -> Inspection | str:
    """As what a file is taken, or the code and the sentence of its refusal."""
    try:
        return (inspect_archive if row.unpack else inspect)(data, breaks=breaks)
    except RefusedImage as refused:
        return f"{refused.code}: {refused}"


@pytest.mark.parametrize("row", CORPUS, ids=NAMES)
def test_a_hostile_file_becomes_what_its_row_says(row: Hostile) -> None:
    data = row.make()
    began = time.monotonic()
    found = outcome(row, data)
    assert time.monotonic() - began < MAX_SECONDS
    if isinstance(row.becomes, Taken):
        assert isinstance(found, Inspection), found
        assert found.disk_format == row.becomes.disk_format
    else:
        assert isinstance(found, str), found
        assert found.partition(":")[0] == row.becomes, found
        assert found.endswith(".")
    assert outcome(row, data, breaks=True) == found


def test_names_are_unique() -> None:
    assert len(set(NAMES)) == len(NAMES)


def qemu_info(path: Path, *options: str) -> dict[str, object]:
    """What qemu-img says about a file, with limits on its time and memory."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (10, 10))
        resource.setrlimit(resource.RLIMIT_AS, (2**32, 2**32))  # its threads reserve much and use little

    command = ["qemu-img", "info", "--output=json", *options, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=30, preexec_fn=limit)
    said: dict[str, object] = json.loads(done.stdout)
    return said


def assert_qemu_agrees(data: bytes, found: Inspection, folder: Path) -> None:
    """QEMU sees the same format and size, and no other file, whether it is told the format or has to guess."""
    path = folder / "disk"
    path.write_bytes(data)
    name = QEMU_NAMES.get(found.disk_format, found.disk_format)
    told, guessed = qemu_info(path, "-f", name), qemu_info(path)
    is_fixed_vhd = found.disk_format == "vhd" and guessed["format"] == "raw"  # QEMU never looks at the end
    assert guessed["format"] == name or is_fixed_vhd
    for said in (told, guessed):
        assert not {"backing-filename", "full-backing-filename", "data-file"} & said.keys()
        assert str(path) == said["filename"]
    assert told["virtual-size"] == -(-found.virtual_size // SECTOR) * SECTOR


TAKEN_ROWS = [row for row in CORPUS if isinstance(row.becomes, Taken)]


@pytest.mark.parametrize("row", TAKEN_ROWS, ids=[row.name for row in TAKEN_ROWS])
def test_qemu_sees_nothing_else_in_a_file_that_we_take(row: Hostile, tmp_path: Path) -> None:
    data = row.make()
    if row.unpack:
        data = b"".join(unpacked(blocks(data), max_bytes=MAX_UNPACKED))
    assert_qemu_agrees(data, inspect(data), tmp_path)


@pytest.mark.parametrize("name", TAKEN)
def test_qemu_sees_the_same_in_a_sound_disk(name: str, tmp_path: Path) -> None:
    data = TAKEN[name][0](tmp_path)
    assert_qemu_agrees(data, inspect(data), tmp_path)
