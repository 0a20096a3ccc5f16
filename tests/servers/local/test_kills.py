"""Whoever works on a machine may be killed at any step: the next one finds the truth, and nothing is left over.

A step is whatever Python tells its audit hooks: opening, renaming and removing files, connecting, starting a program.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from servers.clouds.base import Condition, Machine, State
from servers.clouds.local import LocalCloud, qemu
from servers.clouds.local.folder import Folder
from tests.servers.local.conftest import NewMachine, Says, processes_below

EVENTS = frozenset(
    {"open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "socket.connect", "subprocess.Popen"}
)
FEW, ALL = (2, 7, 13), range(1, 100)
DELAYS = (0.01, 0.05, 0.09)  # seconds


def make(cloud: LocalCloud, machine: Machine) -> None:
    cloud.create(machine)


def make_and_stop(cloud: LocalCloud, machine: Machine) -> None:
    cloud.create(machine)
    cloud.stop(machine)


def rebuild(cloud: LocalCloud, machine: Machine) -> None:
    cloud.create(replace(machine, disk_number=2))


def reboot(cloud: LocalCloud, machine: Machine) -> None:
    """As ``servers.actions.attending`` does."""
    cloud.start(machine) if cloud.condition(machine).state is State.STOPPED else cloud.reboot(machine)


def snapshot(cloud: LocalCloud, machine: Machine) -> None:
    folder = Folder(machine.id).path.parent / "copy"
    folder.mkdir(exist_ok=True)
    data = b"".join(cloud.snapshot(machine, folder=folder, progress=lambda _percent: None))
    assert data.startswith(b"QFI\xfb")
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


def nothing(_cloud: LocalCloud, _machine: Machine) -> None:
    """A machine that is not there yet."""


@dataclass(frozen=True)
class Work:
    """What is done to a machine, what comes before it, and what there is afterwards."""

    before: Callable[[LocalCloud, Machine], None]
    act: Callable[[LocalCloud, Machine], None]
    state: State
    disk_number: int = 1


WORKS = {
    "create": Work(nothing, make, State.RUNNING),
    "stop": Work(make, LocalCloud.stop, State.STOPPED),
    "start": Work(make_and_stop, LocalCloud.start, State.RUNNING),
    "reboot": Work(make, reboot, State.RUNNING),
    "rebuild": Work(make, rebuild, State.RUNNING, 2),
    "snapshot": Work(make, snapshot, State.RUNNING),
    "snapshot of a stopped one": Work(make_and_stop, snapshot, State.STOPPED),
    "delete": Work(make, LocalCloud.delete, State.ABSENT, 0),
}


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def killed(work: Callable[[], None], *, after: float | None = None) -> bool:
    """Do something in a process that is killed, by itself or after so many seconds.

    Returns:
        Whether it was, before it had done it.
    """
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
    return os.WIFSIGNALED(status)


def killed_at(step: int, work: Callable[[], None]) -> bool:
    """Do something in a process that is killed at its so-many-th step; whether it has so many."""

    def count_and_work() -> None:
        steps = 0

        def count(event: str, _arguments: tuple[object, ...]) -> None:
            nonlocal steps
            if event in EVENTS:
                steps += 1
                if steps == step:
                    die()

        sys.addaudithook(count)
        work()

    return killed(count_and_work)


def emulators(folder: Path) -> list[int]:
    """The processes of QEMU that run below a folder."""
    found = processes_below(folder)
    return [process for process in found if Path(f"/proc/{process}/comm").read_text().startswith("qemu-system")]


def the_truth_is_found_again(cloud: LocalCloud, machine: Machine, work: Work, servers: Path) -> None:
    work.act(cloud, machine)
    condition = cloud.condition(machine)
    assert (condition.state, condition.problem, condition.disk_number) == (work.state, "", work.disk_number)
    assert len(emulators(servers)) == (work.state is State.RUNNING)
    cloud.delete(machine)
    nothing_is_left(servers)


def nothing_is_left(servers: Path) -> None:
    assert not emulators(servers)
    assert {path.name for path in servers.rglob("*")} == {"bases", "lock"}


@pytest.mark.parametrize("step", FEW)
@pytest.mark.parametrize("name", WORKS)
def test_killed_at_a_step(cloud: LocalCloud, new_machine: NewMachine, settings: Settings, name: str, step: int) -> None:
    machine, work = new_machine(), WORKS[name]
    work.before(cloud, machine)
    killed_at(step, lambda: work.act(cloud, machine))
    the_truth_is_found_again(cloud, machine, work, settings.SERVERS_DIR)


@pytest.mark.long
@pytest.mark.parametrize("name", WORKS)
def test_killed_at_every_step(cloud: LocalCloud, new_machine: NewMachine, settings: Settings, name: str) -> None:
    work = WORKS[name]
    for step in ALL:
        machine = new_machine()
        work.before(cloud, machine)
        has_so_many = killed_at(step, lambda machine=machine: work.act(cloud, machine))  # type: ignore[misc]
        the_truth_is_found_again(cloud, machine, work, settings.SERVERS_DIR)
        if not has_so_many:
            break
    assert max(FEW) < step < max(ALL)


@pytest.mark.parametrize("after", DELAYS)
def test_killed_at_any_time(
    cloud: LocalCloud, new_machine: NewMachine, says: Says, settings: Settings, after: float
) -> None:
    machine = new_machine()
    killed(lambda: cloud.create(machine), after=after)
    cloud.create(machine)
    says(machine, "Hello")
    the_truth_is_found_again(cloud, machine, WORKS["create"], settings.SERVERS_DIR)


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


def test_a_reboot_that_was_cut_short_is_gone_on_with(
    cloud: LocalCloud, new_machine: NewMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = new_machine()
    cloud.create(machine)
    with monkeypatch.context() as patch:
        patch.setattr(qemu, "start", lambda *_args: die())
        killed(lambda: cloud.reboot(machine))
    assert cloud.condition(machine) == Condition(state=State.STOPPED, disk_number=1)
    cloud.start(machine)
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
