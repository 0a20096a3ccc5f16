"""Machines of a real OpenStack cloud.

Everything that is to be known of a machine is in the cloud: it bears the number of its server as a tag, and that of its
disk in its metadata. A worker may die between any two requests, and two may be at it: whoever comes next looks for the
tag. Where two have made a machine at the same moment, both see that, and both keep the older one.
"""

import base64
import contextlib
import re
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from itertools import islice
from pathlib import Path
from typing import Any

from openstack import exceptions as sdk
from openstack.compute.v2.server import Server

from servers.clouds.base import (
    Abilities,
    CloudBusy,
    CloudProblem,
    CloudRefused,
    Condition,
    Console,
    Machine,
    Network,
    Progress,
    State,
)
from servers.clouds.openstack.access import Access
from servers.clouds.openstack.images import ACTIVE, CloudImages
from servers.clouds.openstack.problems import NoSuchFlavor, NoSuchNetwork, in_words, one_line, said

SERVER, DISK = "stockroom_server", "stockroom_disk"
STATES = {
    "ACTIVE": State.RUNNING,
    "PASSWORD": State.RUNNING,
    "RESCUE": State.RUNNING,
    "VERIFY_RESIZE": State.RUNNING,
    "BUILD": State.BUILDING,
    "REBUILD": State.BUILDING,
    "REBOOT": State.BUILDING,
    "HARD_REBOOT": State.BUILDING,
    "MIGRATING": State.BUILDING,
    "RESIZE": State.BUILDING,
    "REVERT_RESIZE": State.BUILDING,
    "SHUTOFF": State.STOPPED,
    "PAUSED": State.STOPPED,
    "SUSPENDED": State.STOPPED,
    "SHELVED": State.STOPPED,
    "SHELVED_OFFLOADED": State.STOPPED,
    "ERROR": State.FAILED,
    "DELETED": State.ABSENT,
    "SOFT_DELETED": State.ABSENT,
}
# How a machine that somebody stopped there is let run again; SHUTOFF and ERROR are simply started.
RESUMED_BY = {"PAUSED": "unpause", "SUSPENDED": "resume", "SHELVED": "unshelve", "SHELVED_OFFLOADED": "unshelve"}
SHUTTING_DOWN = "powering-off"
IPV4 = 4
CHUNK = 1024 * 1024  # bytes
TICK_SECONDS, SNAPSHOT_SECONDS = 2, 4 * 60 * 60
NO_QUOTA, LOCKED = "No valid host was found", "is locked"
NO_FLAVOR = re.compile(r"Flavor \S+ could not be found")  # one that is too small for the image is told otherwise
MOST_READ, MOST_NETWORKS, MOST_SUBNETS = 1000, 100, 8
MOST_USER_DATA = 65535  # characters, in Base64
LONGEST_NAME = 255  # characters
AN_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Size:
    """A flavor of the cloud: its id there, its name, processors, MiB of memory, GiB of disk."""

    code: str
    name: str
    vcpus: int
    ram: int
    disk: int


