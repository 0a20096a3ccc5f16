"""What recipients do: accept, reject, think again, leave."""

from collections.abc import Collection
from uuid import UUID

from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404
from django.utils import timezone

from accounts.errors import Conflict
from accounts.models import Account
from accounts.permissions import lock_ids
from accounts.viewer import Viewer, choose
from images import actions as image_actions
from images.models import Image
from images.permissions import Verb, get_image
from sharing import letters
from sharing.actions.changes import decide, end_later_versions_of, record_by_recipient, sync
from sharing.actions.policies import require_taken
from sharing.deciding import acceptance_refusal, decision_refusal
from sharing.models import AddressKind, Block, Share
from sharing.rules import recipient_refusal


@transaction.atomic
def accept(share_id: int, *, by: Viewer, into: Account | None = None, future: bool = False, label: str = "") -> Share:
    """Accept an offer for the recipient, for whose account, group or organization the viewer decides.

    A second accept of an accepted share is not an error; a rejected one can still be accepted.

    Args:
        into: for an offer to the person themselves: the account that takes it, out of those where they are admin.
        future: also take later versions of the image's family, where the offer includes them.
        label: what people of the account see instead of the image's name; for accounts only.

    Raises:
        Http404: no such offer for this viewer, or it was removed or has expired.
        PermissionDenied: they see the offer, but only an admin decides; or ``into`` is not theirs.
        Conflict: the rules that the producer has by now do not let it share with the recipient.
        ValidationError: ``into`` owns the image, or blocks its producer; or a policy does not take the image.
    """
    by, image_id = _lock_sides(share_id, by, into)
    share = _decidable(share_id, by, image_id)
    if share.status == Share.Status.ACCEPTED:
        _label(share, label, by)
        return share
    before = share.recipient
    if into is not None:
        share.recipient = _taken_into(share, into, by)
    if reason := recipient_refusal(share, offered_to=before):
        raise Conflict(reason)
    if share.recipient:
        require_taken(share.image, share.recipient, by)
    decide(share, Share.Status.ACCEPTED, by.user)
    share.takes_future = future and share.offers_future
    share.reason = ""
    share.save()
    sync(share, before=before)
    record_by_recipient("accepted", share, by)
    letters.accepted(share, by)
    _label(share, label, by)
    return share


@transaction.atomic
def reject(share_id: int, *, by: Viewer, reason: str = "") -> Share:
    """Reject an offer. The producer sees the reason; the offer moves to Rejected, where it can still be accepted.

    Raises:
        Http404, PermissionDenied: as ``accept``.
        Conflict: somebody has accepted it meanwhile.
    """
    share = _decidable(share_id, by)
    if share.status == Share.Status.ACCEPTED:
        who = share.decided_by.get_full_name() if share.decided_by else "Somebody"
        raise Conflict(f"{who} has already accepted this offer. Use Remove Image if you do not want the image.")
    return turn_down(share, "rejected", reason, by)


@transaction.atomic
def reconsider(share_id: int, *, by: Viewer) -> Share:
    """Take a decision back: the offer waits once more, and gives nothing until it is accepted.

    Raises:
        Http404, PermissionDenied: as ``accept``.
        Conflict: the time for deciding is over, so that nobody could accept it again.
    """
    share = _decidable(share_id, by)
    if share.status == Share.Status.PENDING:
        return share
    if share.offer_expires_at and share.offer_expires_at <= timezone.now():
        raise Conflict("The time for deciding on this offer is over: it can be accepted or rejected, but wait no more.")
    end_later_versions_of(share)
    share.status, share.decided_at, share.decided_by = Share.Status.PENDING, None, None
    share.takes_future, share.reason, share.warned_days = False, "", None
    share.save()
    sync(share)
    record_by_recipient("reconsidered", share, by)
    return share


