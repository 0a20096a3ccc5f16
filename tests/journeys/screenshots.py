"""Takes the pictures of the README: ``make screenshots``, of a demo panel that is made for this and thrown away.

``python -m tests.journeys.screenshots inbox server`` takes these alone.
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Browser, Page, expect, sync_playwright

from images.demo_disks import MIB, bootable_raw
from tests.plugins.chromium import ARGUMENTS, find_browser

FOLDER = Path(__file__).parent.parent.parent / "docs" / "screenshots"
SIZES = {1440: 900, 390: 844}  # pixels
THEMES = ("light", "dark")
START_SECONDS = 60
PATIENCE = 180_000  # milliseconds: the machine may have other work
SETTLED = 400  # milliseconds: what was clicked last has its colour by then
PASSWORD = "stockroom-demo"
DISK, SLOW = 24 * MIB, 4 * MIB  # bytes, and bytes a second: the picture of an upload is taken while it runs


def saved_images(page: Page) -> None:
    """Alice's list, without what she is offered."""
    sign_in(page, "alice")
    closers = page.get_by_role("button", name="Close for now")
    for left in range(closers.count() - 1, -1, -1):
        closers.first.click()
        expect(closers).to_have_count(left)
    page.goto("/")  # without the message about it


def image_detail(page: Page) -> None:
    """An image with shares in every state."""
    sign_in(page, "alice")
    page.get_by_role("link", name="ubuntu-24.04-web-base", exact=True).click()
    page.get_by_role("heading", name="Image Sharing").wait_for()


def share_dialog(page: Page) -> None:
    """Sharing it with somebody else."""
    image_detail(page)
    page.get_by_role("link", name="Share Image").first.click()
    page.get_by_role("combobox", name="With").fill("Acme Labs, erin, bob@beta.example,")
    page.get_by_text("are asked first.").wait_for()


def notice(page: Page) -> None:
    """What Bob sees when he is offered an image."""
    sign_in(page, "bob")
    page.get_by_role("region", name="wants to share").first.wait_for()


def upload(page: Page) -> None:
    """A file that is being sent while the form is filled in."""
    sign_in(page, "alice")
    page.get_by_text("Add image", exact=True).click()
    page.get_by_role("link", name="Upload an image").click()
    limits = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": SLOW}
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", limits)
    disk = bootable_raw(f"Hello {time.time_ns()}", size=DISK)
    page.get_by_label("Disk image").set_input_files({"name": "debian-13-golden.raw", "mimeType": "", "buffer": disk})
    page.get_by_label("Operating system").fill("Debian")
    page.get_by_label("Version").fill("13")
    page.wait_for_function("() => parseInt(document.querySelector('[data-upload-percent]').textContent) >= 35")
    page.evaluate("scrollTo(0, 0)")


def on_its_way(page: Page) -> None:
    """What is no image yet."""
    sign_in(page, "alice")
    page.goto(f"{page.url}incoming/")
    page.get_by_role("region", name="On its way").wait_for()


def look_inside(page: Page) -> None:
    """What the machine found in an image."""
    sign_in(page, "alice")
    page.get_by_role("link", name="debian-12-golden", exact=True).click()
    scroll_to(page, "Look inside")


def quota(page: Page) -> None:
    """How much an account keeps, and what it has asked for."""
    sign_in(page, "alice")
    page.goto(page.url.replace("/images/", "/account/"))
    scroll_to(page, "Quota")


def inbox(page: Page) -> None:
    """What Alice is offered, with all that she should know first."""
    sign_in(page, "alice")
    page.goto(page.url.replace("/images/", "/shared/"))
    page.get_by_role("heading", name="postgres-16-tuned").wait_for()


def who_has_access(page: Page) -> None:
    """Every recipient of an image, what they can do and why."""
    sign_in(page, "alice")
    page.get_by_role("link", name="ubuntu-24.04-web-base", exact=True).click()
    page.get_by_role("link", name="Who has access").first.click()
    page.get_by_role("heading", name="Who has access").wait_for()


def exposure(page: Page) -> None:
    """What the accounts of an organization share outside of it."""
    sign_in(page, "alice")
    page.goto(page.url.replace("/images/", "/organizations/"))
    page.get_by_role("table").get_by_role("link", name="Acme Group", exact=True).click()
    page.get_by_role("link", name="Exposure", exact=True).click()
    page.get_by_role("heading", name="Exposure").wait_for()


