"""A small cloud for each test, and what is asked of it."""

import hashlib
import io
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from images import demo_disks
from servers.clouds import Machine, Source
from servers.clouds.openstack import OpenStackCloud
from tests.servers.openstack.services import real_cloud
from tests.servers.openstack.standin import StandIn, serving

__all__ = ["real_cloud"]
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
