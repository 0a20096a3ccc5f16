"""Images of machines, running and stopped: each boots alone."""

from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from servers.clouds.base import CloudProblem, Machine
from servers.clouds.local import LocalCloud
from servers.clouds.local.folder import Folder
from servers.clouds.local.qmp import control
from servers.clouds.local.snapshots import JOB, TARGET
from tests.servers.local.conftest import NewMachine, Says


def snapshot(cloud: LocalCloud, machine: Machine, folder: Path) -> bytes:
    folder.mkdir()
    return b"".join(cloud.snapshot(machine, folder=folder, progress=lambda _percent: None))


@pytest.mark.parametrize("stopped", [False, True])
def test_it_boots_alone(cloud: LocalCloud, new_machine: NewMachine, says: Says, tmp_path: Path, stopped: bool) -> None:
    machine = new_machine("From below")
    cloud.create(machine)
    says(machine, "below")
    if stopped:
        cloud.stop(machine)
    data = snapshot(cloud, machine, tmp_path / "copy")
    cloud.delete(machine)
    copy = new_machine(disk_format="qcow2", data=data)
    cloud.create(copy)
    says(copy, "From below")


def test_two_one_after_the_other_while_it_runs(cloud: LocalCloud, new_machine: NewMachine, tmp_path: Path) -> None:
    machine = new_machine()
    cloud.create(machine)
    assert (
        snapshot(cloud, machine, tmp_path / "one")[:4] == snapshot(cloud, machine, tmp_path / "two")[:4] == b"QFI\xfb"
    )
    assert not list((Folder(machine.id) / "snapshot").iterdir())


def test_what_a_killed_worker_left_in_qemu_is_cleared_away(
    cloud: LocalCloud, new_machine: NewMachine, tmp_path: Path
) -> None:
    machine = new_machine()
    cloud.create(machine)
    folder = Folder(machine.id)
    left = folder / "snapshot" / "disk.qcow2"
    left.write_bytes(bytes(2**20))
    with control(folder.path) as orders:
        file = {"driver": "file", "filename": str(left)}
        orders.order("blockdev-add", **{"driver": "raw", "node-name": TARGET, "file": file})
        backup = {"job-id": JOB, "device": "disk", "target": TARGET, "sync": "full", "auto-dismiss": False, "speed": 1}
        orders.order("blockdev-backup", **backup)
    assert snapshot(cloud, machine, tmp_path / "copy").startswith(b"QFI\xfb")


def test_a_machine_that_is_not_here_has_none(cloud: LocalCloud, new_machine: NewMachine, tmp_path: Path) -> None:
    with pytest.raises(CloudProblem, match="no disk"):
        snapshot(cloud, new_machine(), tmp_path / "copy")


def test_without_room_there_is_none(
    cloud: LocalCloud, new_machine: NewMachine, settings: Settings, tmp_path: Path
) -> None:
    machine = new_machine()
    cloud.create(machine)
    settings.SERVERS_ROOM = 10**9  # MiB
    with pytest.raises(CloudProblem, match="no room left for an image"):
        snapshot(cloud, machine, tmp_path / "copy")
