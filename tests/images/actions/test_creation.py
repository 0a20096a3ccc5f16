"""From an upload to an image, when much has happened meanwhile."""

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404

from accounts.actions import change_role, close, remove_member
from accounts.models import Membership
from accounts.roles import Role
from accounts.viewer import Viewer
from images.actions import NewImage, create_image, receive_upload, start_upload
from images.demo_disks import bootable_raw
from images.models import Image, Upload
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
