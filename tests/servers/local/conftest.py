"""A host for machines: real QEMU, which leaves no process behind."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from pytest_django.fixtures import Settings

from images.demo_disks import bootable_qcow2, bootable_raw
from servers.clouds.base import Machine, Source
from servers.clouds.local import LocalCloud, disks
from servers.clouds.local.folder import folders

NewMachine = Callable[..., Machine]
Says = Callable[[Machine, str], str]


def processes_below(path: Path) -> list[int]:
    """Every process that was told of this folder, or works in it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = str(path).encode() in (process / "cmdline").read_bytes()
            if told or (process / "cwd").readlink().is_relative_to(path):
                found.append(int(process.name))
        except OSError:
            continue
    return found


@pytest.fixture
def cloud(settings: Settings, tmp_path: Path) -> Iterator[LocalCloud]:
    """QEMU on this host, with a folder of its own."""
    settings.SERVERS_DIR = tmp_path / "servers"
    settings.SERVERS_STOP_SECONDS = 0
    settings.QEMU_ACCELERATOR = "tcg"  # the same everywhere, and nobody tries KVM first
    yield LocalCloud()
    for folder in folders():
        folder.kill()
    deadline = time.monotonic() + 5
    while processes_below(settings.SERVERS_DIR) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not processes_below(settings.SERVERS_DIR)


@pytest.fixture
def new_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> NewMachine:
    """Makes a machine whose image says something on its console; its data is a file of a store."""
    stored: dict[object, Path] = {}

    def new_machine(text: str = "Hello", *, disk_format: str = "raw", data: bytes = b"", **more: object) -> Machine:
        path = tmp_path / uuid4().hex
        path.write_bytes(data or (bootable_raw(text) if disk_format == "raw" else bootable_qcow2(text)))
        source = Source(
            data_id=uuid4(), name=text, disk_format=disk_format, size=path.stat().st_size, virtual_size=2**20
        )
        stored[source.data_id] = path
        machine = Machine(id=uuid4(), name=text, disk_number=1, vcpus=1, ram=64, disk=0, flavor="small", image=source)
        return replace(machine, **more)  # type: ignore[arg-type]

    @contextmanager
    def local_file(data_id: object) -> Iterator[Path]:
        yield stored[data_id]

    monkeypatch.setattr(disks, "data_file", local_file)
    return new_machine


@pytest.fixture
def says(cloud: LocalCloud) -> Says:
    """Waits until a machine has printed something, and returns all of it."""

    def says(machine: Machine, text: str) -> str:
        deadline = time.monotonic() + 20
        while text not in (said := cloud.console(machine, offset=0, limit=10**6).text):
            assert time.monotonic() < deadline, f"It said {said!r}; {cloud.condition(machine)}"
            time.sleep(0.02)
        return said

    return says