class OpenStackCloud(CloudImages):
    """One region of an OpenStack cloud, as one account's key lets us in."""

    abilities = Abilities(
        live_snapshots=True,
        network_choice=True,
        port_forwards=False,
        console=True,
        gives_data=True,
        far=True,
        disk_formats=frozenset({"qcow2", "raw", "vmdk", "vdi", "vhd", "vhdx", "iso"}),
        architectures=frozenset({"x86_64", "aarch64", ""}),
        user_data=32 * 1024,  # of the 48 KiB that Compute takes, so that SSH keys find room
    )

    def __init__(self, access: Access) -> None:
        super().__init__(access)
        self._access = access

    def why_not(self) -> str:
        """Nothing that can be said without asking the cloud."""
        return ""

    def create(self, machine: Machine) -> None:
        """Have the machine there, from a new disk if its number is higher; see ``Cloud.create``."""
        image_id = self.image_for(machine.image)
        there = self._found(machine)
        if there is None:
            self._boot(machine, image_id)
        elif _disk_number(there) < machine.disk_number:
            self._begin_anew(there, machine, image_id)
        elif STATES.get(str(there.status)) is State.STOPPED:
            self._run(there)

    def condition(self, machine: Machine) -> Condition:
        """What the cloud says of it."""
        there = self._found(machine)
        if there is None:
            return Condition(state=State.ABSENT)
        state = STATES.get(str(there.status))
        if state is None:
            raise CloudProblem(f"The cloud of {self._access.region} does not know what the server is doing.")
        return Condition(
            state=_state_with_task(state, there),
            problem=_problem_of(there, self._access),
            address=_address(there),
            disk_number=_disk_number(there),
            cloud_id=str(there.id),
        )

    def start(self, machine: Machine) -> None:
        """Let it run from the disk that it has."""
        self._run(self._required(machine))

    def stop(self, machine: Machine) -> None:
        """Shut it down; the cloud itself uses force where the guest does not listen."""
        there = self._found(machine)
        if there is None or there.task_state == SHUTTING_DOWN:
            return
        if there.status == "ACTIVE" and there.task_state is None:
            with self._patiently():
                self._sdk.compute.stop_server(there.id)
        elif there.status == "ACTIVE" or STATES.get(str(there.status)) is State.BUILDING:
            raise CloudBusy("It is about to change in its cloud.")

    def reboot(self, machine: Machine) -> None:
        """Start it again; the cloud itself uses force where the guest does not listen."""
        there = self._required(machine)
        with self._patiently():
            self._sdk.compute.reboot_server(there.id, "SOFT")

    def delete(self, machine: Machine) -> None:
        """Delete it, whoever made it twice.

        Raises:
            CloudBusy: the cloud is at it.
        """
        left = self._all(machine)
        with in_words(self._access):
            for each in left:
                if each.task_state != "deleting":
                    self._sdk.compute.delete_server(each.id, ignore_missing=True)
        self.remove(str(image.id) for image in self._snapshots(machine))
        if left and self._all(machine):
            raise CloudBusy("It is being deleted.")

    def console(self, machine: Machine, *, offset: int, limit: int) -> Console:
        """What the cloud gives of its console: the last 100 KiB, however much it printed."""
        there = self._found(machine)
        if there is None:
            return Console(text="", offset=0, end=0)
        data = self._output(there).encode()
        start = min(max(offset if offset >= 0 else len(data) + offset, 0), len(data))
        part = data[start : start + limit]
        text = part.decode(errors="ignore")
        return Console(text=text, offset=start, end=start + len(text.encode()))

    def snapshot(self, machine: Machine, *, folder: Path, progress: Progress) -> Iterator[bytes]:
        """Have the cloud make an image, fetch that, and delete it there; see ``Cloud.snapshot``."""
        there = self._required(machine)
        self.remove(str(image.id) for image in self._snapshots(machine))  # of a worker that died
        with self._patiently():
            image_id = there.create_image(self._sdk.compute, f"stockroom {machine.id}", {SERVER: str(machine.id)})
        try:
            size = self._made(image_id)
            come = 0
            for chunk in self.read(image_id, chunk=CHUNK):
                come += len(chunk)
                progress(50 + 50 * come // size)
                yield chunk
        finally:
            with contextlib.suppress(CloudProblem):
                self.remove([image_id])

    # --- Parts ----------------------------------------------------------------------------------------

    def _output(self, there: Server) -> str:
        with in_words(self._access):
            try:
                return str(self._sdk.compute.get_server_console_output(there.id).get("output") or "")
            except sdk.ConflictException:
                return ""  # it has no host yet, or never found one

    def _made(self, image_id: str) -> int:
        """Wait until the cloud has made an image; its size in bytes."""
        deadline = time.monotonic() + SNAPSHOT_SECONDS
        while time.monotonic() < deadline:
            image = self.get(image_id)
            if image is None or image.status in ("killed", "deleted"):
                raise CloudProblem(f"The cloud of {self._access.region} could not make the image.")
            if image.status == ACTIVE:
                if not image.size:
                    raise CloudRefused("Its disk is a volume in its cloud, of which images cannot be made here.")
                return int(image.size)
            time.sleep(TICK_SECONDS)
        raise CloudProblem(f"The cloud of {self._access.region} has not made the image in hours.")

    def _snapshots(self, machine: Machine) -> list[Any]:
        with in_words(self._access):
            named = self._images.images(owner=self.project_id, name=f"stockroom {machine.id}")
            return [image for image in named if image.properties.get(SERVER) == str(machine.id)]

    def _found(self, machine: Machine) -> Server | None:
        """The machine; where there are several, the oldest one, as for everybody else."""
        return next(iter(self._all(machine)), None)

    def _required(self, machine: Machine) -> Server:
        there = self._found(machine)
        if there is None:
            raise CloudRefused("Its cloud does not have it any more, so that it can only be rebuilt or deleted.")
        return there

    def _all(self, machine: Machine) -> list[Server]:
        with in_words(self._access):
            tagged = list(self._sdk.compute.servers(tags=tag_of(machine)))
        ours = [each for each in tagged if STATES.get(str(each.status)) is not State.ABSENT]
        return sorted(ours, key=lambda each: (str(each.created_at), str(each.id)))

    def _boot(self, machine: Machine, image_id: str) -> None:
        said_of_it: dict[str, Any] = {
            "name": machine.name,
            "imageRef": image_id,
            "flavorRef": machine.flavor,
            "networks": self._networks(machine),
            "metadata": _metadata(machine),
            "tags": [tag_of(machine)],
            **_user_data(machine),
        }
        if "user_data" in said_of_it and not machine.network:
            said_of_it["config_drive"] = True  # without a network the guest cannot ask for it
        with self._making(machine):
            self._sdk.compute.create_server(**said_of_it)
        for extra in self._all(machine)[1:]:
            with in_words(self._access):
                self._sdk.compute.delete_server(extra.id, ignore_missing=True)

    def _begin_anew(self, there: Server, machine: Machine, image_id: str) -> None:
        if there.status == "ERROR":  # it may never have found a host, so that there is nothing to rebuild
            with in_words(self._access):
                self._sdk.compute.delete_server(there.id, ignore_missing=True)
            raise CloudBusy("The one that has failed is being deleted.")
        with self._making(machine), self._unless_busy():
            marks: dict[str, object] = {**_metadata(machine)}
            there.rebuild(self._sdk.compute, image=image_id, name=machine.name, metadata=marks)

    def _run(self, there: Server) -> None:
        resumed_by = RESUMED_BY.get(str(there.status), "start")
        if there.status == "ERROR" and not there.launched_at:
            raise CloudRefused("It has never run in its cloud, so that it can only be rebuilt or deleted.")
        with self._patiently():
            if there.status == "ERROR":
                self._sdk.compute.reboot_server(there.id, "HARD")
            elif there.status != "ACTIVE" and there.task_state is None:
                getattr(self._sdk.compute, f"{resumed_by}_server")(there.id)

    def _networks(self, machine: Machine) -> Any:
        """None, the chosen network, or the first. It is looked for again: a cloud lets a key of its staff into any."""
        if not machine.network:
            return "none"
        ids = [str(each.id) for each in self._open_networks()]
        if not ids:
            raise CloudRefused(f"The project in the cloud of {self._access.region} has no network. Make one there.")
        if machine.network_code not in ("", *ids):
            raise NoSuchNetwork(self._access.region)
        return [{"uuid": machine.network_code or ids[0]}]

    def networks(self) -> list[Network]:
        """Its networks with their addresses, the project's own first; see ``HasNetworks``."""
        found, subnets = self._open_networks(), defaultdict[str, list[str]](list)
        with in_words(self._access):
            for each in islice(self._sdk.network.subnets(), MOST_READ) if found else ():
                subnets[str(each.network_id)].append(one_line(str(each.cidr)))
        return [
            Network(
                id=str(each.id),
                name=one_line(str(each.name or ""))[:LONGEST_NAME] or str(each.id),
                is_own=each.project_id == self.project_id,
                is_external=bool(each.is_router_external),
                subnets=tuple(subnets[str(each.id)][:MOST_SUBNETS]),
            )
            for each in found
        ]

    def _open_networks(self) -> list[Any]:
        """The networks to which this project can connect machines, in the order in which they are offered."""
        with in_words(self._access):
            project = self.project_id
            listed = islice(self._sdk.network.networks(), MOST_READ)
            found = [each for each in listed if _is_open(each, project)]
        found.sort(
            key=lambda each: (each.project_id != project, bool(each.is_router_external), str(each.name), str(each.id))
        )
        return found[:MOST_NETWORKS]

    def flavors(self) -> list[Size]:
        """The sizes that the cloud has for this key, the smallest first."""
        with in_words(self._access):
            found = list(self._sdk.compute.flavors())
        sizes = [
            Size(str(each.id), one_line(str(each.name)), int(each.vcpus), int(each.ram), int(each.disk))
            for each in found
            if not each.is_disabled
        ]
        return sorted(sizes, key=lambda size: (size.ram, size.vcpus, size.disk, size.name))

    @contextlib.contextmanager
    def _patiently(self) -> Iterator[None]:
        """Take "not now" for what it is, and put everything else into words.

        Raises:
            CloudBusy: the machine is changing.
        """
        with in_words(self._access), self._unless_busy():
            yield

    @contextlib.contextmanager
    def _unless_busy(self) -> Iterator[None]:
        """Take "not now" for what it is; within what puts everything else into words."""
        try:
            yield
        except sdk.ConflictException as error:
            words = said(error, self._access)
            what = (
                "locked in its cloud, and has to be unlocked there"
                if LOCKED in words
                else "about to change in its cloud"
            )
            raise CloudBusy(f"It is {what}. {words}".rstrip()) from None

    @contextlib.contextmanager
    def _making(self, machine: Machine) -> Iterator[None]:
        """Say what is missing for a new machine."""
        with in_words(self._access):
            try:
                yield
            except (sdk.BadRequestException, sdk.NotFoundException) as error:
                if NO_FLAVOR.match(said(error, self._access)):
                    raise NoSuchFlavor(self._access.region, machine.flavor) from None
                raise


def _is_open(network: Any, project: str) -> bool:
    """Whether Compute connects machines of a project to a network.

    It refuses those without addresses, and those beyond the routers that are not shared. A key of the cloud's own staff
    sees those of all projects.
    """
    is_shared = bool(network.is_shared)
    is_inner = network.project_id == project and not network.is_router_external
    return bool(network.subnet_ids) and (is_shared or is_inner) and bool(AN_ID.fullmatch(str(network.id)))


def tag_of(machine: Machine) -> str:
    """By which the cloud finds a machine again."""
    return f"stockroom-{machine.id}"


def _metadata(machine: Machine) -> dict[str, str]:
    return {SERVER: str(machine.id), DISK: str(machine.disk_number)}


def _disk_number(there: Server) -> int:
    number = str((there.metadata or {}).get(DISK, ""))
    return int(number) if number.isdecimal() else 0


def _state_with_task(state: State, there: Server) -> State:
    """A machine that is on its way from one state into another is in neither; making an image of it changes nothing."""
    task = str(there.task_state or "")
    return State.BUILDING if task and not task.startswith("image_") else state


def _problem_of(there: Server, access: Access) -> str:
    if there.status in RESUMED_BY and there.task_state is None:
        return f"It is {str(there.status).lower().replace('_', ' ')} in its cloud."
    if there.status != "ERROR" or there.task_state is not None:
        return ""
    words = one_line(str((there.fault or {}).get("message") or "").replace(access.secret, "…"))
    if NO_QUOTA in words:
        return f"The cloud of {access.region} has no room for a server of this size now."
    return f"The cloud of {access.region} could not run it. {words}".rstrip()


def _address(there: Server) -> str:
    """Where it is reached: from outside where that is possible, IPv4 first."""
    every = [each for several in (there.addresses or {}).values() for each in several]
    every.sort(key=lambda each: (each.get("OS-EXT-IPS:type") != "floating", each.get("version") != IPV4))
    return str(every[0].get("addr", "")) if every else ""


def _user_data(machine: Machine) -> dict[str, str]:
    """What cloud-init in the guest reads: the keys, and then what people wrote, as two parts of one message.

    A cloud has a place for one key only, and it would belong to the person whose cloud key this is.

    Raises:
        CloudRefused: it is longer than Compute takes it.
    """
    if not machine.ssh_keys:
        text = machine.user_data
    else:
        parts = MIMEMultipart()
        keys = "".join(f"  - {_quoted(key)}\n" for key in machine.ssh_keys)
        parts.attach(_part(f"#cloud-config\nssh_authorized_keys:\n{keys}", "cloud-config"))
        if machine.user_data:
            parts.attach(_part(machine.user_data, "plain"))  # cloud-init looks at its first line
        text = parts.as_string()
    encoded = base64.b64encode(text.encode()).decode()
    if len(encoded) > MOST_USER_DATA:
        raise CloudRefused(
            "Its user data is too long for its cloud, which takes 48 KiB, and about 34 KiB together with SSH keys."
        )
    return {"user_data": encoded} if encoded else {}


def _part(text: str, kind: str) -> MIMEText:
    part = MIMEText(text, kind, "utf-8")
    part.add_header("Merge-Type", "list(append)+dict(no_replace,recurse_list)+str()")
    return part


def _quoted(key: str) -> str:
    """A text for YAML, in double quotes."""
    return '"' + "".join(char for char in key if char.isprintable() and char not in '"\\') + '"'
