"""What producers do: offer, offer again, remind, remove."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Q
from django.http import Http404
from django.utils import timezone

from accounts.addresses import Address
from accounts.errors import Conflict, wrong
from accounts.models import Account, Event, User
from accounts.permissions import lock_groups
from accounts.viewer import Viewer
from images.models import Image
from images.permissions import Verb, get_image, refresh_grants
from sharing import letters
from sharing.actions.cases import end_marketplace_offer, open_for_marketplace
from sharing.actions.cases import follow_image as follow_cases
from sharing.actions.changes import decide, end_later_versions_of, record_by_producer, record_image, sync
from sharing.actions.holding import check_open_limit, hold_offer
from sharing.actions.policies import write_down
from sharing.actions.undoing import kept_for_undo
from sharing.addresses import resolve
from sharing.lasting import checked_end
from sharing.limits import HOW_TO_ASK, offers_per_day
from sharing.models import AddressKind, Share
from sharing.rules import Divided, divide
from sharing.targets import Target, candidates, find_targets, open_to_all, over, target_of

REMIND_AFTER = timedelta(days=1)


@dataclass(frozen=True)
class Terms:
    """What goes with an offer.

    Attributes:
        message: to the recipient, in the producer's words.
        export: whether the data may be downloaded and copied.
        access_until: when access ends by itself; None for as long as rules allow.
        offers_future: whether later versions of the image's family come with it, if the recipient agrees.
    """

    message: str = ""
    export: bool = True
    access_until: datetime | None = None
    offers_future: bool = False


class Outcome(Enum):
    """What became of an offer, in words that are the same whether or not the address exists."""

    OFFERED = "Offered: they are asked first."
    ACCEPTED = "Accepted: they can use it now."
    ALREADY_OFFERED = "Was asked already and has not decided yet."
    ALREADY_ACCEPTED = "Has it already."
    HELD = "Waits for approval: a second person of your organization has to agree."

    @property
    def changed(self) -> bool:
        """Whether there is a new offer."""
        return self in (Outcome.OFFERED, Outcome.ACCEPTED)


@dataclass(frozen=True)
class Offered:
    """What became of the offer to one address.

    Attributes:
        address: as people read it.
        row: of the share, new or old; None while the offer waits for approval.
    """

    address: str
    outcome: Outcome
    row: Share | None = None

    @property
    def share(self) -> Share:
        """The share, where the offer was made. One that waits for approval has none."""
        assert self.row is not None, f"The offer to {self.address} waits for approval."
        return self.row

    @property
    def text(self) -> str:
        """The result in words."""
        return self.outcome.value


@transaction.atomic
def offer(
    image_id: UUID,
    *,
    by: Viewer,
    addresses: Iterable[Address] = (),
    groups: Iterable[Group] = (),
    terms: Terms = Terms(),
    approved: bool = False,
) -> list[Offered]:
    """Offer an image to addresses, and to groups, organizations and accounts for which the producer decides.

    Whoever has authority over a recipient decides at once; everybody else is asked (design: "What an offer does").
    A private image becomes shared in the same step. Repeating an offer changes nothing and says so.

    Args:
        groups: accounts, groups and organizations out of what the producer administers or manages.
        approved: a second person has, where the rules of the organization ask for one.

    Returns:
        A result for each recipient, in the order given.

    Raises:
        Http404: the viewer cannot see the image.
        PermissionDenied: they may not share it, or a group is not theirs to decide for.
        Conflict: everybody can use the image anyway.
        ValidationError: no recipient, the image's own account, an end that is past or later than rules allow, somebody
            outside of an organization that forbids it, or more offers than one day allows.
    """
    addresses, groups = list(addresses), list(groups)
    get_image(by, image_id, Verb.OFFER)  # nobody holds up a recipient with somebody else's image
    by = lock_groups(by, [*resolve(addresses).values(), *groups, by.account.organization])
    image = get_image(by, image_id, Verb.OFFER, lock=True)
    require_offerable(image)
    targets = find_targets(image, by, addresses, groups)
    check_daily_limit(image.account, by.user, len(targets))
    check_terms(targets, terms)
    terms = replace(
        terms,
        access_until=checked_end(image.account, terms.access_until),
        offers_future=terms.offers_future and image.family_id is not None,
    )
    named = Share.objects.of_image(image).filter(address__in=[target.value for target in targets])
    rows = {(share.kind, share.address): share for share in named}
    divided = divide(image, by, [each for each in targets if _is_new(rows.get(each.key))], approved=approved)
    check_open_limit(image, len(divided.held))
    opened = len(divided.held) < len(targets) and open_for_sharing(image, by)
    return [
        _hold_one(image, target, by, terms, divided)
        if target in divided.held
        else _offer_one(image, target, rows.get(target.key), by, terms, opened=opened)
        for target in targets
    ]


@transaction.atomic
def offer_again(image_id: UUID, share_id: int, *, by: Viewer) -> Share:
    """Offer a rejected or expired share again, on the same terms: as if the recipient were named once more.

    Returns:
        The share; as it was, where the new offer waits for approval.

    Raises:
        Http404, PermissionDenied, ValidationError: as ``offer``.
        Conflict: it is pending or accepted, or everybody can use the image anyway.
    """
    named = share_of(get_image(by, image_id, Verb.OFFER), share_id)
    _require_addressed(named)
    by = lock_groups(by, [*candidates(named), by.account.organization])
    image = get_image(by, image_id, Verb.OFFER, lock=True)
    require_offerable(image)
    share = share_of(image, share_id)
    if not share.can_be_offered_again:
        raise Conflict(f"This share is {share.state_text.lower()}: there is nothing to offer again.")
    target = target_of(share, by)
    check_daily_limit(image.account, by.user, 1)
    divided = divide(image, by, [target])
    terms = Terms(share.message, share.export, checked_end(image.account, None), share.offers_future)
    if divided.held:
        _hold_one(image, target, by, terms, divided)
    else:
        _offer_one(image, target, share, by, terms, opened=open_for_sharing(image, by))
    return share


@transaction.atomic
def remind(image_id: UUID, share_id: int, *, by: Viewer) -> Share:
    """Remind the recipient of a pending offer, at most once a day.

    Raises:
        Http404, PermissionDenied: as ``offer``.
        Conflict: it is not pending, the image is not shared now, or a reminder went out less than a day ago.
    """
    image = get_image(by, image_id, Verb.OFFER, lock=True)
    share = share_of(image, share_id)
    _require_addressed(share)
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


@transaction.atomic
def remove(image_id: UUID, share_id: int, *, by: Viewer) -> None:
    """Take an image back from one address. Access through other shares stays; running servers go on.

    Raises:
        Http404: no such image or share for this viewer; also when somebody else has just removed it.
        PermissionDenied: only an admin of the owner account removes.
    """
    image = get_image(by, image_id, Verb.REMOVE_SHARE, lock=True)
    share = share_of(image, share_id)
    record_by_producer("removed", share, by)
    letters.removed(share, by)
    if share.kind == AddressKind.MARKETPLACE:
        end_marketplace_offer(share, by=by)
    end_later_versions_of(share)
    share.delete()
    sync(share)


def require_offerable(image: Image) -> None:
    """Refuse to offer what everybody can use anyway, and what nobody can.

    Raises:
        Conflict: the image is open to everybody, or obsolete.
    """
    if reason := open_to_all(image) or over(image):
        raise Conflict(reason)


def _require_addressed(share: Share) -> None:
    """Refuse what needs somebody to write to: a claim code reaches nobody before somebody has used it."""
    if share.kind == AddressKind.CODE:
        raise Conflict("This offer is a claim code, and goes to nobody by itself: make a new code, and pass it on.")


def can_be_reminded(share: Share) -> bool:
    """Whether a day has passed since the offer or the last reminder."""
    last = share.reminded_at or share.offered_at
    return share.state == "pending" and last + REMIND_AFTER <= timezone.now()


def share_of(image: Image, share_id: int) -> Share:
    """One share of an image.

    Raises:
        Http404: the image has no such share.
    """
    share = Share.objects.of_image(image).filter(pk=share_id).first()
    if share is None:
        raise Http404
    share.image = image
    return share


def check_terms(targets: Iterable[Target], terms: Terms) -> None:
    """Refuse terms that the marketplace cannot keep: what is in it is everybody's to use, download and copy.

    Raises:
        ValidationError: the marketplace is among the recipients, and the terms hold something back.
    """
    if (terms.export and terms.access_until is None) or all(each.kind != AddressKind.MARKETPLACE for each in targets):
        return
    text = "The marketplace gives an image to everybody, to download too and without an end. Offer it to it alone."
    raise wrong("recipients", text, "open")


def check_daily_limit(account: Account, by: User, wanted: int) -> None:
    """Keep an account, and a person with many accounts, from flooding people: also offers removed again count.

    Raises:
        ValidationError: with how many were made and how many are allowed.
    """
    since = timezone.now() - timedelta(days=1)
    offered = Event.objects.filter(Q(account=account) | Q(actor=by), verb="offered", at__gt=since)
    made, allowed = offered.count(), offers_per_day(account)
    if made + wanted > allowed:
        text = (
            f"You and {account.title} have made {made} offers today; {allowed} are allowed. "
            f"Share with fewer recipients, with a group instead, or go on tomorrow. {HOW_TO_ASK}"
        )
        raise wrong("recipients", text, "too_many")


def open_for_sharing(image: Image, by: Viewer) -> bool:
    """Make a private image shared, in the step that offers it. Tells whether it was private."""
    if image.visibility != Image.Visibility.PRIVATE:
        return False
    image.visibility = Image.Visibility.SHARED
    image.save(update_fields=["visibility", "updated_at"])
    refresh_grants(image)
    record_image("visibility changed", image, by, old="private", new="shared")
    follow_cases(image, by)
    return True


def _is_new(share: Share | None) -> bool:
    """Whether there is something to offer: not where it waits or gives access already."""
    return share is None or share.can_be_offered_again


def _hold_one(image: Image, target: Target, by: Viewer, terms: Terms, divided: Divided) -> Offered:
    assert divided.rules, "Only rules hold an offer."
    return Offered(hold_offer(image, target, by, terms, divided.rules).address_text, Outcome.HELD)


def _offer_one(image: Image, target: Target, share: Share | None, by: Viewer, terms: Terms, *, opened: bool) -> Offered:
    if share and not _is_new(share):
        accepted = share.status == Share.Status.ACCEPTED
        outcome = Outcome.ALREADY_ACCEPTED if accepted else Outcome.ALREADY_OFFERED
        return Offered(share.address_text, outcome, share)
    previous = share.recipient if share else None
    share = share or Share(kind=target.kind, address=target.value)
    share.before = kept_for_undo(share, opened=opened)
    share.image, share.recipient = image, target.recipient
    restart(share, by, terms)
    if target.decider:
        decide(share, Share.Status.ACCEPTED, target.decider)
        share.decided_at = share.offered_at  # in the same step, so that it can be undone
        share.takes_future = share.offers_future and target.decider == by.user
    share.save()
    sync(share, before=previous)
    record_by_producer("offered", share, by, message=share.message)
    if share.kind == AddressKind.MARKETPLACE:
        open_for_marketplace(share, by=by)
    if target.decider:
        record_by_producer("accepted", share, by, because="trust" if target.decider != by.user else "authority")
        write_down(target.doubts, image, share.recipient, None)
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
