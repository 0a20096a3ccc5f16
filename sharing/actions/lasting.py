"""How long a share lasts: the producer extends and shortens it, the recipient asks for longer."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from accounts.errors import Conflict
from accounts.models import Event
from accounts.permissions import lock_groups
from accounts.viewer import Viewer
from images.models import Image
from images.permissions import Verb, get_image, get_own_image, require
from sharing import announcements
from sharing.actions.changes import record_by_producer, record_by_recipient, share_of, sync
from sharing.actions.ends import days_left
from sharing.lasting import checked_end
from sharing.models import AddressKind, Rules, Share
from sharing.rules import divide, rules_of
from sharing.targets import Target

ASK_AFTER = timedelta(days=1)


@transaction.atomic
def set_end(image_id: UUID, share_id: int, *, by: Viewer, until: datetime | None) -> Share:
    """Say until when a recipient has an image. An earlier end is removing, a later one offering: each its own right.

    Args:
        until: None for no end, which becomes the latest one where there is such a rule.

    Raises:
        Http404: no such image or share for this viewer.
        PermissionDenied: they may not extend it (observers), or not shorten it (creators).
        Conflict: the share has ended, or was rejected; it is with the marketplace, which has images without an end; or
            a second person would have to approve of more.
        ValidationError: the end is past, or later than rules allow; or they do not allow to share with them any more.
    """
    by = lock_groups(by, [by.account.organization])  # so that rules stay as they are
    image = get_own_image(by, image_id, Verb.SEE_SHARES, lock=True)
    share = share_of(image, share_id)
    if share.kind == AddressKind.MARKETPLACE:
        raise Conflict("The marketplace has images without an end. Remove this share when it shall end.")
    rules = rules_of(image.account)
    until = checked_end(rules, until)
    is_shorter = _is_earlier(until, share.access_until)
    require(by, Verb.REMOVE_SHARE if is_shorter else Verb.OFFER, image)
    if share.state not in ("pending", "accepted"):
        raise Conflict(f"This share is {share.state_text.lower()}: share the image again instead.")
    if until == share.access_until:
        return share
    if not is_shorter:
        _require_within_rules(rules, share, by)
    share.access_until = until
    share.offer_expires_at = _offer_expiry(share)
    share.warned_days = days_left(share)  # they hear of the new end now
    share.save(update_fields=["access_until", "offer_expires_at", "warned_days"])
    sync(share)
    day = f"{until:%Y-%m-%d}" if until else ""
    if is_shorter:
        record_by_producer("shortened", share, by, day=day)
    else:
        record_by_producer("extended", share, by, day=day)
    announcements.end_changed(share)
    return share


@transaction.atomic
def ask_for_longer(image_id: UUID, *, by: Viewer) -> list[Share]:
    """Ask the producer of an image that ends to let the viewer's side have it for longer, at most once a day.

    Returns:
        The shares that were asked about.

    Raises:
        Http404: the viewer cannot see the image.
        PermissionDenied: they do not decide for anybody who has it.
        Conflict: it has no end, or they asked less than a day ago.
    """
    image = get_image(by, image_id, Verb.SEE, lock=True)
    held = list(Share.objects.held_by(by, image))
    if reason := why_not_ask(by, held):
        raise PermissionDenied(reason)
    ending = ending_for(by, held)
    if not ending:
        raise Conflict("You have this image without an end: there is nothing to ask for.")
    asked = asked_lately(image, ending)
    fresh = [share for share in ending if share.pk not in asked]
    if not fresh:
        raise Conflict(f"{image.account.title} was asked less than a day ago. Wait for an answer.")
    for share in fresh:
        share.image = image
        record_by_recipient("asked for longer", share, by)
        announcements.asked_for_longer(share)
    return fresh


def why_not_ask(by: Viewer, held: Collection[Share]) -> str:
    """Why the viewer cannot ask for an image for longer; empty when they can."""
    if any(share.recipient_id in by.decides_for for share in held):
        return ""
    return "Only somebody who decides for those who have the image can ask for it for longer."


def asked_lately(image: Image, shares: Collection[Share]) -> set[int]:
    """About which of these shares the producer was asked less than a day ago. One query."""
    asked = Event.objects.of("image", image.pk).filter(verb="asked for longer", account=image.account_id)
    lately = asked.filter(at__gt=timezone.now() - ASK_AFTER, detail__share__in=[share.pk for share in shares])
    return set(lately.order_by().values_list("detail__share", flat=True))


def ending_for(by: Viewer, held: Collection[Share]) -> list[Share]:
    """The shares out of those by which the viewer has an image that end, and for which they decide."""
    return [share for share in held if share.access_until and share.recipient_id in by.decides_for]


def _require_within_rules(rules: Rules | None, share: Share, by: Viewer) -> None:
    """More time is as much as a new offer: the rules of the organization hold for it, too.

    Raises:
        ValidationError: they forbid to share with this recipient.
        Conflict: they ask for a second person, who has not agreed to more than there is.
    """
    target = Target(AddressKind(share.kind), share.address, share.recipient)
    if divide(rules, by, [target]).held:
        text = "{} is outside of your organization: a second person agreed to this end and to none later."
        raise Conflict(f"{text.format(share.address_text)} Share the image again when it has ended.")


def _offer_expiry(share: Share) -> datetime | None:
    """A pending offer runs out with what it offers, at the latest."""
    if share.status != Share.Status.PENDING:
        return share.offer_expires_at
    expires = share.offered_at + timedelta(days=settings.OFFER_LIFETIME_DAYS)
    if share.kind == AddressKind.CODE and share.offer_expires_at:  # whoever made it said for how many days it works
        expires = share.offer_expires_at
    return min(expires, share.access_until) if share.access_until else expires


def _is_earlier(one: datetime | None, other: datetime | None) -> bool:
    if one is None:
        return False
    return other is None or one < other
