"""From an upload to an image, when much has happened meanwhile."""

import gzip
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.utils import timezone

from accounts.actions import change_role, close, remove_member
from accounts.models import Membership
from accounts.roles import Role
from accounts.viewer import Viewer
from images.actions import (
    NewImage,
    attend_to_uploads,
    create_image,
    plan_image,
    receive_upload,
    start_upload,
    unpack_upload,
)
from images.demo_disks import bootable_raw
from images.models import Image, Upload
from tests.conftest import WorkThrough
from tests.people import Cast


def received(by: Viewer) -> Upload:
    upload = start_upload(by=by, filename="disk.raw")
    return receive_upload(upload.pk, by=by, chunks=[bootable_raw("A disk.", size=4096)])


def membership(cast: Cast) -> Membership:
    return Membership.objects.get(user=cast.carol, group=cast.acme.pk)


def test_somebody_who_was_removed_while_the_file_came_makes_no_image(cast: Cast) -> None:
    upload, carol = received(cast.creator), cast.creator
    remove_member(cast.acme, membership(cast).pk, by=cast.producer)
    with pytest.raises(Http404):
        create_image(upload.pk, by=carol, new=NewImage("late", cast.iad))
    assert not Image.objects.exists()


def test_somebody_who_may_only_look_by_then_makes_no_image(cast: Cast) -> None:
    upload, carol = received(cast.creator), cast.creator
    change_role(cast.acme, membership(cast).pk, role=Role.OBSERVER, by=cast.producer)
    with pytest.raises(PermissionDenied):
        create_image(upload.pk, by=carol, new=NewImage("late", cast.iad))


def test_an_account_that_was_closed_meanwhile_gets_no_image(cast: Cast) -> None:
    upload, carol = received(cast.creator), cast.creator
    close(cast.acme, by=cast.producer)
    with pytest.raises(Http404):
        create_image(upload.pk, by=carol, new=NewImage("late", cast.iad))


# --- Planned while the file is still being unpacked -------------------------------------------------


@pytest.fixture
def planned(cast: Cast) -> Upload:
    """An archive of Carol's that will be an image as soon as it is unpacked."""
    archive = gzip.compress(bootable_raw("A disk.", size=4096))
    upload = start_upload(by=cast.creator, filename="disk.raw.gz", size=len(archive), unpack=True)
    upload = receive_upload(upload.pk, by=cast.creator, chunks=[archive])
    plan_image(upload.pk, by=cast.creator, new=NewImage("late", cast.iad))
    return upload


def remove_carol(cast: Cast) -> None:
    remove_member(cast.acme, membership(cast).pk, by=cast.producer)


def demote_carol(cast: Cast) -> None:
    change_role(cast.acme, membership(cast).pk, role=Role.OBSERVER, by=cast.producer)


def deactivate_carol(cast: Cast) -> None:
    cast.carol.is_active = False
    cast.carol.save()


def close_region(cast: Cast) -> None:
    cast.iad.closed_at = timezone.now()
    cast.iad.save()


@pytest.mark.parametrize(
    ("meanwhile", "reason"),
    [
        (remove_carol, "no longer belongs to"),
        (demote_carol, "Only a creator"),
        (deactivate_carol, "no longer belongs to"),
        (close_region, "takes no new images"),
    ],
    ids=["removed", "may only look", "deactivated", "region closed"],
)
def test_what_does_not_fit_any_more_is_told_and_the_data_stays(
    cast: Cast, planned: Upload, meanwhile: Callable[[Cast], None], reason: str
) -> None:
    meanwhile(cast)
    unpack_upload(planned.pk)
    upload = Upload.objects.get()
    assert reason in upload.problem
    assert (upload.status, upload.plan) == ("received", NewImage("late", cast.iad).plan())
    assert not Image.objects.exists()


def test_the_person_goes_on_with_what_did_not_fit(cast: Cast, planned: Upload) -> None:
    close_region(cast)
    unpack_upload(planned.pk)
    image = create_image(planned.pk, by=cast.creator, new=NewImage("late", cast.dfw))
    assert image.data.size == 4096
    assert not Upload.objects.exists()


def test_what_no_form_asks_for_stays_as_it_was_planned(cast: Cast, planned: Upload) -> None:
    facts = {"os_family": "Debian", "properties": {"hw_disk_bus": "scsi"}}
    plan_image(planned.pk, by=cast.creator, new=NewImage("late", cast.iad, facts=facts))
    close_region(cast)
    unpack_upload(planned.pk)
    new = NewImage("late", cast.dfw, facts={"os_family": "Ubuntu"})
    image = plan_image(planned.pk, by=cast.creator, new=new)
    assert isinstance(image, Image)
    assert (image.os_family, image.properties) == ("Ubuntu", {"hw_disk_bus": "scsi"})


def test_nothing_tries_again_what_did_not_fit(cast: Cast, planned: Upload, work_through: WorkThrough) -> None:
    close_region(cast)
    work_through()
    Upload.objects.update(seen_at=timezone.now() - timedelta(hours=1))
    assert attend_to_uploads() == 0
    assert unpack_upload(planned.pk) is None


def test_a_plan_is_checked_when_it_is_made(cast: Cast, planned: Upload) -> None:
    with pytest.raises(PermissionDenied, match="Only an admin"):
        plan_image(planned.pk, by=cast.creator, new=NewImage("late", cast.iad, visibility="community"))
    with pytest.raises(ValidationError):
        plan_image(planned.pk, by=cast.creator, new=NewImage("", cast.iad))
    assert Upload.objects.get().plan == NewImage("late", cast.iad).plan()


def test_without_anything_to_unpack_the_image_is_made_at_once(cast: Cast) -> None:
    upload = received(cast.creator)
    assert plan_image(upload.pk, by=cast.creator, new=NewImage("now", cast.iad)) == Image.objects.get()


def test_a_plan_survives_the_database(cast: Cast) -> None:
    new = NewImage("x", cast.dfw, "shared", {"min_disk": 3, "properties": {"a": "b"}}, ["one"], "1234567897")
    assert NewImage.planned(new.plan()) == new


def test_a_plan_for_a_region_that_is_gone_is_told(cast: Cast) -> None:
    plan = NewImage("x", cast.dfw).plan()
    cast.dfw.delete()
    with pytest.raises(ValidationError, match="region is gone"):
        NewImage.planned(plan)
