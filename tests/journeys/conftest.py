"""Browsers of several people at once, each of which fails its journey when the page complains."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, expect

from accounts.models import User
from tests import factories
from tests.plugins.browser import SignIn

Visit = Callable[..., Page]
PATIENCE = 15_000  # milliseconds; two cores may be busy with other tests
PHONE = {"width": 390, "height": 844}

expect.set_options(timeout=PATIENCE)


@pytest.fixture
def visit(browser: Browser, live_panel: str, sign_in: SignIn, browser_context_args: dict[str, Any]) -> Iterator[Visit]:
    """A browser of one's own: ``visit()``, or ``visit(cast.alice)`` who is signed in already.

    Whatever the browser complains about (errors of scripts, refused by the Content-Security-Policy, missing files)
    fails the test at its end. Not so with ``watched=False``: axe-core makes styles that the policy refuses.
    """
    contexts: list[BrowserContext] = []
    complaints: list[list[str]] = []

    def visit(user: User | None = None, *, watched: bool = True, **options: Any) -> Page:
        context = browser.new_context(**browser_context_args | {"base_url": live_panel} | options)
        contexts.append(context)
        if user:
            sign_in(context, user)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        if watched:
            complaints.append(stack.enter_context(listening(page)))
        return page

    with ExitStack() as stack:
        yield visit
        for context in contexts:
            context.close()
    assert not any(complaints), "\n".join(each for some in complaints for each in some)


@contextmanager
def listening(page: Page) -> Iterator[list[str]]:
    """What the browser complains about on a page, in a list that grows."""
    complaints: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            complaints.append(f"{page.url}: {message.text}")

    def on_error(error: Error) -> None:
        complaints.append(f"{page.url}: {error}")

    page.on("console", on_console)
    page.on("pageerror", on_error)
    yield complaints
    page.remove_listener("console", on_console)
    page.remove_listener("pageerror", on_error)


def sign_in_by_form(page: Page, login: str, password: str = factories.PASSWORD) -> None:
    page.goto("/")
    page.get_by_role("textbox", name="Login or email address").fill(login)
    page.get_by_role("textbox", name="Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Saved Images")).to_be_visible()


def upload(page: Page, file: Path, name: str) -> None:
    """From Saved Images to the page of a new image."""
    page.get_by_text("Add image", exact=True).click()
    page.get_by_role("link", name="Upload an image").first.click()
    page.get_by_label("Disk image").set_input_files(file)
    page.get_by_role("textbox", name="Name", exact=True).fill(name)
    page.get_by_role("button", name="Add image").click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()


def share(page: Page, recipients: str) -> None:
    """On the page of an image: offer it. Without a script what was typed is checked in between."""
    page.get_by_role("link", name="Share Image").first.click()
    page.get_by_label("With", exact=True).fill(recipients)
    make_promises(page)
    if (check := page.get_by_role("button", name="Check", exact=True)).is_visible():
        check.click()
    page.get_by_role("button", name="Share Image").click()


def make_promises(page: Page) -> None:
    """Tick what one has to be sure of before sharing."""
    for promise in ("Licences allow it", "No keys or secrets", "No malware"):
        page.get_by_role("checkbox", name=promise).check()


def notice(page: Page, name: str) -> Any:
    """The offer of an image at the top of Saved Images."""
    return page.get_by_role("region", name=f"“{name}”")


def download(page: Page) -> bytes:
    """What the Download link gives."""
    with page.expect_download() as started:
        page.get_by_role("link", name="Download").first.click()
    return Path(started.value.path()).read_bytes()
