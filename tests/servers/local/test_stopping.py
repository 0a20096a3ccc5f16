"""Guests are asked to shut down, and switched off when they do not; no worker waits for them."""

import time

import pytest
from pytest_django.fixtures import Settings

from images.demo_disks import bootable_raw
from servers.actions import attend_to_server, reboot_server
from servers.actions.claims import SILENCE
from servers.clouds.base import CloudBusy, Condition, Machine, State
from servers.clouds.local import LocalCloud, qemu
from servers.clouds.local.folder import Folder
from servers.models import Flavor, Server
from sharing.models import Share
from tests.conftest import MoveClock
from tests.people import Cast
from tests.servers.conftest import boot, fresh, running
from tests.servers.local.conftest import NewMachine, Says

# Prints a letter, lets interrupts in and waits for them for ever: "sti; hlt; jmp". It knows no ACPI.
AWAKE = bytes.fromhex("baf803 b041 ee fb f4 ebfc")
SHUTTING_DOWN = Condition(state=State.BUILDING, problem="It is shutting down.", disk_number=1)


@pytest.fixture
def stubborn(cloud: LocalCloud, new_machine: NewMachine, says: Says, settings: Settings) -> Machine:
    """A machine that runs, and shuts down for nobody."""
    settings.SERVERS_STOP_SECONDS = 1
    machine = new_machine(data=AWAKE + bootable_raw("")[len(AWAKE) :])
    cloud.create(machine)
    says(machine, "A")
    return machine


def number_of(machine: Machine) -> str:
    return (Folder(machine.id) / "run").read_text()


def test_a_guest_that_halted_for_good_is_switched_off_at_once(
    cloud: LocalCloud, new_machine: NewMachine, says: Says, settings: Settings
) -> None:
    settings.SERVERS_STOP_SECONDS = 60
    machine = new_machine("Bye", vcpus=2)
    cloud.create(machine)
    says(machine, "Bye")
    cloud.stop(machine)
    assert cloud.condition(machine).state is State.STOPPED


def test_a_guest_that_does_not_answer_is_switched_off_later(cloud: LocalCloud, stubborn: Machine) -> None:
    with pytest.raises(CloudBusy, match="shutting down"):
        cloud.stop(stubborn)
    assert cloud.condition(stubborn) == SHUTTING_DOWN
    time.sleep(0.6)
    cloud.stop(stubborn)
    assert cloud.condition(stubborn).state is State.STOPPED


def test_a_guest_that_does_not_answer_is_rebooted_later(cloud: LocalCloud, stubborn: Machine, says: Says) -> None:
    before = number_of(stubborn)
    with pytest.raises(CloudBusy, match="shutting down"):
        cloud.reboot(stubborn)
    assert cloud.condition(stubborn).state is State.RUNNING
    time.sleep(0.6)
    cloud.reboot(stubborn)
    says(stubborn, "AA")
    assert number_of(stubborn) != before


def test_one_that_ignored_it_until_people_changed_their_minds_goes_on(cloud: LocalCloud, stubborn: Machine) -> None:
    with pytest.raises(CloudBusy):
        cloud.stop(stubborn)
    time.sleep(0.6)
    assert cloud.condition(stubborn).state is State.RUNNING


@pytest.mark.django_db
def test_a_reboot_that_a_killed_worker_left_half_done_is_gone_on_with(
    cast: Cast, cloud: LocalCloud, small: Flavor, lent: Share, monkeypatch: pytest.MonkeyPatch, move_clock: MoveClock
) -> None:
    server = running(boot(cast.consumer, lent.image))
    reboot_server(server.pk, by=cast.consumer)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(qemu, "start", lambda *_args: (_ for _ in ()).throw(KeyboardInterrupt))
        attend_to_server(server.pk)
    move_clock(SILENCE)
    attend_to_server(server.pk)
    assert (fresh(server).status, fresh(server).is_settled) == (Server.Status.RUNNING, True)
