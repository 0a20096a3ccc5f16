"""The share box, as people use it: by keyboard, by paste, for several images, without a script, and taking it back."""

import pytest
from playwright.sync_api import Locator, Page, expect

from accounts.roles import Role
from images.models import Image
from sharing import actions
from sharing.models import Share
from tests import factories
from tests.factories import make_image
from tests.journeys.conftest import Visit, make_promises
from tests.people import Cast


@pytest.fixture
def image(cast: Cast) -> Image:
    return make_image(cast.acme, cast.alice, name="debian-12-golden")


@pytest.fixture
def three(cast: Cast) -> list[Image]:
    return [make_image(cast.acme, cast.alice, name=name) for name in ("web-base", "mail-base", "database")]


def images_of(cast: Cast) -> str:
    return f"/a/{cast.acme.number}/images/"


def open_box(page: Page, cast: Cast, image: Image) -> Locator:
    """The field "With", in the dialog over the page of an image."""
    page.goto(f"{images_of(cast)}{image.pk}/")
    page.get_by_role("link", name="Share Image").first.click()
    field = page.get_by_role("combobox", name="With")
    expect(field).to_be_focused()
    return field


def chips(page: Page) -> Locator:
    return page.get_by_role("dialog").get_by_role("list", name="Recipients").get_by_role("listitem")


def summary(page: Page) -> Locator:
    return page.get_by_role("dialog").locator("[data-recipients-summary]")


def test_a_colleague_a_group_and_an_outsider_by_keyboard_alone(cast: Cast, visit: Visit, image: Image) -> None:
    page = visit(cast.alice)
    open_box(page, cast, image)

    page.keyboard.type("car")
    expect(page.get_by_role("option", name="Carol Cho")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.type("gold")
    expect(page.get_by_role("option", name="Golden Testers")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.type("ops@outside.example,")

    expect(summary(page)).to_have_text("2 people in Golden Testers get it now. 2 recipients are asked first.")
    expect(chips(page)).to_have_count(3)
    for promise in ("Licences allow it", "No keys or secrets in it", "No malware in it"):
        tab_to(page, page.get_by_role("checkbox", name=promise))
        page.keyboard.press("Space")
    tab_to(page, page.get_by_role("button", name="Share Image"))
    page.keyboard.press("Enter")

    results = page.get_by_role("dialog").get_by_role("row")
    expect(results.filter(has_text="Offered: they are asked first.")).to_have_count(2)
    expect(results.filter(has_text="Accepted: they can use it now.")).to_have_count(1)
    assert Share.objects.count() == 3


def tab_to(page: Page, control: Locator) -> None:
    for _press in range(30):
        if control.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"Tab does not lead to {control}.")


def test_walking_over_recipients_and_removing_them(cast: Cast, visit: Visit, image: Image) -> None:
    page = visit(cast.alice)
    field = open_box(page, cast, image)
    field.press_sequentially("bob,erin;rhea\n")
    expect(chips(page).locator(".recipient-note")).to_have_text(["login"] * 3)

    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("button", name="Remove rhea, login")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Delete")
    expect(chips(page)).to_have_text(["bob login", "rhea login"])
    expect(page.get_by_role("button", name="Remove rhea, login")).to_be_focused()
    expect(page.get_by_text("erin removed.")).to_be_attached()

    page.keyboard.press("ArrowRight")
    expect(field).to_be_focused()
    page.keyboard.press("Backspace")
    expect(chips(page)).to_have_text(["bob login"])
    page.get_by_role("button", name="Remove bob, login").click()
    expect(chips(page)).to_have_count(0)


def test_escape_closes_the_suggestions_and_then_the_dialog(cast: Cast, visit: Visit, image: Image) -> None:
    page = visit(cast.alice)
    field = open_box(page, cast, image)
    field.press_sequentially("gold")
    expect(page.get_by_role("listbox")).to_be_visible()
    expect(field).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    expect(field).to_have_attribute("aria-activedescendant", "suggestion-1")
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_fifty_pasted_lines_with_some_problems(cast: Cast, visit: Visit, image: Image) -> None:
    factories.join(cast.alice, cast.night_shift, Role.MEMBER)
    page = visit(cast.alice, watched=False)  # the browser notes down every answer that refuses a form
    field = open_box(page, cast, image)
    lines = [f"person-{number}" for number in range(47)] + ["4071 3859 63", "Night Shift", "Acme Producers"]
    paste(field, "\n".join(lines))

    wrong = page.locator(".recipient-wrong")
    expect(chips(page)).to_have_count(50)
    expect(wrong).to_contain_text(
        ["its last digit does not fit the others", "only its managers share with it", "owns what you share"]
    )
    expect(summary(page)).to_contain_text("47 recipients are asked first. 3 recipients cannot be shared with")
    make_promises(page)
    page.get_by_role("button", name="Share Image").click()
    expect(page.get_by_role("alert")).to_contain_text("is mistyped")
    expect(chips(page)).to_have_count(50)
    assert not Share.objects.exists()

    for left in (2, 1, 0):
        wrong.first.get_by_role("button").click()
        expect(wrong).to_have_count(left)
    page.get_by_role("button", name="Share Image").click()
    expect(page.get_by_text("Offered: they are asked first.")).to_have_count(47)


def paste(field: Locator, text: str) -> None:
    field.evaluate(
        """(element, text) => {
          const clipboardData = new DataTransfer();
          clipboardData.setData("text", text);
          element.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
        }""",
        text,
    )


def test_what_is_still_being_typed_is_shared_with_as_well(cast: Cast, visit: Visit, image: Image) -> None:
    page = visit(cast.alice)
    field = open_box(page, cast, image)
    make_promises(page)
    field.fill("bob")
    field.press("Control+Enter")
    expect(page.get_by_text("Offered: they are asked first.")).to_be_visible()


def test_undo_within_the_minute(cast: Cast, visit: Visit, image: Image) -> None:
    page = visit(cast.alice)
    open_box(page, cast, image).fill("bob")
    make_promises(page)
    page.get_by_role("button", name="Share Image").click()
    expect(page.locator("[data-undo-left]")).to_have_text("59 seconds")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator("#messages")).to_contain_text("The offer to bob was undone. Nobody was told of it.")
    image.refresh_from_db()
    assert image.visibility == "private"
    assert not Share.objects.exists()


