"""Importing from a URL: an address is typed, and an image comes of it, whatever the line does."""

import pytest
from playwright.sync_api import Page, expect
from pytest_django.fixtures import Settings

from images import actions
from images.models import Image, Upload
from tests.images.files import disk
from tests.images.outside.servers import EveryPort, file_of, serving
from tests.journeys.conftest import Visit
from tests.people import Cast

CONTENT = disk()


@pytest.fixture(autouse=True)
def loopback(settings: Settings) -> None:
    """Imports may go to the server of the test."""
    settings.IMPORT_HOSTS = ["127.0.0.1"]
    settings.IMPORT_PORTS = EveryPort()


def fill_in(page: Page, cast: Cast, address: str) -> None:
    page.goto(f"/a/{cast.acme.number}/images/")
    page.get_by_text("Add image", exact=True).click()
    page.get_by_role("link", name="Import from a URL").click()
    page.get_by_role("textbox", name="Address of the file").fill(address)
    page.get_by_role("button", name="Import").click()


def work() -> None:
    """What the worker does."""
    actions.run_import(Upload.objects.get().pk)


def test_an_import_is_watched_until_it_is_an_image(cast: Cast, visit: Visit) -> None:
    alice = visit(cast.alice)
    with serving(file_of(CONTENT)) as server:
        fill_in(alice, cast, server.url("/debian-13.img"))
        on_its_way = alice.get_by_role("region", name="On its way")
        expect(on_its_way.get_by_role("heading", name="debian-13")).to_be_visible()
        work()
    # Nobody loads the page anew.
    expect(alice.get_by_role("link", name="debian-13", exact=True)).to_be_visible()
    expect(on_its_way).to_be_hidden()
    assert Image.objects.get().source == Image.Source.IMPORT


def test_without_javascript_one_that_stopped_is_tried_again_and_cancelled(cast: Cast, visit: Visit) -> None:
    alice = visit(cast.alice, java_script_enabled=False)
    with serving(file_of(b"", Content_Length="x")) as server:
        fill_in(alice, cast, server.url("/debian-13.img"))
        work()
    alice.reload()
    on_its_way = alice.get_by_role("region", name="On its way")
    expect(on_its_way.get_by_text("What the server answers cannot be understood.")).to_be_visible()
    on_its_way.get_by_role("button", name="Try again").click()
    expect(alice.get_by_text("“debian-13” is tried again.")).to_be_visible()
    alice.get_by_role("region", name="On its way").get_by_role("button", name="Cancel").click()
    expect(alice.get_by_text("The import is cancelled")).to_be_visible()
    assert not Upload.objects.exists()
