"""Handing an image over: the giver asks, the receiving account decides, and everybody who has it keeps it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.http import Http404
from django.utils import timezone

import images.hooks
from accounts.addresses import Address, Kind
from accounts.errors import Conflict, wrong
from accounts.models import Account, User
from accounts.permissions import lock_groups
from accounts.querysets import NOBODY
from accounts.records import record
from accounts.viewer import Viewer
from images.actions import end_plans, leave_family
from images.models import Image, Reference
from images.permissions import Verb, get_image
from images.quotas import reserve
from sharing import hand_over_letters, news_of_images
from sharing.actions.changes import decide
from sharing.actions.policies import write_down
from sharing.actions.starting import open_for_sharing
from sharing.addresses import resolve
from sharing.deciding import acceptance_refusal
from sharing.grants import sync_grants
from sharing.lasting import checked_end
from sharing.limits import offers_per_day
from sharing.models import AddressKind, Block, HandOver, Share
from sharing.policies import judge_for
from sharing.rules import open_refusal, outside_refusal, rules_of

Status = HandOver.Status
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Wish:
    """What a giver asks for.

    Attributes:
        to: who shall take the image, as the giver named them.
        message: in the giver's words.
        keep_using: whether the giver has it shared with itself afterwards.
    """

    to: Address
    message: str = ""
    keep_using: bool = False


@transaction.atomic
def ask_to_take_over(image_id: UUID, *, by: Viewer, wish: Wish) -> HandOver:
    """Ask an account to take an image over. Until it agrees nothing changes for anybody.

    The answer is the same whether or not the address exists, as with offers.

    Raises:
        Http404: the viewer cannot see the image.
        PermissionDenied: only an admin of its account hands it over.
        Conflict: somebody has been asked already, or staff have given the image to everybody.
        ValidationError: the address is the account's own, rules forbid it, or too many were asked today.
    """
    get_image(by, image_id, Verb.HAND_OVER)  # nobody holds up a recipient with somebody else's image
    found = resolve([wish.to]).get(wish.to)
    by = lock_groups(by, [found, by.account.organization])
    image = get_image(by, image_id, Verb.HAND_OVER, lock=True)
    if reason := why_not_hand_over(image):
        raise Conflict(reason)
    _end_open(image, by)
    _check(image, by, found)
    now = timezone.now()
    hand_over = HandOver.objects.create(
        image=image,
        giver=image.account,
        kind=wish.to.kind,
        address=wish.to.value,
        recipient=found,
        message=wish.message,
        keep_using=wish.keep_using,
        offered_at=now,
        offered_by=by.user,
        expires_at=now + timedelta(days=settings.OFFER_LIFETIME_DAYS),
    )
    _record("offered for taking over", hand_over, by=by.user, message=wish.message)
    hand_over_letters.asked(hand_over)
    return hand_over


@transaction.atomic
def cancel_hand_over(image_id: UUID, *, by: Viewer) -> HandOver:
    """Keep the image after all.

    Raises:
        Http404: the viewer cannot see the image, or nobody is asked at this moment.
        PermissionDenied: as ``ask_to_take_over``.
    """
    image = get_image(by, image_id, Verb.HAND_OVER, lock=True)
    hand_over = image.hand_overs.open().filter(giver=by.account).first()
    if hand_over is None:
        raise Http404
    hand_over.image = image
    _decide(hand_over, Status.CANCELLED, by.user)
    _record("hand-over cancelled", hand_over, by=by.user)
    return hand_over


@transaction.atomic
def take_over(hand_over_id: int, *, by: Viewer, into: Account | None = None) -> HandOver:
    """Make the image the receiving account's own. Whoever has it keeps it, and is told whose it is now.

    Args:
        into: for an image offered to the person themselves: the account that takes it, out of those where they are
            admin.

    Raises:
        Http404: no such hand-over for this viewer, or it was cancelled or has expired.
        PermissionDenied: they see it, but only an admin whom policies let accept decides; or ``into`` is not theirs.
        Conflict: the account is the giver, or may not have what the image is; or rules or a policy refuse it now.
        QuotaExceeded: the account has no room for it.
    """
    asked = asked_of(by, hand_over_id)
    receiver = _receiver(asked, into, by)
    by = lock_groups(by, [asked.giver, receiver, asked.recipient, asked.giver.organization, receiver.organization])
    hand_over = _locked(hand_over_id, by)
    _receiver(hand_over, into, by)
    image, giver = hand_over.image, hand_over.giver
    if reason := why_not_take_over(hand_over, receiver):
        raise Conflict(reason)
    write_down(judge_for([receiver.pk]).verdicts(image, receiver.pk), image, receiver.group_ptr, by)
    held = Image.objects.live().filter(account=receiver, data=image.data_id).exists()
    reserve(receiver, size=0 if held else image.data.size, images=1)
    _decide(hand_over, Status.ACCEPTED, by.user)
    end_plans(image, by)
    _give(image, receiver, by.user)
    _keep_shares(image, by.user)
    if hand_over.keep_using:
        _share_with_giver(hand_over, by)
    images.hooks.handed_over.ask(image, by)
    _record("handed over", hand_over)
    _record_of(receiver, "taken over", hand_over, by=by.user, former=giver.title)
    hand_over_letters.decided(hand_over)
    news_of_images.owner_changed(image, giver.title)
    return hand_over


@transaction.atomic
def turn_down_hand_over(hand_over_id: int, *, by: Viewer, reason: str = "") -> HandOver:
    """Do not take the image. The giver is told, with the reason.

    Raises:
        Http404, PermissionDenied: as ``take_over``.
    """
    asked_of(by, hand_over_id)
    hand_over = _locked(hand_over_id, by)
    _require_deciding(hand_over, by)
    hand_over.reason = reason
    _decide(hand_over, Status.REJECTED, by.user)
    _record("hand-over rejected", hand_over)
    account = getattr(hand_over.recipient, "as_account", None)
    if account is not None:
        _record_of(account, "hand-over rejected", hand_over, by=by.user, reason=reason)
    hand_over_letters.decided(hand_over)
    return hand_over


def end_hand_overs_of(group: Group, _by: Viewer) -> None:
    """An account is being closed: it takes nothing over. What waited for it waits on, addressed to nobody.

    What it wanted to give away ends with its images.
    """
    HandOver.objects.filter(recipient=group.pk, status=Status.OPEN).update(recipient=None)


def follow_deletion(image: Image, by: Viewer) -> None:
    """An image was deleted: nobody can take it over any more."""
    if not image.is_live:
        for hand_over in image.hand_overs.filter(status=Status.OPEN):
            _decide(hand_over, Status.CANCELLED, by.user)


@transaction.atomic
def resolve_hand_overs(user: User, address: str, link_sent_at: datetime) -> None:
    """Give a person what was offered to an address before the link went out by which they confirmed it."""
    waiting = HandOver.objects.filter(kind=Kind.EMAIL, address=address.lower(), recipient=None, status=Status.OPEN)
    personal = user.personal_account
    waiting.filter(offered_at__lt=link_sent_at).exclude(giver=personal).update(recipient=personal.group_ptr)


def why_not_hand_over(image: Image) -> str:
    """Why an image cannot change hands, whoever would take it; empty when it can."""
    if image.visibility == Image.Visibility.PUBLIC or image.listed_at is not None:
        return "Staff gave this image to everybody because it is this account's. Have it taken back first."
    return ""


def why_not_take_over(hand_over: HandOver, receiver: Account) -> str:
    """Why an account cannot take an image as it is, by the rules and policies of this moment; empty when it can."""
    image, giver = hand_over.image, hand_over.giver
    if reason := why_not_hand_over(image) or judge_for([receiver.pk]).refusal(image, receiver.pk):
        return reason
    if Block.objects.of_producer(giver, recipients=[receiver.pk]):
        return f"{receiver.title} has blocked {giver.title}. Unblock it there first, or take the image elsewhere."
    if outside_refusal(rules_of(giver), to=receiver):
        return f"{giver.title} may not hand images over outside of {giver.organization} any more."
    rules = rules_of(receiver)
    if hand_over.keep_using and outside_refusal(rules, to=giver):
        text = "{} wants to go on using it, which is outside of {}. Ask for the image without that."
        return text.format(giver.title, receiver.organization)
    return open_refusal(rules) if image.visibility == Image.Visibility.COMMUNITY else ""


def asked_of(by: Viewer, hand_over_id: int) -> HandOver:
    """A hand-over that the viewer's side is asked to decide on.

    Raises:
        Http404: no such one for this viewer.
    """
    hand_over = HandOver.objects.asked_of(by).filter(pk=hand_over_id).first()
    if hand_over is None:
        raise Http404
    return hand_over


def decision_refusal(by: Viewer, hand_over: HandOver) -> str:
    """Why the viewer cannot decide on a hand-over that they see; empty when they can."""
    account = next((each for each in by.administered_accounts if each.pk == hand_over.recipient_id), None)
    if account is not None:
        return acceptance_refusal(by, account)
    return f"Only an admin of {hand_over.recipient_title} can take an image over."


def accounts_to_take_into(by: Viewer, hand_over: HandOver) -> list[Account]:
    """Into which accounts the viewer may take it: where it was offered to the person, any where they are admin."""
    own = [account for account in by.administered_accounts if account.pk == hand_over.recipient_id]
    if hand_over.kind == Kind.NUMBER or not any(account.personal_of_id == by.user.pk for account in own):
        return own
    others = [each for each in by.administered_accounts if each not in own and each.pk != hand_over.giver_id]
    return own + [account for account in others if not acceptance_refusal(by, account)]


def _require_deciding(hand_over: HandOver, by: Viewer) -> None:
    if reason := decision_refusal(by, hand_over):
        raise PermissionDenied(reason)


def _receiver(hand_over: HandOver, into: Account | None, by: Viewer) -> Account:
    """The account that takes it.

    Raises:
        PermissionDenied: the viewer does not decide for it.
    """
    _require_deciding(hand_over, by)
    able = accounts_to_take_into(by, hand_over)
    wanted = into.pk if into else hand_over.recipient_id
    found = next((account for account in able if account.pk == wanted), None)
    if found is None:
        raise PermissionDenied("Only an admin of the account can take the image into it.")
    return found


def _locked(hand_over_id: int, by: Viewer) -> HandOver:
    """The hand-over under the lock of its image, as it is now."""
    image_id = HandOver.objects.filter(pk=hand_over_id).values_list("image_id", flat=True).get()
    image = Image.objects.select_for_update(of=("self",)).select_related("account", "data", "family").get(pk=image_id)
    hand_over = asked_of(by, hand_over_id)
    hand_over.image = image
    return hand_over


def _end_open(image: Image, by: Viewer) -> None:
    """Make room for another one, where the last has expired.

    Raises:
        Conflict: somebody is asked at this moment.
    """
    hand_over = image.hand_overs.filter(status=Status.OPEN).first()
    if hand_over is None:
        return
    if hand_over.is_open:
        raise Conflict(f"{hand_over.address_text} has been asked already. Cancel that first to ask somebody else.")
    _decide(hand_over, Status.CANCELLED, by.user)


def _check(image: Image, by: Viewer, found: Group | None) -> None:
    if found is not None and found.pk == image.account_id:
        raise wrong("to", f"{image.account.title} owns this image already.", "own")
    to = Account.objects.filter(pk=found.pk if found else NOBODY).first()
    if reason := outside_refusal(rules_of(image.account), to=to, what="Handing over"):
        raise wrong("to", reason, "outside")
    lately = HandOver.objects.filter(Q(giver=image.account) | Q(offered_by=by.user))
    if lately.filter(offered_at__gt=timezone.now() - ONE_DAY).count() >= offers_per_day(image.account):
        raise wrong("to", "You have offered as many images for taking over as one day allows.", "too_many")


def _decide(hand_over: HandOver, status: str, user: User) -> None:
    hand_over.status, hand_over.decided_at, hand_over.decided_by = status, timezone.now(), user
    hand_over.save(update_fields=["status", "decided_at", "decided_by", "reason"])


def _give(image: Image, receiver: Account, user: User) -> None:
    """Make a locked image another account's. Whoever takes it over also takes over what was announced about it."""
    leave_family(image)
    image.account, image.handed_over_at, image.replacement = receiver, timezone.now(), None
    if image.end_announced_at is not None:
        image.end_announced_by = user
    image.save()
    Reference.objects.filter(account=receiver, image=image).delete()


