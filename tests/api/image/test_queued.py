"""Images whose data has not come: what programs say of them, and what becomes of them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.test import Client
from django.utils import timezone

from accounts.errors import Conflict
from accounts.models import Event
from accounts.roles import Role
from api.actions import make_credential, revoke_credential
from images import actions
from images.actions import NewImage
from images.actions.creation import planner
from images.demo_disks import bootable_raw
from images.models import Image, Upload
from images.problems import QuotaExceeded
from images.quotas import Counted
from tests import factories
from tests.api.conftest import MakeProgram
from tests.people import Cast

pytestmark = pytest.mark.django_db

DISK = bootable_raw("A disk of a program.", size=4096)


def queue(cast: Cast, **said: Any) -> Upload:
    """A queued image of Alice's program."""
    new = replace(NewImage("jammy", cast.iad), **said)
    return actions.start_queued(by=cast.producer.by_token(Role.ADMIN), new=new)


def say(upload: Upload, cast: Cast, **said: Any) -> None:
    """Change what was said of it."""
    actions.edit_queued(upload.pk, by=cast.producer, decide=lambda _upload, new: replace(new, **said))


def send(upload: Upload, cast: Cast) -> Image:
    """What becomes of it once its data is there."""
    actions.receive_upload(upload.pk, by=cast.producer, chunks=[DISK])
    return Image.objects.get(pk=upload.pk)


@pytest.mark.usefixtures("image_store")
class TestBecomingAnImage:
    def test_it_has_the_id_of_the_upload(self, cast: Cast) -> None:
        upload = queue(cast, tags=["a", "b"], facts={"protected": True, "properties": {"hw_disk_bus": "scsi"}})
        image = send(upload, cast)
        assert (image.name, image.protected, image.properties) == ("jammy", True, {"hw_disk_bus": "scsi"})
        assert [tag.name for tag in image.tags.all()] == ["a", "b"]
        assert not Upload.objects.exists()

    def test_without_a_name_it_is_named_by_its_id(self, cast: Cast) -> None:
        upload = queue(cast, name="")
        assert upload.title == "Image without a name"
        assert send(upload, cast).name == str(upload.pk)

    def test_what_was_begun_with_a_token_ends_with_its_rights(self, cast: Cast) -> None:
        upload = queue(cast, visibility="community")
        Upload.objects.update(plan=(upload.plan or {}) | {"most": "creator"})
        received = actions.receive_upload(upload.pk, by=cast.producer, chunks=[DISK])
        assert "Only an admin" in received.problem
        assert not Image.objects.exists()

    def test_what_was_begun_with_a_credential_ends_with_it(self, cast: Cast, api: MakeProgram) -> None:
        credential, _secret = make_credential(by=cast.producer, name="nightly", role=Role.CREATOR)
        answer = api(cast.producer, credential=credential).post("/image/v2/images", json={"name": "jammy"})
        revoke_credential(credential.pk, by=cast.producer)
        received = actions.receive_upload(answer.json()["id"], by=cast.producer, chunks=[DISK])
        assert "“nightly”" in received.problem
        assert not Image.objects.exists()

    def test_so_does_what_a_credential_sent_for_the_data_of(self, cast: Cast, api: MakeProgram) -> None:
        upload = queue(cast, disk_format="raw", container_format="bare")
        credential, _secret = make_credential(by=cast.producer, name="nightly", role=Role.CREATOR)
        said = {"method": {"name": "web-download", "uri": "https://files.example.org/disk.raw"}}
        program = api(cast.producer, credential=credential)
        assert program.post(f"/image/v2/images/{upload.pk}/import", json=said).status_code == 202
        revoke_credential(credential.pk, by=cast.producer)
        with pytest.raises(PermissionDenied, match="“nightly”"):
            planner(Upload.objects.get())


