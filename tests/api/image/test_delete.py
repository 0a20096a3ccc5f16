"""Deleting images, and throwing queued ones away."""

from uuid import uuid4

import pytest
from pytest_django.fixtures import DjangoAssertNumQueries

from accounts.models import Event
from images import actions
from images.actions import NewImage
from images.actions.removal import remove_data
from images.models import DataHold, Image, Upload
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


@pytest.fixture
def queued(cast: Cast) -> Upload:
    """A queued image of Alice's."""
    return actions.start_queued(by=cast.producer, new=NewImage("jammy", cast.iad))


class TestImages:
    def test_it_is_gone(self, program: Program, golden: Image) -> None:
        answer = program.delete(f"{IMAGES}/{golden.pk}")
        assert (answer.status_code, answer.content) == (204, b"")
        assert program.get(f"{IMAGES}/{golden.pk}").status_code == 404
        golden.refresh_from_db()
        assert golden.deleted_at
        assert Event.objects.of("image", golden.pk).get().verb == "deleted"

    def test_once(self, program: Program, golden: Image) -> None:
        program.delete(f"{IMAGES}/{golden.pk}")
        assert program.delete(f"{IMAGES}/{golden.pk}").status_code == 404

    def test_not_while_it_is_protected(self, program: Program, golden: Image) -> None:
        Image.objects.update(protected=True)
        answer = program.delete(f"{IMAGES}/{golden.pk}")
        assert answer.status_code == 403
        assert f"Image {golden.pk} is protected and cannot be deleted." in answer.content.decode()

    def test_whoever_uses_its_data_keeps_that(self, program: Program, golden: Image) -> None:
        DataHold.objects.create(data=golden.data, holder="server 1")
        program.delete(f"{IMAGES}/{golden.pk}")
        assert not remove_data(golden.data)

    def test_a_creator_may_not(self, api: MakeProgram, cast: Cast, golden: Image) -> None:
        answer = api(cast.creator).delete(f"{IMAGES}/{golden.pk}")
        assert answer.status_code == 403
        assert "Only an admin of Acme Producers can delete it." in answer.content.decode()

    @pytest.mark.parametrize("status", ["pending", "accepted", "rejected"])
    def test_members_may_not(self, api: MakeProgram, cast: Cast, golden: Image, status: str) -> None:
        share_with_beta(golden, cast, status)
        answer = api(cast.consumer).delete(f"{IMAGES}/{golden.pk}")
        assert answer.status_code == 403
        assert "Only Acme Producers, which owns the image, can delete it." in answer.content.decode()

    def test_strangers_are_told_that_there_is_none(
        self, api: MakeProgram, cast: Cast, golden: Image, queued: Upload
    ) -> None:
        for pk in (golden.pk, queued.pk, uuid4(), "nope"):
            answer = api(cast.consumer).delete(f"{IMAGES}/{pk}")
            assert answer.status_code == 404
            assert answer.content.decode() == f"404 Not Found\n\nFailed to find image {pk} to delete\n\n   "

    def test_in_another_region_there_is_none(self, program: Program, golden: Image) -> None:
        assert program.delete(f"/image/DFW/v2/images/{golden.pk}").status_code == 404
        assert program.delete(f"/image/IAD/v2/images/{golden.pk}").status_code == 204

    def test_it_takes_few_queries(
        self, program: Program, golden: Image, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        with django_assert_num_queries(15):
            program.delete(f"{IMAGES}/{golden.pk}")


class TestQueued:
    def test_it_is_gone(self, program: Program, queued: Upload) -> None:
        assert program.delete(f"{IMAGES}/{queued.pk}").status_code == 204
        assert not Upload.objects.exists()

    def test_not_while_it_is_to_be_protected(self, program: Program) -> None:
        pk = program.post(IMAGES, json={"protected": True}).json()["id"]
        assert program.delete(f"{IMAGES}/{pk}").status_code == 403

    def test_a_creator_discards_their_own(self, api: MakeProgram, cast: Cast, queued: Upload) -> None:
        program = api(cast.creator)
        own = program.post(IMAGES, json={}).json()["id"]
        assert program.delete(f"{IMAGES}/{own}").status_code == 204
        assert program.delete(f"{IMAGES}/{queued.pk}").status_code == 404
