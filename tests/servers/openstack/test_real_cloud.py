"""Against a real Keystone, Glance and Nova on loopback; ``compute`` says what of Nova is not real."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests

from servers import actions
from servers.clouds import CloudBusy, CloudProblem, CloudRefused, State
from servers.clouds.base import ImageNeeded
from servers.clouds.openstack import CloudImages, OpenStackCloud
from servers.clouds.openstack.problems import EndpointNotAllowed, KeyRefused
from servers.consoles import output_of
from sharing import actions as sharing
from tests.conftest import WorkThrough
from tests.factories import make_image
from tests.people import Cast
from tests.servers.conftest import boot, fresh
from tests.servers.openstack.conftest import DISK, Bytes, brought, give_keys, machine, source
from tests.servers.openstack.record import wait
from tests.servers.openstack.services import Cloud, Project
from tests.servers.openstack.stories import STORIES, prepare
from tests.sharing.conftest import offer_one

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def projects(real_cloud: Cloud) -> tuple[Project, Project]:
    """Two projects that know nothing of each other."""
    return real_cloud.project("producer"), real_cloud.project("consumer")


@pytest.fixture
def producer(projects: tuple[Project, Project]) -> CloudImages:
    """The images of one."""
    return CloudImages(projects[0].access)


@pytest.fixture
def consumer(projects: tuple[Project, Project]) -> CloudImages:
    """The images of the other."""
    return CloudImages(projects[1].access)


@pytest.fixture
def registered(producer: CloudImages) -> Iterator[str]:
    """The id of an image of the producer."""
    image = source()
    yield producer.bring(image, Bytes(DISK))
    producer.forget(image)


class TestKeys:
    def test_belongs_to_its_project(self, projects: tuple[Project, Project], producer: CloudImages) -> None:
        assert producer.project_id == projects[0].id

    def test_a_wrong_secret(self, projects: tuple[Project, Project]) -> None:
        with pytest.raises(KeyRefused) as caught:
            assert CloudImages(replace(projects[0].access, secret="guessed")).project_id
        assert "guessed" not in str(caught.value)

    def test_an_endpoint_of_the_catalogue_that_is_not_allowed(self, projects: tuple[Project, Project]) -> None:
        with pytest.raises(EndpointNotAllowed, match="is not among the allowed endpoints of Oslo"):
            CloudImages(replace(projects[0].access, endpoints=())).find(str(uuid4()))


class TestBringing:
    def test_once_with_its_mark(self, producer: CloudImages) -> None:
        image = source(name="Grüße aus Oslo")
        with pytest.raises(ImageNeeded):
            producer.image_for(image)
        place = producer.bring(image, Bytes(DISK))
        assert producer.bring(image, Bytes(DISK)) == producer.image_for(image) == place
        stored = producer.get(place)
        assert stored is not None
        assert stored.properties["stockroom_data"] == str(image.data_id)
        assert stored.properties["stockroom_sha512"] == image.sha512 == stored.hash_value
        assert b"".join(producer.read(place, chunk=1024)) == DISK

    def test_anew_when_somebody_deleted_it_there(self, producer: CloudImages) -> None:
        image = source()
        first = producer.bring(image, Bytes(DISK))
        producer.remove([first])
        assert producer.bring(image, Bytes(DISK)) != first

    def test_what_a_killed_worker_left_is_replaced(self, producer: CloudImages) -> None:
        image = source()
        left = producer._begun(image)
        place = producer.bring(image, Bytes(DISK))
        assert producer.get(left) is None
        assert producer.image_for(image) == place

    def test_what_breaks_off_is_taken_for_whole_by_nobody(self, producer: CloudImages) -> None:
        class Broken(Bytes):
            def read(self, size: int | None = -1, /) -> bytes:
                if self.tell() > len(DISK) // 2:
                    raise OSError("The store is gone.")
                return super().read(size)

        image = source()
        with pytest.raises((OSError, CloudProblem)):
            producer.bring(image, Broken(DISK))
        with pytest.raises(ImageNeeded):
            producer.image_for(image)
        place = producer.bring(image, Bytes(DISK))
        assert [each.id for each in producer.tagged(f"stockroom-{image.data_id}")] == [place]

    def test_what_comes_wrong_is_not_kept(self, producer: CloudImages) -> None:
        image = source(sha512="0" * 128)
        with pytest.raises(CloudProblem, match="not what was sent"):
            producer.bring(image, Bytes(DISK))
        assert not producer.tagged(f"stockroom-{image.data_id}")

    def test_eight_at_once_make_one(self, producer: CloudImages) -> None:
        image, ends = source(), []

        def bring() -> None:
            try:
                ends.append(producer._begun(image))
            except CloudProblem as problem:
                ends.append(type(problem).__name__)

        threads = [threading.Thread(target=bring) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        made = {end for end in ends if end != "CloudBusy"}
        assert len(producer.tagged(f"stockroom-{image.data_id}")) == len(made) == 1


class TestMembers:
    def test_nobody_else_sees_an_image(self, consumer: CloudImages, registered: str) -> None:
        with pytest.raises(CloudRefused, match="has no image"):
            consumer.find(registered)

    def test_added_accepted_and_removed(self, producer: CloudImages, consumer: CloudImages, registered: str) -> None:
        producer.add_member(registered, consumer.project_id)
        producer.add_member(registered, consumer.project_id)
        assert producer.members(registered) == {consumer.project_id: "pending"}
        consumer.accept(registered)
        consumer.accept(registered)
        assert producer.members(registered) == {consumer.project_id: "accepted"}
        assert consumer.find(registered).owner == producer.project_id
        producer.remove_member(registered, consumer.project_id, owner=producer.project_id)
        producer.remove_member(registered, consumer.project_id, owner=producer.project_id)
        assert producer.members(registered) == {}
        with pytest.raises(CloudRefused):
            consumer.find(registered)
        with pytest.raises(CloudRefused, match="not of the project"):
            consumer.remove_member(registered, consumer.project_id, owner=producer.project_id)

    def test_cannot_accept_what_is_not_shared(self, consumer: CloudImages, registered: str) -> None:
        with pytest.raises(CloudRefused):
            consumer.accept(registered)


@pytest.fixture(scope="module")
def with_machines(real_compute: Cloud) -> OpenStackCloud:
    """A project of its own in the same cloud with Nova, and the images from which machines boot there."""
    cloud = OpenStackCloud(real_compute.project("builder").access)
    prepare(cloud)
    return cloud


class TestMachines:
    @pytest.mark.parametrize("name", STORIES)
    def test_nova_does_what_the_stories_say(self, with_machines: OpenStackCloud, name: str) -> None:
        STORIES[name](with_machines, wait)

    def test_boots_what_was_brought_and_gives_it_back(self, with_machines: OpenStackCloud, tmp_path: Path) -> None:
        wanted = brought(with_machines, machine(network=True))
        with_machines.create(wanted)
        wait(lambda: with_machines.condition(wanted).state is State.RUNNING)
        assert with_machines.condition(wanted).address
        data = b"".join(with_machines.snapshot(wanted, folder=tmp_path, progress=lambda _: None))
        assert data.startswith(b"The disk of ")
        with pytest.raises(CloudBusy):
            with_machines.delete(wanted)
        wait(lambda: with_machines.condition(wanted).state is State.ABSENT)
        assert not with_machines._snapshots(wanted)

    def test_two_made_at_once(self, with_machines: OpenStackCloud) -> None:
        wanted = brought(with_machines, machine())
        threads = [threading.Thread(target=with_machines.create, args=[wanted]) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        wait(lambda: len(with_machines._all(wanted)) == 1)
        wait(lambda: with_machines.condition(wanted).state is State.RUNNING)
        with pytest.raises(CloudBusy):
            with_machines.delete(wanted)
        wait(lambda: with_machines.condition(wanted).state is State.ABSENT)


@pytest.mark.django_db
@pytest.mark.usefixtures("commit_at_once")
def test_from_an_offer_to_a_server_and_to_nothing(cast: Cast, real_compute: Cloud, work_through: WorkThrough) -> None:
    """The whole way through the panel: each has a project of its own, and workers do what people ask for."""
    projects = [real_compute.project(name) for name in ("acme", "beta")]
    give_keys(cast, *((project.id, project.access) for project in projects))
    image = make_image(cast.acme, cast.alice, content=DISK)
    sharing.accept(offer_one(image, cast.producer, cast.beta.number).pk, by=cast.consumer)
    server = boot(cast.consumer, image, network=True)
    work_through()
    assert (fresh(server).status, fresh(server).problem, bool(fresh(server).address)) == ("running", "", True)
    for verb, status in (
        (actions.stop_server, "stopped"),
        (actions.start_server, "running"),
        (actions.reboot_server, "running"),
        (actions.rebuild_server, "running"),
    ):
        verb(server.pk, by=cast.consumer)
        work_through()
        assert (fresh(server).status, fresh(server).problem) == (status, "")
    assert output_of(fresh(server)).text.endswith("LAST LINE")
    actions.delete_server(server.pk, by=cast.consumer)
    work_through()
    assert fresh(server).gone_at
    cloud = OpenStackCloud(projects[1].access)
    assert not list(cloud._sdk.compute.servers())


def test_the_stand_in_answers_as_they_do(real_cloud: Cloud, projects: tuple[Project, Project]) -> None:
    """What the fast tests lean on, asked of the real ones: statuses, and the fields of an image."""
    answer = requests.get(real_cloud.image, timeout=30)
    assert answer.status_code == 300
    assert {"id", "status", "links"} <= set(answer.json()["versions"][0])
    assert set(requests.get(real_cloud.identity, timeout=30).json()["version"]) >= {"id", "status", "links"}
    images = CloudImages(projects[0].access)
    image = source()
    images.bring(image, Bytes(DISK))
    session: Any = images._sdk.session
    headers = {"X-Auth-Token": session.get_token()}
    listed = requests.get(
        f"{real_cloud.image}/v2/images?tag=stockroom-{image.data_id}", headers=headers, timeout=30
    ).json()["images"]
    assert [each["status"] for each in listed] == ["active"]
    assert {"size", "checksum", "os_hash_algo", "os_hash_value", "owner", "visibility", "tags"} <= set(listed[0])
    again = {"id": listed[0]["id"], "name": "again"}
    assert requests.post(f"{real_cloud.image}/v2/images", json=again, headers=headers, timeout=30).status_code == 409
