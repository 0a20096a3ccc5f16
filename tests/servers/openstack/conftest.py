"""A small cloud for each test, and what is asked of it."""

import hashlib
import io
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from accounts.encryption import encrypt
from images import demo_disks
from servers.clouds import Machine, Source
from servers.clouds.openstack import Access, OpenStackCloud
from servers.models import CloudKey, Flavor, RegionCloud
from servers.secrets import KEY_SECRETS
from tests.people import Cast
from tests.servers.openstack.services import real_cloud, real_compute
from tests.servers.openstack.standin import StandIn, serving

__all__ = ["real_cloud", "real_compute"]
DISK = demo_disks.bootable_qcow2("Stockroom says hello.")


class Bytes(io.BytesIO):
    """Image data in memory."""

    def __len__(self) -> int:
        return len(self.getbuffer())


@pytest.fixture
def there() -> Iterator[StandIn]:
    """A small cloud that answers."""
    with serving(StandIn()) as cloud:
        yield cloud


@pytest.fixture
def oslo(there: StandIn) -> OpenStackCloud:
    """The same, as an account uses it."""
    return OpenStackCloud(there.access)


@pytest.fixture
def keys(cast: Cast, there: StandIn) -> None:
    """IAD is an OpenStack cloud, for which the producer and the consumer have a key, each of a project of their own."""
    give_keys(cast, *((project, there.access_of(project)) for project in (there.project, there.other_project)))


def give_keys(cast: Cast, *projects: tuple[str, Access]) -> None:
    """Have a cloud in IAD, with a key of the producer and one of the consumer, for these projects of the cloud."""
    access = projects[0][1]
    cloud = RegionCloud.objects.create(
        region=cast.iad,
        kind=RegionCloud.Kind.OPENSTACK,
        auth_url=access.auth_url,
        region_name=access.region_name,
        endpoints=list(access.endpoints),
    )
    Flavor.objects.create(region=cast.iad, code="1", name="Tiny", ram=512, disk=1)
    for viewer, (project, key) in zip((cast.producer, cast.consumer), projects, strict=True):
        CloudKey.objects.create(
            account=viewer.account,
            region=cast.iad,
            credential_id=key.credential_id,
            encrypted_secret=encrypt(key.secret, purpose=KEY_SECRETS),
            project_id=project,
            given_for=cloud.hosts,
            created_by=viewer.user,
        )


def source(**said: Any) -> Source:
    """Some image data."""
    facts: dict[str, Any] = {
        "data_id": uuid4(),
        "name": "Golden",
        "disk_format": "qcow2",
        "size": len(DISK),
        "virtual_size": 1024**2,
        "md5": hashlib.md5(DISK, usedforsecurity=False).hexdigest(),
        "sha512": hashlib.sha512(DISK).hexdigest(),
    }
    return Source(**facts | said)


def machine(**said: Any) -> Machine:
    """A machine that boots from it."""
    facts: dict[str, Any] = {
        "id": uuid4(),
        "name": "web-1",
        "disk_number": 1,
        "vcpus": 1,
        "ram": 512,
        "disk": 1,
        "flavor": "1",
        "image": source(),
    }
    return Machine(**facts | said)


def brought(cloud: OpenStackCloud, wanted: Machine) -> Machine:
    """The same machine, with its image in the cloud."""
    cloud.bring(wanted.image, Bytes(DISK))
    return wanted
