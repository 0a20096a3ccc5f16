"""Journeys: versions that follow each other, an end that is announced, a copy, and an image that changes hands."""

from playwright.sync_api import expect

from images.actions import create_family, put_into_family
from sharing import actions
from sharing.actions import Terms
from sharing.addresses import parse
from tests.factories import make_image
from tests.journeys.conftest import Visit
from tests.people import Cast


def test_a_consumer_gets_the_next_version_and_is_led_to_it(cast: Cast, visit: Visit) -> None:
    family = create_family(by=cast.producer, name="debian-12-base")
    first = make_image(cast.acme, cast.alice, name="debian-12-october")
    put_into_family(first.pk, family.pk, by=cast.producer, version="1")
    terms = Terms(offers_future=True)
    [offered] = actions.offer(first.pk, by=cast.producer, addresses=parse(cast.beta.number), terms=terms)
    actions.accept(offered.share.pk, by=cast.consumer, future=True)
    make_image(cast.acme, cast.alice, name="debian-12-november")

    alice = visit(cast.alice)
    alice.goto(f"/a/{cast.acme.number}/families/{family.pk}/")
    alice.get_by_role("link", name="Add a version").click()
    alice.get_by_role("combobox", name="Image").select_option(label="debian-12-november, IAD")
    alice.get_by_role("textbox", name="Version").fill("2")
    expect(alice.get_by_text("1 recipient has agreed to have later versions")).to_be_visible()
    alice.get_by_role("button", name="Add the version").click()
    row = alice.get_by_role("row", name="debian-12-november")
    expect(row.get_by_text("Latest")).to_be_visible()
    expect(row.get_by_text("shared with 1")).to_be_visible()

    bob = visit(cast.bob)
    bob.goto(f"/a/{cast.beta.number}/images/{first.pk}/")
    bob.get_by_role("link", name="Go to debian-12-november").click()
    expect(bob.get_by_role("heading", name="debian-12-november", level=1)).to_be_visible()

    alice.get_by_role("row", name="debian-12-october").get_by_role("button", name="Make it the latest").click()
    expect(alice.get_by_text("Version 1 stays the latest.")).to_be_visible()
    alice.get_by_role("button", name="Follow the newest").click()
    expect(alice.get_by_text("Version 1 stays the latest.")).to_be_hidden()


def test_the_end_of_an_image_is_announced_and_called_off(cast: Cast, visit: Visit) -> None:
    image = make_image(cast.acme, cast.alice, name="debian-11-golden")
    page = visit(cast.alice)
    page.goto(f"/a/{cast.acme.number}/images/{image.pk}/life/?preset=month")
    page.get_by_role("textbox", name="Reason").fill("Debian 11 gets no updates any more.")
    page.get_by_role("button", name="Announce the end").click()
    expect(page.get_by_text("This image is deprecated.")).to_be_visible()
    expect(page.get_by_text("Debian 11 gets no updates any more.")).to_be_visible()
    page.goto(f"/a/{cast.acme.number}/images/{image.pk}/life/")
    page.get_by_role("button", name="Let it have no end").click()
    expect(page.get_by_text("This image is deprecated.")).to_be_hidden()


def test_a_consumer_copies_what_it_was_given(cast: Cast, visit: Visit) -> None:
    image = make_image(cast.acme, cast.alice, name="debian-12-golden")
    [offered] = actions.offer(image.pk, by=cast.producer, addresses=parse(cast.beta.number))
    actions.accept(offered.share.pk, by=cast.consumer)
    page = visit(cast.bob)
    page.goto(f"/a/{cast.beta.number}/images/{image.pk}/copy/")
    page.get_by_role("textbox", name="Name").fill("our-debian")
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.get_by_role("heading", name="our-debian", level=1)).to_be_visible()
    expect(page.get_by_role("link", name="debian-12-golden")).to_be_visible()


def test_an_image_changes_hands(cast: Cast, visit: Visit) -> None:
    image = make_image(cast.acme, cast.alice, name="debian-12-golden")
    alice = visit(cast.alice)
    alice.goto(f"/a/{cast.acme.number}/images/{image.pk}/hand-over/")
    alice.get_by_role("textbox", name="To").fill(cast.beta.number)
    alice.get_by_role("button", name="Ask them to take it over").click()
    expect(alice.get_by_text("is asked to take this image over.")).to_be_visible()

    bob = visit(cast.bob)
    bob.goto(f"/a/{cast.beta.number}/images/")
    bob.get_by_role("link", name="Look at it and decide").click()
    bob.get_by_role("button", name="Take it over").click()
    expect(bob.get_by_role("heading", name="debian-12-golden", level=1)).to_be_visible()
    expect(bob.get_by_text("Image Sharing")).to_be_visible()

    alice.reload()
    expect(alice.get_by_text("Shared Image from Beta Consumers")).to_be_visible()
