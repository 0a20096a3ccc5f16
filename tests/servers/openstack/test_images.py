"""Bringing image data to a cloud. The same runs against a real Glance in ``test_real_cloud``."""

from dataclasses import replace
from uuid import uuid4

import pytest

from servers.clouds import CloudBusy, CloudProblem, CloudRefused
from servers.clouds.base import ImageNeeded
from servers.clouds.openstack import OpenStackCloud
from tests.servers.openstack.conftest import DISK, Bytes, source
from tests.servers.openstack.standin import Refused, StandIn

UPLOADS = "PUT /image/v2/images/.*/file"


def test_is_brought_once_and_bears_its_mark(oslo: OpenStackCloud, there: StandIn) -> None:
    image = source()
    place = oslo.bring(image, Bytes(DISK))
    assert oslo.bring(image, Bytes(DISK)) == oslo.image_for(image) == place
    [stored] = there.images.values()
    assert stored["stockroom_data"] == str(image.data_id)
    assert stored["stockroom_sha512"] == image.sha512
    assert stored["visibility"] == "private"
    assert there.files[place] == DISK


def test_what_is_half_there_is_sent_again(oslo: OpenStackCloud, there: StandIn) -> None:
    image = source()
    place = oslo.bring(image, Bytes(DISK))
    there.images[place]["status"] = "saving"
    with pytest.raises(ImageNeeded):
        oslo.image_for(image)
    again = oslo.bring(image, Bytes(DISK))
    assert again != place  # no id is given twice
    assert list(there.images) == [again]


def test_what_is_left_and_in_use_is_waited_for(oslo: OpenStackCloud, there: StandIn) -> None:
    image = source()
    there.images[oslo.bring(image, Bytes(DISK))]["status"] = "saving"
    there.refusals["DELETE /image"] = Refused(409, "The image is in use.")
    with pytest.raises(CloudBusy, match="still in use"):
        oslo.bring(image, Bytes(DISK))


def test_what_was_changed_there_is_not_taken_for_ours(oslo: OpenStackCloud, there: StandIn) -> None:
    image = source()
    there.images[oslo.bring(image, Bytes(DISK))]["os_hash_value"] = "0" * 128
    with pytest.raises(ImageNeeded):
        oslo.image_for(image)


def test_of_two_at_once_one_waits(oslo: OpenStackCloud, there: StandIn) -> None:
    image = source()
    other = OpenStackCloud(there.access)
    there.before["POST /image/v2/images"] = lambda: other._begun(image)
    with pytest.raises(CloudBusy, match="by somebody else"):
        oslo.bring(image, Bytes(DISK))
    assert len(there.images) == 1


def test_what_breaks_off_leaves_nothing(oslo: OpenStackCloud, there: StandIn) -> None:
    there.refusals[UPLOADS] = Refused(503, "No room.")
    with pytest.raises(CloudProblem, match="out of order"):
        oslo.bring(source(), Bytes(DISK))
    assert not there.images


def test_what_comes_wrong_is_not_kept(oslo: OpenStackCloud, there: StandIn) -> None:
    with pytest.raises(CloudProblem, match="not what was sent"):
        oslo.bring(source(sha512="0" * 128), Bytes(DISK))
    assert not there.images


def test_is_forgotten(oslo: OpenStackCloud, there: StandIn) -> None:
    image = source()
    oslo.bring(image, Bytes(DISK))
    oslo.forget(replace(image, name="Another name"))
    assert not there.images


def test_finds_what_is_there_already(oslo: OpenStackCloud, there: StandIn) -> None:
    found = oslo.find(oslo.bring(source(name="Debian\n13"), Bytes(DISK)))
    assert (found.name, found.size, found.disk_format, found.owner) == ("Debian 13", len(DISK), "qcow2", there.project)
    assert found.md5
    assert found.sha512


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"status": "queued"}, "has to be active"),
        ({"size": 0}, "stands for a volume"),
        ({"disk_format": "aki"}, "cannot boot from the format aki"),
    ],
)
def test_registers_nothing_that_does_not_boot(
    oslo: OpenStackCloud, there: StandIn, changed: dict[str, object], said: str
) -> None:
    place = oslo.bring(source(), Bytes(DISK))
    there.images[place] |= changed
    with pytest.raises(CloudRefused, match=said):
        oslo.find(place)


@pytest.mark.parametrize(
    "image_id", [str(uuid4()), "Golden", "../servers", ""], ids=["unknown", "name", "path", "empty"]
)
def test_finds_nothing_else(oslo: OpenStackCloud, image_id: str) -> None:
    oslo.bring(source(), Bytes(DISK))
    with pytest.raises(CloudRefused, match="has no image"):
        oslo.find(image_id)
