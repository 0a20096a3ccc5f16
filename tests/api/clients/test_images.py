"""What the `openstack image` commands do beside sharing: properties, tags, lists, states, data.

Long: each command costs a tenth of a second, and ``tests/api/image`` sends the same requests daily.
"""

import hashlib

import pytest

from images.demo_disks import bootable_qcow2, bootable_raw
from images.models import Image
from tests import factories
from tests.api.clients.conftest import OpenTerminal
from tests.api.clients.terminals import Terminal
from tests.people import Cast

pytestmark = pytest.mark.long
QCOW2 = bootable_qcow2("A disk of commands.", size=512 * 600)
RAW = bootable_raw("Another one.", size=4096)


@pytest.fixture
def golden(cast: Cast) -> Image:
    """An image of Acme Producers."""
    return factories.make_image(cast.acme, cast.alice)


def show(terminal: Terminal, image: object, *columns: str) -> dict[str, object]:
    """Columns of an image."""
    chosen = " ".join(f"-c {column}" for column in columns)
    shown: dict[str, object] = terminal.json(f"image show {image} {chosen}")
    return shown


def names(terminal: Terminal, arguments: str = "") -> list[str]:
    """The images of a list, in its order."""
    return terminal(f"image list {arguments} -f value -c Name").split()


def test_what_is_uploaded_is_known_by_its_sums(alice: Terminal) -> None:
    alice.file("disk.qcow2", QCOW2)
    made = alice.json(
        "image create --file disk.qcow2 --disk-format qcow2 --private --min-disk 2 --min-ram 512 --tag web --tag blue "
        "--property os_distro=debian --property role='web server' --protected web-1"
    )
    assert made | {"properties": None} == made | {
        "name": "web-1",
        "status": "active",
        "visibility": "private",
        "size": len(QCOW2),
        "virtual_size": 512 * 600,
        "checksum": hashlib.md5(QCOW2, usedforsecurity=False).hexdigest(),
        "min_disk": 2,
        "min_ram": 512,
        "protected": True,
        "tags": ["blue", "web"],
        "properties": None,
    }
    assert made["properties"]["os_hash_value"] == hashlib.sha512(QCOW2).hexdigest()
    assert (made["properties"]["os_distro"], made["properties"]["role"]) == ("debian", "web server")
    assert alice.run("openstack image save web-1 | cmp - disk.qcow2").returncode == 0


def test_an_image_waits_for_its_data(alice: Terminal) -> None:
    """Which is staged and then imported; or sent at once by whoever reads it from a file."""
    alice.file("disk.raw", RAW)
    alice("image create --disk-format raw --container-format bare later")
    assert show(alice, "later", "status") == {"status": "queued"}
    assert names(alice, "--status queued") == ["later"]
    alice("image stage --file disk.raw later")
    assert show(alice, "later", "status") == {"status": "uploading"}
    alice("image import later")
    done = alice.run("openstack image create --disk-format raw -f value -c status at-once <disk.raw")
    assert (done.returncode, done.stdout.strip()) == (0, "active"), done.stderr
    assert alice.run("openstack image save at-once | cmp - disk.raw").returncode == 0
    assert names(alice, "--status active") == ["at-once", "later"]


def test_what_an_image_says_of_itself_is_changed(alice: Terminal, golden: Image) -> None:
    alice(
        "image set debian-12-golden --name debian-13 --min-disk 4 --min-ram 5 --tag 01 --tag prod "
        "--property a=b --property hw_rng_model=virtio --os-distro debian --os-version 13 --architecture x86_64"
    )
    shown = show(alice, golden.pk, "name", "min_disk", "min_ram", "tags", "properties")
    properties = shown.pop("properties")
    assert shown == {"name": "debian-13", "min_disk": 4, "min_ram": 5, "tags": ["01", "prod"]}
    assert isinstance(properties, dict)
    expected = {
        "a": "b",
        "hw_rng_model": "virtio",
        "os_distro": "debian",
        "os_version": "13",
        "architecture": "x86_64",
    }
    assert expected.items() <= properties.items()
    alice("image unset debian-13 --tag 01 --property a --property hw_rng_model --property os_version")
    shown = show(alice, golden.pk, "tags", "properties")
    assert shown["tags"] == ["prod"]
    assert not {"a", "hw_rng_model", "os_version"} & set(shown["properties"])  # type: ignore[call-overload]
    assert "Failed to unset 1 of 1 tags" in alice.refused("image unset debian-13 --tag never")


def test_a_hidden_image_is_found_when_asked_for(alice: Terminal, golden: Image) -> None:
    alice("image set --hidden debian-12-golden")
    assert names(alice) == []
    assert names(alice, "--hidden") == ["debian-12-golden"]
    alice("image set --unhidden debian-12-golden")
    assert names(alice) == ["debian-12-golden"]


def test_a_protected_image_stays(alice: Terminal, golden: Image) -> None:
    alice("image set --protected debian-12-golden")
    said = alice.refused("image delete debian-12-golden")
    assert "403" in said
    assert "protected" in said
    alice("image set --unprotected debian-12-golden")
    alice("image delete debian-12-golden")
    assert names(alice) == []


