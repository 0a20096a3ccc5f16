"""Machines on this host: made, stopped, started, begun anew and deleted, by real QEMU."""

import os
import shutil
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from servers.clouds.base import CloudBusy, CloudMissing, CloudProblem, CloudRefused, Machine, State
from servers.clouds.local import LocalCloud, disks, folder
from servers.clouds.local.folder import Folder, folders
from tests.servers.local.conftest import NewMachine, Says, processes_below


def process_of(machine: Machine) -> int:
    return int((Folder(machine.id) / "run").read_text())


@pytest.mark.parametrize("disk_format", ["raw", "qcow2"])
def test_it_boots_from_the_image_and_says_its_line(
    cloud: LocalCloud, new_machine: NewMachine, says: Says, disk_format: str
) -> None:
    machine = new_machine("Good morning", disk_format=disk_format)
    cloud.create(machine)
    assert "Good morning" in says(machine, "morning")
    assert cloud.condition(machine).state is State.RUNNING
    assert cloud.condition(machine).disk_number == 1


def test_creating_it_again_leaves_it_alone(cloud: LocalCloud, new_machine: NewMachine) -> None:
    machine = new_machine()
    cloud.create(machine)
    process = process_of(machine)
    cloud.create(machine)
    assert process_of(machine) == process


def test_the_disk_is_as_large_as_the_flavor_says_and_the_image_untouched(
    cloud: LocalCloud, new_machine: NewMachine, settings: Settings
) -> None:
    machine = new_machine(disk=1)
    cloud.create(machine)
    base = settings.SERVERS_DIR / "bases" / str(machine.image.data_id)
    assert base.stat().st_nlink == 2
    cloud.stop(machine)
    said = subprocess.run(
        ["qemu-img", "info", str(Folder(machine.id).disk(1))], capture_output=True, text=True, check=True
    ).stdout
    assert "virtual size: 1 GiB" in said


def test_stopping_and_starting_keep_the_disk(cloud: LocalCloud, new_machine: NewMachine, says: Says) -> None:
    machine = new_machine("Up")
    cloud.create(machine)
    says(machine, "Up")
    disk = Folder(machine.id).disk(1).stat().st_ino
    for _again in range(2):
        cloud.stop(machine)
        assert cloud.condition(machine).state is State.STOPPED
    for _again in range(2):
        cloud.start(machine)
        assert cloud.condition(machine).state is State.RUNNING
    assert Folder(machine.id).disk(1).stat().st_ino == disk
    says(machine, "Up\r\nUp")


def test_rebooting_says_everything_again(cloud: LocalCloud, new_machine: NewMachine, says: Says) -> None:
    machine = new_machine("Up")
    cloud.create(machine)
    says(machine, "Up")
    process = process_of(machine)
    cloud.reboot(machine)
    says(machine, "Up\r\nUp")
    assert process_of(machine) != process


def test_a_higher_number_begins_a_new_disk(cloud: LocalCloud, new_machine: NewMachine, says: Says) -> None:
    machine = new_machine("First")
    cloud.create(machine)
    other = new_machine("Second")
    rebuilt = replace(other, id=machine.id, disk_number=2)
    cloud.create(rebuilt)
    says(rebuilt, "Second")
    assert cloud.condition(rebuilt).disk_number == 2
    assert [path.name for path in Folder(machine.id).path.glob("disk.*")] == ["disk.2.qcow2"]
    assert [path.name for path in Folder(machine.id).path.parent.glob("bases/*")] == [str(other.image.data_id)]


def test_deleting_leaves_nothing(cloud: LocalCloud, new_machine: NewMachine, settings: Settings) -> None:
    machine = new_machine()
    cloud.create(machine)
    for _again in range(2):
        cloud.delete(machine)
        assert cloud.condition(machine).state is State.ABSENT
    assert {path.name for path in settings.SERVERS_DIR.rglob("*")} == {"bases", "lock"}
    assert not processes_below(settings.SERVERS_DIR)


def test_a_base_stays_while_another_machine_needs_it(cloud: LocalCloud, new_machine: NewMachine, says: Says) -> None:
    machine = new_machine("Shared")
    other = replace(new_machine(), image=machine.image)
    cloud.create(machine)
    cloud.create(other)
    cloud.delete(machine)
    says(other, "Shared")
    cloud.reboot(other)
    says(other, "Shared\r\nShared")


def test_one_that_was_killed_has_stopped_and_starts_again(cloud: LocalCloud, new_machine: NewMachine) -> None:
    machine = new_machine()
    cloud.create(machine)
    os.kill(process_of(machine), signal.SIGKILL)
    while Folder(machine.id).is_running():
        pass
    condition = cloud.condition(machine)
    assert (condition.state, condition.problem) == (State.STOPPED, "QEMU broke down (signal 9).")
    cloud.start(machine)
    assert cloud.condition(machine).state is State.RUNNING


