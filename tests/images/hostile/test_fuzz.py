"""No bytes at all lead to anything but taking or refusing, in bounded time and memory; and QEMU never sees more."""

import os
import re
import struct
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from images.demo_disks import MIB
from images.formats import Inspection, Inspector
from images.formats.structure import BLOCK
from tests.images.files import gpt, hybrid_iso, iso
from tests.images.hostile.corpus import CORPUS
from tests.images.hostile.judging import assert_qemu_agrees, verdict, went_on_elsewhere
from tests.images.hostile.microsoft import fixed, vdi, vhd, vhdx
from tests.images.hostile.qcow2 import COPIED, SOUND
from tests.images.hostile.rows import put, u32, u64
from tests.images.hostile.vmdk import sound, stream

MAX_MEMORY = 64 * MIB
FUZZ_SECONDS = int(os.environ.get("FUZZ_SECONDS", "120"))
SOUND_FILES: tuple[Callable[[], bytes], ...] = (
    lambda: SOUND,
    sound,
    stream,
    vhd,
    fixed,
    vdi,
    vhdx,
    iso,
    hybrid_iso,
    gpt,
)
ROWS = {row.name: row for row in CORPUS}

places = st.one_of(
    st.integers(0, 600),
    st.builds(lambda sector, rest: sector * 512 + rest, st.integers(0, 128), st.integers(0, 64)),
    st.builds(lambda cluster, rest: cluster * 65536 + rest, st.integers(0, 32), st.integers(0, 64)),
    st.integers(-2048, -1),
)
numbers = st.one_of(
    st.integers(0, 2**64 - 1),
    st.builds(lambda bit, off: (1 << bit) + off & 2**64 - 1, st.integers(0, 63), st.integers(-1, 1)),
    st.builds(
        lambda cluster, flags: cluster * 65536 | flags, st.integers(0, 20), st.sampled_from([0, COPIED, 1 << 62])
    ),
)
values = st.one_of(
    st.binary(min_size=1, max_size=16),
    st.builds(lambda number, order: struct.pack(f"{order}Q", number), numbers, st.sampled_from("<>")),
    st.builds(lambda number, order: struct.pack(f"{order}I", number & 2**32 - 1), numbers, st.sampled_from("<>")),
)


@cache
def made(name: str) -> bytes:
    """A file of the corpus, made once."""
    return ROWS[name].make()


@st.composite
def mutants(draw: st.DrawFn) -> tuple[bytes, bool]:
    """A sound file or one of the corpus, changed here and there and cut off, and whether it is sent to be unpacked."""
    row = ROWS[draw(st.sampled_from(sorted(ROWS)))]
    is_sound = draw(st.booleans())
    data = draw(st.sampled_from(SOUND_FILES))() if is_sound else made(row.name)[: 4 * MIB] or b"\0"
    changes = draw(st.lists(st.tuples(places, values), max_size=6))
    data = put(data, *((place % len(data), value) for place, value in changes))
    if draw(st.integers(0, 3)) == 0:
        data = data[: draw(st.integers(0, len(data)))]
    if draw(st.integers(0, 7)) == 0:
        data += made(draw(st.sampled_from(sorted(ROWS))))[:MIB]
    return data, row.unpack and not is_sound


def check(mutant: tuple[bytes, bool], folder: Path) -> None:
    """The same verdict with and without breaks; QEMU sees nothing else in what is taken, if it opens it at all."""
    data, unpack = mutant
    found = verdict(data, unpack=unpack)
    assert verdict(data, unpack=unpack, breaks=True) == found
    if isinstance(found, Inspection) and not unpack:
        assert_qemu_agrees(data, found, folder, may_refuse=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all files, one after the other."""
    return tmp_path_factory.mktemp("mutants")


@given(mutant=mutants())
def test_no_mutant_leads_to_anything_but_taking_or_refusing(mutant: tuple[bytes, bool], folder: Path) -> None:
    check(mutant, folder)


@pytest.mark.long
@given(mutant=mutants())
def test_many_mutants_lead_to_nothing_else_either(mutant: tuple[bytes, bool], folder: Path) -> None:
    check(mutant, folder)


def worst_case() -> bytes:
    """A qcow2 whose table names 131,072 other tables all over a file that never comes."""
    entries = b"".join(u64((100_000 + number) * 512 | COPIED) for number in range(2**17))
    header = put(SOUND[:512], (20, u32(9)), (24, u64(2**32)), (36, u32(2**17) + u64(MIB)), (48, u64(512) + u32(1)))
    return put(header, (512, u64(1024)), (MIB, entries))


def test_tables_without_end_cost_bounded_memory() -> None:
    data = worst_case()
    inspector = Inspector(max_virtual_bytes=2**40)
    tracemalloc.start()
    for start in range(0, len(data), BLOCK):
        inspector.feed(data[start : start + BLOCK])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < MAX_MEMORY
    went_on_elsewhere(inspector)  # asserts how large the state is


@pytest.mark.long
def test_a_fuzzer_that_sees_which_lines_run_finds_nothing(tmp_path: Path) -> None:
    options = [f"-max_total_time={FUZZ_SECONDS}", "-rss_limit_mb=1024", "-timeout=20", f"-artifact_prefix={tmp_path}/"]
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    # The shell in between starts with little memory: libFuzzer counts that of whoever started it as its own.
    done = subprocess.run(
        [
            "sh",
            "-c",
            '"$@"; exit $?',
            "sh",
            sys.executable,
            "-m",
            "tests.images.hostile.fuzz",
            str(seeds),
            *options,
            "-print_final_stats=1",
        ],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        text=True,
        timeout=FUZZ_SECONDS + 300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    assert re.search(r"stat::number_of_executed_units: [1-9]", done.stderr + done.stdout)
