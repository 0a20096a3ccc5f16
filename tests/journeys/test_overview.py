"""Who has access, what a change means before it is made, and shares that end: as people meet them."""

import csv
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from images.models import Image, PlannedChange
from sharing import actions
from sharing.actions import Terms
from sharing.addresses import parse
from sharing.models import Share
from tests.factories import make_image, viewer
from tests.journeys.conftest import Visit
from tests.people import Cast

NAME = "debian-12-golden"


@pytest.fixture
def shared(cast: Cast) -> Image:
    """An image that Beta has for nine days, that Golden Testers have, and that Rhea did not want."""
    image = make_image(cast.acme, cast.alice, name=NAME)
    terms = Terms(access_until=timezone.now() + timedelta(days=9))
    offered = actions.offer(
        image.pk, by=cast.producer, addresses=parse(f"{cast.beta.number}, rhea, nobody-knows"), terms=terms
    )
    actions.accept(offered[0].share.pk, by=cast.consumer)
    actions.reject(offered[1].share.pk, by=viewer(cast.rhea))
    actions.offer(image.pk, by=cast.producer, groups=[cast.golden_testers.group_ptr])
    return image


def open_image(page: Page, number: str, image: Image) -> None:
    page.goto(f"/a/{number}/images/{image.pk}/")


def test_who_has_access_is_filtered_and_taken_out_as_a_file(cast: Cast, shared: Image, visit: Visit) -> None:
    alice = visit(cast.alice)
    open_image(alice, cast.acme.number, shared)
    alice.get_by_role("link", name="Who has access").first.click()
    expect(alice.get_by_role("row")).to_have_count(5)
    expect(alice.get_by_text("2 people")).to_be_visible()
    expect(alice.get_by_text("They do not see it, because they said no.")).to_be_visible()

    alice.get_by_label("Status").select_option("Accepted")
    alice.get_by_role("button", name="Filter").click()
    expect(alice.get_by_role("row")).to_have_count(3)
    with alice.expect_download() as started:
        alice.get_by_role("link", name="Export as CSV").click()
    rows = list(csv.DictReader(Path(started.value.path()).read_text(encoding="utf-8-sig").splitlines()))
    assert {row["recipient"] for row in rows} == {cast.beta.grouped_number, "Golden Testers"}

    alice.get_by_role("searchbox", name="Search by recipient or image").fill("nobody at all")
    alice.get_by_role("button", name="Filter").click()
    alice.get_by_role("link", name="Clear search and filters").click()
    expect(alice.get_by_role("row")).to_have_count(5)
    alice.get_by_role("link", name="Shared by us").click()
    expect(alice.get_by_role("heading", name="Shared by us")).to_be_visible()
    expect(alice.get_by_role("link", name=NAME).first).to_be_visible()


def test_a_deletion_is_looked_at_planned_seen_by_consumers_and_cancelled(
    cast: Cast, shared: Image, visit: Visit
) -> None:
    alice, bob = visit(cast.alice), visit(cast.bob)
    open_image(alice, cast.acme.number, shared)
    alice.get_by_label(f"All actions for {NAME}").click()
    alice.get_by_role("link", name="Delete image").click()
    dialog = alice.get_by_role("dialog")
    expect(dialog.get_by_text("2 recipients can no longer see the image")).to_be_visible()
    expect(dialog.get_by_text("Golden Testers (2 people)")).to_be_visible()
    expect(dialog.get_by_label("Day", exact=True)).to_be_hidden()
    dialog.get_by_role("radio", name="On a date").check()
    dialog.get_by_label("Day", exact=True).fill(f"{timezone.localdate() + timedelta(days=12):%Y-%m-%d}")
    dialog.get_by_role("button", name="Delete image").click()
    expect(alice.get_by_text("planned it").first).to_be_visible()
    assert Image.objects.get(pk=shared.pk).is_live

    open_image(bob, cast.beta.number, shared)
    expect(bob.get_by_text("Ends on")).to_be_visible()
    expect(bob.get_by_text("Alice")).to_have_count(0)
    alice.goto(f"/a/{cast.acme.number}/images/")
    expect(alice.get_by_text("will be deleted on")).to_be_visible()

    open_image(alice, cast.acme.number, shared)
    alice.get_by_role("button", name="Cancel that it will be deleted").click()
    expect(alice.get_by_text("will not be deleted").first).to_be_visible()
    assert not PlannedChange.objects.open().exists()


def test_a_share_is_extended_with_one_click_and_asked_for(cast: Cast, shared: Image, visit: Visit) -> None:
    alice, bob = visit(cast.alice), visit(cast.bob)
    share = Share.objects.get(image=shared, kind="number")
    before = share.access_until
    assert before

    open_image(bob, cast.beta.number, shared)
    bob.get_by_role("button", name="Ask to extend").click()
    expect(bob.get_by_text("Acme Producers is asked")).to_be_visible()

    alice.goto(f"/a/{cast.acme.number}/images/{shared.pk}/access/?status=accepted")
    alice.locator("summary", has_text=f"Extend for {cast.beta.grouped_number}").click()
    alice.get_by_role("button", name="30 more days").click()
    expect(alice.get_by_role("status").or_(alice.locator(".messages")).get_by_text("until").first).to_be_visible()
    share.refresh_from_db()
    assert share.access_until == before + timedelta(days=30)
    expect(alice.get_by_role("row")).to_have_count(3)  # back on the same page, with the same filter


def test_without_javascript_a_share_is_removed_on_a_day(cast: Cast, shared: Image, visit: Visit) -> None:
    alice = visit(cast.alice, java_script_enabled=False)
    open_image(alice, cast.acme.number, shared)
    alice.get_by_role("link", name=f"Remove {cast.beta.grouped_number}").click()
    alice.get_by_role("radio", name="On a date").check()
    day = timezone.localdate() + timedelta(days=4)
    alice.get_by_label("Last day").fill(f"{day:%Y-%m-%d}")
    alice.get_by_role("button", name="Remove").click()
    expect(alice.get_by_text(f"until {day.day} {day:%b}").first).to_be_visible()
    share = Share.objects.get(image=shared, kind="number")
    assert share.access_until
    assert share.access_until.date() == day
