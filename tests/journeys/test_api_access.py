"""A program gets in by a credential that somebody makes in the browser, until they revoke it."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import PHONE, Visit
from tests.journeys.test_every_page import examine
from tests.people import Cast


def token_status(page: Page, credential: str, secret: str) -> int:
    """What Identity answers to a program that signs in."""
    method = {"id": credential, "secret": secret}
    auth = {"auth": {"identity": {"methods": ["application_credential"], "application_credential": method}}}
    return page.request.post("/identity/v3/auth/tokens", data=auth).status


def fact(page: Page, name: str) -> str:
    """What stands beside a name on the page."""
    row = page.locator(".facts > div").filter(has=page.locator("dt", has_text=name))
    return row.locator("code").inner_text()


def make(page: Page, name: str) -> None:
    page.get_by_role("link", name="Make credential").first.click()
    page.get_by_role("textbox", name="Name").fill(name)
    page.get_by_role("radio", name="Creator").check()
    page.get_by_role("combobox", name="Ends").select_option("In 30 days")
    page.get_by_role("button", name="Make credential").click()
    expect(page.get_by_text("The secret is shown only now.")).to_be_visible()


def downloaded(page: Page, name: str) -> str:
    with page.expect_download() as download:
        page.get_by_role("button", name=name).click()
    assert download.value.suggested_filename == name
    return Path(download.value.path()).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "options", [{}, {"java_script_enabled": False, "viewport": PHONE}], ids=["laptop", "phone-without-scripts"]
)
def test_a_program_is_let_in_and_out(cast: Cast, visit: Visit, options: dict[str, Any]) -> None:
    page = visit(cast.carol, **options)
    page.goto(f"/a/{cast.acme.number}/account/")
    page.get_by_role("link", name="API access").click()
    expect(page.get_by_role("heading", name="No program signs in here yet")).to_be_visible()

    make(page, "nightly builds")
    credential, secret = fact(page, "ID"), fact(page, "Secret")
    assert secret not in page.url
    for name in ("openrc.sh", "clouds.yaml"):
        assert secret in downloaded(page, name)
    assert token_status(page, credential, secret) == 201

    page.get_by_role("link", name="I have it").click()
    expect(page.get_by_role("row", name="nightly builds")).to_contain_text("Creator")
    assert secret not in page.content()
    page.get_by_role("link", name="Revoke “nightly builds”").click()
    page.get_by_role("button", name="Revoke credential").click()
    expect(page.get_by_text("“nightly builds” is revoked.").first).to_be_visible()
    assert token_status(page, credential, secret) == 401


def test_the_page_of_the_secret_can_be_used_by_everybody(cast: Cast, visit: Visit) -> None:
    """It is an answer to a form, so that the walk through all pages does not meet it."""
    page = visit(cast.carol, watched=False, viewport=PHONE, color_scheme="dark")
    page.goto(f"/a/{cast.acme.number}/api-access/")
    make(page, "a-name-that-goes-on-" * 5)
    assert not examine(page)
