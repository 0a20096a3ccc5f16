"""What becomes of images when their account is closed, and where an account begins."""

import pytest
from django.test import Client

from accounts import actions as people
from accounts.errors import Conflict
from accounts.models import Notification
from images.answers import closing_consequences
from images.models import Image
from sharing import actions as sharing
from sharing.addresses import parse
from tests.conftest import WorkThrough
from tests.factories import make_image
from tests.people import Cast

pytestmark = pytest.mark.django_db


def test_an_account_begins_with_its_saved_images(client: Client, cast: Cast) -> None:
    client.force_login(cast.alice)

    response = client.get("/")

    assert response.headers["Location"] == f"/a/{cast.acme.number}/images/"


def test_closing_an_account_takes_its_images_from_everybody(cast: Cast, work_through: WorkThrough) -> None:
    image = make_image(cast.acme, by=cast.alice)
    (offered,) = sharing.offer(image.pk, by=cast.producer, addresses=parse(cast.beta.number))
    sharing.accept(offered.share.pk, by=cast.consumer)

    people.close(cast.acme, by=cast.producer)
    work_through()

    image.refresh_from_db()
    assert image.status == Image.Status.DELETED
    assert not Image.objects.visible_to(cast.consumer).filter(pk=image.pk).exists()
    assert Notification.objects.filter(user=cast.bob, subject__contains=image.name).exists()


def test_a_protected_image_keeps_its_account_open(cast: Cast) -> None:
    make_image(cast.acme, by=cast.alice, name="keep-me", protected=True)

    with pytest.raises(Conflict, match="keep-me"):
        people.close(cast.acme, by=cast.producer)

    cast.acme.refresh_from_db()
    assert cast.acme.is_open


def test_the_page_says_how_many_images_go(cast: Cast) -> None:
    make_image(cast.acme, by=cast.alice)

    assert closing_consequences(cast.acme) == ["1 image is deleted; whoever uses them loses access."]
    assert closing_consequences(cast.golden_testers) == []