def test_the_number_of_a_process_that_is_not_the_machine_is_never_used(
    cloud: LocalCloud, new_machine: NewMachine
) -> None:
    machine = new_machine()
    cloud.create(machine)
    cloud.stop(machine)
    with subprocess.Popen(["sleep", "60"]) as bystander:
        (Folder(machine.id) / "run").write_text(str(bystander.pid))
        cloud.stop(machine)
        assert cloud.condition(machine).state is State.STOPPED
        cloud.delete(machine)
        assert bystander.poll() is None
        bystander.kill()


def test_a_disk_that_is_gone_is_not_made_anew_behind_peoples_backs(cloud: LocalCloud, new_machine: NewMachine) -> None:
    machine = new_machine()
    cloud.create(machine)
    cloud.stop(machine)
    Folder(machine.id).disk(1).unlink()
    with pytest.raises(CloudRefused, match="only be rebuilt or deleted"):
        cloud.start(machine)


def test_what_qemu_complains_of_is_told(cloud: LocalCloud, new_machine: NewMachine) -> None:
    machine = new_machine(disk_format="qcow2", data=b"no qcow2 at all" * 1000)
    with pytest.raises(CloudProblem, match=r"QEMU did not start: .*not in qcow2 format"):
        cloud.create(machine)


def test_servers_have_no_more_memory_than_the_host_gives(
    cloud: LocalCloud, new_machine: NewMachine, settings: Settings
) -> None:
    settings.SERVERS_MEMORY = 200
    first, second = new_machine(), new_machine()
    cloud.create(first)
    with pytest.raises(CloudProblem, match="running servers use 128 of 200 MiB, and it needs 128") as refusal:
        cloud.create(second)
    assert not refusal.value.lasting
    cloud.stop(first)
    cloud.create(second)
    with pytest.raises(CloudRefused, match="may have 200"):
        cloud.create(new_machine(ram=512))


def test_without_qemu_it_says_what_installs_it(cloud: LocalCloud, new_machine: NewMachine, settings: Settings) -> None:
    assert cloud.why_not() == ""
    settings.QEMU_SYSTEM = "no-such-qemu"
    assert "QEMU is not installed on this host" in cloud.why_not()
    with pytest.raises(CloudMissing, match="not installed"):
        cloud.create(new_machine())
    assert not folders()


def test_a_long_path_is_no_hindrance(
    cloud: LocalCloud, new_machine: NewMachine, settings: Settings, tmp_path: Path
) -> None:
    settings.SERVERS_DIR = tmp_path / ("a" * 120)
    machine = new_machine()
    cloud.create(machine)
    assert cloud.condition(machine).state is State.RUNNING
    cloud.delete(machine)


def test_it_is_locked_in(cloud: LocalCloud, new_machine: NewMachine) -> None:
    machine = new_machine()
    cloud.create(machine)
    lines = Path(f"/proc/{process_of(machine)}/status").read_text().splitlines()
    said = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    assert (said["NoNewPrivs"], said["Seccomp"]) == ("1", "2")
    assert {int(said[each], 16) for each in ("CapPrm", "CapEff", "CapBnd")} == {0}
    assert int(said["Seccomp_filters"]) >= 2  # ours, and QEMU's own


def test_it_belongs_to_nobody_who_may_end(cloud: LocalCloud, new_machine: NewMachine) -> None:
    machine = new_machine()
    cloud.create(machine)
    assert os.getsid(process_of(machine)) != os.getsid(0)
    assert Path(f"/proc/{process_of(machine)}/environ").read_bytes() == b"PATH=/usr/bin:/bin\0LANG=C.UTF-8\0"


def test_ten_at_once(cloud: LocalCloud, new_machine: NewMachine, says: Says, settings: Settings) -> None:
    machines = [new_machine(f"Number {number}") for number in range(10)]
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(cloud.create, machines))
    for number, machine in enumerate(machines):
        says(machine, f"Number {number}")
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(cloud.delete, machines))
    assert {path.name for path in settings.SERVERS_DIR.rglob("*")} == {"bases", "lock"}


def test_whoever_waits_too_long_comes_again_later(
    cloud: LocalCloud, new_machine: NewMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder, "LOCK_SECONDS", 0.1)
    machine = new_machine()
    with Folder(machine.id).locked(), pytest.raises(CloudBusy, match="Something else"):
        cloud.create(machine)


def test_two_may_clear_away_the_same_machine(
    cloud: LocalCloud, new_machine: NewMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever deletes another machine collects what is left of this one, while it is being removed."""
    machine, remove = new_machine(), shutil.rmtree
    cloud.create(machine)

    def remove_after_somebody_else(path: Path, *, ignore_errors: bool) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(shutil, "rmtree", remove)
            disks.collect()
        remove(path, ignore_errors=ignore_errors)

    monkeypatch.setattr(shutil, "rmtree", remove_after_somebody_else)
    cloud.delete(machine)
    assert not Folder(machine.id).is_there
