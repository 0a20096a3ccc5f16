"""What becomes of an account's images when the account is closed."""

from uuid import UUID

from django.db import transaction

from accounts.errors import Conflict
from accounts.models import Account
from accounts.viewer import Viewer
from images.actions.changes import bury
from images.actions.removal import discard
from images.models import Image, Upload


@transaction.atomic
def delete_images_of(account: Account, *, by: Viewer) -> None:
    """Delete every image of an account that is being closed: nobody is left who could look after them.

    What is still on its way is thrown away as soon as that is certain; imports and conversions notice by themselves.

    Raises:
        Conflict: one of them is protected.
    """
    images = Image.objects.live().filter(account=account).select_related("account").order_by("pk")
    locked = list(images.select_for_update(of=("self",)))
    if protected := [image.name for image in locked if image.protected]:
        raise Conflict(f"Protected against deletion: {', '.join(protected[:5])}. Remove the protection first.")
    for image in locked:
        bury(image, by)
    # Not in this transaction: elsewhere the row of an upload is taken before that of its account.
    transaction.on_commit(lambda: _discard_uploads_of(account), robust=True)


def _discard_uploads_of(account: Account) -> None:
    for pk in list(Upload.objects.filter(account=account).values_list("pk", flat=True)):
        _discard(pk)


@transaction.atomic
def _discard(upload_id: UUID) -> None:
    upload = Upload.objects.select_for_update(of=("self",)).select_related("data").filter(pk=upload_id).first()
    if upload is not None:
        discard(upload)
