"""What the panel is for, whole: an image is uploaded, shared and accepted, and a server made of it says hello."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect
from pytest_django.fixtures import Settings

from images.demo_disks import bootable_qcow2
from servers.actions import attend_to_server, set_up_regions
from servers.clouds.local.folder import folders
from servers.models import Server
from tests.journeys.conftest import Visit, notice, share, upload
from tests.people import Cast

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 60_000  # ms: guests run niced, and browsers and tests beside them do not


@pytest.fixture(autouse=True)
def host(cast: Cast, settings: Settings, tmp_path: Path) -> Iterator[None]:
    """This host runs the servers of the default region, with real QEMU."""
    settings.SERVERS_DIR = tmp_path / "servers"
    set_up_regions()
    yield
    for folder in folders():
        folder.kill()


def test_a_shared_image_boots_and_says_hello(cast: Cast, visit: Visit, tmp_path: Path) -> None:
    disk = tmp_path / "hello.qcow2"
    disk.write_bytes(bootable_qcow2("Hello from Acme."))
    alice, bob = visit(cast.alice), visit(cast.bob)

    alice.goto(f"/a/{cast.acme.number}/images/")
    upload(alice, disk, "hello")
    share(alice, cast.beta.number)
    expect(alice.get_by_text("Pending Acceptance").first).to_be_visible()

    bob.goto(f"/a/{cast.beta.number}/images/")
    with bob.expect_response("**/accept/"):
        notice(bob, "hello").get_by_role("button", name="Accept").click()
    bob.get_by_role("link", name="Create Server").first.click()
    bob.get_by_role("link", name="Shared Images").click()
    bob.get_by_role("link", name="Choose “hello”").click()
    bob.get_by_role("button", name="Create Server").click()
    expect(bob.get_by_role("heading", name="hello", level=1)).to_be_visible()
    attend_to_server(Server.objects.get().pk)  # as the worker does

    # Nobody loads the page anew.
    expect(bob.get_by_role("log")).to_contain_text("Hello from Acme.", timeout=PATIENCE)
    expect(bob.get_by_text("Running", exact=True)).to_be_visible()
    bob.get_by_role("link", name="Open as a page").click()
    expect(bob.get_by_role("log", name="Console")).to_contain_text("Hello from Acme.", timeout=PATIENCE)


def test_without_qemu_the_page_says_what_installs_it(cast: Cast, visit: Visit, settings: Settings) -> None:
    settings.QEMU_SYSTEM = "/nonexistent"
    bob = visit(cast.bob)
    bob.goto(f"/a/{cast.beta.number}/servers/create/")
    expect(bob.get_by_role("main")).to_contain_text("apt install qemu-system-x86 qemu-utils")
