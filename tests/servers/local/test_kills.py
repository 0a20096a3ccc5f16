"""Whoever makes a machine may be killed at any step: the next one makes one machine of it, and nothing is left over."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from servers.clouds.base import Machine, State
from servers.clouds.local import LocalCloud, disks, qemu
from servers.clouds.local.folder import Folder
from tests.servers.local.conftest import NewMachine, Says, processes_below

STEPS: tuple[tuple[object, str], ...] = (
    (Folder, "write_down"),
    (disks, "bring_base"),
    (disks, "_link_or_copy"),
    (disks, "make_disk"),
    (disks, "remove_old_disks"),
    (qemu, "_admit"),
    (qemu, "_launched"),
    (qemu, "control"),
)
DELAYS = (0.01, 0.03, 0.05, 0.07, 0.09, 0.12)  # seconds


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def killed(work: Callable[[], None], *, after: float | None = None) -> None:
    """Do something in a process that is killed, by itself or after so many seconds."""
    process = os.fork()
    if not process:
        try:
            work()
        finally:
            os._exit(0)
    if after is not None:
        time.sleep(after)
        os.kill(process, signal.SIGKILL)
    _process, status = os.waitpid(process, 0)
    if after is None:
        assert os.WIFSIGNALED(status)


def emulators(folder: Path) -> list[int]:
    """The processes of QEMU that run below a folder."""
    found = processes_below(folder)
    return [process for process in found if Path(f"/proc/{process}/comm").read_text().startswith("qemu-system")]


def one_machine_comes_of_it(cloud: LocalCloud, machine: Machine, says: Says, servers: Path) -> None:
    cloud.create(machine)
    says(machine, "Hello")
    assert cloud.condition(machine).state is State.RUNNING
    assert len(emulators(servers)) == 1
    cloud.delete(machine)
    assert not emulators(servers)
    assert {path.name for path in servers.rglob("*")} == {"bases", "lock"}


@pytest.mark.parametrize(("place", "step"), STEPS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_a_step_of_making_it(
    cloud: LocalCloud,
    new_machine: NewMachine,
    says: Says,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    place: object,
    step: str,
    when: str,
) -> None:
    machine, work = new_machine(), getattr(place, step)

    def kill(*args: object, **named: object) -> None:
        if when == "after":
            work(*args, **named)
        die()

    with monkeypatch.context() as patch:
        patch.setattr(place, step, kill)
        killed(lambda: cloud.create(machine))
    one_machine_comes_of_it(cloud, machine, says, settings.SERVERS_DIR)


@pytest.mark.parametrize("after", DELAYS)
def test_killed_at_any_time(
    cloud: LocalCloud, new_machine: NewMachine, says: Says, settings: Settings, after: float
) -> None:
    machine = new_machine()
    killed(lambda: cloud.create(machine), after=after)
    one_machine_comes_of_it(cloud, machine, says, settings.SERVERS_DIR)


@pytest.mark.parametrize("after", DELAYS)
def test_killed_and_deleted_at_once(
    cloud: LocalCloud, new_machine: NewMachine, settings: Settings, after: float
) -> None:
    """What still starts QEMU finds that the machine is gone."""
    machine = new_machine()
    killed(lambda: cloud.create(machine), after=after)
    cloud.delete(machine)
    time.sleep(0.2)
    cloud.delete(machine)
    assert not emulators(settings.SERVERS_DIR)
    assert not Folder(machine.id).is_there


def test_a_reboot_that_was_cut_short_is_not_taken_for_a_stop(
    cloud: LocalCloud, new_machine: NewMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = new_machine()
    cloud.create(machine)
    with monkeypatch.context() as patch:
        patch.setattr(qemu, "start", lambda *_args: die())
        killed(lambda: cloud.reboot(machine))
    assert cloud.condition(machine).state is State.BUILDING
    cloud.reboot(machine)
    assert cloud.condition(machine).state is State.RUNNING


def test_the_machine_goes_on_without_its_keeper(cloud: LocalCloud, new_machine: NewMachine, says: Says) -> None:
    machine = new_machine()
    cloud.create(machine)
    says(machine, "Hello")
    number = int((Folder(machine.id) / "run").read_text())
    keeper = int(Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(keeper, signal.SIGKILL)
    assert cloud.condition(machine).state is State.RUNNING
    cloud.stop(machine)
    assert cloud.condition(machine).state is State.STOPPED
    cloud.start(machine)
    says(machine, "Hello\r\nHello")
