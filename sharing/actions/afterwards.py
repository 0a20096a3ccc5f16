"""What producers do with an offer that is made: remind of it, and take it back."""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.errors import Conflict
from accounts.viewer import Viewer
from images.permissions import Verb, get_own_image
from sharing import letters
from sharing.actions.cases import end_marketplace_offer
from sharing.actions.changes import end_later_versions_of, record_by_producer, share_of, sync
from sharing.actions.conditions import require_addressed
from sharing.models import AddressKind, Share

REMIND_AFTER = timedelta(days=1)


@transaction.atomic
def remind(image_id: UUID, share_id: int, *, by: Viewer) -> Share:
    """Remind the recipient of a pending offer, at most once a day.

    Raises:
        Http404, PermissionDenied: as ``offer``.
        Conflict: it is not pending, the image is not shared now, or a reminder went out less than a day ago.
    """
    image = get_own_image(by, image_id, Verb.OFFER, lock=True)
    share = share_of(image, share_id)
    require_addressed(share)
    if share.state != "pending":
        raise Conflict(f"This share is {share.state_text.lower()}: there is nobody to remind.")
    if not image.grants_apply:
        raise Conflict(f"The image is {image.visibility} now, so nobody could accept it. Make it shared first.")
    if not can_be_reminded(share):
        raise Conflict("They were asked or reminded less than a day ago. Check the address before you remind again.")
    share.reminded_at = timezone.now()
    share.save(update_fields=["reminded_at"])
    record_by_producer("reminded", share, by)
    letters.reminded(share, by)
    return share


def can_be_reminded(share: Share) -> bool:
    """Whether a day has passed since the offer or the last reminder."""
    last = share.reminded_at or share.offered_at
    return share.state == "pending" and last + REMIND_AFTER <= timezone.now()


@transaction.atomic
def remove(image_id: UUID, share_id: int, *, by: Viewer) -> None:
    """Take an image back from one address. Access through other shares stays; running servers go on.

    Raises:
        Http404: no such image or share for this viewer; also when somebody else has just removed it.
        PermissionDenied: only an admin of the owner account removes.
    """
    image = get_own_image(by, image_id, Verb.REMOVE_SHARE, lock=True)
    share = share_of(image, share_id)
    record_by_producer("removed", share, by)
    letters.removed(share, by)
    if share.kind == AddressKind.MARKETPLACE:
        end_marketplace_offer(share, by=by)
    end_later_versions_of(share)
    share.delete()
    sync(share)
