"""What staff do to images of any account. The owner's activity shows it, with the person's login."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from django.utils import timezone

from accounts.errors import Conflict
from accounts.models import User
from accounts.roles import Role
from accounts.viewer import Viewer
from images.actions.changes import change_visibility, switch_off, switch_on
from images.actions.events import record_image
from images.models import Image
from images.permissions import may_operate, open_refusal


@transaction.atomic
def publish(image_id: UUID, *, by: User) -> Image:
    """Put an image in everybody's list.

    Raises:
        Http404: no such image.
        PermissionDenied: the person is not staff who may change images, or this one because of a case about it.
        Conflict: the owner's organization allows no images that everybody can use; or the image was made from one that
            could only be booted.
    """
    image, acting = _locked(image_id, by)
    if reason := open_refusal(acting, image):
        raise Conflict(reason)
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

    Its owner cannot reactivate it, also where the owner had deactivated it already.

    Raises:
        Http404, PermissionDenied: as ``publish``.
    """
    image, acting = _locked(image_id, by)
    switch_off(image, acting)
    if not image.deactivated_by_staff:
        image.deactivated_by_staff = True
        image.save(update_fields=["deactivated_by_staff", "updated_at"])
    return image


@transaction.atomic
def reactivate_for_owner(image_id: UUID, *, by: User) -> Image:
    """Let an image be used again.

    Raises:
        Http404, PermissionDenied: as ``publish``.
    """
    return switch_on(*_locked(image_id, by))


def list_in_marketplace(image: Image, *, by: Viewer, accepted_by: User) -> None:
    """Put an image into the marketplace, in the transaction that holds its row.

    Args:
        accepted_by: who of the staff has accepted the offer.
    """
    if image.listed_at is None:
        image.listed_at, image.listed_by = timezone.now(), accepted_by
        image.save(update_fields=["listed_at", "listed_by", "updated_at"])
        record_image("listed", image, by, account=image.account)


def take_off_marketplace(image: Image, *, by: Viewer) -> None:
    """Take an image out of the marketplace. Whoever has been given it otherwise keeps it."""
    if image.listed_at is not None:
        image.listed_at = image.listed_by = None
        image.save(update_fields=["listed_at", "listed_by", "updated_at"])
        record_image("taken off the marketplace", image, by, account=image.account)


def _locked(image_id: UUID, by: User) -> tuple[Image, Viewer]:
    """The image, and the person as one who acts for its owner."""
    image = Image.objects.live().select_for_update(of=("self",)).select_related("account").filter(pk=image_id).first()
    if not may_operate(by, image):
        raise PermissionDenied("Only staff who may change images can do this.")
    if image is None:
        raise Http404
    return image, Viewer(by, image.account, Role.ADMIN, ())
