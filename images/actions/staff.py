"""What staff do to images of any account. The owner's activity shows it, with the person's login."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404

from accounts.models import User
from accounts.roles import Role
from accounts.viewer import Viewer
from images.actions.changes import change_visibility, switch_off, switch_on
from images.models import Image


@transaction.atomic
def publish(image_id: UUID, *, by: User) -> Image:
    """Put an image in everybody's list.

    Raises:
        Http404: no such image.
        PermissionDenied: the person is not staff who may change images.
    """
    image, acting = _locked(image_id, by)
    return change_visibility(image, acting, Image.Visibility.PUBLIC)


@transaction.atomic
def unpublish(image_id: UUID, *, by: User) -> Image:
    """Take an image out of everybody's list: it is shared from then on, so that consumers by consent keep it.

    Raises:
        Http404, PermissionDenied: as ``publish``.
    """
    image, acting = _locked(image_id, by)
    if image.visibility != Image.Visibility.PUBLIC:
        return image
    return change_visibility(image, acting, Image.Visibility.SHARED)


@transaction.atomic
def deactivate_for_owner(image_id: UUID, *, by: User) -> Image:
    """Let nobody boot or copy an image, for example while a report about it is looked into.

    Raises:
        Http404, PermissionDenied: as ``publish``.
    """
    return switch_off(*_locked(image_id, by))


@transaction.atomic
def reactivate_for_owner(image_id: UUID, *, by: User) -> Image:
    """Let an image be used again.

    Raises:
        Http404, PermissionDenied: as ``publish``.
    """
    return switch_on(*_locked(image_id, by))


def _locked(image_id: UUID, by: User) -> tuple[Image, Viewer]:
    """The image, and the person as one who acts for its owner."""
    if not (by.is_staff and by.has_perm("images.change_image")):
        raise PermissionDenied("Only staff who may change images can do this.")
    image = Image.objects.live().select_for_update(of=("self",)).select_related("account").filter(pk=image_id).first()
    if image is None:
        raise Http404
    return image, Viewer(by, image.account, Role.ADMIN, ())
