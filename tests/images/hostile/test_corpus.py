"""Every file of the corpus becomes what its row says; QEMU sees nothing else in what we take."""

import time
from pathlib import Path

import pytest

from images.archives import unpacked
from images.formats import Inspection
from tests.images.hostile.corpus import CORPUS
from tests.images.hostile.judging import MAX_UNPACKED, assert_qemu_agrees, blocks, inspect, verdict
from tests.images.hostile.rows import Hostile, Taken
from tests.images.test_formats import TAKEN

MAX_SECONDS = 5  # for one file, on a machine that does many other things
NAMES = [row.name for row in CORPUS]
TAKEN_ROWS = [row for row in CORPUS if isinstance(row.becomes, Taken)]


@pytest.mark.parametrize("row", CORPUS, ids=NAMES)
def test_a_hostile_file_becomes_what_its_row_says(row: Hostile) -> None:
    data = row.make()
    began = time.monotonic()
    found = verdict(data, unpack=row.unpack)
    assert time.monotonic() - began < MAX_SECONDS
    if isinstance(row.becomes, Taken):
        assert isinstance(found, Inspection), found
        assert found.disk_format == row.becomes.disk_format
    else:
        assert isinstance(found, str), found
        assert found.partition(":")[0] == row.becomes, found
        assert found.endswith(".")
    assert verdict(data, unpack=row.unpack, breaks=True) == found


def test_names_are_unique() -> None:
    assert len(set(NAMES)) == len(NAMES)


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
