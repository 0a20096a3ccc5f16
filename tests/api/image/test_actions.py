"""Deactivating and reactivating images."""

from uuid import uuid4

import pytest

from accounts.models import Event
from images import actions
from images.models import Image
from tests import factories
from tests.api.conftest import MakeProgram, Program
from tests.api.image.conftest import share_with_beta
from tests.people import Cast

pytestmark = pytest.mark.django_db

IMAGES = "/image/v2/images"


@pytest.fixture
def golden(cast: Cast, image_store: object) -> Image:
    """A private image of Acme."""
    return factories.make_image(cast.acme, cast.alice)


def test_off_and_on(program: Program, golden: Image) -> None:
    path = f"{IMAGES}/{golden.pk}"
    for action, status in (("deactivate", "deactivated"), ("deactivate", "deactivated"), ("reactivate", "active")):
        answer = program.post(f"{path}/actions/{action}")
        assert (answer.status_code, answer.content) == (204, b"")
        assert program.get(path).json()["status"] == status
    verbs = Event.objects.of("image", golden.pk).order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["deactivated", "reactivated"]


def test_what_staff_switched_off(program: Program, cast: Cast, golden: Image) -> None:
    actions.deactivate_for_owner(golden.pk, by=cast.root)
    answer = program.post(f"{IMAGES}/{golden.pk}/actions/reactivate")
    assert answer.status_code == 403
    assert "Staff deactivated this image" in answer.content.decode()


@pytest.mark.parametrize("action", ["deactivate", "reactivate"])
class TestRefusing:
    def test_a_queued_image(self, program: Program, action: str) -> None:
        pk = program.post(IMAGES, json={}).json()["id"]
        answer = program.post(f"{IMAGES}/{pk}/actions/{action}")
        assert answer.status_code == 403
        assert f"Not allowed to {action} image in status 'queued'" in answer.content.decode()

    def test_a_creator(self, api: MakeProgram, cast: Cast, golden: Image, action: str) -> None:
        answer = api(cast.creator).post(f"{IMAGES}/{golden.pk}/actions/{action}")
        assert answer.status_code == 403
        assert "Only an admin of Acme Producers can deactivate it." in answer.content.decode()

    @pytest.mark.parametrize("status", ["pending", "accepted", "rejected"])
    def test_members(self, api: MakeProgram, cast: Cast, golden: Image, action: str, status: str) -> None:
        share_with_beta(golden, cast, status)
        assert api(cast.consumer).post(f"{IMAGES}/{golden.pk}/actions/{action}").status_code == 403

    def test_strangers(self, api: MakeProgram, cast: Cast, golden: Image, action: str) -> None:
        for pk in (golden.pk, uuid4()):
            answer = api(cast.consumer).post(f"{IMAGES}/{pk}/actions/{action}")
            assert answer.status_code == 404
            assert answer.content.decode() == f"404 Not Found\n\nNo image found with ID {pk}\n\n   "


def test_there_is_no_other_action(program: Program, golden: Image) -> None:
    assert program.post(f"{IMAGES}/{golden.pk}/actions/explode").status_code == 404
    assert program.get(f"{IMAGES}/{golden.pk}/actions/deactivate").status_code == 405
