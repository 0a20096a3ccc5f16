"""What a guest, an image or a host can do wrong harms nobody else."""

import contextlib
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from images.demo_disks import MIB, bootable_raw
from servers import keeper
from servers.clouds.base import CloudProblem, Machine, State
from servers.clouds.local import LocalCloud, qemu
from servers.clouds.local.cloud import NO_ROOM
from servers.clouds.local.folder import Folder
from servers.clouds.local.qmp import control
from servers.keeper import NICENESS, Guard
from tests.servers.local.conftest import NewMachine, Says

# mov dx, 0x3f8; mov al, "A"; out dx, al; spin: jmp spin
BACKEND = "/machine/peripheral-anon/device[0]/virtio-backend"  # of the disk: whoever writes here is the guest
SPINNING = bytes.fromhex("baf803 b041 ee ebfe")


def booted(cloud: LocalCloud, new_machine: NewMachine, code: bytes) -> Machine:
    machine = new_machine(data=code + bootable_raw("")[len(code) :])
    cloud.create(machine)
    return machine


def process_of(machine: Machine) -> Path:
    return Path("/proc") / (Folder(machine.id) / "run").read_text()


def status_of(machine: Machine) -> str:
    with control(Folder(machine.id).path) as orders:
        return str(orders.order("query-status")["status"])


def test_one_that_spins_leaves_the_processor_to_others(cloud: LocalCloud, new_machine: NewMachine, says: Says) -> None:
    spinning = booted(cloud, new_machine, SPINNING)
    says(spinning, "A")
    ours = os.getpriority(os.PRIO_PROCESS, 0)
    assert os.getpriority(os.PRIO_PROCESS, int(process_of(spinning).name)) == min(ours + NICENESS, 19)
    other = new_machine("Still here")
    cloud.create(other)
    says(other, "Still here")


def test_its_keeper_holds_a_machine_while_the_host_is_short_of_room(
    cloud: LocalCloud, new_machine: NewMachine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(qemu, "_admit", lambda _machine: None)
    settings.SERVERS_ROOM = 10**9  # MiB: more than any host has
    machine = new_machine()
    cloud.create(machine)
    deadline = time.monotonic() + 20
    while status_of(machine) != "paused":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert cloud.condition(machine).problem == NO_ROOM
    cloud.start(machine)
    assert status_of(machine) == "paused", "Nobody has made room."
    cloud.stop(machine)
    settings.SERVERS_ROOM = 0
    cloud.start(machine)
    assert (cloud.condition(machine).problem, status_of(machine)) == ("", "running")


def test_it_goes_on_when_there_is_room_again(
    cloud: LocalCloud, new_machine: NewMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = new_machine()
    cloud.create(machine)
    monkeypatch.setattr(keeper, "LOOK_SECONDS", 0)
    with contextlib.chdir(Folder(machine.id).path):
        guard = Guard(room=2**60)
        guard.look()
        assert (status_of(machine), cloud.condition(machine).problem) == ("paused", NO_ROOM)
        guard.room = 0
        guard.look()
    assert (status_of(machine), cloud.condition(machine).problem) == ("running", "")


def test_one_that_fills_its_disk_has_no_more_than_its_size(
    cloud: LocalCloud, new_machine: NewMachine, says: Says
) -> None:
    machine = new_machine()
    cloud.create(machine)
    says(machine, "Hello")
    with control(Folder(machine.id).path) as orders:
        for start in ("0", "1M", "1G"):
            order = f'qemu-io -d {BACKEND} "write -P 7 {start} 1M"'
            orders.order("human-monitor-command", **{"command-line": order})
    said = says(machine, "ops/sec")  # QEMU prints what comes of it where the guest prints
    assert said.count("wrote 1048576/1048576") == 1
    assert said.count("write failed") == 2
    assert Folder(machine.id).disk(1).stat().st_size < 2 * MIB


def test_without_room_none_is_started(cloud: LocalCloud, new_machine: NewMachine, settings: Settings) -> None:
    settings.SERVERS_ROOM = 10**9
    with pytest.raises(CloudProblem, match="no room left"):
        cloud.create(new_machine())


@pytest.mark.parametrize("disk_format", ["qcow2", "vmdk", "vhdx"])
def test_an_image_that_is_no_image_is_told_and_harms_nobody(
    cloud: LocalCloud, new_machine: NewMachine, says: Says, disk_format: str
) -> None:
    with pytest.raises(CloudProblem, match="QEMU did not start"):
        cloud.create(new_machine(disk_format=disk_format, data=b"rubbish" * 10_000))
    machine = new_machine("Fine")
    cloud.create(machine)
    says(machine, "Fine")


def test_a_base_that_breaks_while_it_is_used_is_told_at_the_next_start(
    cloud: LocalCloud, new_machine: NewMachine, settings: Settings
) -> None:
    machine = new_machine(disk_format="qcow2")
    cloud.create(machine)
    cloud.stop(machine)
    base = settings.SERVERS_DIR / "bases" / str(machine.image.data_id)
    base.write_bytes(b"\0" * base.stat().st_size)
    with pytest.raises(CloudProblem, match="QEMU did not start"):
        cloud.start(machine)
    assert cloud.condition(machine).state is State.STOPPED
    other = new_machine()
    cloud.create(replace(machine, image=other.image, disk_number=2))
    assert cloud.condition(machine).state is State.RUNNING


def test_a_base_that_may_not_be_read_is_told(
    cloud: LocalCloud, new_machine: NewMachine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """QEMU has no powers of root, whoever runs the panel."""
    machine = new_machine()
    cloud.create(machine)
    cloud.stop(machine)
    base = settings.SERVERS_DIR / "bases" / str(machine.image.data_id)
    base.chmod(0o000)
    if os.geteuid() == 0:
        os.chown(base, 12345, 12345)
    with pytest.raises(CloudProblem, match="Permission denied"):
        cloud.start(machine)
    assert cloud.condition(machine).state is State.STOPPED
