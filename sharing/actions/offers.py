"""What producers offer: whoever has authority over a recipient decides at once, everybody else is asked.

The design's "What an offer does", step by step: who may offer, to whom, on which terms, and what rules hold back.
"""

from collections.abc import Iterable
from uuid import UUID

from django.contrib.auth.models import Group
from django.db import transaction

from accounts.addresses import Address
from accounts.errors import Conflict
from accounts.permissions import lock_groups
from accounts.viewer import Viewer
from images.models import Image
from images.permissions import Verb, get_own_image
from sharing.actions.changes import share_of
from sharing.actions.conditions import (
    check_daily_limit,
    checked_terms,
    require_addressed,
    require_offerable,
    require_shared,
)
from sharing.actions.holding import check_open_limit, hold_offer
from sharing.actions.starting import open_for_sharing, start
from sharing.actions.terms import ASKED, USUAL, Offered, Outcome, Terms, Way
from sharing.addresses import resolve
from sharing.models import Rules, Share
from sharing.rules import divide, rules_of
from sharing.targets import Target, candidates, find_targets, target_of


@transaction.atomic
def offer(
    image_id: UUID,
    *,
    by: Viewer,
    addresses: Iterable[Address] = (),
    groups: Iterable[Group] = (),
    terms: Terms = USUAL,
    way: Way = ASKED,
) -> list[Offered]:
    """Offer an image to addresses, and to groups, organizations and accounts for which the producer decides.

    A private image becomes shared in the same step, unless a program offers it: that says so first. Repeating an offer
    changes nothing and says so.

    Args:
        groups: accounts, groups and organizations out of what the producer administers or manages; with a token, out
            of what its account knows (``sharing.naming``).

    Returns:
        A result for each recipient, in the order given.

    Raises:
        Http404: the viewer cannot see the image.
        PermissionDenied: they may not share it, or a group is not theirs to decide for; or a program offers an image
            that is not shared.
        Conflict: everybody can use the image anyway; or it is private, and was shared with somebody outside of an
            organization that forbids it now.
        ValidationError: no recipient, the image's own account, an end that is past or later than rules allow, somebody
            outside of an organization that forbids it, or more offers than one day allows.
    """
    addresses, groups = list(addresses), list(groups)
    get_own_image(by, image_id, Verb.OFFER)  # nobody holds up a recipient with somebody else's image
    by, image = _locked(image_id, by, [*resolve(addresses).values(), *groups])
    targets = find_targets(image, by, addresses, groups)
    check_daily_limit(image.account, by.user, len(targets))
    rules = rules_of(image.account)
    terms = checked_terms(terms, image, rules, targets)
    rows = _rows_of(image, targets)
    begin = [each for each in targets if _begins(rows.get(each.key), again=way.again)]
    held = divide(rules, by, begin, approved=way.approved).held
    check_open_limit(image, len(held))
    opened = len(held) < len(targets) and open_for_sharing(image, by, rules)
    return [
        _hold(image, target, by, terms, rules)
        if target in held
        else _start(image, target, rows.get(target.key), by, terms, opened=opened)
        if target in begin
        else _repeated(rows[target.key])
        for target in targets
    ]


@transaction.atomic
def offer_again(image_id: UUID, share_id: int, *, by: Viewer) -> Offered:
    """Offer a rejected or expired share again, on the same terms: as if the recipient were named once more.

    Returns:
        With the share, which is as it was where the new offer waits for approval.

    Raises:
        Http404, PermissionDenied, ValidationError: as ``offer``.
        Conflict: as ``offer``; or the share is pending or accepted, or stands for a claim code.
    """
    named = share_of(get_own_image(by, image_id, Verb.OFFER), share_id)
    require_addressed(named)
    by, image = _locked(image_id, by, candidates(named))
    share = share_of(image, share_id)
    if not share.can_be_offered_again:
        raise Conflict(f"This share is {share.state_text.lower()}: there is nothing to offer again.")
    target = target_of(share, by)
    check_daily_limit(image.account, by.user, 1)
    rules = rules_of(image.account)
    terms = checked_terms(Terms(share.message, share.export, None, share.offers_future), image, rules)
    if divide(rules, by, [target]).held:
        check_open_limit(image, 1)
        return _hold(image, target, by, terms, rules, share)
    return start(target, share, by, terms, opened=open_for_sharing(image, by, rules))


def _locked(image_id: UUID, by: Viewer, reached: Iterable[Group | None]) -> tuple[Viewer, Image]:
    """The viewer as they are now, and the image.

    Under the locks of the recipients, of the organization whose rules hold, and of the image, taken in this order.
    """
    by = lock_groups(by, [*reached, by.account.organization])
    image = get_own_image(by, image_id, Verb.OFFER, lock=True)
    require_shared(image, by)
    require_offerable(image)
    return by, image


def _rows_of(image: Image, targets: Iterable[Target]) -> dict[tuple[str, str], Share]:
    """What there is already of an image for these recipients."""
    named = Share.objects.filter(image=image, address__in=[target.value for target in targets])
    return {(share.kind, share.address): share for share in named.select_related("recipient")}


def _begins(share: Share | None, *, again: bool) -> bool:
    """Whether there is something to offer: not where it waits or gives access already."""
    return share is None or (share.can_be_offered_again and (again or share.status != Share.Status.REJECTED))


def _hold(
    image: Image, target: Target, by: Viewer, terms: Terms, rules: Rules | None, share: Share | None = None
) -> Offered:
    assert rules, "Only rules hold an offer."
    return Offered(hold_offer(image, target, by, terms, rules).address_text, Outcome.HELD, share)


def _start(image: Image, target: Target, share: Share | None, by: Viewer, terms: Terms, *, opened: bool) -> Offered:
    share = share or Share(kind=target.kind, address=target.value)
    share.image = image
    return start(target, share, by, terms, opened=opened)


def _repeated(share: Share) -> Offered:
    """Nothing happens to what was offered already."""
    return Offered(share.address_text, _ALREADY[Share.Status(share.status)], share)


_ALREADY = {
    Share.Status.PENDING: Outcome.ALREADY_OFFERED,
    Share.Status.ACCEPTED: Outcome.ALREADY_ACCEPTED,
    Share.Status.REJECTED: Outcome.ALREADY_REJECTED,
}
