"""The disk of settings is one that other programs read, whatever people typed."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from images.demo_disks import bootable_raw
from servers.clouds.base import CloudRefused, Machine, Source
from servers.clouds.local import LocalCloud
from servers.clouds.local.seed import CLUSTER, MOST_CLUSTERS, SECTOR, hostname, seed
from tests.servers.local.conftest import NewMachine, Says

MACHINE = Machine(
    id=UUID(int=7),
    name="Web 1",
    disk_number=2,
    vcpus=1,
    ram=64,
    disk=0,
    flavor="small",
    image=Source(data_id=UUID(int=8), name="golden", disk_format="raw", size=1, virtual_size=1),
)
HOSTILE = '"]}\n- "`$(reboot)\u2028'


def told(*argv: str | Path) -> bytes:
    return subprocess.run(argv, check=True, capture_output=True).stdout


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    return tmp_path / "seed"


def read(disk: Path, machine: Machine, name: str) -> bytes:
    disk.write_bytes(seed(machine))
    return told("mcopy", "-n", "-i", disk, f"::{name}", "-")


def facts(disk: Path, machine: Machine, name: str = "meta-data") -> dict[str, object]:
    found: dict[str, object] = json.loads(read(disk, machine, name))
    return found


def test_cloud_init_finds_it_by_its_label(disk: Path) -> None:
    disk.write_bytes(seed(MACHINE))
    assert told("/usr/sbin/blkid", "-p", "-o", "value", "-s", "LABEL", disk) == b"cidata\n"


@pytest.mark.parametrize("size", [0, 1, CLUSTER, CLUSTER + 1, 700 * CLUSTER])
def test_the_checker_finds_no_fault_with_it(disk: Path, size: int) -> None:
    disk.write_bytes(seed(replace(MACHINE, user_data="#" * size)))
    assert disk.stat().st_size % SECTOR == 0
    told("/usr/sbin/fsck.fat", "-n", disk)


@pytest.mark.parametrize("text", ["#!/bin/sh\nreboot\n", HOSTILE, "é" * CLUSTER], ids=["script", "hostile", "long"])
def test_user_data_stays_as_it_was_typed(disk: Path, text: str) -> None:
    assert read(disk, replace(MACHINE, user_data=text), "user-data").decode() == text


def test_without_user_data_there_is_an_empty_configuration(disk: Path) -> None:
    assert read(disk, MACHINE, "user-data") == b"#cloud-config\n{}\n"


def test_a_rebuilt_machine_is_a_new_instance(disk: Path) -> None:
    before, after = (facts(disk, replace(MACHINE, disk_number=number))["instance-id"] for number in (1, 2))
    assert before != after


def test_it_says_the_name_and_the_keys(disk: Path) -> None:
    keys = ("ssh-ed25519 AAAA zoë 🔑", f"ssh-rsa BBBB {HOSTILE}")
    found = facts(disk, replace(MACHINE, ssh_keys=keys))
    assert found["local-hostname"] == "web-1"
    assert found["public-keys"] == ["ssh-ed25519 AAAA zoë 🔑", 'ssh-rsa BBBB "]}- "`$(reboot)']


def test_a_guest_waits_for_no_network_that_it_has_not(disk: Path) -> None:
    assert facts(disk, MACHINE, "network-config") == {"config": "disabled"}
    assert "ethernets" in facts(disk, replace(MACHINE, ports=(22,)), "network-config")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Web_1.example", "web-1-example"), ("--", "server"), ("日本", "server"), ("a" * 62 + " b", "a" * 62)],
)
def test_a_hostname_is_one_that_every_system_takes(name: str, expected: str) -> None:
    assert hostname(name) == expected


@given(st.text())
def test_no_name_makes_a_hostname_that_is_none(name: str) -> None:
    assert hostname(name).encode().replace(b"-", b"").isalnum()


def test_too_much_user_data_is_an_error() -> None:
    with pytest.raises(ValueError, match="too much"):
        seed(replace(MACHINE, user_data="#" * (MOST_CLUSTERS * CLUSTER)))


# Reads the first sector of the second disk through the firmware, and prints the label of its file system.
READER = bytes.fromhex(
    "31c0 8ed8 be1b7c b442 b281 cd13 be2b7e baf803 b90600 f36e f4 ebfd 1000 0100 007e 0000 0000000000000000"
)


def test_the_guest_finds_it_on_its_second_disk(cloud: LocalCloud, new_machine: NewMachine, says: Says) -> None:
    disk = READER + bootable_raw("")[len(READER) :]
    machine = new_machine(data=disk)
    cloud.create(machine)
    assert says(machine, "cidata")


def test_too_much_user_data_is_refused_in_words(cloud: LocalCloud, new_machine: NewMachine) -> None:
    with pytest.raises(CloudRefused, match="user data is too long"):
        cloud.create(new_machine(user_data="#" * (MOST_CLUSTERS * CLUSTER)))
