"""What people keep of a server: an image of it, shared back and booted; and what they read while it runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect
from pytest_django.fixtures import Settings

from images.demo_disks import bootable_qcow2
from images.models import Image
from servers.actions import attend_to_server, run_snapshot, set_up_regions
from servers.clouds.local.folder import folders
from servers.models import Snapshot
from tests.journeys.conftest import Visit, make_promises, notice, share, upload
from tests.people import Cast
from tests.servers.conftest import boot, make_flavor, running
from tests.servers.memory import put_in_place

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 60_000  # ms: guests run niced, and browsers and tests beside them do not


@pytest.fixture
def host(cast: Cast, settings: Settings, tmp_path: Path) -> Iterator[None]:
    """This host runs the servers of the default region, with real QEMU."""
    settings.SERVERS_DIR = tmp_path / "servers"
    set_up_regions()
    yield
    for folder in folders():
        folder.kill()


def test_an_image_of_a_server_is_shared_back_and_boots(cast: Cast, host: None, visit: Visit, tmp_path: Path) -> None:
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

    server = running(boot(cast.consumer, Image.objects.get(name="hello")))
    bob.goto(f"/a/{cast.beta.number}/servers/{server.pk}/")
    bob.get_by_role("link", name="Create image").click()
    bob.get_by_label("Name").fill("hello, kept")
    bob.get_by_role("button", name="Create image").click()
    made = bob.get_by_role("region", name="Images made from it")
    expect(made.get_by_role("progressbar")).to_be_visible()
    run_snapshot(Snapshot.objects.get().pk)  # as the worker does

    # Nobody loads the page anew.
    made.get_by_role("link", name="hello, kept").click()
    expect(bob.get_by_role("main")).to_contain_text("Server snapshot")
    bob.get_by_role("link", name="Share Image").first.click()
    bob.get_by_label("With", exact=True).fill(cast.acme.number)
    make_promises(bob)
    bob.get_by_role("checkbox", name="The account it comes from allows it").check()
    bob.get_by_role("button", name="Share Image").click()
    expect(bob.get_by_text("Pending Acceptance").first).to_be_visible()
    alice.goto(f"/a/{cast.acme.number}/images/")
    with alice.expect_response("**/accept/"):
        notice(alice, "hello, kept").get_by_role("button", name="Accept").click()
    again = boot(cast.producer, Image.objects.get(name="hello, kept"), name="again")
    attend_to_server(again.pk)
    alice.goto(f"/a/{cast.acme.number}/servers/{again.pk}/")
    expect(alice.get_by_role("log")).to_contain_text("Hello from Acme.", timeout=PATIENCE)


def test_a_console_stays_at_its_end_unless_somebody_reads_above(
    cast: Cast, golden: Image, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud = put_in_place(monkeypatch)
    make_flavor(cast.iad)
    server = running(boot(cast.producer, golden))
    printed = cloud.machines[server.pk]
    printed.printed = b"line\n" * 200
    page = visit(cast.alice)
    page.goto(f"/a/{cast.acme.number}/servers/{server.pk}/")
    console = page.get_by_role("log")
    expect(console).to_contain_text("line")
    left = "element => Math.round(element.scrollHeight - element.scrollTop - element.clientHeight)"
    assert console.evaluate(left) < 5
    printed.printed += b"more\n" * 20
    expect(console).to_contain_text("more")
    assert console.evaluate(left) < 5
    console.evaluate("element => { element.scrollTop = 0; }")
    printed.printed += b"the last word\n"
    expect(console).to_contain_text("the last word")
    assert console.evaluate("element => element.scrollTop") == 0
