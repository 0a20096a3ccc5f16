"""What every request passes through."""

from django.test import Client
from pytest_django.asserts import assertContains, assertNotContains
from pytest_django.fixtures import Settings

from accounts.models import Event
from tests import factories
from tests.accounts.conftest import Browse
from tests.people import Cast

FORGED = "198.51.100.7"
OUTSIDE = "203.0.113.9"


def wrong_passwords(forwarded: str, times: int) -> int:
    """The status of the last of some wrong passwords for as many logins."""
    client = Client(headers={"x-forwarded-for": forwarded})
    answers = [client.post("/accounts/login/", {"login": f"somebody{n}", "password": "wrong"}) for n in range(times)]
    return answers[-1].status_code


def test_behind_a_proxy_each_client_has_limits_of_its_own(db: None, settings: Settings) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    assert wrong_passwords(OUTSIDE, 31) == 429
    assert wrong_passwords("203.0.113.10", 1) == 200


def test_a_client_cannot_choose_its_address(db: None, settings: Settings) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    assert wrong_passwords(OUTSIDE, 31) == 429
    assert wrong_passwords(f"{FORGED}, {OUTSIDE}", 1) == 429


def test_without_a_proxy_the_header_means_nothing(db: None) -> None:
    assert wrong_passwords(OUTSIDE, 31) == 429
    assert wrong_passwords(FORGED, 1) == 429


def test_events_go_by_the_same_address(cast: Cast, browse: Browse, settings: Settings) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    client = browse(cast.alice)
    client.post("/me/", {"name": "Alice"}, headers={"x-forwarded-for": f"{FORGED}, {OUTSIDE}"})
    client.post("/me/", {"name": "Alice A."}, headers={"x-forwarded-for": f"{FORGED}, {OUTSIDE}"})
    assert Event.objects.filter(verb="renamed").latest("at").network_address == OUTSIDE


def test_an_account_does_not_see_where_its_staff_sit(cast: Cast, browse: Browse, settings: Settings) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    image = factories.make_image(cast.acme, cast.alice)
    image.visibility = "public"
    image.save()
    operation = {"action": "deactivate", "_selected_action": str(image.pk)}
    browse(cast.root).post("/admin/images/image/", operation, headers={"x-forwarded-for": OUTSIDE})
    event = Event.objects.get(verb="deactivated")
    assert (event.account, event.actor, event.network_address) == (cast.acme, cast.root, None)
    assert event.detail["staff_address"] == OUTSIDE  # for staff, in the administration
    page = browse(cast.alice).get(f"/a/{cast.acme.number}/activity/")
    assertContains(page, "root")
    assertNotContains(page, OUTSIDE)


def test_no_proxy_keeps_what_one_person_sees(cast: Cast, browse: Browse) -> None:
    client, image = browse(cast.alice), factories.make_image(cast.acme, cast.alice)
    for path in ("/me/", f"/a/{cast.acme.number}/images/", f"/a/{cast.acme.number}/images/{image.pk}/"):
        assert client.get(path).headers["Cache-Control"] == "private, no-cache"
