"""What every cloud can do: run the machines of a region.

A cloud knows nothing of accounts, shares and consent; ``servers.actions`` asks about these before it asks the cloud.
Every method may be called twice, by two workers, or again after one that died in the middle: each first looks what is
there, and does only what is missing.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol, runtime_checkable
from uuid import UUID

Progress = Callable[[int], None]  # takes percent, 0 to 100


class CloudProblem(Exception):
    """The cloud did not do what it was asked; the text is for people, and says what to do.

    Attributes:
        lasting: whether trying again is in vain.
        silent: whether the cloud did not answer at all, so that nobody else would have an answer at this moment.
    """

    lasting = False
    silent = False


class CloudRefused(CloudProblem):
    """It never will: wrong credential, no such image, too little room in the quota there."""

    lasting = True


class KeyNeeded(CloudRefused):
    """The account has no key for the cloud, or one that cannot be read any more."""


class CloudBusy(CloudProblem):
    """Not yet: something has to come first, and is on its way. Whoever asks again later may find it done.

    Attributes:
        percent: how much of it is done, where that is known.
    """

    def __init__(self, text: str, *, percent: int | None = None) -> None:
        super().__init__(text)
        self.percent = percent


class ImageNeeded(CloudBusy):
    """The data of the image is not in the cloud yet, and takes its time: another worker brings it."""


class CloudMissing(CloudProblem):
    """Nothing can run there at all (QEMU is not installed); the text says what installs it."""

    lasting = True


_patience: ContextVar[float] = ContextVar("patience", default=float("inf"))


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Let no request to a cloud wait longer for an answer, in this thread, while the context lasts."""
    before = _patience.set(seconds)
    try:
        yield
    finally:
        _patience.reset(before)


def patience() -> float:
    """Seconds for which a request to a cloud may wait at most, whatever it is for."""
    return _patience.get()


class State(StrEnum):
    """What a machine is doing, as its cloud says."""

    ABSENT = "absent"
    BUILDING = "building"
    RUNNING = "running"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What a cloud says of a machine.

    Attributes:
        problem: why it failed, or what people should know ("Its disk is full"), for people.
        address: where it is reached, if anywhere.
        ports: of the machine, and where the host answers for each.
        disk_number: of the disk that it runs from; 0 where the cloud does not tell.
        cloud_id: what the cloud calls it.
    """

    state: State
    problem: str = ""
    address: str = ""
    ports: dict[int, int] = field(default_factory=dict)
    disk_number: int = 0
    cloud_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A network to which a cloud lets an account connect machines.

    Attributes:
        id: what the cloud calls it.
        is_own: whether it belongs to the account's project; others are shared with that.
        is_external: whether it lies outside of the cloud's own networks, so that its addresses are reached from there.
        subnets: their addresses ("10.0.0.0/24").
    """

    id: str
    name: str
    is_own: bool
    is_external: bool
    subnets: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A machine as it should be.

    Attributes:
        id: the server's.
        name: the server's, as people gave it.
        disk_number: a higher one than that of the machine which is there means: begin anew from the image.
        vcpus, ram, disk: processors, MiB, and GiB (0: as large as the image).
        flavor: what the cloud calls the size.
        image: where the image comes from.
        network: whether it may reach the network.
        network_code: what the cloud calls the one that was chosen; empty: the one that the cloud takes first.
        ports: which of its ports are reached from outside.
        ssh_keys: lines as in ``authorized_keys``.
        user_data: for cloud-init.
        cloud_id: what the cloud called it before, if it is known.
    """

    id: UUID
    name: str
    disk_number: int
    vcpus: int
    ram: int
    disk: int
    flavor: str
    image: "Source"
    network: bool = False
    network_code: str = ""
    ports: tuple[int, ...] = ()
    ssh_keys: tuple[str, ...] = ()
    user_data: str = ""
    cloud_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The image data of a machine.

    Attributes:
        data_id: of the ``ImageData``, by which a cloud knows again what it has already.
        disk_format: "qcow2", "raw", …
        size, virtual_size: bytes.
        md5, sha512: of the bytes; empty where nobody knows, because the data was never here.
        registered_as: the id of the image in the cloud itself, when its data is there and not here.
    """

    data_id: UUID
    name: str
    disk_format: str
    size: int
    virtual_size: int
    md5: str = ""
    sha512: str = ""
    registered_as: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An image that a cloud has, as it says itself.

    Attributes:
        owner: the project.
        size, virtual_size: bytes; the second is 0 where the cloud does not know.
        min_disk, min_ram: GiB, MiB.
    """

    id: str
    name: str
    owner: str
    visibility: str
    disk_format: str
    container_format: str
    size: int
    virtual_size: int
    min_disk: int
    min_ram: int
    md5: str
    sha512: str
    architecture: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """A part of what a machine has printed.

    Attributes:
        text: as it came, decoded, with the end of a character that is still coming left out.
        offset: where the part begins, in bytes since the machine was made; later than asked for when that is gone.
        end: where to go on.
    """

    text: str
    offset: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What a cloud can do beyond the least.

    Attributes:
        live_snapshots: images of running machines.
        network_choice: whether people choose if a machine reaches the network.
        port_forwards: whether people choose ports of a machine that are reached from outside.
        console: whether what a machine prints can be read.
        gives_data: whether whoever boots an image there can also download it there.
        far: whether it is asked over a network, so that its answers may be long in coming.
        disk_formats: what it boots.
        architectures: the same.
        user_data: how much cloud-init can be told beside keys, in bytes.
    """

    live_snapshots: bool
    network_choice: bool
    port_forwards: bool
    console: bool
    gives_data: bool
    far: bool
    disk_formats: frozenset[str]
    architectures: frozenset[str]
    user_data: int


