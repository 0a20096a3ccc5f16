"""What the panel does with machines in a cloud, as stories that say themselves what has to come of each step.

The same stories are told to a real Nova (``record``, and the long tests), to the stand-in, and to what Nova answered
when they were recorded: so each of these is held to the same.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from openstack import exceptions as sdk
from openstack.image.v2.image import Image

from servers.clouds import CloudBusy, CloudRefused, Machine, State
from servers.clouds.openstack import OpenStackCloud, Size
from servers.clouds.openstack.problems import NoSuchFlavor, QuotaReached
from tests.servers.openstack.conftest import DISK, Bytes, machine, source

IMAGE, LARGE_IMAGE, NO_IMAGE = (f"5b1e4c2a-1111-4222-8333-44445555666{last}" for last in "678")
NOT_FOUND = 404
Until = Callable[[Callable[[], bool]], None]
Story = Callable[[OpenStackCloud, Until], None]


def prepare(cloud: OpenStackCloud) -> None:
    """Have the images there from which the stories boot; none of them boots the one that is missing."""
    for pk, disk in ((IMAGE, 0), (LARGE_IMAGE, 5)):
        facts: dict[str, Any] = {"disk_format": "qcow2", "container_format": "bare", "min_disk": disk}
        image = Image(id=pk, name="Golden", **facts)
        image.create(cloud._images)
        sdk.raise_from_response(image.upload(cloud._images, data=Bytes(DISK), size=len(DISK)))


def booting(image: str = IMAGE, **said: Any) -> Machine:
    """A machine; the same one in all stories, as each has its own cloud or leaves nothing."""
    pk = UUID("7d3f9a10-0000-4000-8000-000000000001")
    return machine(id=pk, image=source(registered_as=image), **said)


def looks_around(cloud: OpenStackCloud, until: Until) -> None:
    """The sizes that there are."""
    assert Size("1", "m1.tiny", 1, 512, 1) in cloud.flavors()


def runs_a_machine(cloud: OpenStackCloud, until: Until) -> None:
    """From the first request to the last."""
    wanted = booting(network=True, ssh_keys=("ssh-ed25519 AAAA ann",), user_data="#!/bin/sh\ntrue\n")
    cloud.create(wanted)
    assert cloud.condition(wanted).state is State.BUILDING
    _is_busy(cloud, replace(wanted, disk_number=2))
    until(lambda: cloud.condition(wanted).state is State.RUNNING)
    condition = cloud.condition(wanted)
    assert (condition.disk_number, bool(condition.address), condition.problem) == (1, True, "")
    cloud.create(wanted)
    assert cloud.console(wanted, offset=-9, limit=100).text == "LAST LINE"
    _stops_and_starts(cloud, until, wanted)
    anew = replace(wanted, disk_number=2)
    cloud.create(anew)
    assert cloud.condition(anew).state is State.BUILDING
    until(lambda: cloud.condition(anew).state is State.RUNNING)
    assert cloud.condition(anew).disk_number == 2
    _deletes(cloud, until, anew)


def makes_an_image(cloud: OpenStackCloud, until: Until) -> None:
    """Of a machine that runs; meanwhile nothing else is done with it."""
    wanted = booting()
    cloud.create(wanted)
    until(lambda: cloud.condition(wanted).state is State.RUNNING)
    assert b"".join(cloud.snapshot(wanted, folder=Path(), progress=lambda _: None))
    until(lambda: cloud._required(wanted).task_state is None)
    cloud._required(wanted).create_image(cloud._sdk.compute, "by hand")
    assert cloud.condition(wanted).state is State.RUNNING
    with pytest.raises(CloudBusy, match="task_state image_"):
        cloud.reboot(wanted)
    with pytest.raises(CloudBusy):
        cloud.stop(wanted)
    until(lambda: cloud._required(wanted).task_state is None)
    _deletes(cloud, until, wanted)


def is_put_aside(cloud: OpenStackCloud, until: Until) -> None:
    """Somebody locks, pauses, suspends or shelves a machine in the cloud itself. The panel says so, and lets it run."""
    wanted = booting()
    cloud.create(wanted)
    until(lambda: cloud.condition(wanted).state is State.RUNNING)
    pk, compute = cloud._required(wanted).id, cloud._sdk.compute
    compute.lock_server(pk)
    with pytest.raises(CloudBusy, match="is locked in its cloud, and has to be unlocked there"):
        cloud.stop(wanted)
    with pytest.raises(CloudRefused, match="is locked"):
        cloud.delete(wanted)
    compute.unlock_server(pk)
    for put_aside, word in (
        (compute.pause_server, "paused"),
        (compute.suspend_server, "suspended"),
        (compute.shelve_server, "shelved offloaded"),
    ):
        put_aside(pk)
        problem = f"It is {word} in its cloud."
        until(lambda problem=problem: cloud.condition(wanted).problem == problem)  # type: ignore[misc]
        until(lambda: cloud.condition(wanted).state is State.STOPPED)
        cloud.stop(wanted)
        with pytest.raises(CloudBusy, match="while it is in vm_state"):
            cloud.reboot(wanted)
        cloud.start(wanted)
        assert cloud.condition(wanted).state is State.BUILDING
        cloud.start(wanted)
        until(lambda: cloud.condition(wanted).state is State.RUNNING)
    _deletes(cloud, until, wanted)


def is_refused(cloud: OpenStackCloud, until: Until) -> None:
    """What a cloud does not take, and why."""
    with pytest.raises(NoSuchFlavor, match="has no size '99' any more"):
        cloud.create(booting(flavor="99"))
    with pytest.raises(CloudRefused, match="disk is smaller than the minimum size specified in image metadata"):
        cloud.create(booting(LARGE_IMAGE))
    with pytest.raises(CloudRefused, match="Can not find requested image"):
        cloud.create(booting(NO_IMAGE))
    with pytest.raises(CloudRefused, match=r"for field/attribute imageRef\.$"):
        cloud.create(booting("7d1b"))
    with pytest.raises(QuotaReached, match="Requested 8, but already used 0 of 6 cores"):
        cloud.create(booting(flavor="5"))


def fails(cloud: OpenStackCloud, until: Until) -> None:
    """A machine for which no host has room, and then one that no host can start."""
    for flavor, problem in (
        ("4", "has no room for a server of this size"),
        ("3", "Exceeded maximum number of retries"),
    ):
        wanted = booting(flavor=flavor)
        cloud.create(wanted)
        until(lambda wanted=wanted: cloud.condition(wanted).state is State.FAILED)  # type: ignore[misc]
        assert problem in cloud.condition(wanted).problem
        cloud.create(wanted)
        cloud.stop(wanted)
        assert cloud.console(wanted, offset=-9, limit=100).text == ""
        with pytest.raises(CloudRefused, match="has never run in its cloud"):
            cloud.start(wanted)
        with pytest.raises(CloudBusy, match="is being deleted"):
            cloud.create(replace(wanted, disk_number=2))
        until(lambda wanted=wanted: cloud.condition(wanted).state is State.ABSENT)  # type: ignore[misc]


STORIES: dict[str, Story] = {
    story.__name__: story for story in (looks_around, runs_a_machine, makes_an_image, is_put_aside, is_refused, fails)
}


def _is_busy(cloud: OpenStackCloud, anew: Machine) -> None:
    """A machine that is still being made."""
    assert cloud.console(anew, offset=-9, limit=100).text == ""
    with pytest.raises(CloudBusy):
        cloud.stop(anew)
    with pytest.raises(CloudBusy, match="vm_state building"):
        cloud.reboot(anew)
    with pytest.raises(CloudBusy, match="vm_state building"):
        cloud.create(anew)


def _stops_and_starts(cloud: OpenStackCloud, until: Until, wanted: Machine) -> None:
    cloud.stop(wanted)
    cloud.stop(wanted)
    assert cloud.condition(wanted).state is State.BUILDING
    with pytest.raises(CloudBusy, match="task_state powering-off"):
        cloud.reboot(wanted)
    until(lambda: cloud.condition(wanted).state is State.STOPPED)
    cloud.stop(wanted)
    with pytest.raises(CloudBusy, match="vm_state stopped"):
        cloud.reboot(wanted)
    cloud.start(wanted)
    cloud.start(wanted)
    assert cloud.condition(wanted).state is State.BUILDING
    until(lambda: cloud.condition(wanted).state is State.RUNNING)
    cloud.start(wanted)
    cloud.reboot(wanted)
    assert cloud.condition(wanted).state is State.BUILDING
    until(lambda: cloud.condition(wanted).state is State.RUNNING)


def _deletes(cloud: OpenStackCloud, until: Until, wanted: Machine) -> None:
    there = cloud._required(wanted)
    with pytest.raises(CloudBusy, match="is being deleted"):
        cloud.delete(wanted)
    until(lambda: cloud.condition(wanted).state is State.ABSENT)
    cloud.delete(wanted)
    with pytest.raises(sdk.NotFoundException) as caught:
        cloud._sdk.compute.delete_server(there.id, ignore_missing=False)
    assert caught.value.status_code == NOT_FOUND
