"""Ports of machines are reached from outside; machines reach nothing."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from servers.clouds.base import CloudProblem, Machine
from servers.clouds.local import LocalCloud
from servers.clouds.local.folder import Folder
from servers.clouds.local.qmp import control
from tests.servers.local.conftest import NewMachine


def told_qemu(machine: Machine, command: str) -> str:
    with control(Folder(machine.id).path) as orders:
        said: str = orders.order("human-monitor-command", **{"command-line": command})
        return said


def accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except ConnectionRefusedError:
        return False
    return True


def test_a_machine_without_ports_has_no_network(cloud: LocalCloud, new_machine: NewMachine) -> None:
    machine = new_machine()
    cloud.create(machine)
    assert told_qemu(machine, "info network") == ""
    condition = cloud.condition(machine)
    assert (condition.address, condition.ports) == ("", {})


def test_its_ports_are_reached_at_ports_of_this_host(
    cloud: LocalCloud, new_machine: NewMachine, settings: Settings
) -> None:
    machine = new_machine(ports=(22, 443))
    cloud.create(machine)
    condition = cloud.condition(machine)
    assert condition.address == "127.0.0.1"
    assert list(condition.ports) == [22, 443]
    forwards = told_qemu(machine, "info usernet")
    for port, outside in condition.ports.items():
        assert settings.SERVERS_PORTS.first <= outside <= settings.SERVERS_PORTS.last
        assert f"127.0.0.1 {outside}       10.0.2.15 {port:5}" in forwards
        assert accepts(outside)
    assert "restrict=on" in told_qemu(machine, "info network")
    cloud.delete(machine)
    assert not any(accepts(outside) for outside in condition.ports.values())


def test_it_keeps_them_for_all_its_life(cloud: LocalCloud, new_machine: NewMachine) -> None:
    machine = new_machine(ports=(22,))
    cloud.create(machine)
    before = cloud.condition(machine).ports
    cloud.reboot(machine)
    cloud.stop(machine)
    assert cloud.condition(machine).ports == before
    cloud.start(machine)
    cloud.create(replace(machine, disk_number=2))
    assert cloud.condition(machine).ports == before
    assert accepts(before[22])


def test_one_that_was_taken_meanwhile_is_replaced(cloud: LocalCloud, new_machine: NewMachine) -> None:
    machine = new_machine(ports=(22, 80))
    cloud.create(machine)
    before = cloud.condition(machine).ports
    cloud.stop(machine)
    with socket.create_server(("127.0.0.1", before[22])):
        cloud.start(machine)
        after = cloud.condition(machine).ports
        assert after[22] != before[22]
        assert after[80] == before[80]
        assert accepts(after[22])


def test_no_two_machines_are_given_the_same_one_even_while_they_are_stopped(
    cloud: LocalCloud, new_machine: NewMachine, settings: Settings
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    settings.SERVERS_PORTS = replace(settings.SERVERS_PORTS, first=free, last=free)
    machine, other = new_machine(ports=(22,)), new_machine(ports=(22,))
    cloud.create(machine)
    cloud.stop(machine)
    with pytest.raises(CloudProblem, match="no free port left"):
        cloud.create(other)
    cloud.delete(machine)
    cloud.create(other)
    assert cloud.condition(other).ports == {22: free}


def test_it_listens_nowhere_else(cloud: LocalCloud, new_machine: NewMachine) -> None:
    """What a broken QEMU could do beyond that, ``tests.images.test_sandbox`` tries."""
    machine = new_machine(ports=(22,))
    cloud.create(machine)
    number = (Folder(machine.id) / "run").read_text()
    own = set(_open_files(number))
    rows = [line.split() for table in ("tcp", "tcp6", "udp", "udp6") for line in _rows(f"/proc/{number}/net/{table}")]
    places = [row[1] for row in rows if f"socket:[{row[9]}]" in own]
    assert places == [f"0100007F:{cloud.condition(machine).ports[22]:04X}"]


def _open_files(process: str) -> Iterator[str]:
    for each in Path(f"/proc/{process}/fd").iterdir():
        with suppress(FileNotFoundError):  # it was closed meanwhile
            yield each.readlink().name


def _rows(path: str) -> list[str]:
    return Path(path).read_text().splitlines()[1:]
