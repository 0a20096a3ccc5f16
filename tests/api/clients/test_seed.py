"""Sharing an image by the commands of seed 004, by two people, with what the real services were seen to answer."""

import uuid

from images.demo_disks import bootable_qcow2
from images.models import Image
from sharing.models import Share
from tests.api.clients.terminals import Terminal
from tests.people import Cast

DISK = bootable_qcow2("Shared by commands.", size=512 * 600)
SHARED_LIST = ["ID", "Name", "Status"]


def create(terminal: Terminal) -> str:
    """An image from a file; gives its id."""
    terminal.file("ubuntu.qcow2", DISK)
    made = terminal.json(
        "image create --disk-format qcow2 --container-format bare --file ubuntu.qcow2 ubuntu-24.04-lts"
    )
    return str(made["id"])


def names(terminal: Terminal, arguments: str = "") -> list[str]:
    """The images of a list."""
    return terminal(f"image list {arguments} -f value -c Name").split()


def test_from_a_file_to_a_server_of_somebody_else(alice: Terminal, bob: Terminal, cast: Cast) -> None:
    image = create(alice)
    assert alice("image show ubuntu-24.04-lts -c id -f value") == image
    alice("image set --shared ubuntu-24.04-lts")

    added = alice.json(f"image add project ubuntu-24.04-lts {cast.beta.number}")
    assert (added["member_id"], added["image_id"], added["status"]) == (cast.beta.number, image, "pending")
    listed = {"Image ID": image, "Member ID": cast.beta.number, "Status": "pending"}
    assert alice.json("image member list ubuntu-24.04-lts") == [listed]

    assert names(bob) == []
    assert names(bob, "--member-status pending") == ["ubuntu-24.04-lts"]
    assert names(bob, "--shared") == []
    assert names(bob, "--shared --member-status pending") == ["ubuntu-24.04-lts"]
    bob(f"image set --accept {image}")

    assert bob.json("image list") == [{"ID": image, "Name": "ubuntu-24.04-lts", "Status": "active"}]
    assert names(bob, "--shared") == ["ubuntu-24.04-lts"]
    shown = bob.json(f"image show {image} -c visibility -c status")
    assert shown == {"status": "active", "visibility": "shared"}
    bob(f"image save --file saved.qcow2 {image}")
    assert (bob.folder / "saved.qcow2").read_bytes() == DISK
    assert alice.json("image member list ubuntu-24.04-lts") == [listed | {"Status": "accepted"}]


def test_rejecting_and_a_change_of_mind(alice: Terminal, bob: Terminal, cast: Cast) -> None:
    image = create(alice)
    alice(f"image add project ubuntu-24.04-lts {cast.beta.number}")
    bob(f"image set --reject {image}")
    assert names(bob) == []
    assert names(bob, "--member-status rejected --shared") == ["ubuntu-24.04-lts"]
    assert Share.objects.get().status == Share.Status.REJECTED
    bob(f"image set --accept {image}")
    assert names(bob) == ["ubuntu-24.04-lts"]
    assert alice("image member list ubuntu-24.04-lts -f value -c Status") == "accepted"


def test_what_is_removed_is_gone_for_the_consumer(alice: Terminal, bob: Terminal, cast: Cast) -> None:
    image = create(alice)
    alice(f"image add project ubuntu-24.04-lts {cast.beta.number}")
    bob(f"image set --accept {image}")
    alice(f"image remove project ubuntu-24.04-lts {cast.beta.number}")
    gone = f"No Image found for {image}"
    assert bob.refused(f"image show {image}") == gone
    assert bob.refused(f"image set --accept {image}") == gone
    assert bob.refused(f"image save --file saved.qcow2 {image}") == gone
    never = uuid.uuid4()
    assert bob.refused(f"image show {never}") == gone.replace(image, str(never))


def test_community_private_and_the_end(alice: Terminal, bob: Terminal) -> None:
    image = create(alice)
    alice("image set --community ubuntu-24.04-lts")
    assert names(bob) == []
    assert names(bob, "--community") == ["ubuntu-24.04-lts"]
    assert bob(f"image show {image} -f value -c name") == "ubuntu-24.04-lts"
    alice("image set --private ubuntu-24.04-lts")
    assert bob.refused(f"image show {image}") == f"No Image found for {image}"
    alice("image delete ubuntu-24.04-lts")
    assert names(alice) == []
    assert not Image.objects.live().filter(pk=image).exists()


def test_an_offer_gives_no_data_before_it_is_accepted(alice: Terminal, bob: Terminal, cast: Cast) -> None:
    """The command looks at no status: it keeps what came, compares its sum, and fails by that."""
    image = create(alice)
    alice(f"image add project ubuntu-24.04-lts {cast.beta.number}")
    for answer, reason in (("pending", "Accept the offer first."), ("rejected", "rejected")):
        assert bob(f"image show {image} -f value -c status") == "active"
        said = bob.refused(f"image save --file {answer}.qcow2 {image}")
        assert said.startswith("Unable to download image: checksum mismatch")
        saved = (bob.folder / f"{answer}.qcow2").read_text(encoding="utf-8")
        assert "403 Forbidden" in saved
        assert reason in saved
        bob(f"image set --reject {image}")