def test_a_deactivated_image_gives_no_data_until_it_is_active_again(
    alice: Terminal, bob: Terminal, cast: Cast, golden: Image
) -> None:
    alice("image set --shared debian-12-golden")
    alice(f"image add project debian-12-golden {cast.beta.number}")
    bob(f"image set --accept {golden.pk}")
    alice("image set --deactivate debian-12-golden")
    assert show(bob, golden.pk, "status") == {"status": "deactivated"}
    assert "checksum mismatch" in bob.refused(f"image save --file saved.raw {golden.pk}")
    assert "403 Forbidden" in (bob.folder / "saved.raw").read_text(encoding="utf-8")
    alice("image set --activate debian-12-golden")
    bob(f"image save --file saved.raw {golden.pk}")
    assert hashlib.md5((bob.folder / "saved.raw").read_bytes(), usedforsecurity=False).hexdigest() == (
        golden.data.checksum
    )


def test_several_are_deleted_and_what_stays_is_named(alice: Terminal, cast: Cast) -> None:
    for name in ("one", "two", "three"):
        factories.make_image(cast.acme, cast.alice, name=name)
    alice("image set --protected two")
    said = alice.refused("image delete one two three")
    assert "Failed to delete image with name or ID 'two': ForbiddenException: 403" in said
    assert "Failed to delete 1 of 3 images." in said
    assert names(alice) == ["two"]


def test_lists_are_filtered_sorted_and_cut(alice: Terminal, cast: Cast) -> None:
    made = {
        name: factories.make_image(cast.acme, cast.alice, name=name, properties={"role": name[0]})
        for name in ("web-1", "web-2", "db-1")
    }
    factories.make_image(cast.rival, cast.rhea, name="foreign")
    alice("image set web-1 --tag blue --tag old")
    alice("image set web-2 --tag blue --private")
    assert names(alice) == ["db-1", "web-1", "web-2"]
    assert names(alice, "--sort name:desc") == ["web-2", "web-1", "db-1"]
    assert names(alice, "--name web-2") == ["web-2"]
    assert names(alice, "--name in:web-1,db-1") == ["db-1", "web-1"]
    assert names(alice, "--tag blue") == ["web-1", "web-2"]
    assert names(alice, "--tag blue --tag old") == ["web-1"]
    assert names(alice, "--property role=d") == ["db-1"]
    assert names(alice, "--status deactivated") == []
    assert names(alice, "--private --limit 10") == ["db-1", "web-1", "web-2"]
    assert names(alice, "--public") == []
    newest = list(made)[::-1]
    assert names(alice, f"--limit 1 --marker {made[newest[0]].pk}") == [newest[1]]
    long = alice.json("image list --long --name web-2")[0]
    assert (long["Visibility"], long["Project"], long["Tags"]) == ("private", cast.acme.number, ["blue"])


def test_a_name_that_two_images_have_is_not_guessed(alice: Terminal, cast: Cast) -> None:
    for _ in range(2):
        factories.make_image(cast.acme, cast.alice, name="twin")
    assert "More than one Image exists with the name 'twin'" in alice.refused("image show twin")


def test_members_are_shown_to_those_whom_they_concern(
    alice: Terminal, bob: Terminal, cast: Cast, golden: Image
) -> None:
    alice("image set --shared debian-12-golden")
    for account in (cast.beta, cast.rival):
        alice(f"image add project debian-12-golden {account.number}")
    assert "409" in alice.refused(f"image add project debian-12-golden {cast.beta.number}")
    member = alice.json(f"image member get debian-12-golden {cast.beta.number}")
    assert (member["member_id"], member["status"]) == (cast.beta.number, "pending")
    assert len(alice.json("image member list debian-12-golden")) == 2
    own = bob.json(f"image member list {golden.pk}")
    assert [row["Member ID"] for row in own] == [cast.beta.number]
    assert "404" in bob.refused(f"image member get {golden.pk} {cast.rival.number}")
    said = alice.refused(f"image set --accept --project {cast.beta.number} debian-12-golden")
    assert "403" in said


def test_a_consumer_changes_nothing(alice: Terminal, bob: Terminal, cast: Cast, golden: Image) -> None:
    alice("image set --shared debian-12-golden")
    alice(f"image add project debian-12-golden {cast.beta.number}")
    bob(f"image set --accept {golden.pk}")
    for command in (
        f"image set {golden.pk} --name mine",
        f"image add project {golden.pk} {cast.rival.number}",
        f"image remove project {golden.pk} {cast.beta.number}",
        f"image delete {golden.pk}",
    ):
        assert "403" in bob.refused(command), command
    bob(f"image set {golden.pk} --deactivate")  # the command looks at no status here
    golden.refresh_from_db()
    assert (golden.name, golden.status) == ("debian-12-golden", Image.Status.ACTIVE)


def test_roles_hold(terminal: OpenTerminal, alice: Terminal, cast: Cast, golden: Image) -> None:
    """A creator makes and offers, an observer looks."""
    carol, dave = terminal(cast.carol, cast.acme), terminal(cast.dave, cast.beta)
    carol("image create --disk-format raw --container-format bare of-carol")
    carol("image set --shared debian-12-golden")
    carol(f"image add project debian-12-golden {cast.beta.number}")
    assert "403" in carol.refused(f"image remove project debian-12-golden {cast.beta.number}")
    assert "403" in carol.refused("image delete debian-12-golden")
    assert show(dave, golden.pk, "name") == {"name": "debian-12-golden"}
    assert "403" in dave.refused(f"image set --accept {golden.pk}")
    assert "403" in dave.refused("image create --disk-format raw --container-format bare of-dave")