class Bytes(Protocol):
    """Image data that is read once, from the beginning, and knows its size."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[bytes]: ...

    def read(self, size: int = -1, /) -> bytes: ...


@runtime_checkable
class TakesImages(Protocol):
    """A cloud that keeps images itself, and boots only from those (``ImageNeeded``)."""

    def bring(self, source: Source, data: Bytes) -> str:
        """Bring image data there, unless it is there. Called by one worker at a time.

        Returns:
            What the cloud calls the image.

        Raises:
            CloudBusy: somebody else has just begun.
            CloudProblem: it did not work; then nothing is left of it that could be taken for whole.
        """


@runtime_checkable
class FindsImages(Protocol):
    """A cloud that has images of its own, which can be registered here."""

    def find_own(self, image_id: str) -> Found:
        """An image that is there already, and belongs to whoever this key is for.

        Raises:
            CloudRefused: there is none, it is somebody else's, or servers cannot boot from it.
        """


@runtime_checkable
class SharesImages(Protocol):
    """A cloud in which images that are there already can be shared with other projects."""

    def add_member(self, image_id: str, project_id: str) -> None:
        """Let a project have an own image. Twice is not an error."""

    def remove_member(self, image_id: str, project_id: str, *, owner: str) -> None:
        """Let a project have an own image no more. Nothing happens where it has none, or the image is gone.

        Args:
            owner: the project to which the image belongs, or belonged.

        Raises:
            CloudRefused: the key is of another project, which cannot end this.
        """

    def accept(self, image_id: str) -> None:
        """Accept an image of another project. Twice is not an error."""


@runtime_checkable
class HasNetworks(Protocol):
    """A cloud that has several networks, among which people choose."""

    def networks(self) -> list[Network]:
        """The networks to which machines of this account can be connected: first the one that is taken unless another
        is chosen.

        Raises:
            CloudProblem: nobody knows, because the cloud does not answer, or does not let this key ask.
        """


class Cloud(Protocol):
    """Runs the machines of one region, for one account where that has a key of its own."""

    abilities: Abilities

    def why_not(self) -> str:
        """Why nothing can run there now, for people, with what to do about it; empty when all is well. Cheap."""

    def create(self, machine: Machine) -> None:
        """Bring about that the machine is there and runs, from a new disk if its number is higher than before.

        Raises:
            CloudBusy: its image is being brought there first.
            CloudProblem: it did not work.
        """

    def condition(self, machine: Machine) -> Condition:
        """What the machine is doing.

        Raises:
            CloudProblem: nobody knows, because the cloud does not answer.
        """

    def start(self, machine: Machine) -> None:
        """Bring about that a machine that is there runs."""

    def stop(self, machine: Machine) -> None:
        """Bring about that it does not run: gently where the guest listens, else by force. Its disk stays.

        Raises:
            CloudBusy: it is shutting down; ask again.
        """

    def reboot(self, machine: Machine) -> None:
        """Start it again from its own disk.

        Raises:
            CloudBusy: it is shutting down; ask again.
        """

    def delete(self, machine: Machine) -> None:
        """Bring about that nothing is left of it."""

    def console(self, machine: Machine, *, offset: int, limit: int) -> Console:
        """What it has printed, from a place on; at most so many bytes.

        Args:
            offset: bytes; negative: so many before the end.
        """

    def snapshot(self, machine: Machine, *, folder: Path, progress: Progress) -> Iterator[bytes]:
        """Its disk as it is now, alone (without the image below it), as the bytes of a qcow2 file, in large chunks.

        Args:
            folder: an empty one for what has to be written on the way; the caller removes it.

        Raises:
            CloudProblem: it did not work, or the machine has to be stopped first.
        """
