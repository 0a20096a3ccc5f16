"""Tags of an image, one at a time."""

from uuid import uuid4

import pytest
from pytest_django.fixtures import DjangoAssertNumQueries

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
    """A private image of Acme with a tag."""
    image = factories.make_image(cast.acme, cast.alice)
    image.tags.create(name="lts")
    return image


def tags_of(image: Image) -> list[str]:
    return [tag.name for tag in image.tags.all()]


def test_one_is_added_and_removed(program: Program, golden: Image) -> None:
    answer = program.put(f"{IMAGES}/{golden.pk}/tags/a%20b")
    assert (answer.status_code, answer.content) == (204, b"")
    assert tags_of(golden) == ["a b", "lts"]
    assert program.delete(f"{IMAGES}/{golden.pk}/tags/lts").status_code == 204
    assert tags_of(golden) == ["a b"]
    assert [event.verb for event in Event.objects.of("image", golden.pk)] == ["edited", "edited"]


def test_one_that_is_there(program: Program, golden: Image) -> None:
    assert program.put(f"{IMAGES}/{golden.pk}/tags/lts").status_code == 204
    assert tags_of(golden) == ["lts"]
    assert not Event.objects.of("image", golden.pk).exists()


def test_one_that_is_not_there(program: Program, golden: Image) -> None:
    answer = program.delete(f"{IMAGES}/{golden.pk}/tags/x")
    assert answer.status_code == 404
    assert answer.content == b"404 Not Found\n\nThe resource could not be found.\n\n   "


@pytest.mark.parametrize("tag", ["x" * 256, "a%00b"])
def test_what_is_no_tag(program: Program, golden: Image, tag: str) -> None:
    assert program.put(f"{IMAGES}/{golden.pk}/tags/{tag}").status_code == 400
    assert tags_of(golden) == ["lts"]


def test_bytes_that_are_no_text(program: Program, golden: Image) -> None:
    assert program.put(f"{IMAGES}/{golden.pk}/tags/%ff%ed%a0%80").status_code < 500


def test_one_too_many(program: Program, golden: Image, cast: Cast) -> None:
    actions.edit(golden.pk, by=cast.producer, tags=[str(number) for number in range(128)])
    answer = program.put(f"{IMAGES}/{golden.pk}/tags/x")
    assert answer.status_code == 413
    assert "Give at most 128 tags." in answer.content.decode()


def test_of_a_queued_image(program: Program) -> None:
    path = f"{IMAGES}/{program.post(IMAGES, json={'tags': ['a']}).json()['id']}"
    assert program.put(f"{path}/tags/b").status_code == program.delete(f"{path}/tags/a").status_code == 204
    assert program.get(path).json()["tags"] == ["b"]
    assert program.delete(f"{path}/tags/a").status_code == 404


def test_members_and_creators_may_not(api: MakeProgram, cast: Cast, golden: Image) -> None:
    share_with_beta(golden, cast)
    for viewer in (cast.consumer, cast.creator):
        for ask in (api(viewer).put, api(viewer).delete):
            assert ask(f"{IMAGES}/{golden.pk}/tags/nothere").status_code == 403


def test_strangers_are_told_that_there_is_no_image(api: MakeProgram, cast: Cast, golden: Image) -> None:
    for pk in (golden.pk, uuid4()):
        answer = api(cast.consumer).put(f"{IMAGES}/{pk}/tags/x")
        assert answer.status_code == 404
        assert answer.content.decode() == f"404 Not Found\n\nNo image found with ID {pk}\n\n   "


def test_it_takes_few_queries(
    program: Program, golden: Image, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(10):
        program.put(f"{IMAGES}/{golden.pk}/tags/x")
