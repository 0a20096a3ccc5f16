"""What becomes of an account's images when the account is closed."""

from django.db import transaction

from accounts.errors import Conflict
from accounts.models import Account
from accounts.viewer import Viewer
from images.actions.changes import bury
from images.models import Image


@transaction.atomic
def delete_images_of(account: Account, *, by: Viewer) -> None:
    """Delete every image of an account that is being closed: nobody is left who could look after them.

    Raises:
        Conflict: one of them is protected.
    """
    images = Image.objects.live().filter(account=account).select_related("account").order_by("pk")
    locked = list(images.select_for_update(of=("self",)))
    if protected := [image.name for image in locked if image.protected]:
        raise Conflict(f"Protected against deletion: {', '.join(protected[:5])}. Remove the protection first.")
    for image in locked:
        bury(image, by)
