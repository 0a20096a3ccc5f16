"""Looking up what happened, taking it out, and having it told to programs: in the browser."""

from pathlib import Path

import pytest
from django.test import Client
from playwright.sync_api import expect
from pytest_django.fixtures import Settings

from sharing import actions
from tests.factories import make_image
from tests.images.outside.servers import EveryPort
from tests.journeys.conftest import Visit
from tests.people import Cast
from tests.sharing.conftest import offer_one
from tests.sharing.webhooks.receivers import receiving


@pytest.fixture
def shared(cast: Cast) -> None:
    """Two images, one of them offered to Beta Consumers."""
    make_image(cast.acme, cast.alice, name="web-base")
    golden = make_image(cast.acme, cast.alice, name="debian-12-golden")
    offer_one(golden, cast.producer, cast.beta.number, message="For you")


def test_activity_is_filtered_exported_and_read_by_a_feed(cast: Cast, shared: None, visit: Visit) -> None:
    page = visit(cast.alice)
    page.goto(f"/a/{cast.acme.number}/activity/")
    page.get_by_text("Filter", exact=True).click()
    page.get_by_label("What happened").select_option("offered")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("alice offered debian-12-golden to")).to_be_visible()
    expect(page.get_by_text("changed the visibility")).to_have_count(0)
    page.get_by_text("Export", exact=True).click()
    with page.expect_download() as started:
        page.get_by_role("link", name="CSV").click()
    lines = Path(started.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert lines[0].startswith("id,at,verb,sentence,own")
    assert len(lines) == 2
    page.get_by_role("button", name="Make my address").click()
    address = page.locator("code").inner_text()
    feed = Client().get(address[address.index("/feeds/") :])
    assert "alice offered debian-12-golden to" in feed.content.decode()
    page.get_by_role("link", name="I have it").click()
    page.get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("The address is revoked")).to_be_visible()


def test_a_webhook_is_made_tried_and_read_about(cast: Cast, visit: Visit, settings: Settings) -> None:
    settings.WEBHOOK_HOSTS, settings.WEBHOOK_PORTS = ["127.0.0.1"], EveryPort()
    page = visit(cast.alice)
    with receiving() as receiver:
        page.goto(f"/a/{cast.acme.number}/account/")
        page.get_by_role("link", name="Webhooks").click()
        page.get_by_role("link", name="Add webhook").click()
        page.get_by_label("Address").fill(receiver.url)
        page.get_by_role("button", name="Add webhook").click()
        secret = page.locator("code").inner_text()
        page.get_by_role("link", name="I have it").click()
        page.get_by_role("button", name="Send a test").click()
        expect(page.get_by_text("A test is on its way")).to_be_visible()
        actions.send_deliveries(seconds=2)
        page.reload()
        expect(page.get_by_text("Delivered")).to_have_count(2)
        assert receiver.types == ["webhook.webhook_made", "webhook.webhook_tested"]
        assert receiver.signed_by(secret)


def test_a_person_chooses_what_comes_by_mail(cast: Cast, visit: Visit) -> None:
    page = visit(cast.alice)
    page.goto("/me/")
    page.get_by_role("checkbox", name="Reminders").uncheck()
    page.get_by_role("button", name="Save choice").click()
    expect(page.get_by_text("Your choice is saved.")).to_be_visible()
    expect(page.get_by_role("checkbox", name="Reminders")).not_to_be_checked()
    expect(page.get_by_role("checkbox", name="Offers to you")).to_be_checked()
