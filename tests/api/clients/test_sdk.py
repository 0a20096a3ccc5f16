"""openstacksdk: what Ansible, Nodepool and people's own programs are built on."""

import hashlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openstack
import pytest
from keystoneauth1.exceptions import Unauthorized
from openstack import exceptions
from openstack.connection import Connection

from accounts.models import Account, User
from accounts.roles import Role
from api.models import ApplicationCredential
from images.demo_disks import bootable_qcow2
from images.models import Image
from tests import factories
from tests.people import Cast

DISK = bootable_qcow2("A disk of the SDK.", size=512 * 600)

pytestmark = pytest.mark.filterwarnings("ignore::openstack.warnings.RemovedInSDK60Warning")

Program = Any  # a Connection, whose types leave it open which version of each service it speaks to
Connect = Callable[[User, Account], Program]


@pytest.fixture
def connect(panel: str) -> Iterator[Connect]:
    """A program of somebody: ``connect(cast.alice, cast.acme)``."""
    connections: list[Connection] = []

    def connect(person: User, account: Account) -> Program:
        connection = openstack.connect(
            load_yaml_config=False,
            load_envvars=False,
            auth_url=f"{panel}/identity/v3",
            username=person.username,
            password=factories.PASSWORD,
            project_name=account.title,
            user_domain_name="Default",
            project_domain_name="Default",
        )
        connections.append(connection)
        return connection

    yield connect
    for connection in connections:
        connection.close()


@pytest.fixture
def alice(connect: Connect, cast: Cast) -> Program:
    """Alice's program, at Acme Producers."""
    return connect(cast.alice, cast.acme)


@pytest.fixture
def bob(connect: Connect, cast: Cast) -> Program:
    """Bob's program, at Beta Consumers."""
    return connect(cast.bob, cast.beta)


def test_one_shares_and_the_other_downloads(alice: Program, bob: Program, cast: Cast, tmp_path: Path) -> None:
    disk = tmp_path / "disk.qcow2"
    disk.write_bytes(DISK)
    with disk.open("rb") as data:
        made = alice.image.create_image(
            "web-1", data=data, disk_format="qcow2", container_format="bare", visibility="shared", tags=["web"]
        )
    image = alice.image.get_image(made)
    assert (image.status, image.size, image.owner_id) == ("active", len(DISK), cast.acme.number)
    assert image.hash_value == hashlib.sha512(DISK).hexdigest()
    member = alice.image.add_member(image, member_id=cast.beta.number)
    assert member.status == "pending"

    assert bob.image.find_image("web-1") is None
    offered = bob.image.get_image(image.id)
    with pytest.raises(exceptions.InvalidResponse, match="checksum mismatch"):  # it looks at no status
        bob.image.download_image(offered)
    bob.image.update_member(cast.beta.number, image.id, status="accepted")
    found = bob.image.find_image("web-1", ignore_missing=False)
    saved = io.BytesIO()
    bob.image.download_image(found, stream=True, output=saved)
    assert saved.getvalue() == DISK

    assert [(row.member_id, row.status) for row in alice.image.members(image)] == [(cast.beta.number, "accepted")]
    alice.image.remove_member(cast.beta.number, image=image)
    assert bob.image.find_image(image.id) is None
    alice.image.delete_image(image)
    assert not Image.objects.live().exists()


def test_pages_follow_each_other_to_the_end(alice: Program, cast: Cast) -> None:
    names = [f"image-{number}" for number in range(5)]
    for name in names:
        factories.make_image(cast.acme, cast.alice, name=name)
    assert [image.name for image in alice.image.images(limit=2, sort="name:asc")] == names
    assert sorted(image.name for image in alice.image.images(limit=2)) == names
    first = list(alice.image.images(limit=2, sort="name:asc", paginated=False))
    assert [image.name for image in first] == names[:2]
    tagged = alice.image.images(name="in:image-1,image-3", limit=1, sort="name:desc")
    assert [image.name for image in tagged] == ["image-3", "image-1"]


def test_changes_come_back(alice: Program, cast: Cast) -> None:
    golden = factories.make_image(cast.acme, cast.alice)
    image = alice.image.find_image("debian-12-golden", ignore_missing=False)
    image = alice.image.update_image(
        image, name="debian-13", min_disk=2, hw_disk_bus="virtio", role="web", is_protected=True
    )
    assert (image.name, image.hw_disk_bus, image.properties["role"]) == ("debian-13", "virtio", "web")
    alice.image.add_tag(image, "blue")
    assert alice.image.get_image(image.id).tags == ["blue"]
    alice.image.remove_tag(image, "blue")
    with pytest.raises(exceptions.ForbiddenException):
        alice.image.delete_image(image)
    alice.image.update_image(image.id, is_protected=False)
    alice.image.deactivate_image(image.id)
    assert alice.image.get_image(image.id).status == "deactivated"
    alice.image.reactivate_image(image.id)
    golden.refresh_from_db()
    assert (golden.name, golden.min_disk, golden.properties) == (
        "debian-13",
        2,
        {"hw_disk_bus": "virtio", "role": "web"},
    )
    with pytest.raises(exceptions.NotFoundException):
        alice.image.get_image("00000000-0000-4000-8000-000000000000")


def test_a_credential_is_all_that_a_program_needs(panel: str, alice: Program, cast: Cast) -> None:
    user = alice.current_user_id
    made = alice.identity.create_application_credential(user, "ci", roles=[{"name": "member"}])
    assert ApplicationCredential.objects.get().most is Role.CREATOR
    program: Program = openstack.connect(
        load_yaml_config=False,
        load_envvars=False,
        auth_type="v3applicationcredential",
        auth_url=f"{panel}/identity/v3",
        application_credential_id=made.id,
        application_credential_secret=made.secret,
    )
    with program:
        assert program.current_project_id == cast.acme.number
        image = program.image.create_image("of-ci", data=DISK, disk_format="qcow2", container_format="bare")
        assert program.image.find_image("of-ci").id == image.id
    alice.identity.delete_application_credential(user, made.id)
    with pytest.raises(Unauthorized):
        list(program.image.images())


def test_the_layer_above_finds_images_by_name(alice: Program, bob: Program, cast: Cast) -> None:
    """Which Ansible is built on: what is not there is None, and deleting it again changes nothing."""
    factories.make_image(cast.acme, cast.alice)
    assert [image.name for image in alice.search_images("debian-*")] == ["debian-12-golden"]
    assert alice.get_image("debian-12-golden").owner == cast.acme.number
    assert bob.get_image("debian-12-golden") is None
    assert alice.delete_image("debian-12-golden") is True
    assert alice.delete_image("debian-12-golden") is False
