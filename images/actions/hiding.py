"""What a person does not want to see in their lists, although a group or organization of theirs has it."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts.viewer import Viewer
from images.actions.events import record_image
from images.models import HiddenImage, Image
from images.permissions import Verb, get_image, hide_refusal


@transaction.atomic
def hide(image_id: UUID, *, by: Viewer) -> Image:
    """Leave an image out of the viewer's own lists. Everybody else sees it as before; hiding it twice changes nothing.

    Raises:
        Http404: the viewer cannot see it.
        PermissionDenied: it did not come through a group or organization.
    """
    image = get_image(by, image_id, Verb.HIDE, lock=True)
    if reason := hide_refusal(image):
        raise PermissionDenied(reason)
    _row, created = HiddenImage.objects.get_or_create(user=by.user, image=image)
    if created:
        record_image("hidden", image, by)
    return image


@transaction.atomic
def unhide(image_id: UUID, *, by: Viewer) -> Image:
    """Show an image in the viewer's lists again.

    Raises:
        Http404: the viewer cannot see it.
    """
    image = get_image(by, image_id, Verb.HIDE, lock=True)
    _number, deleted = HiddenImage.objects.filter(user=by.user, image=image).delete()
    if deleted:
        record_image("shown again", image, by)
    return image
