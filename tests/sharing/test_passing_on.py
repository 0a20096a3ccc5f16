"""What was made of an image of somebody else is passed on only by whoever is sure that they may."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from images.descent import ALLOWED, NOT_SURE
from images.models import Image
from sharing.models import HandOver
from tests.factories import make_image
from tests.people import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def derived(cast: Cast, golden: Image) -> Image:
    """An image of Beta Consumers that was made of golden."""
    return make_image(cast.beta, cast.bob, name="derived", parent=golden)


@pytest.fixture
def bob(cast: Cast, client: Client) -> Client:
    client.force_login(cast.bob)
    return client


def address(page: str, image: Image) -> str:
    return reverse(page, kwargs={"number": image.account.number, "pk": image.pk})


def test_it_is_opened_to_everybody_with_that_answer_only(bob: Client, derived: Image) -> None:
    page = address("image_visibility", derived)
    assert ALLOWED in bob.get(page).content.decode()
    refused = bob.post(page, {"visibility": "community"})
    assert (refused.status_code, NOT_SURE in refused.content.decode()) == (422, True)
    assert bob.post(page, {"visibility": "shared"}).status_code == 302
    assert bob.post(page, {"visibility": "community", "terms": "on"}).status_code == 302
    assert Image.objects.get(pk=derived.pk).visibility == "community"


def test_it_is_handed_over_with_that_answer_only(bob: Client, cast: Cast, derived: Image) -> None:
    page = address("image_hand_over", derived)
    given: dict[str, Any] = {"to": cast.rival.number}
    refused = bob.post(page, given)
    assert (refused.status_code, NOT_SURE in refused.content.decode()) == (422, True)
    assert not HandOver.objects.exists()
    assert bob.post(page, given | {"terms": "on"}).status_code == 302
    assert HandOver.objects.get().image == derived


def test_nobody_is_asked_about_an_image_of_their_own(bob: Client, cast: Cast) -> None:
    image = make_image(cast.beta, cast.bob, name="child", parent=make_image(cast.beta, cast.bob, name="ours"))
    for page in ("image_visibility", "image_hand_over"):
        assert ALLOWED not in bob.get(address(page, image)).content.decode()
