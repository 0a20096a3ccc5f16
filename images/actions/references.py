"""A consumer account's own entry for somebody else's image."""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from accounts.errors import Conflict
from accounts.viewer import Viewer
from images.actions.events import record_image
from images.models import Image, Reference
from images.permissions import Verb, get_image
from images.querysets import OPEN_TO_ALL


@transaction.atomic
def label(
    image_id: UUID, *, by: Viewer, label: str = "", notes: str = "", default_login: str = "", ports: Sequence[int] = ()
) -> Reference:
    """Say in the account's own words what somebody else's image is.

    Raises:
        Http404, PermissionDenied: as ``get_image``.
        ValidationError: per field.
    """
    image = get_image(by, image_id, Verb.LABEL, lock=True)
    reference = _reference_of(image, by)
    reference.label, reference.notes = label, notes
    reference.default_login, reference.ports = default_login, list(ports)
    reference.clean_fields(exclude=["account", "image", "created_by"])
    reference.save()
    record_image("labelled", image, by, label=label)
    return reference


@transaction.atomic
def add_reference(image_id: UUID, *, by: Viewer) -> Reference:
    """Add an image that is open to all to the account's list.

    Raises:
        Http404, PermissionDenied: as ``get_image``.
        Conflict: the image is in the list for another reason.
    """
    image = get_image(by, image_id, Verb.LABEL, lock=True)
    if not can_be_added(image):
        raise Conflict("Only images of the community or the marketplace are added; this one needs no adding.")
    reference = _reference_of(image, by)
    if reference.pk is None:
        reference.save()
        record_image("added", image, by)
    return reference


@transaction.atomic
def remove_reference(image_id: UUID, *, by: Viewer) -> Image:
    """Take an added image out of the account's list, with the account's own words about it.

    Raises:
        Http404, PermissionDenied: as ``get_image``.
    """
    image = get_image(by, image_id, Verb.LABEL, lock=True)
    _number, deleted = Reference.objects.filter(account=by.account, image=image).delete()
    if deleted:
        record_image("taken out of the list", image, by)
    return image


def can_be_added(image: Image) -> bool:
    """Whether adding means something: the image is open to all, and not in everybody's list anyway."""
    is_public = image.visibility == Image.Visibility.PUBLIC
    return not is_public and (image.visibility in OPEN_TO_ALL or image.listed_at is not None)


def _reference_of(image: Image, by: Viewer) -> Reference:
    found = Reference.objects.filter(account=by.account, image=image).first()
    return found or Reference(account=by.account, image=image, created_by=by.user)
