"""Formations in the browser: made part by part, launched in the dialog, made larger, and ended."""

from decimal import Decimal

import pytest
from playwright.sync_api import expect

from images.models import Image
from servers.models import Flavor
from sharing.actions import accept
from tests.journeys.conftest import Visit
from tests.people import Cast
from tests.servers.conftest import make_flavor
from tests.sharing.conftest import offer_one

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def small(cast: Cast) -> Flavor:
    """IAD runs servers, in one size."""
    return make_flavor(cast.iad, price=Decimal("0.01"))


def test_from_nothing_to_launched_and_back(cast: Cast, golden: Image, visit: Visit) -> None:
    accept(offer_one(golden, cast.producer, cast.beta.number).pk, by=cast.consumer)
    page = visit(cast.bob)
    page.goto(f"/a/{cast.beta.number}/formations/")
    page.get_by_role("link", name="New formation").press("Enter")
    dialog, status = page.get_by_role("dialog"), page.locator("#formation-status")
    dialog.get_by_role("textbox", name="Name").fill("shop")
    dialog.get_by_role("button", name="Make formation").click()
    expect(status).to_contain_text("Not launched")

    page.get_by_role("link", name="Add part").click()
    page.get_by_role("link", name="Shared Images").click()
    page.get_by_role("link", name="Choose “debian-12-golden”").click()
    page.get_by_role("textbox", name="Name").fill("web")
    page.get_by_role("spinbutton", name="How many servers").fill("2")
    page.get_by_role("button", name="Add part").click()

    page.get_by_role("link", name="Launch").click()
    expect(dialog).to_contain_text("0.02 USD an hour")
    dialog.get_by_role("button", name="Launch").click()
    expect(status).to_contain_text("2 building")
    page.get_by_role("link", name="Change number of servers of web").click()
    dialog.get_by_role("spinbutton", name="How many servers").fill("3")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="web-3")).to_be_visible()

    page.get_by_role("link", name="Delete its servers").click()
    expect(dialog).to_contain_text("web-1, web-2, web-3")
    dialog.get_by_role("button", name="Delete its servers").click()
    expect(status).to_contain_text("Not launched")