def _keep_shares(image: Image, user: User) -> None:
    """The shares become the new owner's: whoever took it over answers for them.

    One to the owner itself ends; and what staff have accepted for the marketplace, since they accepted the giver's.
    """
    accepted_by_staff = Q(kind=AddressKind.MARKETPLACE, status=Share.Status.ACCEPTED)
    image.shares.filter(Q(recipient=image.account_id) | accepted_by_staff).delete()
    image.shares.update(offered_by=user, offers_future=False, takes_future=False, before=None)
    sync_grants(image, image.account.group_ptr)
    # Who blocks the new owner, or blocked the old one, sees other offers from now on.
    for share in image.shares.filter(status=Share.Status.PENDING, recipient__isnull=False).select_related("recipient"):
        sync_grants(image, share.recipient)


def _share_with_giver(hand_over: HandOver, by: Viewer) -> None:
    """The giver goes on using the image: it asked for that, and whoever took the image over agreed."""
    image, giver = hand_over.image, hand_over.giver
    rules = rules_of(image.account)
    open_for_sharing(image, by, rules)
    known = Share.objects.filter(image=image, kind=AddressKind.NUMBER, address=giver.number).first()
    share = known or Share(image=image, kind=AddressKind.NUMBER, address=giver.number)
    share.recipient, share.offered_by, share.offered_at = giver.group_ptr, by.user, timezone.now()
    share.access_until, share.export = checked_end(rules, None), share.export and not image.is_boot_only
    decide(share, Share.Status.ACCEPTED, hand_over.offered_by)
    share.save()
    sync_grants(image, share.recipient)


def _record(verb: str, hand_over: HandOver, *, by: User | None = None, **detail: Any) -> None:
    """Write what the giver's side sees: the address as typed, and neither account nor person behind it."""
    _record_of(hand_over.giver, verb, hand_over, by=by, address=hand_over.address_text, **detail)


def _record_of(account: Account, verb: str, hand_over: HandOver, *, by: User | None, **detail: Any) -> None:
    image = hand_over.image
    record(verb, subject_kind="image", subject_id=image.pk, subject_name=image.name, by=by, account=account, **detail)
