"""Staff decide with the keyboard alone, and what they list is added by somebody who has never heard of it."""

import pytest
from playwright.sync_api import expect

from accounts.actions import make_reviewer
from accounts.models import User
from images.models import Image
from sharing.actions import asking
from sharing.models import Case
from tests.factories import make_image
from tests.journeys.conftest import PHONE, Visit
from tests.journeys.test_every_page import LONG, examine
from tests.people import Cast
from tests.sharing.conftest import offer_one

NAME = "plan9-glenda"


@pytest.fixture
def sam(cast: Cast) -> User:
    """Decides on the review desk."""
    make_reviewer(cast.sam)
    return User.objects.get(pk=cast.sam.pk)


@pytest.fixture
def cases(cast: Cast) -> list[Case]:
    """A report, an offer to the marketplace, and a request; the oldest first."""
    reported = make_image(cast.acme, cast.alice, name=LONG, visibility="community")
    asking.report_image(reported.pk, by=cast.consumer, reason="malware", text="It mines coins.")
    offer_one(make_image(cast.acme, cast.alice, name=NAME), cast.creator, "hubfirst", message="Try it.")
    asking.ask_for_public(make_image(cast.acme, cast.alice, name="debian").pk, by=cast.producer, text="For all.")
    return list(Case.objects.waiting())


def test_the_desk_by_keyboard(cast: Cast, sam: User, cases: list[Case], visit: Visit) -> None:
    page = visit(sam)
    page.goto("/review/")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Next and previous case")
    page.keyboard.press("Escape")
    for key in ("j", "ArrowDown", "ArrowDown", "k"):
        page.keyboard.press(key)
    expect(page.get_by_role("link", name=NAME, exact=True)).to_be_focused()

    page.keyboard.press("t")
    expect(page.get_by_role("heading", name=NAME)).to_be_visible()
    expect(page.get_by_text("Taken by you").first).to_be_visible()
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"“{NAME}”: listed.")).to_be_visible()
    assert Image.objects.get(name=NAME).listed_by == sam

    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=LONG)).to_be_visible()
    page.keyboard.press("r")
    page.keyboard.type("It does not.")
    page.get_by_role("button", name="Do not uphold").press("Enter")
    expect(page.get_by_text("not upheld.")).to_be_visible()

    page.keyboard.press("g")
    page.keyboard.press("r")
    expect(page.get_by_role("link", name="debian", exact=True)).to_be_visible()


def test_what_staff_list_is_added_from_the_marketplace(cast: Cast, sam: User, cases: list[Case], visit: Visit) -> None:
    staff, bob = visit(sam), visit(cast.bob)
    staff.goto(f"/review/{cases[1].pk}/")
    staff.get_by_role("button", name="List it").click()
    expect(staff.get_by_text("listed.")).to_be_visible()

    bob.goto(f"/a/{cast.beta.number}/marketplace/")
    bob.get_by_role("searchbox", name="Search by name, producer").fill("glenda")
    bob.keyboard.press("Enter")
    bob.get_by_role("button", name=f"Add {NAME} to Saved Images").click()
    expect(bob.get_by_text("In your list").first).to_be_visible()
    bob.goto(f"/a/{cast.beta.number}/images/")
    expect(bob.get_by_role("link", name=NAME, exact=True)).to_be_visible()


@pytest.mark.parametrize("theme", ["light", pytest.param("dark", marks=pytest.mark.long)])
def test_everybody_can_use_the_desk(cast: Cast, sam: User, cases: list[Case], visit: Visit, theme: str) -> None:
    laptop = {"width": 1440, "height": 900}
    paths = ["/review/", "/review/?show=decided", "/review/?show=approvals", *(f"/review/{case.pk}/" for case in cases)]
    problems = []
    for screen in (laptop, PHONE):
        page = visit(sam, watched=False, viewport=screen, color_scheme=theme)
        for path in paths:
            page.goto(path)
            problems += examine(page)
    assert not problems, "\n".join(problems)
