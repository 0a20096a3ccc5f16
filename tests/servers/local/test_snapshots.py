"""Images of machines, running and stopped: each boots alone."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from servers.clouds.base import CloudProblem, Machine
from servers.clouds.local import LocalCloud, snapshots
from servers.clouds.local.folder import Folder
from servers.clouds.local.qmp import control
from servers.clouds.local.snapshots import JOB, TARGET
from tests.servers.local.conftest import NewMachine, Says

MIB = 1024**2


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


class TestRoom:
    """Images of machines never fill the host, whatever their disks and bases come to."""

    @pytest.fixture
    def free(self, monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path) -> Callable[[int], None]:
        """Let so many bytes be free, beyond those that machines never fill."""
        settings.SERVERS_ROOM, settings.IMAGE_STORE_DIR = 1, tmp_path

        def free(size: int) -> None:
            usage = shutil._ntuple_diskusage(size + MIB, 0, size + MIB)
            monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)

        return free

    def test_a_compressed_base_counts_as_what_is_in_it_and_the_store_has_a_copy_too(
        self, cloud: LocalCloud, new_machine: NewMachine, tmp_path: Path, free: Callable[[int], None]
    ) -> None:
        machine = new_machine(disk_format="qcow2")
        cloud.create(machine)
        free(2 * MIB)
        with pytest.raises(CloudProblem, match="no room left for an image"):
            snapshot(cloud, machine, tmp_path / "copy")
        free(3 * MIB)
        assert snapshot(cloud, machine, tmp_path / "other").startswith(b"QFI")

    def test_a_store_elsewhere_takes_nothing_of_this_host(
        self,
        cloud: LocalCloud,
        new_machine: NewMachine,
        tmp_path: Path,
        free: Callable[[int], None],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(snapshots, "_is_beside_a_store", bool)
        machine = new_machine(disk_format="qcow2")
        cloud.create(machine)
        free(2 * MIB)
        assert snapshot(cloud, machine, tmp_path / "copy").startswith(b"QFI")

    def test_two_at_once_are_not_promised_the_same(
        self, cloud: LocalCloud, new_machine: NewMachine, tmp_path: Path, free: Callable[[int], None]
    ) -> None:
        one, other = new_machine(disk_format="qcow2"), new_machine(disk_format="qcow2")
        cloud.create(one)
        cloud.create(other)
        free(3 * MIB)
        (tmp_path / "copy").mkdir()
        being_made = cloud.snapshot(one, folder=tmp_path / "copy", progress=lambda _percent: None)
        next(being_made)
        with pytest.raises(CloudProblem, match="no room left for an image"):
            snapshot(cloud, other, tmp_path / "another")
        assert list(being_made) == []
        assert snapshot(cloud, other, tmp_path / "later").startswith(b"QFI")

    def test_a_held_machine_is_not_copied_on(
        self, cloud: LocalCloud, new_machine: NewMachine, says: Says, tmp_path: Path
    ) -> None:
        machine = new_machine("Up")
        cloud.create(machine)
        says(machine, "Up")  # by then its keeper has looked how much room there is
        folder = Folder(machine.id)
        (folder / "held").touch()
        try:
            with pytest.raises(CloudProblem, match="no room left for an image"):
                snapshot(cloud, machine, tmp_path / "copy")
        finally:
            (folder / "held").unlink(missing_ok=True)
        with control(folder.path) as orders:
            assert orders.order("query-jobs") == []
        assert list((folder / "snapshot").iterdir()) == []
