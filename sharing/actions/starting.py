"""How an offer begins: its image is shared from then on, and a row, new or old, is pending or accepted at once."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from accounts.errors import Conflict
from accounts.models import User
from accounts.viewer import Viewer
from images.models import Image
from images.permissions import refresh_grants
from sharing import letters
from sharing.actions.cases import follow_image, open_for_marketplace
from sharing.actions.changes import decide, record_by_producer, record_image, sync
from sharing.actions.policies import write_down
from sharing.actions.terms import Offered, Outcome, Terms
from sharing.actions.undoing import kept_for_undo
from sharing.models import AddressKind, Rules, Share
from sharing.rules import revival_refusal
from sharing.targets import Target


def open_for_sharing(image: Image, by: Viewer, rules: Rules | None) -> bool:
    """Make a private image shared, in the step that offers it. Tells whether it was private.

    Args:
        rules: under which its account shares.

    Raises:
        Conflict: those would have it again with whom rules forbid to share by now.
    """
    if image.visibility != Image.Visibility.PRIVATE:
        return False
    if reason := revival_refusal(rules, image, by):
        raise Conflict(reason)
    image.visibility = Image.Visibility.SHARED
    image.save(update_fields=["visibility", "updated_at"])
    refresh_grants(image)
    record_image("visibility changed", image, by, old="private", new="shared")
    follow_image(image, by)
    return True


def start(target: Target, share: Share, by: Viewer, terms: Terms, *, opened: bool) -> Offered:
    """Make an offer to one recipient; whoever decides for it already has accepted in the same step.

    Args:
        share: a new one, or one that begins once more; with its image.
        opened: whether this offer makes the image shared.
    """
    previous = share.recipient
    share.before = kept_for_undo(share, opened=opened)
    share.recipient = target.recipient
    restart(share, by, terms)
    if target.decider:
        accept_at_once(share, target.decider)
        share.takes_future = share.offers_future and target.decider == by.user
    share.save()
    sync(share, before=previous)
    record_by_producer("offered", share, by, message=share.message)
    if share.kind == AddressKind.MARKETPLACE:
        open_for_marketplace(share, by=by)
    if target.decider:
        record_by_producer("accepted", share, by, because="authority" if target.decider == by.user else "trust")
        write_down(target.doubts, share.image, share.recipient, None)
    letters.offered(share, by)
    return Offered(share.address_text, Outcome.ACCEPTED if target.decider else Outcome.OFFERED, share)


def restart(share: Share, by: Viewer, terms: Terms) -> None:
    """Make a row that is not saved yet a new offer, whatever it was before."""
    now = timezone.now()
    share.status = Share.Status.PENDING
    share.message, share.export, share.reason = terms.message, terms.export, ""
    share.access_until, share.offers_future, share.takes_future = terms.access_until, terms.offers_future, False
    share.offered_at, share.offered_by = now, by.user
    expires = now + timedelta(days=settings.OFFER_LIFETIME_DAYS)
    share.offer_expires_at = min(expires, terms.access_until) if terms.access_until else expires
    if share.kind == AddressKind.MARKETPLACE:  # staff take the time that they need, and what they list stays
        share.offer_expires_at = share.access_until = None
    share.reminded_at = share.decided_at = share.decided_by = share.warned_days = None


def accept_at_once(share: Share, decider: User) -> None:
    """Accept a row that is not saved yet in the same step that offers it, so that both can be undone together."""
    decide(share, Share.Status.ACCEPTED, decider)
    share.decided_at = share.offered_at