def test_after_the_minute_the_button_says_why_not(cast: Cast, visit: Visit, image: Image) -> None:
    page = visit(cast.alice)
    page.clock.install()
    open_box(page, cast, image).fill("bob")
    make_promises(page)
    page.get_by_role("button", name="Share Image").click()
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_be_visible()
    page.clock.run_for(61_000)
    expect(undo).to_have_attribute("aria-disabled", "true")
    expect(page.get_by_text("It is too late to undo this")).to_be_visible()
    undo.press("Enter")
    expect(undo).to_be_visible()
    assert Share.objects.exists()


def test_several_images_from_the_list(cast: Cast, visit: Visit, three: list[Image]) -> None:
    page = visit(cast.alice)
    page.goto(images_of(cast))
    bar = page.locator("[data-bulk]")
    expect(bar).to_be_hidden()
    for image in three[:2]:
        page.get_by_role("checkbox", name=f"Select {image.name}").check()
    expect(bar).to_contain_text("2 selected:")
    page.get_by_role("checkbox", name="Select all").check()
    expect(bar).to_contain_text("3 selected:")
    actions.offer(three[0].pk, by=cast.producer, groups=[cast.golden_testers.group_ptr])

    page.get_by_role("button", name="Share…").click()
    page.get_by_role("combobox", name="With").fill("Golden Testers, bob")
    expect(summary(page)).to_have_text("2 people in Golden Testers get them now. 1 recipient is asked first.")
    expect(chips(page).first).to_contain_text("was offered 1 of these 3 images already")
    make_promises(page)
    page.get_by_role("button", name="Share 3 images").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Offered: they are asked first.")).to_have_count(3)
    expect(dialog.get_by_text("Accepted: they can use it now.")).to_have_count(2)
    expect(dialog.get_by_text("Has it already.")).to_have_count(1)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#messages")).to_contain_text("5 offers were undone.")
    assert Share.objects.count() == 1


def test_without_javascript(cast: Cast, visit: Visit, three: list[Image]) -> None:
    page = visit(cast.alice, java_script_enabled=False, watched=False)
    page.goto(images_of(cast))
    for image in three:
        page.get_by_role("checkbox", name=f"Select {image.name}").check()
    page.get_by_role("button", name="Share…").click()
    expect(page.get_by_role("heading", name="Share 3 images")).to_be_visible()

    page.get_by_role("textbox", name="With").fill("bob\n4071 3859 63")
    page.get_by_role("textbox", name="Message").fill("For your lab.")
    page.get_by_role("checkbox", name="Golden Testers").check()
    make_promises(page)
    expect(page.get_by_role("button", name="Share 3 images")).to_be_hidden()
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("“4071 3859 63” is mistyped")
    expect(page.get_by_role("textbox", name="Message")).to_have_value("For your lab.")

    page.get_by_role("textbox", name="With").fill("bob")
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.get_by_text("2 people in Golden Testers get them now. 1 recipient is asked first.")).to_be_visible()
    assert not Share.objects.exists()
    page.get_by_role("button", name="Share 3 images").click()
    expect(page.get_by_text("Offered: they are asked first.")).to_have_count(3)

    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#messages")).to_contain_text("6 offers were undone. Nobody was told of it.")
    assert not Share.objects.exists()
