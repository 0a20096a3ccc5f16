"""Undo: what a producer has just offered is as if it had never been offered, while nobody has been told of it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.errors import Conflict
from accounts.viewer import Viewer
from images.models import Image
from images.permissions import refresh_grants
from sharing.actions.cases import end_marketplace_offer, follow_image
from sharing.actions.changes import record_by_producer, record_image, sync
from sharing.models import AddressKind, Share

TOO_LATE = "It is too late to undo {}: more than a minute has passed, or the recipient has decided. Remove it instead."
ROW, OPENED, FAMILY = "row", "opened", "family"
KEPT = (
    "recipient_id", "status", "message", "reason", "export", "offered_at", "offered_by_id", "offer_expires_at",
    "reminded_at", "decided_at", "decided_by_id", "access_until", "warned_days", "offers_future", "takes_future",
)  # fmt: skip


@transaction.atomic
def undo_offers(share_ids: Iterable[int], *, by: Viewer) -> list[Share]:
    """Take back offers that one has just made oneself: as if they had never been made, and nobody has been told.

    For as long as letters about them wait (``settings.UNDO_SECONDS``). What was offered again is as it was before, and
    an image that these offers made shared is private again, unless something else was agreed about it since. An offer
    on which the recipient has decided meanwhile stays, and the others are taken back all the same.

    Returns:
        The shares that were taken back.

    Raises:
        Conflict: it is too late for all of them.
    """
    shares = _lock(share_ids, by)
    undoable = [share for share in shares if can_be_undone(share)]
    if shares and not undoable:
        names = "the offer to " + shares[0].address_text if len(shares) == 1 else "these offers"
        raise Conflict(TOO_LATE.format(names))
    opened = {share.image_id: (share, share.offered_at) for share in undoable if share.before and share.before[OPENED]}
    for share in undoable:
        _undo(share, by)
    for share, offered_at in opened.values():
        _close_again(share.image, by, since=offered_at)
    return undoable


def can_be_undone(share: Share) -> bool:
    """Whether the last offer of a share is so fresh that nobody was told of it, and nobody else has decided on it.

    What no offer made has nothing to go back to: a later version, or what changed hands with its image.
    """
    fresh = share.before is not None and share.offered_at + timedelta(seconds=settings.UNDO_SECONDS) > timezone.now()
    return fresh and (share.status == Share.Status.PENDING or share.decided_at == share.offered_at)


def kept_for_undo(share: Share, *, opened: bool) -> dict[str, Any]:
    """What is to be restored: what the row said, in values that JSON holds, and whether the image was private.

    Later versions are of a family, so it is kept of which: what was agreed about them ends when the image leaves it.

    Args:
        share: as it is before the offer, with its image; one that was never saved is deleted again.
        opened: whether this offer makes its image shared.
    """
    said = {name: getattr(share, name) for name in KEPT} if share.pk else {}
    row = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in said.items()}
    return {ROW: row, OPENED: opened, FAMILY: share.image.family_id}


def _lock(share_ids: Iterable[int], by: Viewer) -> list[Share]:
    """The viewer's own offers among these, under the locks of their images, which are taken in one order."""
    found = Share.objects.filter(pk__in=list(share_ids), image__account=by.account.pk, offered_by=by.user)
    images = Image.objects.filter(pk__in=found.values("image")).select_related("account").order_by("pk")
    locked = {image.pk: image for image in images.select_for_update(of=("self",))}
    shares = list(found.filter(image__in=locked).select_related("recipient").order_by("pk"))
    for share in shares:
        share.image = locked[share.image_id]
    return shares


def _undo(share: Share, by: Viewer) -> None:
    record_by_producer("undone", share, by)
    if share.kind == AddressKind.MARKETPLACE:
        end_marketplace_offer(share, by=by)
    reached = share.recipient
    before = share.before or {}
    if row := before.get(ROW):
        _restore(share, row)
        if share.image.family_id is None or share.image.family_id != before.get(FAMILY):
            share.offers_future = share.takes_future = False
        share.save()
    else:
        share.delete()
    sync(share, before=reached)


def _restore(share: Share, row: dict[str, Any]) -> None:
    for name, value in row.items():
        is_moment = name.endswith(("_at", "_until")) and value is not None
        setattr(share, name, datetime.fromisoformat(value) if is_moment else value)
    share.before = None


def _close_again(image: Image, by: Viewer, *, since: datetime) -> None:
    """Make an image private again that an undone offer had made shared.

    Args:
        since: when that offer was made; its row may say by now what it said before.
    """
    agreed_since = Q(offered_at__gte=since) | Q(decided_at__gte=since)
    if image.visibility != Image.Visibility.SHARED or Share.objects.filter(agreed_since, image=image).exists():
        return
    image.visibility = Image.Visibility.PRIVATE
    image.save(update_fields=["visibility", "updated_at"])
    refresh_grants(image)
    record_image("visibility changed", image, by, old="shared", new="private")
    follow_image(image, by)
