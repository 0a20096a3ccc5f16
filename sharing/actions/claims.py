"""Claim codes: offers to whoever has the code."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q

from accounts.errors import Conflict, wrong
from accounts.models import Account
from accounts.permissions import lock_groups
from accounts.viewer import Viewer
from images import actions as image_actions
from images.models import Image
from images.permissions import Verb, get_image
from sharing import letters
from sharing.actions.changes import decide, record_by_producer, record_by_recipient, share_of, sync
from sharing.actions.conditions import check_daily_limit, checked_terms, require_offerable
from sharing.actions.policies import require_taken
from sharing.actions.starting import open_for_sharing, restart
from sharing.actions.terms import Terms
from sharing.actions.undoing import kept_for_undo
from sharing.claiming import NOT_THERE
from sharing.codes import digest_of, make_code, make_name
from sharing.deciding import decision_refusal
from sharing.models import AddressKind, Block, ClaimCode, Rules, Share
from sharing.querysets import is_waiting
from sharing.rules import outside_refusal, rules_of

DEFAULT_DAYS = 7
MAX_DAYS = 30


@dataclass(frozen=True)
class MadeCode:
    """A claim code, for the one page that shows it.

    Attributes:
        code: as people read it. It is kept nowhere.
    """

    share: Share
    code: str = field(repr=False)


@transaction.atomic
def make_claim_code(image_id: UUID, *, by: Viewer, terms: Terms, whom: str = "", days: int = DEFAULT_DAYS) -> MadeCode:
    """Offer an image to whoever has the code that this gives back. A private image becomes shared in the same step.

    Args:
        whom: it is for, in the producer's words; whoever accepts can read it.
        days: from 1 to ``MAX_DAYS``, after which nobody can use the code any more.

    Raises:
        Http404: the viewer cannot see the image.
        PermissionDenied: they may not share it, or rules keep images from going to somebody unknown.
        Conflict: everybody can use the image anyway.
        ValidationError: an end that is past or later than rules allow, or more offers than one day allows.
    """
    by, image, rules = _locked(image_id, by)
    terms = checked_terms(terms, image, rules)
    share = Share(image=image, kind=AddressKind.CODE, address=f"{make_name()} {whom}".strip())
    opened = open_for_sharing(image, by, rules)
    return _start(share, by, terms, days, opened=opened)


@transaction.atomic
def renew_claim_code(image_id: UUID, share_id: int, *, by: Viewer, days: int = DEFAULT_DAYS) -> MadeCode:
    """Make a new code for an offer that nobody claimed in time, or that was turned down, on the same terms.

    Raises:
        Http404, PermissionDenied, ValidationError: as ``make_claim_code``.
        Conflict: it is no offer by code, the code still works or was used, or everybody can use the image anyway.
    """
    by, image, rules = _locked(image_id, by)
    share = share_of(image, share_id)
    require_renewable(share)
    terms = checked_terms(Terms(share.message, share.export, None, share.offers_future), image, rules)
    opened = open_for_sharing(image, by, rules)
    ClaimCode.objects.filter(share=share).delete()
    return _start(share, by, terms, days, opened=opened)


@transaction.atomic
def claim_offer(share_id: int, *, by: Viewer, offered_at: datetime, future: bool = False, label: str = "") -> Share:
    """Accept, for the viewer's account, an offer whose code they have shown. Whoever comes first has it.

    Claiming it twice for the same account is not an error.

    Args:
        offered_at: when the offer was made whose code was shown. It is another one with each new code.
        future: also take later versions of the image's family, where the offer includes them.
        label: what people of the account see instead of the image's name.

    Raises:
        PermissionDenied: somebody else decides for the account, or the label is not the viewer's to give.
        ValidationError: the code does not work any more, and nothing says why; the account owns the image or blocks
            its producer; or a policy does not take the image (code "policy").
    """
    by, share = _shown(share_id, by, offered_at)
    if share.status == Share.Status.ACCEPTED:
        _label(share, label, by)
        return share
    share.recipient = by.account.group_ptr
    _require_claimable(share, by)
    decide(share, Share.Status.ACCEPTED, by.user)
    share.takes_future = future and share.offers_future
    share.save()
    sync(share)
    record_by_recipient("accepted", share, by)
    letters.accepted(share, by)
    _label(share, label, by)
    return share


def require_renewable(share: Share) -> None:
    """Refuse a new code where the old one works, was used, or never was.

    Raises:
        Conflict: saying which.
    """
    if share.kind != AddressKind.CODE:
        raise Conflict("This offer has an address and no code: share it again instead.")
    if not share.can_be_offered_again:
        raise Conflict(f"This offer is {share.state_text.lower()}: remove it first, and then make another code.")


def why_not_claim(share: Share, account: Account) -> str:
    """Why an account cannot have an offer by code, whoever asks for it; empty when it can. One query."""
    producer = share.image.account
    if account.pk == producer.pk:
        return f"{account.title} owns this image already."
    if Block.objects.of_producer(producer, recipients=[account.pk]):
        return f"{account.title} has blocked {producer.title}. Unblock it in Shared with us first."
    return ""


def _locked(image_id: UUID, by: Viewer) -> tuple[Viewer, Image, Rules | None]:
    """The viewer as they are now, an image that they may offer by code, and the rules that hold; all of them locked."""
    by = lock_groups(by, [by.account.organization])
    image = get_image(by, image_id, Verb.OFFER, lock=True)
    rules = rules_of(image.account)
    require_codes(image, rules)
    check_daily_limit(image.account, by.user, 1)
    return by, image, rules


def _shown(share_id: int, by: Viewer, offered_at: datetime) -> tuple[Viewer, Share]:
    """The viewer as they are now, and the offer whose code they have shown.

    Under the locks of their account, of the organization whose rules hold, and of the image.
    """
    shares = Share.objects.by_code().filter(is_waiting() | Q(status="accepted", recipient=by.account.pk))
    shares = shares.filter(pk=share_id, offered_at=offered_at)
    found = shares.first()
    by = lock_groups(by, [found.image.account.organization if found else None])
    images = Image.objects.select_for_update(of=("self",)).filter(pk=found.image_id) if found else Image.objects.none()
    share = shares.first() if images.first() else None
    if share is None:
        raise wrong("code", NOT_THERE, "unknown")
    return by, share


def _label(share: Share, label: str, by: Viewer) -> None:
    if label:
        image_actions.label(share.image_id, by=by, label=label)


def _require_claimable(share: Share, by: Viewer) -> None:
    """The same as when an offer with an address is accepted, and what the producer's rules say now."""
    if outside_refusal(rules_of(share.image.account), to=by.account):
        raise wrong("code", NOT_THERE, "unknown")
    if reason := why_not_claim(share, by.account):
        raise wrong("code", reason, "own")
    if reason := decision_refusal(by, share):
        raise PermissionDenied(reason)
    require_taken(share.image, by.account.group_ptr, by)


def require_codes(image: Image, rules: Rules | None) -> None:
    """Refuse codes for what everybody can use anyway, and where rules keep images from going to somebody unknown.

    Args:
        rules: under which its account shares.

    Raises:
        Conflict, PermissionDenied: with the reason.
    """
    require_offerable(image)
    if reason := outside_refusal(rules, what="A claim code"):
        raise PermissionDenied(reason)


def _start(share: Share, by: Viewer, terms: Terms, days: int, *, opened: bool) -> MadeCode:
    if not 1 <= days <= MAX_DAYS:
        raise ValidationError({"days": f"Choose from 1 to {MAX_DAYS} days."}, code="days")
    before = share.recipient
    share.before = kept_for_undo(share, opened=opened)
    share.recipient = None
    restart(share, by, terms)
    expires = share.offered_at + timedelta(days=days)
    share.offer_expires_at = min(expires, terms.access_until) if terms.access_until else expires
    share.save()
    code = make_code()
    ClaimCode.objects.create(share=share, digest=digest_of(code))
    sync(share, before=before)
    record_by_producer("offered", share, by, message=share.message)
    return MadeCode(share, code)