class TestStarting:
    def test_an_observer_cannot(self, cast: Cast) -> None:
        with pytest.raises(PermissionDenied):
            actions.start_queued(by=cast.observer, new=NewImage("x", cast.iad))

    def test_nobody_makes_a_public_one(self, cast: Cast) -> None:
        with pytest.raises(PermissionDenied, match="Only staff"):
            queue(cast, visibility="public")

    def test_a_creator_makes_a_shared_but_no_community_one(self, cast: Cast) -> None:
        upload = actions.start_queued(by=cast.creator, new=NewImage("x", cast.iad, "shared"))
        assert (upload.plan or {})["visibility"] == "shared"
        with pytest.raises(PermissionDenied, match="Only an admin"):
            actions.start_queued(by=cast.creator, new=NewImage("x", cast.iad, "community"))

    def test_an_id_is_used_once(self, cast: Cast) -> None:
        mine = uuid4()
        actions.start_queued(by=cast.producer, new=NewImage("x", cast.iad), image_id=mine)
        with pytest.raises(Conflict, match=str(mine)):
            actions.start_queued(by=cast.consumer, new=NewImage("x", cast.iad), image_id=mine)

    @pytest.mark.usefixtures("image_store")
    def test_a_deleted_image_keeps_its_id(self, cast: Cast) -> None:
        image = factories.make_image(cast.acme, cast.alice)
        actions.delete(image.pk, by=cast.producer)
        with pytest.raises(Conflict):
            actions.start_queued(by=cast.producer, new=NewImage("x", cast.iad), image_id=image.pk)
        assert not Upload.objects.exists()

    def test_in_a_closed_region_none_begins(self, cast: Cast) -> None:
        closed = factories.make_region("OLD", closed_at=timezone.now())
        with pytest.raises(ValidationError, match="takes no new images"):
            queue(cast, region=closed)

    def test_it_counts_for_the_quota(self, cast: Cast) -> None:
        actions.set_quota(cast.acme, by=cast.root, limits={Counted.IMAGES: 1})
        queue(cast)
        with pytest.raises(QuotaExceeded):
            queue(cast)


class TestAnotherAdmin:
    def test_says_of_it_what_whoever_began_it_may_say(self, cast: Cast) -> None:
        hers = actions.start_queued(by=cast.creator, new=NewImage("x", cast.iad))
        say(hers, cast, name="y", visibility="shared")
        with pytest.raises(PermissionDenied, match=r"rights of carol.*Only an admin"):
            say(hers, cast, visibility="community")
        assert NewImage.planned(Upload.objects.get().plan or {}).visibility == "shared"


class TestFinding:
    def test_a_creator_has_their_own_and_an_admin_all(self, cast: Cast) -> None:
        hers = actions.start_queued(by=cast.creator, new=NewImage("x", cast.iad))
        assert actions.get_queued(cast.producer, hers.pk) == actions.get_queued(cast.creator, hers.pk) == hers
        with pytest.raises(Http404):
            actions.get_queued(cast.creator, queue(cast).pk)

    def test_others_have_none(self, cast: Cast) -> None:
        upload = queue(cast)
        for viewer in (cast.consumer, cast.observer):
            for act in (actions.get_queued, lambda who, pk: actions.discard_queued(pk, by=who)):
                with pytest.raises(Http404):
                    act(viewer, upload.pk)

    def test_an_upload_of_the_pages_is_none(self, cast: Cast) -> None:
        upload = actions.start_upload(by=cast.producer, filename="disk.raw")
        with pytest.raises(Http404):
            actions.get_queued(cast.producer, upload.pk)
        with pytest.raises(Http404):
            say(upload, cast, name="y")

    def test_its_time_is_over_at_some_day(self, cast: Cast) -> None:
        upload = queue(cast)
        Upload.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        with pytest.raises(Http404):
            actions.get_queued(cast.producer, upload.pk)


class TestEditing:
    def test_what_is_not_said_stays(self, cast: Cast) -> None:
        upload = queue(cast, tags=["a"], facts={"min_ram": 512})
        say(upload, cast, name="noble", disk_format="qcow2")
        plan = Upload.objects.get().plan or {}
        assert (plan["name"], plan["tags"], plan["facts"]) == ("noble", ["a"], {"min_ram": 512})
        assert plan["disk_format"] == "qcow2"

    def test_it_is_checked_as_a_new_one(self, cast: Cast) -> None:
        upload = queue(cast)
        with pytest.raises(ValidationError):
            say(upload, cast, facts={"min_ram": -1})
        with pytest.raises(PermissionDenied):
            say(upload, cast, visibility="public")


class TestDiscarding:
    def test_it_is_gone(self, cast: Cast) -> None:
        actions.discard_queued(queue(cast).pk, by=cast.producer)
        assert not Upload.objects.exists()

    def test_what_is_fetched_is_cancelled_with_it(self, cast: Cast) -> None:
        new = NewImage("x", cast.iad)
        upload = actions.start_import(by=cast.producer, url="https://example.org/jammy.img", new=new)
        actions.discard_queued(upload.pk, by=cast.producer)
        assert Event.objects.filter(verb="import cancelled", subject_id=upload.pk).exists()

    def test_not_while_it_is_protected(self, cast: Cast) -> None:
        upload = queue(cast, facts={"protected": True})
        with pytest.raises(PermissionDenied, match="protected"):
            actions.discard_queued(upload.pk, by=cast.producer)


def test_the_pages_show_it(client: Client, cast: Cast) -> None:
    upload = queue(cast)
    client.force_login(cast.alice)
    page = client.get(f"/a/{cast.acme.number}/images/").content.decode()
    assert "jammy" in page
    assert "Waiting for data" in page
    assert f"?upload={upload.pk}" not in page  # a browser cannot go on with it
