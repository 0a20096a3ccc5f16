"""Having an image looked into: asked for by the owner, done in the background, told to both sides."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from accounts.errors import Conflict
from images import sandbox
from images.actions import request_look, run_look
from images.looks import Look
from images.models import ContentCheck, DataHold, Image, ImageData
from images.sandbox import ProgramOverLimit
from sharing.actions import offer
from sharing.addresses import parse
from tests import factories
from tests.conftest import WorkThrough
from tests.factories import signed_in
from tests.images import disks
from tests.people import Cast

pytestmark = pytest.mark.django_db
KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\n"
FILES = {"root/.ssh/id_rsa": KEY, "root/.ssh/id_ecdsa": KEY, "etc/machine-id": "0123\n", "etc/hostname": "x"}


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return disks.ext4(tmp_path_factory.mktemp("disk") / "linux.raw", FILES, size=4 * disks.MIB).read_bytes()


@pytest.fixture
def image(cast: Cast, disk: bytes) -> Image:
    return factories.make_image(cast.acme, cast.alice, content=disk)


@pytest.fixture
def looked(cast: Cast, image: Image) -> Image:
    run_look(request_look(image.pk, by=cast.creator).pk)
    return Image.objects.select_related("data__content_check").get(pk=image.pk)


def page(user: Any, image: Image, account: Any, name: str = "image_detail", **headers: str) -> str:
    client = signed_in(user)
    answer = client.get(reverse(name, args=[account.number, image.pk]), headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def test_what_it_finds_belongs_to_the_data(cast: Cast, looked: Image) -> None:
    copy = factories.make_image(cast.acme, cast.alice, data=looked.data)
    look = Look(copy.data)
    assert look.summary == "2 private SSH keys, 1 machine id found."
    assert (look.level, look.gap) == ("danger", "")
    assert [finding.paths for finding in look.findings][1] == ("/etc/machine-id",)
    assert not DataHold.objects.exists()


def test_it_is_done_in_the_background(
    cast: Cast, image: Image, work_through: WorkThrough, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        request_look(image.pk, by=cast.producer)
    assert ContentCheck.objects.get(data=image.data).status == "waiting"
    work_through()
    assert ContentCheck.objects.get(data=image.data).status == "done"


def test_only_creators_of_the_owner_ask_for_it(cast: Cast, image: Image) -> None:
    offer(image.pk, by=cast.producer, addresses=parse(cast.beta.number))
    with pytest.raises(PermissionDenied, match="owns the image, can look inside it"):
        request_look(image.pk, by=cast.consumer)


@pytest.mark.parametrize("disk_format", ["vmdk", "vdi", "vhdx"])
def test_other_formats_are_converted_first(cast: Cast, image: Image, disk_format: str) -> None:
    ImageData.objects.filter(pk=image.data_id).update(disk_format=disk_format)
    with pytest.raises(Conflict, match="Convert it to qcow2 first"):
        request_look(image.pk, by=cast.creator)


def test_asking_twice_looks_once(cast: Cast, image: Image) -> None:
    first = request_look(image.pk, by=cast.creator)
    again = request_look(image.pk, by=cast.producer)
    assert (first.pk, first.requested_at) == (again.pk, again.requested_at)


def test_one_that_died_can_be_asked_for_again(cast: Cast, image: Image) -> None:
    check = request_look(image.pk, by=cast.creator)
    ContentCheck.objects.update(status="running", requested_at=timezone.now() - timedelta(hours=2))
    again = request_look(image.pk, by=cast.creator)
    assert (again.pk, again.status) == (check.pk, "waiting")


def test_one_that_was_killed_is_done_again(cast: Cast, image: Image) -> None:
    check = request_look(image.pk, by=cast.creator)
    ContentCheck.objects.update(status="running")
    run_look(check.pk)
    check.refresh_from_db()
    assert check.status == "done"
    assert run_look(check.pk) is None


def test_looking_again_forgets_what_was_found(cast: Cast, looked: Image) -> None:
    check = request_look(looked.pk, by=cast.creator)
    assert (check.status, check.findings, check.finished_at) == ("waiting", {}, None)


def test_what_fails_is_told(cast: Cast, image: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: Any, **_options: Any) -> bytes:
        raise ProgramOverLimit("The look inside was stopped.")

    monkeypatch.setattr(sandbox, "run", fail)
    check = run_look(request_look(image.pk, by=cast.creator).pk)
    assert check
    assert (check.status, check.problem) == ("failed", "The look inside was stopped.")
    assert "The look inside was stopped." in page(cast.alice, image, cast.acme)


def test_damaged_data_is_not_looked_into(cast: Cast, image: Image) -> None:
    check = request_look(image.pk, by=cast.creator)
    ImageData.objects.filter(pk=image.data_id).update(stamp="another one")
    done = run_look(check.pk)
    assert done
    assert "damaged" in done.problem


def test_what_was_not_seen_is_never_called_clean(cast: Cast, tmp_path: Path) -> None:
    disk = tmp_path / "luks.raw"
    disk.write_bytes((b"LUKS\xba\xbe".ljust(512, b"\1")).ljust(disks.MIB, b"\1"))
    whole = disks.gpt(tmp_path / "whole.raw", [(disks.LINUX, "secret", disk)])
    image = factories.make_image(cast.acme, cast.alice, content=whole.read_bytes())
    run_look(request_look(image.pk, by=cast.creator).pk)
    look = Look(ImageData.objects.select_related("content_check").get(pk=image.data_id))
    assert look.level == "warning"
    assert look.gap == "No files were found that could be looked at."
    assert look.parts[0].gaps == ("not looked into: it is encrypted",)


class TestPages:
    def test_the_owner_sees_where(self, cast: Cast, looked: Image) -> None:
        text = page(cast.alice, looked, cast.acme)
        assert "2 private SSH keys" in text
        assert "/root/.ssh/id_rsa" in text
        assert "Look again" in text
        assert looked.data.os_hash_value in text

    def test_whoever_decides_sees_what_and_when_but_not_where(self, cast: Cast, looked: Image) -> None:
        offer(looked.pk, by=cast.producer, addresses=parse(cast.beta.number))
        client = signed_in(cast.bob)
        notices = client.get(reverse("image_list", args=[cast.beta.number])).content.decode()
        detail = page(cast.bob, looked, cast.beta)
        for text in (notices, detail):
            assert "2 private SSH keys, 1 machine id found." in text
            assert "id_rsa" not in text
        assert "Look again" not in detail

    def test_whoever_decides_is_told_that_nobody_looked(self, cast: Cast, image: Image) -> None:
        offer(image.pk, by=cast.producer, addresses=parse(cast.beta.number))
        assert "Nobody has looked inside" in page(cast.bob, image, cast.beta)

    def test_whoever_shares_sees_it_beside_the_question(self, cast: Cast, image: Image) -> None:
        assert "Look inside" in page(cast.alice, image, cast.acme, "share_image")
        run_look(request_look(image.pk, by=cast.creator).pk)
        assert "2 private SSH keys" in page(cast.alice, image, cast.acme, "share_image")

    def test_while_it_runs_the_page_asks_again(self, cast: Cast, image: Image) -> None:
        request_look(image.pk, by=cast.creator)
        assert 'hx-trigger="every 2s"' in page(cast.alice, image, cast.acme)
        summary = page(
            cast.alice, image, cast.acme, "image_inside", **{"HX-Request": "true", "HX-Target": "inside-summary"}
        )
        assert 'id="inside-summary"' in summary
        assert "<html" not in summary

    def test_the_button_works_with_a_script_and_without(self, cast: Cast, image: Image) -> None:
        client = signed_in(cast.carol)
        url = reverse("image_inside", args=[cast.acme.number, image.pk])
        assert client.post(url).headers["Location"].endswith("#inside")
        fragment = client.post(url, headers={"HX-Request": "true", "HX-Target": "inside"})
        assert 'id="inside"' in fragment.content.decode()
