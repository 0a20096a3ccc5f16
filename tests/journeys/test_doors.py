"""Sharing with somebody without an address: by a code that they enter, and by signing in beside them."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.factories import PASSWORD, make_image
from tests.journeys.conftest import Visit
from tests.journeys.test_every_page import SCREENS, examine
from tests.people import Cast

NAME = "debian-12-golden"
CODE = re.compile(r"^[0-9A-Z]{4}(-[0-9A-Z]{4}){6}$")
SCRIPTS = [pytest.param(True, id="with-scripts"), pytest.param(False, id="without-scripts")]


@pytest.fixture
def page_of_image(cast: Cast) -> str:
    """The page of an image of Acme Producers."""
    return f"/a/{cast.acme.number}/images/{make_image(cast.acme, cast.alice, name=NAME).pk}/"


def tick_questions(page: Page) -> None:
    for box in page.get_by_role("group", name="Before you share").get_by_role("checkbox").all():
        box.check()


@pytest.mark.parametrize("scripts", SCRIPTS)
def test_a_code_goes_from_hand_to_hand(cast: Cast, visit: Visit, page_of_image: str, scripts: bool) -> None:
    alice, bob = (visit(user, java_script_enabled=scripts) for user in (cast.alice, cast.bob))

    alice.goto(page_of_image)
    alice.get_by_role("link", name="Make a claim code").click()
    alice.get_by_role("textbox", name="Whom it is for").fill("Jane at Beta")
    tick_questions(alice)
    alice.get_by_role("button", name="Make the code").click()
    code = alice.get_by_text(CODE).inner_text()
    alice.get_by_role("link", name="Done").click()
    table = alice.get_by_role("region", name="Image Sharing")
    expect(table.get_by_role("row", name="Jane at Beta")).to_contain_text("Pending Acceptance")

    bob.goto(f"/a/{cast.beta.number}/shared/")
    bob.get_by_role("link", name="Add a shared image").click()
    bob.get_by_role("textbox", name="Claim code").fill(code.lower())
    bob.get_by_role("button", name="Look at it").click()
    expect(bob.get_by_text("Acme Producers").first).to_be_visible()
    bob.get_by_role("button", name="Accept").click()
    expect(bob.get_by_role("heading", name=NAME, level=1)).to_be_visible()
    expect(bob.get_by_text("is now among the saved images of Beta Consumers").first).to_be_visible()

    alice.goto(page_of_image)
    row = alice.get_by_role("region", name="Image Sharing").get_by_role("row", name="Jane at Beta")
    expect(row).to_contain_text("Accepted")
    expect(alice.get_by_text("Beta Consumers")).to_have_count(0)


def test_a_used_code_tells_nothing(cast: Cast, visit: Visit, page_of_image: str) -> None:
    bob = visit(cast.bob, watched=False)  # Chromium complains about an answer with the status 422

    bob.goto(f"/a/{cast.beta.number}/images/")
    bob.get_by_text("Add image", exact=True).click()
    bob.get_by_role("link", name="Add a shared image").click()
    dialog = bob.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Claim code").fill("0000-0000")
    dialog.get_by_role("button", name="Look at it").click()
    expect(dialog.get_by_text("has 28 letters and digits; this has 8").first).to_be_visible()
    expect(dialog.get_by_role("textbox", name="Claim code")).to_have_value("0000-0000")


@pytest.mark.parametrize("screen", SCREENS)
def test_what_needs_a_code_can_be_used_by_everybody(cast: Cast, visit: Visit, page_of_image: str, screen: str) -> None:
    """The pages that no address leads to, as test_every_page.py looks at the others."""
    alice, bob, dave = (
        visit(who, watched=False, viewport=SCREENS[screen]) for who in (cast.alice, cast.bob, cast.dave)
    )

    alice.goto(f"{page_of_image}share/claim-code/")
    tick_questions(alice)
    alice.get_by_role("button", name="Make the code").click()
    code = alice.get_by_text(CODE).inner_text()
    problems = examine(alice)
    for person in (bob, dave):
        person.goto(f"/a/{cast.beta.number}/shared/add/")
        person.get_by_role("textbox", name="Claim code").fill(code)
        person.get_by_role("button", name="Look at it").click()
        expect(person.get_by_role("heading", name=f"Add “{NAME}”?")).to_be_visible()
        problems += examine(person)
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("scripts", SCRIPTS)
def test_an_admin_beside_one_accepts_at_once(cast: Cast, visit: Visit, page_of_image: str, scripts: bool) -> None:
    alice = visit(cast.alice, watched=False, java_script_enabled=scripts)

    alice.goto(page_of_image)
    alice.get_by_role("link", name="Share Image").first.click()
    alice.get_by_role("link", name="I can sign in to the receiving account").click()
    alice.get_by_role("textbox", name="Account number").fill(cast.beta.grouped_number)
    alice.get_by_role("textbox", name="Login or email").fill("bob@example.org")
    alice.get_by_role("textbox", name="Password").fill("not-the-password")
    tick_questions(alice)
    alice.get_by_role("button", name="Share and accept").click()
    expect(alice.get_by_text("Nothing was shared").first).to_be_visible()
    expect(alice.get_by_role("textbox", name="Password")).to_have_value("")

    alice.get_by_role("textbox", name="Password").fill(PASSWORD)
    alice.get_by_role("button", name="Share and accept").click()
    row = alice.get_by_role("region", name="Image Sharing").get_by_role("row", name=cast.beta.grouped_number)
    expect(row).to_contain_text("Accepted")
    expect(alice.get_by_role("banner").get_by_text("alice", exact=True)).to_be_visible()
