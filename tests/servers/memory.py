"""A cloud in memory: does what it is asked at once, unless a test makes it fail, wait or lose a machine."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import pytest

from images import demo_disks
from servers.clouds.base import Abilities, CloudProblem, Condition, Console, Machine, Network, Progress, State

EVERYTHING = Abilities(
    live_snapshots=True,
    network_choice=True,
    port_forwards=True,
    console=True,
    gives_data=False,
    far=False,
    disk_formats=frozenset({"qcow2", "raw"}),
    architectures=frozenset({"x86_64", ""}),
    user_data=64 * 1024,
)


Cloud = TypeVar("Cloud", bound="MemoryCloud")


class Killed(BaseException):
    """The worker died here: nothing that would tidy up runs, as after ``kill -9``."""


@dataclass
class Known:
    """A machine that is there."""

    condition: Condition
    printed: bytes = b""
    boots: int = 1


class MemoryCloud:
    """Every machine in a dictionary.

    Attributes:
        machines: by the id of the server.
        calls: how often each method was called.
        errors: by the name of a method: what it raises instead of doing anything, each once, in this order.
        away: raised by every method, until it is None.
        dies_at: names of methods that kill the worker before they do anything, once each.
        dies_after: names of methods that do their work and then kill the worker, once each.
        meanwhile: by the name of a method: what happens while it works, once.
        becomes: what a machine is after it was made or started.
        tells_disks: whether it says from which disk a machine runs.
        is_away: why nothing can run there.
    """

    def __init__(self) -> None:
        self.abilities = EVERYTHING
        self.machines: dict[UUID, Known] = {}
        self.calls: Counter[str] = Counter()
        self.errors: dict[str, list[Exception]] = {}
        self.away: CloudProblem | None = None
        self.dies_at: set[str] = set()
        self.dies_after: set[str] = set()
        self.meanwhile: dict[str, Callable[[], Any]] = {}
        self.becomes = State.RUNNING
        self.tells_disks = True
        self.is_away = ""
        self.disk = demo_disks.bootable_qcow2("A snapshot.")

    def why_not(self) -> str:
        return self.is_away

    def create(self, machine: Machine) -> None:
        self._called("create")
        known = self.machines.get(machine.id)
        if known is None or known.condition.disk_number < machine.disk_number:
            ports = {port: 20000 + port for port in machine.ports}
            running = Condition(state=self.becomes, disk_number=machine.disk_number, ports=ports, address="127.0.0.1")
            self.machines[machine.id] = Known(running, f"{machine.name} says hello.\r\n".encode())
        else:
            self._become(machine, self.becomes)
        self._done("create")

    def condition(self, machine: Machine) -> Condition:
        self._called("condition")
        known = self.machines.get(machine.id)
        if known is None:
            return Condition(state=State.ABSENT)
        return known.condition if self.tells_disks else replace(known.condition, disk_number=0)

    def start(self, machine: Machine) -> None:
        self._called("start")
        self._become(machine, self.becomes)
        self.machines[machine.id].boots += 1
        self._done("start")

    def stop(self, machine: Machine) -> None:
        self._called("stop")
        self._become(machine, State.STOPPED)
        self._done("stop")

    def reboot(self, machine: Machine) -> None:
        self._called("reboot")
        self._become(machine, State.RUNNING)
        self.machines[machine.id].boots += 1
        self._done("reboot")

    def delete(self, machine: Machine) -> None:
        self._called("delete")
        self.machines.pop(machine.id, None)
        self._done("delete")

    def console(self, machine: Machine, *, offset: int, limit: int) -> Console:
        self._called("console")
        printed = self.machines[machine.id].printed if machine.id in self.machines else b""
        begin = max(0, len(printed) + offset) if offset < 0 else min(offset, len(printed))
        part = printed[begin : begin + limit]
        return Console(text=part.decode(errors="replace"), offset=begin, end=begin + len(part))

    def snapshot(self, machine: Machine, *, folder: Path, progress: Progress) -> Iterator[bytes]:
        self._called("snapshot")
        if machine.id not in self.machines:
            raise CloudProblem("There is no such machine.")
        progress(50)
        yield self.disk
        progress(100)
        self._done("snapshot")

    def put(self, server_id: UUID, state: State, **said: Any) -> None:
        """Make a machine be like that, without anybody's asking."""
        self.machines[server_id].condition = replace(self.machines[server_id].condition, state=state, **said)

    def _become(self, machine: Machine, state: State) -> None:
        if machine.id not in self.machines:
            raise CloudProblem("There is no such machine.")
        self.put(machine.id, state)

    def _called(self, name: str) -> None:
        self.calls[name] += 1
        if happens := self.meanwhile.pop(name, None):
            happens()
        if self.away:
            raise self.away
        if self.errors.get(name):
            raise self.errors[name].pop(0)
        _die(name, self.dies_at)

    def _done(self, name: str) -> None:
        _die(name, self.dies_after)


def _die(name: str, where: set[str]) -> None:
    if name in where:
        where.remove(name)
        raise Killed


class NetworkedCloud(MemoryCloud):
    """A cloud in memory, with networks to choose from and without ports to forward."""

    def __init__(self) -> None:
        super().__init__()
        self.abilities = replace(EVERYTHING, port_forwards=False)
        self.offered: list[Network] = []

    def networks(self) -> list[Network]:
        self._called("networks")
        return self.offered


def put_in_place(monkeypatch: pytest.MonkeyPatch) -> MemoryCloud:
    """A cloud in memory, in the place of that of every region."""
    return put(MemoryCloud(), monkeypatch)


def put(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """This one in the place of that of every region."""
    for name, module in list(sys.modules.items()):
        if name.startswith("servers.") and hasattr(module, "cloud_of"):
            monkeypatch.setattr(module, "cloud_of", lambda *_: cloud)
    return cloud
