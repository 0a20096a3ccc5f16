"""From shares to grants: the one place where consent becomes access."""

from datetime import datetime

from django.contrib.auth.models import Group
from django.db.models import Exists, Q

from accounts.querysets import NOBODY
from images.models import Image
from images.permissions import Right, set_grants
from sharing.models import Block, Share

FOREVER = None


def sync_grants(image: Image, recipient: Group | None) -> None:
    """Make the grants of one recipient for one image what its shares say, in the transaction that changed them.

    Called under the lock of the image. Where several shares reach one recipient, the longest of each right counts.

    Args:
        recipient: None for an address that nobody has. It costs the same statements, so that the time an offer
            takes tells the producer nothing.
    """
    set_grants(image, recipient, expected_rights(image, recipient))


def expected_rights(image: Image, recipient: Group | None) -> dict[Right, datetime | None]:
    """The rights that the shares of an image give one recipient, each with its end.

    A pending offer shows the page until it expires; an accepted one also lets servers boot and, unless the offer
    is for booting only, lets the data be downloaded. An offer of a producer whom the recipient blocks gives nothing.
    """
    rights: dict[Right, datetime | None] = {}
    reached = recipient.pk if recipient else NOBODY  # and not all shares with addresses that nobody has
    blocks = Block.objects.filter(recipient=reached, producer=image.account_id)
    heard = Q(status=Share.Status.ACCEPTED) | ~Exists(blocks)  # as ``not_blocked``, of both sides that are known
    for share in Share.objects.filter(heard, image=image, recipient=reached):
        for right in _rights_of(share):
            until = share.access_until if share.status == Share.Status.ACCEPTED else share.offer_expires_at
            rights[right] = _later(rights[right], until) if right in rights else until
    return rights


def _rights_of(share: Share) -> list[Right]:
    match share.status:
        case Share.Status.PENDING:
            return [Right.VIEW]
        case Share.Status.ACCEPTED:
            return [Right.VIEW, Right.USE, *([Right.EXPORT] if share.export else [])]
    return []


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    if one is FOREVER or other is FOREVER:
        return FOREVER
    return max(one, other)
