"""Uploads that break and go on, as people see them."""

import gzip
import hashlib
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from images.demo_disks import MIB, SECTOR, bootable_raw
from images.models import Image, ImageData, Upload
from tests.journeys.conftest import PHONE, Visit
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


def begin(page: Page, cast: Cast, disk: Path) -> None:
    """Open the page and send some of a file over a slow line."""
    open_page(page, cast)
    slow_down(page, SLOW)
    choose(page, disk)
    expect_percent(page, 20)


def run(page: Page) -> Locator:
    """The part of the page that shows the upload."""
    return page.locator("[data-upload-run]")


def error(page: Page) -> Locator:
    """What stands at the field of the file."""
    return page.locator("[data-upload-error]")


def expect_percent(page: Page, least: int) -> None:
    page.wait_for_function(
        "least => parseInt(document.querySelector('[data-upload-percent]').textContent) >= least", arg=least
    )


def expect_done(page: Page, disk: Path) -> None:
    """The page says so, and the bytes are right."""
    expect(page.locator("[data-upload-done]")).to_be_visible(timeout=60_000)
    content = disk.read_bytes()
    data = ImageData.objects.get()
    assert (data.size, data.os_hash_value) == (len(content), hashlib.sha512(content).hexdigest())


def test_a_server_that_is_killed_costs_some_seconds(cast: Cast, visit: Visit, panel: RealPanel, disk: Path) -> None:
    page = visit(cast.carol, watched=False)
    begin(page, cast, disk)
    panel.kill()
    expect(run(page)).to_contain_text("The line broke. Trying again in")
    panel.start()
    page.get_by_role("button", name="Try now").click()
    expect_done(page, disk)


def test_a_pause_is_gone_on_from(cast: Cast, visit: Visit, disk: Path) -> None:
    page = visit(cast.carol, watched=False)
    begin(page, cast, disk)
    page.get_by_role("button", name="Pause").click()
    expect(run(page)).to_contain_text("Paused. What has come is kept.")
    offset = settled(Upload.objects.get())
    assert 0 < offset < SIZE
    page.get_by_role("button", name="Continue").click()
    expect_percent(page, offset * 100 // SIZE)
    expect_done(page, disk)


def settled(upload: Upload) -> int:
    """How much of a stopped upload is safe, once the server has noticed that nothing more comes."""
    while upload.claim:
        time.sleep(0.05)
        upload.refresh_from_db()
    return upload.offset


@pytest.mark.parametrize("by", ["the list", "choosing it"])
def test_another_day_goes_on_with_the_same_file(cast: Cast, visit: Visit, disk: Path, by: str) -> None:
    before = visit(cast.carol, watched=False)
    begin(before, cast, disk)
    before.get_by_role("button", name="Pause").click()  # a browser that is closed may first send what it has read
    sent = settled(Upload.objects.get())
    before.close()

    page = visit(cast.carol, watched=False)
    open_page(page, cast)
    if by == "the list":
        page.get_by_role("link", name="Continue").click()
        expect(page.get_by_text("Choose “debian.img” again to go on from")).to_be_visible()
    slow_down(page, SLOW)
    choose(page, disk)
    expect_percent(page, sent * 100 // SIZE)
    expect_done(page, disk)
    assert not Upload.objects.exclude(status="received").exists()


def test_another_file_of_the_same_name_is_not_mixed_in(cast: Cast, visit: Visit, disk: Path, tmp_path: Path) -> None:
    page = visit(cast.carol, watched=False)
    begin(page, cast, disk)
    upload = Upload.objects.get()
    open_page(page, cast, f"?upload={upload.pk}")
    other = tmp_path / "other" / "debian.img"
    other.parent.mkdir()
    other.write_bytes(disk.read_bytes()[: SIZE // 2] + secrets.token_bytes(SIZE // 2))
    choose(page, other)
    expect(error(page)).to_contain_text("This is not the “debian.img” that was begun")
    assert Upload.objects.get() == upload


def test_the_second_tab_is_told(cast: Cast, visit: Visit, disk: Path) -> None:
    first = visit(cast.carol, watched=False)
    begin(first, cast, disk)
    slow_down(first, SLOW // 16)
    second = visit(cast.carol, watched=False)
    open_page(second, cast)
    choose(second, disk)
    expect(run(second)).to_contain_text("This file is being sent already, maybe in another tab.")
    slow_down(first, 0)
    expect_done(first, disk)
    expect(second.locator("[data-upload-done]")).to_be_visible(timeout=60_000)
    assert Upload.objects.count() == 1


def test_an_archive_may_be_saved_before_it_is_unpacked(
    cast: Cast, visit: Visit, disk: Path, tmp_path: Path, work_through: Callable[[], int]
) -> None:
    packed = tmp_path / "debian.img.gz"
    packed.write_bytes(gzip.compress(disk.read_bytes(), 1))
    page = visit(cast.carol, viewport=PHONE)
    open_page(page, cast)
    choose(page, packed)
    expect(run(page)).to_contain_text("Unpacking 0 %")
    expect(page.get_by_role("textbox", name="Name", exact=True)).to_have_value("debian")
    page.get_by_role("button", name="Add image").click()
    expect(page.get_by_text("will be in your Saved Images as soon as its file is unpacked")).to_be_visible()
    work_through()
    assert Image.objects.get().data.os_hash_value == hashlib.sha512(disk.read_bytes()).hexdigest()


def test_an_archive_by_another_name_is_unpacked_when_that_is_ticked(
    cast: Cast, visit: Visit, disk: Path, tmp_path: Path, work_through: Callable[[], int]
) -> None:
    packed = tmp_path / "debian.bin"
    packed.write_bytes(gzip.compress(disk.read_bytes(), 1))
    page = visit(cast.carol, watched=False)
    open_page(page, cast)
    choose(page, packed)
    expect(error(page)).to_contain_text("tick “Unpack”")
    page.get_by_role("checkbox", name="Unpack").check()
    expect(run(page)).to_contain_text("Unpacking 0 %")
    work_through()
    expect_done(page, disk)
    assert Upload.objects.get().status == "received"


def test_a_checksum_is_asked_of_the_file(cast: Cast, visit: Visit, disk: Path) -> None:
    page = visit(cast.carol, watched=False)
    open_page(page, cast)
    page.locator("summary").get_by_text("Expected checksum").click()
    field = page.get_by_label("Expected checksum")
    field.fill("abc")
    choose(page, disk)
    expect(page.get_by_text("This is no md5, sha256 or sha512.")).to_be_visible()
    field.fill(hashlib.sha256(b"something else").hexdigest())
    choose(page, disk)
    expect(error(page)).to_contain_text("This is not the file that was announced")
    field.fill(hashlib.sha256(disk.read_bytes()).hexdigest())
    choose(page, disk)
    expect_done(page, disk)
    assert not Upload.objects.exclude(status="received").exists()
