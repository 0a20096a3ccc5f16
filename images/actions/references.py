"""A consumer account's own entry for somebody else's image."""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.http import Http404

from accounts.errors import Conflict
from accounts.viewer import Viewer
from images.actions.events import record_image
from images.models import Image, Reference
from images.permissions import Verb, get_image
from images.querysets import OPEN_TO_ALL
from images.references import words_of


@transaction.atomic
def label(
    image_id: UUID,
    *,
    by: Viewer,
    label: str | None = None,
    notes: str | None = None,
    default_login: str | None = None,
    ports: Sequence[int] | None = None,
) -> Reference:
    """Say in the account's own words what somebody else's image is. What is left out stays as it is.

    What the producer says at this moment is kept beside it, so that a later change of it can be shown.

    Raises:
        Http404, PermissionDenied: as ``get_image``.
        ValidationError: per field.
    """
    image = get_image(by, image_id, Verb.LABEL, lock=True)
    reference = _reference_of(image, by)
    words = {"label": label, "notes": notes, "default_login": default_login, "ports": ports}
    for name, value in words.items():
        if value is not None:
            setattr(reference, name, value)
    reference.theirs = words_of(image)
    reference.clean_fields(exclude=["account", "image", "created_by"])
    reference.save()
    record_image("labelled", image, by, label=reference.label)
    return reference


@transaction.atomic
def use_theirs(image_id: UUID, field: str, *, by: Viewer) -> Reference:
    """Take back the account's own words about one thing, so that the producer's are shown again.

    Args:
        field: one of ``FIELDS``.

    Raises:
        Http404, PermissionDenied: as ``get_image``. Also when the account has no words of its own.
    """
    image = get_image(by, image_id, Verb.LABEL, lock=True)
    reference = _reference_of(image, by)
    if reference.pk is None:
        raise Http404
    setattr(reference, field, [] if field == "ports" else "")
    reference.theirs = reference.theirs | {field: words_of(image)[field]}
    reference.save()
    record_image("labelled", image, by, label=reference.label)
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
