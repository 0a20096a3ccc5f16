"""Image data that does not lie on the disk of the servers is copied there once, by a worker that may take hours."""

import errno
import io
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from images.demo_disks import bootable_raw
from servers.actions import attend_to_server, run_copy
from servers.clouds.base import CloudBusy, CloudProblem, ImageNeeded, Machine
from servers.clouds.local import LocalCloud, disks
from servers.models import CloudCopy, Flavor
from sharing import actions as sharing
from tests import factories
from tests.conftest import WorkThrough
from tests.people import Cast
from tests.servers.conftest import boot, fresh
from tests.servers.local.conftest import NewMachine, Says
from tests.sharing.conftest import offer_one

MIB = 1024**2


class Sent(io.BytesIO):
    """Bytes on their way from a store.

    Attributes:
        meanwhile: happens when the first of them are read.
    """

    def __init__(self, data: bytes, meanwhile: Callable[[], object] = bool) -> None:
        super().__init__(data)
        self.meanwhile = meanwhile

    def __len__(self) -> int:
        return len(self.getbuffer())

    def __iter__(self) -> Iterator[bytes]:
        self.meanwhile()
        yield from iter(lambda: self.read(512), b"")


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch, new_machine: NewMachine) -> None:
    """The stores are all on other machines; that of the machines of tests too."""
    monkeypatch.setattr(disks, "data_file", lambda _data_id: None)


@pytest.fixture
def waiting(cloud: LocalCloud, new_machine: NewMachine, elsewhere: None) -> Machine:
    """A machine whose image is not here."""
    machine = new_machine("From afar", data=bootable_raw("From afar"))
    with pytest.raises(ImageNeeded, match="being brought to this host"):
        cloud.create(machine)
    return machine


def bases(settings: Settings) -> list[str]:
    return [path.name for path in (settings.SERVERS_DIR / "bases").iterdir()]


def test_it_boots_when_its_image_has_come(cloud: LocalCloud, waiting: Machine, says: Says, settings: Settings) -> None:
    for _again in range(2):
        cloud.bring(waiting.image, Sent(bootable_raw("From afar")))
    cloud.create(waiting)
    says(waiting, "From afar")
    assert bases(settings) == [str(waiting.image.data_id)]


def test_a_store_on_another_disk_is_copied_from(
    cloud: LocalCloud, new_machine: NewMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_paths: Path) -> None:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(ImageNeeded):
        cloud.create(new_machine())


def test_two_workers_do_not_copy_the_same(cloud: LocalCloud, waiting: Machine, settings: Settings) -> None:
    data = bootable_raw("From afar")

    def another_comes() -> None:
        with pytest.raises(CloudBusy, match="Another worker"):
            cloud.bring(waiting.image, Sent(data))

    cloud.bring(waiting.image, Sent(data, another_comes))
    assert disks.base_of(waiting.image.data_id).read_bytes() == data


def test_what_was_interrupted_leaves_nothing(cloud: LocalCloud, waiting: Machine, settings: Settings) -> None:
    def die() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cloud.bring(waiting.image, Sent(bytes(waiting.image.size), die))
    assert bases(settings) == []


def test_less_than_all_is_nothing(cloud: LocalCloud, waiting: Machine, settings: Settings) -> None:
    sent = Sent(bytes(waiting.image.size))
    sent.seek(512)
    with pytest.raises(CloudProblem, match="to its end"):
        cloud.bring(waiting.image, sent)
    assert bases(settings) == []


def test_nothing_is_copied_for_a_server_that_is_gone(cloud: LocalCloud, waiting: Machine, settings: Settings) -> None:
    data = bootable_raw("From afar")
    cloud.bring(waiting.image, Sent(data, lambda: cloud.delete(waiting)))
    assert bases(settings) == []
    cloud.bring(waiting.image, Sent(data, pytest.fail))
    assert bases(settings) == []


class TestRoom:
    """Images never fill the host, not even two that are brought at once."""

    @pytest.fixture
    def room(self, settings: Settings, monkeypatch: pytest.MonkeyPatch, waiting: Machine) -> None:
        """Room for one image and a half."""
        settings.SERVERS_ROOM = 100
        free = 100 * MIB + waiting.image.size * 3 // 2
        monkeypatch.setattr(shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(free, 0, free))

    def test_what_is_too_large_is_refused(
        self, cloud: LocalCloud, room: None, waiting: Machine, settings: Settings
    ) -> None:
        large = replace(waiting.image, size=2 * waiting.image.size)
        with pytest.raises(CloudProblem, match="no room left for its image"):
            cloud.bring(large, Sent(b"", pytest.fail))
        assert bases(settings) == []

    @pytest.mark.usefixtures("elsewhere")
    def test_what_is_still_to_come_counts(
        self, cloud: LocalCloud, room: None, waiting: Machine, new_machine: NewMachine
    ) -> None:
        other = new_machine()
        with pytest.raises(ImageNeeded):
            cloud.create(other)

        def another_comes() -> None:
            with pytest.raises(CloudProblem, match="no room left"):
                cloud.bring(other.image, Sent(b"", pytest.fail))

        cloud.bring(waiting.image, Sent(bytes(waiting.image.size), another_comes))


@pytest.mark.django_db
@pytest.mark.usefixtures("commit_at_once", "elsewhere")
def test_no_worker_of_servers_waits_for_the_bytes(
    cast: Cast, cloud: LocalCloud, small: Flavor, work_through: WorkThrough
) -> None:
    """Of an image that its recipients may boot and not have: this host gives nobody the data."""
    image = factories.make_image(cast.acme, cast.alice, content=bootable_raw("Hello"))
    offered = offer_one(image, cast.producer, cast.beta.number, export=False)
    sharing.accept(offered.pk, by=cast.consumer)
    server = boot(cast.consumer, image)
    attend_to_server(server.pk)
    server = fresh(server)
    assert (server.status, server.attempts) == ("building", 0)
    assert "is being brought to the cloud" in server.problem
    run_copy(CloudCopy.objects.get().pk)
    assert CloudCopy.objects.get().status == "done"
    work_through()
    assert fresh(server).status == "running"
