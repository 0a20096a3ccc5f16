"""The tiny disks start, and other programs read them as we mean them."""

import subprocess
from pathlib import Path

import pytest

from images.demo_disks import LARGEST_QCOW2, LONGEST_TEXT, MIB, SECTOR, bootable_qcow2, bootable_raw, qcow2
from tests.images import files

TEXT = "Hello from Stockroom"
PATIENCE = 60  # seconds
MAKERS = {"raw": bootable_raw, "qcow2": bootable_qcow2}


def test_qemu_finds_no_fault_with_a_qcow2_and_reads_the_disk_from_it(tmp_path: Path) -> None:
    disk = files.disk(3 * MIB)[: 2 * MIB + SECTOR] + bytes(MIB - SECTOR)
    file, back = tmp_path / "disk.qcow2", tmp_path / "disk.raw"
    file.write_bytes(qcow2(disk))
    assert "No errors were found" in files.run("check", str(file))
    files.run("convert", "-f", "qcow2", "-O", "raw", str(file), str(back))
    assert back.read_bytes() == disk


def test_what_is_all_zero_takes_no_room() -> None:
    assert len(bootable_qcow2(TEXT, size=64 * MIB)) == 6 * 65536


def test_a_raw_disk_has_one_partition_and_the_size_asked_for() -> None:
    disk = bootable_raw(TEXT, size=4 * MIB)
    assert len(disk) == 4 * MIB
    assert disk[510:512] == b"\x55\xaa"
    assert disk.count(TEXT.encode()) == 1


@pytest.mark.parametrize(("text", "size"), [("x" * (LONGEST_TEXT + 1), MIB), ("x", SECTOR), ("x", MIB + 1)])
def test_what_does_not_fit_is_an_error(text: str, size: int) -> None:
    assert bootable_raw("x" * LONGEST_TEXT)
    with pytest.raises(ValueError, match="boot sector"):
        bootable_raw(text, size=size)


def test_a_disk_that_one_table_cannot_map_is_an_error() -> None:
    with pytest.raises(ValueError, match="second-level table"):
        qcow2(bytes(LARGEST_QCOW2 + 1))


@pytest.mark.long
@pytest.mark.parametrize("disk_format", MAKERS)
def test_a_machine_starts_from_it(disk_format: str, tmp_path: Path) -> None:
    file = tmp_path / "disk"
    file.write_bytes(MAKERS[disk_format](TEXT))
    machine = ["qemu-system-x86_64", "-accel", "tcg", "-m", "16", "-display", "none", "-nodefaults", "-serial", "stdio"]
    drive = ["-drive", f"file={file},format={disk_format},if=ide,snapshot=on"]
    with subprocess.Popen([*machine, *drive], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline().strip() == TEXT
        finally:
            process.kill()
