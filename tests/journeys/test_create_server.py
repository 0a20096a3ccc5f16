"""Create Server in the browser: choosing without losing what was typed, and accepting in place."""

import re
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from images.models import Image
from servers.clouds.local import LocalCloud
from servers.models import Flavor, RegionCloud
from sharing.actions import offer
from sharing.addresses import parse
from tests.journeys.conftest import Visit
from tests.people import Cast

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def sizes(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """IAD runs servers, in two sizes."""
    monkeypatch.setattr(LocalCloud, "why_not", lambda _: "")
    RegionCloud.objects.create(region=cast.iad)
    for name, price in (("Tiny", "0.001"), ("Medium", "0.008")):
        Flavor.objects.create(region=cast.iad, code=name, name=name, ram=64, disk=1, price=Decimal(price))


def test_an_offer_is_accepted_in_place_and_chosen(cast: Cast, golden: Image, visit: Visit) -> None:
    offer(golden.pk, by=cast.producer, addresses=parse(cast.beta.number))
    page = visit(cast.bob)
    page.goto(f"/a/{cast.beta.number}/servers/create/")
    page.get_by_role("button", name="Accept “debian-12-golden”").click()
    expect(page.locator("#messages")).to_contain_text("is now among the saved images")
    page.get_by_role("link", name="Shared Images").click()
    page.get_by_role("link", name="Choose “debian-12-golden”").press("Enter")
    expect(page.get_by_text("This is a non-standard image.")).to_be_visible()

    page.get_by_role("textbox", name="User data").fill("#cloud-config")
    page.get_by_role("radio", name="Tiny").press("ArrowDown")
    expect(page.get_by_role("complementary")).to_contain_text("5.84 USD a month")
    expect(page.get_by_role("textbox", name="User data")).to_have_value("#cloud-config")
    expect(page.get_by_role("radio", name="Medium")).to_be_focused()

    page.get_by_role("button", name="Create Server").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("debian-12-golden")
    expect(page).to_have_url(re.compile(r"/servers/[0-9a-f-]{36}/$"))
