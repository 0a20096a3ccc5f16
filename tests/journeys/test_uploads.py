"""Uploads that break and go on, as people see them."""

import hashlib
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from images.demo_disks import MIB, SECTOR, bootable_raw
from images.models import ImageData
from tests.journeys.conftest import Visit
from tests.people import Cast
from tests.plugins.real_panel import RealPanel, running

SIZE = 12 * MIB
SLOW = 4 * MIB  # bytes a second


@pytest.fixture
def panel(transactional_db: None, image_store: Path, tmp_path: Path) -> Iterator[RealPanel]:
    """A panel that a test may kill."""
    with running(tmp_path) as panel:
        yield panel


@pytest.fixture
def live_panel(panel: RealPanel) -> str:
    return panel.url


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """A disk that takes some seconds over a slow line."""
    path = tmp_path / "debian.img"
    path.write_bytes(bootable_raw("Hello")[:SECTOR] + secrets.token_bytes(SIZE - SECTOR))
    return path


def open_page(page: Page, cast: Cast, query: str = "") -> None:
    page.goto(f"/a/{cast.acme.number}/images/upload/{query}")


def slow_down(page: Page, speed: int) -> None:
    """The line of the browser, in bytes a second; 0 for as fast as it goes."""
    limits = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": speed or -1}
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", limits)


def choose(page: Page, file: Path) -> None:
    page.locator("input[type=file]").set_input_files(file)


def run(page: Page) -> Locator:
    """The part of the page that shows the upload."""
    return page.locator("[data-upload-run]")


def expect_percent(page: Page, least: int) -> None:
    page.wait_for_function(
        "least => parseInt(document.querySelector('[data-upload-percent]').textContent) >= least", arg=least
    )


def expect_whole(disk: Path) -> None:
    content = disk.read_bytes()
    data = ImageData.objects.get()
    assert (data.size, data.os_hash_value) == (len(content), hashlib.sha512(content).hexdigest())


def test_a_server_that_is_killed_costs_some_seconds(cast: Cast, visit: Visit, panel: RealPanel, disk: Path) -> None:
    page = visit(cast.carol, watched=False)
    open_page(page, cast)
    slow_down(page, SLOW)
    choose(page, disk)
    expect_percent(page, 20)
    panel.kill()
    expect(run(page)).to_contain_text("The line broke. Trying again in")
    panel.start()
    page.get_by_role("button", name="Try now").click()
    expect(run(page)).to_contain_text("Upload done", timeout=60_000)
    expect_whole(disk)