def review_desk(page: Page) -> None:
    """What waits for staff."""
    sign_in(page, "sam")
    page.goto("/review/")
    page.get_by_role("heading", name="Review desk").wait_for()


def review_case(page: Page) -> None:
    """A request with everything that is needed to decide on it."""
    review_desk(page)
    page.get_by_role("row", name="Make public").get_by_role("link", name="Open").click()
    page.get_by_role("heading", name="Decision").wait_for()


def create_server(page: Page) -> None:
    """An image that was shared, about to be booted."""
    sign_in(page, "bob")
    page.goto(page.url.replace("/images/", "/servers/create/"))
    page.get_by_role("link", name="Shared Images").click()
    page.get_by_role("link", name="Choose “Web base (from Acme)”").click()
    page.get_by_text("This is a non-standard image.").wait_for()
    page.evaluate("scrollTo(0, 0)")


def server(page: Page) -> None:
    """What a server made of it says."""
    create_server(page)
    page.get_by_role("button", name="Create Server").click()
    expect(page.get_by_role("log")).to_contain_text("Stockroom", timeout=PATIENCE)
    page.reload()  # without the message about it
    expect(page.get_by_role("log")).to_contain_text("Stockroom", timeout=PATIENCE)


def api_access(page: Page) -> None:
    """A credential for a program, which is shown this once."""
    sign_in(page, "alice")
    page.goto(page.url.replace("/images/", "/account/"))
    page.get_by_role("link", name="API access").click()
    page.get_by_role("link", name="Make credential").first.click()
    page.get_by_role("textbox", name="Name").fill(f"nightly builds {time.strftime('%X')}")
    page.get_by_role("button", name="Make credential").click()
    page.get_by_text("The secret is shown only now.").wait_for()


def scroll_to(page: Page, heading: str) -> None:
    page.get_by_role("heading", name=heading, exact=True).evaluate("element => element.scrollIntoView()")


PICTURES: dict[str, Callable[[Page], None]] = {
    "saved-images": saved_images,
    "share-dialog": share_dialog,
    "notice": notice,
    "image-detail": image_detail,
    "inbox": inbox,
    "who-has-access": who_has_access,
    "exposure": exposure,
    "review-desk": review_desk,
    "review-case": review_case,
    "on-its-way": on_its_way,
    "look-inside": look_inside,
    "quota": quota,
    "create-server": create_server,
    "server": server,
    "api-access": api_access,
    "upload": upload,  # at the end: what it leaves behind is on its way
}


def sign_in(page: Page, login: str) -> None:
    page.goto("/")
    page.get_by_role("textbox", name="Login or email address").fill(login)
    page.get_by_role("textbox", name="Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Saved Images").wait_for()
    page.goto("/")  # without the greeting


def main(names: Sequence[str]) -> None:
    """Take pictures at every size in both themes.

    Args:
        names: of the pictures; none for all.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    with demo_panel() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=ARGUMENTS)
        for name in names or PICTURES:
            for width in SIZES:
                for theme in THEMES:
                    take(browser, address, name, width, theme)


def take(browser: Browser, address: str, name: str, width: int, theme: str) -> None:
    context = browser.new_context(
        base_url=address,
        viewport={"width": width, "height": SIZES[width]},
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
        locale="en-GB",
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    PICTURES[name](page)
    page.wait_for_timeout(SETTLED)
    page.screenshot(path=FOLDER / f"{name}-{width}-{theme}.png", full_page=name == "image-detail")
    context.close()


@contextmanager
def demo_panel() -> Iterator[str]:
    """A panel with demo data on a free port, gone at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        chosen = {"STOCKROOM_DEMO": "1", "STOCKROOM_DATA_DIR": folder, "HOST": "127.0.0.1", "PORT": str(port)}
        environment = os.environ | chosen
        subprocess.run([sys.executable, "-m", "config.prepare"], check=True, env=environment)
        panel = subprocess.Popen([sys.executable, "-m", "config.run"], env=environment, stdout=subprocess.DEVNULL)
        try:
            yield wait_for(f"http://127.0.0.1:{port}")
        finally:
            panel.terminate()
            panel.wait()


def wait_for(address: str) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            urlopen(f"{address}/healthz")  # noqa: S310 - our own panel
        except URLError:
            time.sleep(0.2)
        else:
            return address
    raise TimeoutError(f"The panel did not start in {START_SECONDS} seconds.")


if __name__ == "__main__":
    main(sys.argv[1:])
