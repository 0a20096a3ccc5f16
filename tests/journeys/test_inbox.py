"""Shared with us, as people use it: with the mouse, with the keyboard alone, and without JavaScript."""

import pytest
from playwright.sync_api import Locator, Page, expect

from images import actions as image_actions
from sharing import actions
from sharing.addresses import parse
from sharing.models import Block, Share
from tests.factories import make_account, make_image, viewer
from tests.journeys.conftest import Visit
from tests.people import Cast

NAME = "debian-12-golden"


@pytest.fixture
def inbox(cast: Cast) -> str:
    """Three offers of Acme Producers wait for Beta Consumers."""
    for name in (NAME, "plan9-4e", "alpine-3.20"):
        image = make_image(cast.acme, cast.alice, name=name)
        actions.offer(image.pk, by=cast.producer, addresses=parse(cast.beta.number))
    return f"/a/{cast.beta.number}/shared/"


def offer(page: Page, name: str = NAME) -> Locator:
    return page.get_by_role("article", name=name)


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the control with this name has the focus."""
    for _press in range(150):
        focused = page.locator(":focus")
        if focused.count() and focused.and_(page.get_by_label(name).or_(page.get_by_text(name))).count():
            return
        page.keyboard.press("Tab")
    pytest.fail(f"“{name}” is never reached by the Tab key on {page.url}.")


@pytest.mark.parametrize("scripted", [True, False])
def test_accept_with_a_label_then_reject_and_change_ones_mind(
    cast: Cast, inbox: str, visit: Visit, scripted: bool
) -> None:
    bob = visit(cast.bob, java_script_enabled=scripted)
    bob.goto(inbox)
    offer(bob).get_by_label("Our label").fill("Web base")
    offer(bob).get_by_role("button", name="Accept").click()
    expect(offer(bob)).to_have_count(0)
    offer(bob, "plan9-4e").get_by_role("link", name="Reject").click()
    bob.get_by_role("textbox", name="Reason").fill("Nothing runs it.")
    bob.get_by_role("button", name="Reject the offer").click()
    bob.get_by_role("link", name="Rejected").click()
    bob.get_by_role("row", name="plan9-4e").get_by_role("button", name="Accept").click()
    expect(bob.get_by_text("Nothing rejected")).to_be_visible()
    bob.get_by_role("link", name="Saved Images").first.click()
    for name in ("Web base", "plan9-4e"):
        expect(bob.get_by_role("link", name=name, exact=True)).to_be_visible()


@pytest.mark.parametrize("scripted", [True, False])
def test_block_and_unblock(cast: Cast, inbox: str, visit: Visit, scripted: bool) -> None:
    bob = visit(cast.bob, java_script_enabled=scripted)
    bob.goto(inbox)
    offer(bob).get_by_role("link", name="Block").click()
    bob.get_by_role("button", name="Block this producer").click()
    expect(bob.get_by_text("Nothing waits for you")).to_be_visible()
    bob.get_by_role("link", name="Producers", exact=True).click()
    bob.get_by_role("button", name="Unblock").click()
    expect(bob.get_by_text("Nobody is blocked")).to_be_visible()
    bob.get_by_role("link", name="Pending").click()
    expect(offer(bob)).to_be_visible()


def test_accept_all_with_the_keyboard_only(cast: Cast, inbox: str, visit: Visit) -> None:
    bob = visit(cast.bob)
    bob.goto(inbox)
    tab_to(bob, "Accept all from this producer")
    bob.keyboard.press("Enter")
    expect(bob.get_by_role("dialog")).to_be_visible()
    tab_to(bob, "plan9-4e")
    bob.keyboard.press("Space")
    tab_to(bob, "Accept")
    bob.get_by_role("dialog").get_by_role("button", name="Accept").press("Enter")
    expect(bob.get_by_role("dialog").get_by_text("Accepted", exact=True)).to_have_count(2)
    bob.keyboard.press("Escape")
    expect(offer(bob, "plan9-4e")).to_be_visible()
    expect(offer(bob)).to_have_count(0)


def test_two_notices_that_are_closed_quickly_are_both_gone(cast: Cast, inbox: str, visit: Visit) -> None:
    bob = visit(cast.bob)
    bob.goto(f"/a/{cast.beta.number}/images/")
    closers = bob.get_by_role("button", name="Close for now")
    expect(closers).to_have_count(3)
    bob.evaluate("() => [...document.querySelectorAll('.notice-close')].slice(0, 2).forEach((each) => each.click())")
    expect(closers).to_have_count(1)
    bob.wait_for_load_state("networkidle")
    bob.reload()
    expect(closers).to_have_count(1)
    closers.click()
    expect(closers).to_have_count(0)
    expect(bob.locator("#main")).to_be_focused()


def test_a_name_that_could_be_taken_for_a_known_one_is_warned_of(cast: Cast, inbox: str, visit: Visit) -> None:
    actions.accept(Share.objects.earliest("pk").pk, by=cast.consumer)
    imposter = make_account("Acme Pr0ducers", cast.rhea)
    image = make_image(imposter, cast.rhea, name="trust-me")
    actions.offer(image.pk, by=viewer(cast.rhea, imposter), addresses=parse(cast.beta.number))
    bob = visit(cast.bob)
    bob.goto(inbox)
    expect(offer(bob, "trust-me").get_by_text("This is not the “Acme Producers” that you know")).to_be_visible()
    assert not Block.objects.exists()


def test_our_words_and_theirs(cast: Cast, inbox: str, visit: Visit) -> None:
    share = Share.objects.earliest("pk")
    actions.accept(share.pk, by=cast.consumer)
    image_actions.label(share.image_id, by=cast.consumer, default_login="admin")
    image_actions.edit(share.image_id, by=cast.producer, default_login="debian")
    bob = visit(cast.bob)
    bob.goto(f"/a/{cast.beta.number}/images/{share.image_id}/")
    expect(bob.get_by_text("The producer now says:")).to_be_visible()
    bob.get_by_role("link", name="Edit label").first.click()
    bob.get_by_role("dialog").get_by_role("button", name="Use theirs for the login name").click()
    expect(bob.get_by_role("textbox", name="Login name")).to_have_value("")
    bob.get_by_role("button", name="Save").click()
    expect(bob.get_by_text("The producer now says:")).to_have_count(0)
    expect(bob.get_by_text("debian", exact=True)).to_be_visible()


def test_hide_what_a_group_has(cast: Cast, visit: Visit) -> None:
    image = make_image(cast.acme, cast.alice, name=NAME)
    actions.offer(image.pk, by=cast.producer, groups=[cast.golden_testers.group_ptr])
    erin = visit(cast.erin)
    erin.goto(f"/a/{cast.erin.personal_account.number}/images/")
    erin.get_by_role("link", name=f"Actions for {NAME}").click()
    erin.get_by_role("menuitem", name="Hide for me").click()
    expect(erin.get_by_role("link", name=NAME, exact=True)).to_have_count(0)
    erin.get_by_role("link", name="Hidden for me").click()
    erin.get_by_role("link", name=f"Actions for {NAME}").click()
    erin.get_by_role("menuitem", name="Show again").click()
    expect(erin.get_by_role("link", name=NAME, exact=True)).to_be_visible()
