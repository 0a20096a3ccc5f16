"""The main job, as people do it: keep an image, offer it, decide on it, use it."""

import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from accounts.actions import invite
from accounts.roles import Role
from images.demo_disks import bootable_raw
from sharing import actions
from tests.factories import make_image, viewer
from tests.journeys.conftest import Visit, download, notice, share, sign_in_by_form, upload
from tests.people import Cast

NAME = "debian-12-golden"


@pytest.fixture
def qcow2(tmp_path: Path) -> Path:
    """A real disk, made by qemu-img."""
    raw, disk = tmp_path / "disk.img", tmp_path / "debian.qcow2"
    raw.write_bytes(bootable_raw("Hello from a journey."))
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, disk], check=True)
    return disk


def test_a_producer_shares_and_a_consumer_downloads_the_same_bytes(cast: Cast, visit: Visit, qcow2: Path) -> None:
    alice, bob = visit(), visit()

    sign_in_by_form(alice, "alice")
    upload(alice, qcow2, NAME)
    share(alice, cast.beta.grouped_number)
    expect(alice.get_by_text("Pending Acceptance").first).to_be_visible()

    sign_in_by_form(bob, "bob@example.org")
    notice(bob, NAME).get_by_role("button", name="Accept").click()
    bob.locator("#image-list").get_by_role("link", name=NAME, exact=True).click()
    assert download(bob) == qcow2.read_bytes()

    alice.reload()
    expect(alice.get_by_role("region", name="Image Sharing").get_by_text("Accepted")).to_be_visible()


def test_without_javascript(cast: Cast, visit: Visit, qcow2: Path) -> None:
    alice, bob = visit(java_script_enabled=False), visit(java_script_enabled=False)

    sign_in_by_form(alice, "alice")
    upload(alice, qcow2, NAME)
    share(alice, cast.beta.number)
    expect(alice.get_by_text("Pending Acceptance").first).to_be_visible()

    sign_in_by_form(bob, "bob")
    notice(bob, NAME).get_by_role("button", name="Accept").click()
    bob.locator("#image-list").get_by_role("link", name=NAME, exact=True).click()
    assert download(bob) == qcow2.read_bytes()


def test_reject_and_share_again(cast: Cast, visit: Visit) -> None:
    image = make_image(cast.acme, cast.alice, name=NAME)
    actions.offer(image.pk, by=cast.producer, groups=[cast.golden_testers.group_ptr])
    alice, bob = visit(cast.alice), visit(cast.bob)
    page_of_image = f"/a/{cast.acme.number}/images/{image.pk}/"

    alice.goto(page_of_image)
    share(alice, cast.beta.number)
    expect(alice.get_by_text("Pending Acceptance").first).to_be_visible()
    bob.goto(f"/a/{cast.beta.number}/images/")
    notice(bob, NAME).get_by_role("link", name="Reject").click()
    bob.get_by_role("textbox", name="Reason").fill("We use another one.")
    bob.get_by_role("button", name="Reject").click()
    expect(notice(bob, NAME)).to_have_count(0)

    alice.goto(page_of_image)
    expect(alice.get_by_text("We use another one.")).to_be_visible()
    alice.get_by_role("button", name="Share again").click()
    expect(alice.get_by_text("Pending Acceptance").first).to_be_visible()
    bob.goto(f"/a/{cast.beta.number}/images/")
    expect(notice(bob, NAME)).to_be_visible()


def test_who_joins_a_group_later_has_its_images_at_once(cast: Cast, visit: Visit) -> None:
    image = make_image(cast.acme, cast.alice, name=NAME)
    actions.offer(image.pk, by=cast.producer, groups=[cast.golden_testers.group_ptr])
    invitation = invite(cast.golden_testers, address="dave", role=Role.MEMBER, by=viewer(cast.alice))
    dave = visit(cast.dave)

    dave.goto(f"/a/{cast.beta.number}/images/")
    expect(dave.locator("#image-list").get_by_role("link", name=NAME, exact=True)).to_have_count(0)
    dave.goto(f"/invitations/{invitation.pk}/")
    dave.get_by_role("button", name="Accept").or_(dave.get_by_role("button", name="Join")).first.click()
    dave.goto(f"/a/{cast.beta.number}/images/")
    expect(dave.locator("#image-list").get_by_role("link", name=NAME, exact=True)).to_be_visible()


def test_with_the_keyboard_only(cast: Cast, visit: Visit) -> None:
    make_image(cast.acme, cast.alice, name=NAME)
    alice, bob = visit(cast.alice), visit(cast.bob)

    alice.goto(f"/a/{cast.acme.number}/images/")
    tab_to(alice, f"Actions for {NAME}")
    alice.keyboard.press("Enter")
    expect(alice.get_by_role("menuitem", name="Create Server")).to_be_focused()
    alice.keyboard.press("ArrowDown")
    expect(alice.get_by_role("menuitem", name="Share Image")).to_be_focused()
    alice.keyboard.press("Enter")
    expect(alice.get_by_role("dialog")).to_be_visible()
    tab_to(alice, "With")
    alice.keyboard.type(cast.beta.number)
    for promise in ("Licences allow it", "No keys or secrets", "No malware"):
        tab_to(alice, promise)
        alice.keyboard.press("Space")
    tab_to(alice, "Share Image")
    alice.keyboard.press("Enter")
    expect(alice.get_by_role("dialog").get_by_text("Pending Acceptance").first).to_be_visible()

    bob.goto(f"/a/{cast.beta.number}/images/")
    tab_to(bob, f"Accept “{NAME}”")
    bob.keyboard.press("Enter")
    expect(bob.locator("#image-list").get_by_role("link", name=NAME, exact=True)).to_be_visible()


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the control with this name has the focus."""
    for _press in range(120):
        focused = page.locator(":focus")
        if focused.count() and focused.and_(page.get_by_label(name).or_(page.get_by_text(name))).count():
            return
        page.keyboard.press("Tab")
    pytest.fail(f"“{name}” is never reached by the Tab key on {page.url}.")
