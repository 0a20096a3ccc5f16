"""Whole operating systems boot on this host: Debian's installer, and a small Linux that is reached at a port."""

import socket
import subprocess
import time
from pathlib import Path

import pytest

from servers.clouds.base import Machine
from servers.clouds.local import LocalCloud
from tests.architecture.source import ROOT
from tests.servers.local.conftest import NewMachine
from tests.servers.local.linux import make_disk

pytestmark = pytest.mark.long
SECONDS = 300  # emulated, beside other tests
# Tries a port of the host's loopback, which QEMU shows at 10.0.2.2, then answers at its own.
PROGRAM = """
nc -w 3 10.0.2.2 {outside} </dev/null && echo reached || echo closed
echo listening
while true; do echo hello from the guest | nc -l -p 22; done
"""


def wait_for(cloud: LocalCloud, machine: Machine, text: str) -> str:
    deadline = time.monotonic() + SECONDS
    while text not in (said := cloud.console(machine, offset=0, limit=10**6).text):
        assert time.monotonic() < deadline, f"It said {said[-500:]!r}; {cloud.condition(machine)}"
        time.sleep(0.2)
    return said


def answer_at(port: int) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as connection:
        return connection.makefile("rb").readline()


def test_the_installer_of_debian_asks_its_first_question(
    cloud: LocalCloud, new_machine: NewMachine, tmp_path: Path
) -> None:
    disk = tmp_path / "debian.raw"
    subprocess.run([ROOT / "scripts/debian-disk", disk], check=True)
    machine = new_machine(data=disk.read_bytes(), ram=1024, disk=1)
    cloud.create(machine)
    wait_for(cloud, machine, "Choose the language to be used for the installation process.")


def test_a_guest_is_reached_at_its_port_and_reaches_nothing(
    cloud: LocalCloud, new_machine: NewMachine, tmp_path: Path
) -> None:
    disk = tmp_path / "linux.raw"
    with socket.create_server(("127.0.0.1", 0)) as outside:
        outside.setblocking(False)
        make_disk(disk, PROGRAM.format(outside=outside.getsockname()[1]))
        machine = new_machine(data=disk.read_bytes(), ram=256, disk=1, ports=(22,))
        cloud.create(machine)
        said = wait_for(cloud, machine, "listening")
        assert "closed" in said
        with pytest.raises(BlockingIOError):
            outside.accept()
    deadline = time.monotonic() + SECONDS
    while not (answer := answer_at(cloud.condition(machine).ports[22])):  # its program is only starting
        assert time.monotonic() < deadline
        time.sleep(0.5)
    assert answer == b"hello from the guest\n"
