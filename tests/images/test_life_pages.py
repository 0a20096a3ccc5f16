"""The pages of families and ends: what they cost, and what they say of what is missing."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from images.actions import End, announce_end, create_family, put_into_family
from images.models import Family, Image
from sharing.actions import accept, offer
from sharing.addresses import parse
from tests.factories import make_image
from tests.people import Cast

pytestmark = pytest.mark.django_db

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture
def family(cast: Cast) -> Family:
    return create_family(by=cast.producer, name="debian-12-base")


@pytest.fixture
def alice_at(cast: Cast, client: Client) -> Client:
    client.force_login(cast.alice, backend=BACKEND)
    return client


def address(name: str, number: str, pk: object) -> str:
    return reverse(name, kwargs={"number": number, "pk": pk})


def cost(client: Client, page: str) -> int:
    client.get(page)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(page).status_code == 200
    return len(captured)


def test_the_page_of_a_family_costs_the_same_for_one_version_and_for_many(
    cast: Cast, family: Family, golden: Image, alice_at: Client
) -> None:
    page = address("family_detail", cast.acme.number, family.pk)
    put_into_family(golden.pk, family.pk, by=cast.producer, version="0")
    for_one = cost(alice_at, page)
    for number in range(1, 12):
        image = make_image(cast.acme, cast.alice, data=golden.data)
        put_into_family(image.pk, family.pk, by=cast.producer, version=str(number))
    assert cost(alice_at, page) == for_one


def test_the_address_of_the_latest_leads_a_consumer_to_what_they_have(
    cast: Cast, family: Family, golden: Image, client: Client
) -> None:
    newer = make_image(cast.acme, cast.alice)
    for version, image in (("1", golden), ("2", newer)):
        put_into_family(image.pk, family.pk, by=cast.producer, version=version)
    client.force_login(cast.bob, backend=BACKEND)
    page = address("family_latest", cast.beta.number, family.pk)
    assert client.get(page).status_code == 404
    [offered] = offer(golden.pk, by=cast.producer, addresses=parse(cast.beta.number))
    accept(offered.share.pk, by=cast.consumer)
    answer = client.get(page)
    assert answer.headers["Location"] == address("image_detail", cast.beta.number, golden.pk)
    assert client.get(address("family_detail", cast.beta.number, family.pk)).status_code == 404


def test_a_deprecated_image_says_so_in_the_list_and_on_its_page(cast: Cast, golden: Image, alice_at: Client) -> None:
    announce_end(golden.pk, by=cast.producer, end=End(deprecated_at=timezone.now(), reason="It is old."))
    here = reverse("image_list", kwargs={"number": cast.acme.number})
    assert "status-deprecated" in alice_at.get(here).content.decode()
    page = alice_at.get(address("image_detail", cast.acme.number, golden.pk)).content.decode()
    assert "This image is deprecated." in page
    assert "It is old." in page


def test_what_is_wrong_stands_at_its_field_and_nothing_is_lost(cast: Cast, golden: Image, alice_at: Client) -> None:
    sent = {"obsolete": "2020-01-01", "reason": "Kept."}
    answer = alice_at.post(address("image_life", cast.acme.number, golden.pk), sent)
    assert answer.status_code == 422
    assert b"Choose a day that is not past." in answer.content
    assert b"Kept." in answer.content


def test_a_new_name_makes_a_new_family_and_a_wrong_one_makes_nothing(
    cast: Cast, golden: Image, alice_at: Client
) -> None:
    page = address("image_family", cast.acme.number, golden.pk)
    assert alice_at.post(page, {"family": "Not A Name", "version": "1"}).status_code == 422
    assert not Family.objects.exists()
    assert alice_at.post(page, {"family": "debian-12-base", "version": "1"}).status_code == 302
    golden.refresh_from_db()
    assert (str(golden.family), golden.version) == ("debian-12-base", "1")