@transaction.atomic
def leave(image_id: UUID, *, by: Viewer, holders: Collection[int] | None = None, reason: str = "") -> list[Share]:
    """Remove an accepted image from recipients for whom the viewer decides. The producer sees it as rejected.

    Args:
        holders: ids of the accounts, groups and organizations that leave; None for all the viewer decides for.

    Raises:
        Http404: the viewer cannot see the image.
        PermissionDenied: it came through a group or organization that the viewer does not manage, or they are not
            an admin of the account.
    """
    image = get_image(by, image_id, Verb.SEE, lock=True)
    held = list(Share.objects.held_by(by, image))
    mine = [share for share in held if share.recipient_id in by.decides_for]
    if holders is not None:
        mine = [share for share in mine if share.recipient_id in holders]
    if not mine:
        raise PermissionDenied(why_not_leave(by, held))
    for share in mine:
        share.image = image
    return [turn_down(share, "left", reason, by) for share in mine]


def why_not_leave(by: Viewer, held: Collection[Share]) -> str:
    """Why the viewer cannot remove an image that somebody else owns; empty when they can.

    Args:
        held: the shares by which the viewer has it.
    """
    if not held:
        return "This image was not shared with this account, so there is nothing to remove."
    if any(share.recipient_id in by.decides_for for share in held):
        return ""
    if any(share.recipient_id == by.account.pk for share in held):
        return f"Only an admin of {by.account.title} can remove a shared image."
    return "This image came through a group or organization: only its managers can remove it."


def _lock_sides(share_id: int, by: Viewer, into: Account | None) -> tuple[Viewer, UUID]:
    """Keep the recipient, and the account that takes the offer, from being closed meanwhile, and rules as they are.

    Returns:
        The viewer as they are now, and the image that they were offered.
    """
    offers = Share.objects.reaching(by).filter(pk=share_id)
    row = offers.values_list("image_id", "recipient", "image__account__organization").first()
    if row is None:
        raise Http404
    image_id, *sides = row
    return lock_ids(by, {*sides, into.pk if into else None}), image_id


def _label(share: Share, label: str, by: Viewer) -> None:
    if not label:
        return
    account: Account | None = getattr(share.recipient, "as_account", None)
    there = choose(by.user, by.memberships, number=account.number) if account else None
    if there is None:
        raise PermissionDenied("Only accounts have labels of their own, not groups and organizations.")
    image_actions.label(share.image_id, by=there, label=label)


def _taken_into(share: Share, into: Account, by: Viewer) -> Group:
    personal = by.user.personal_account
    if share.recipient_id == into.pk:
        return into.group_ptr
    if share.recipient_id != personal.pk or share.kind == AddressKind.NUMBER:
        raise PermissionDenied("Only an offer to you yourself can be taken into another account.")
    if reason := acceptance_refusal(by, into):
        raise PermissionDenied(reason)
    if into.pk == share.image.account_id:
        raise ValidationError({"into": f"{into.title} owns this image already."}, code="own")
    if Block.objects.of_producer(share.image.account, recipients=[into.pk]):
        text = f"{into.title} has blocked {share.image.account.title}. Unblock it there first, or take it elsewhere."
        raise ValidationError({"into": text}, code="blocked")
    return into.group_ptr


def turn_down(share: Share, verb: str, reason: str, by: Viewer) -> Share:
    """Reject a share whose image is locked, and tell the producer. Rejecting it twice changes nothing.

    Args:
        verb: of the event: "rejected", or "left" for what was accepted.
    """
    if share.status == Share.Status.REJECTED:
        return share
    end_later_versions_of(share)
    decide(share, Share.Status.REJECTED, by.user)
    share.reason = reason
    share.save()
    sync(share)
    record_by_recipient(verb, share, by, reason=reason)
    letters.rejected(share, by, verb)
    return share


def _decidable(share_id: int, by: Viewer, image_id: UUID | None = None) -> Share:
    """The offer under the lock of its image, if the viewer may decide on it.

    Whether the viewer may know of it is asked before the lock: nobody holds up somebody else's image by guessing ids.

    Args:
        image_id: of its image, where that has been asked.
    """
    offers = Share.objects.reaching(by).filter(pk=share_id)
    image_id = image_id or offers.values_list("image_id", flat=True).first()
    if image_id is None:
        raise Http404
    image = Image.objects.select_for_update(of=("self",)).select_related("account", "region", "data").get(pk=image_id)
    share = offers.with_recipient().first()
    if share is None or share.is_expired or share.is_past_its_end:
        raise Http404
    share.image = image
    if reason := decision_refusal(by, share):
        raise PermissionDenied(reason)
    return share
