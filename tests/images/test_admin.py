"""The admin of images: everything can be looked at, nothing is written past the actions."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.actions import make_reviewer
from accounts.models import Event
from images.models import Image, Region
from tests.factories import make_image, signed_in
from tests.people import Cast

pytestmark = pytest.mark.django_db

MODELS = ("region", "image", "imagedata", "datahold", "upload", "import", "reference", "imagegroupobjectpermission")
CHANGES = reverse("admin:images_image_changelist")


@pytest.fixture
def admin(cast: Cast) -> Client:
    return signed_in(cast.root)


@pytest.mark.parametrize("model", MODELS)
def test_every_list_can_be_searched(admin: Client, golden: Image, model: str) -> None:
    assert admin.get(reverse(f"admin:images_{model}_changelist"), {"q": "golden"}).status_code == 200


@pytest.mark.parametrize("model", [model for model in MODELS if model != "region"])
def test_nothing_is_added_by_hand(admin: Client, model: str) -> None:
    assert admin.get(reverse(f"admin:images_{model}_add")).status_code == 403


def test_an_image_is_looked_at_not_edited(admin: Client, golden: Image) -> None:
    address = reverse("admin:images_image_change", args=[golden.pk])
    assert admin.get(address).status_code == 200
    assert admin.post(address, {"name": "Forged"}).status_code == 403
    assert admin.post(reverse("admin:images_image_delete", args=[golden.pk]), {"post": "yes"}).status_code == 403


def test_a_reviewer_sees_only_images_that_are_open_to_everybody(cast: Cast, golden: Image) -> None:
    make_reviewer(cast.sam)
    community = make_image(cast.acme, by=cast.alice, name="for everybody", visibility="community")
    client = signed_in(cast.sam)

    assert list(client.get(CHANGES).context["cl"].queryset) == [community]
    assert client.get(reverse("admin:images_image_change", args=[golden.pk])).status_code == 302


@pytest.mark.parametrize("model", ["imagedata", "upload", "import", "reference", "imagegroupobjectpermission"])
def test_a_reviewer_does_not_see_what_accounts_keep(cast: Cast, model: str) -> None:
    make_reviewer(cast.sam)
    client = signed_in(cast.sam)

    assert client.get(reverse(f"admin:images_{model}_changelist")).status_code == 403


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("make_public", {"visibility": "public"}),
        ("deactivate", {"status": "deactivated"}),
        ("reactivate", {"status": "active"}),
        ("unlist", {"visibility": "private"}),
    ],
)
def test_operations_are_the_actions(
    admin: Client, cast: Cast, golden: Image, operation: str, expected: dict[str, str]
) -> None:
    admin.post(CHANGES, {"action": operation, "_selected_action": [str(golden.pk)]})
    assert Image.objects.filter(**expected).get() == golden
    assert all(event.actor == cast.root for event in Event.objects.of("image", golden.pk))


def test_a_region_is_made_and_closed_here(admin: Client) -> None:
    admin.post(reverse("admin:images_region_add"), {"code": "LON", "name": "London", "store": "default"})
    assert Region.objects.get(code="LON").closed_at is None
    assert admin.post(reverse("admin:images_region_delete", args=["LON"]), {"post": "yes"}).status_code == 403
