"""The verbs of sharing. This is the one door: each locks, checks, changes, records, and notifies on commit.

Locks are always taken in one order, the image first and then its share, so that two actions cannot wait for each
other; on SQLite the immediate transaction locks everything.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404
from django.utils import timezone

from accounts.errors import Conflict
from accounts.models import Account, User
from accounts.records import record
from accounts.viewer import Viewer
from images.models import Image
from images.permissions import Verb, get_image, refresh_grants
from sharing import letters
from sharing.addresses import Address, resolve
from sharing.grants import sync_grants
from sharing.models import AddressKind, Share, Trust

REMIND_AFTER = timedelta(days=1)


@dataclass(frozen=True)
class Offered:
    """What became of the offer to one address.

    Attributes:
        address: as people read it.
        share: the row, new or old.
        changed: False when an offer to this address was already pending or accepted.
    """

    address: str
    share: Share
    changed: bool

    @property
    def text(self) -> str:
        """The result in words, the same whether or not the address exists."""
        accepted = self.share.status == Share.Status.ACCEPTED
        if self.changed:
            return "Accepted: they can use it now." if accepted else "Offered: they are asked first."
        return "Has it already." if accepted else "Was asked already and has not decided yet."


@dataclass(frozen=True)
class Terms:
    """What goes with an offer: a message, and whether the data may be downloaded and copied."""

    message: str = ""
    export: bool = True


@transaction.atomic
def offer(
    image_id: UUID,
    *,
    by: Viewer,
    addresses: Iterable[Address] = (),
    groups: Iterable[Group] = (),
    terms: Terms = Terms(),  # noqa: B008  # frozen
) -> list[Offered]:
    """Offer an image to addresses, and to groups, organizations and accounts for which the producer decides.

    Whoever has authority over a recipient decides at once; everybody else is asked (design: "What an offer does").
    A private image becomes shared in the same step. Repeating an offer changes nothing and says so.

    Args:
        groups: accounts, groups and organizations out of what the producer administers or manages.

    Returns:
        A result for each recipient, in the order given.

    Raises:
        Http404: the viewer cannot see the image.
        PermissionDenied: they may not share it, or a group is not theirs to decide for.
        ValidationError: no recipient, the image's own account, or more offers than one day allows.
    """
    image = get_image(by, image_id, Verb.OFFER, lock=True)
    targets = _targets(image, by, addresses, groups)
    _check_daily_limit(image.account, len(targets))
    _open_for_sharing(image, by)
    return [_offer_one(image, target, by, terms) for target in targets]


@dataclass(frozen=True)
class _Target:
    kind: AddressKind
    value: str
    recipient: Group | None
    decided: bool  # by the producer's own authority, or by the recipient's trust


def _targets(image: Image, by: Viewer, addresses: Iterable[Address], groups: Iterable[Group]) -> list[_Target]:
    targets = [_addressed(image, by, address) for address in addresses] + [_chosen(by, group) for group in groups]
    if not targets:
        raise ValidationError({"recipients": "Name at least one recipient."}, code="required")
    if any(target.recipient and target.recipient.pk == image.account_id for target in targets):
        raise ValidationError({"recipients": f"{image.account.title} owns this image: leave it out."}, code="own")
    return list({(target.kind, target.value): target for target in targets}.values())


def _addressed(image: Image, by: Viewer, address: Address) -> _Target:
    recipient = resolve(address)
    decided = recipient is not None and (
        recipient.pk in {account.pk for account in by.administered_accounts}
        or Trust.objects.covers(recipient.pk, producer=image.account, organization=image.account.organization)
    )
    return _Target(address.kind, address.value, recipient, decided)


def _chosen(by: Viewer, group: Group) -> _Target:
    if account := next((own for own in by.administered_accounts if own.pk == group.pk), None):
        return _Target(AddressKind.NUMBER, account.number, account.group_ptr, decided=True)
    for kind, managed in ((AddressKind.TEAM, by.managed_teams), (AddressKind.ORGANIZATION, by.managed_organizations)):
        if any(group.pk == own.pk for own in managed):
            return _Target(kind, str(group.pk), group, decided=True)
    raise PermissionDenied("You can share only with groups and organizations that you manage.")


def _check_daily_limit(account: Account, wanted: int) -> None:
    since = timezone.now() - timedelta(days=1)
    made = Share.objects.filter(image__account=account, offered_at__gt=since).count()
    if made + wanted > settings.OFFERS_PER_DAY:
        raise ValidationError(
            {"recipients": f"{account.title} has made {made} offers today; {settings.OFFERS_PER_DAY} are allowed."},
            code="too_many",
        )


def _open_for_sharing(image: Image, by: Viewer) -> None:
    """Make a private image shared; shares of other images do nothing beyond what everybody can do already."""
    if image.visibility != Image.Visibility.PRIVATE:
        return
    image.visibility = Image.Visibility.SHARED
    image.save(update_fields=["visibility", "updated_at"])
    refresh_grants(image)
    _record("visibility changed", image, by, old="private", new="shared")


def _offer_one(image: Image, target: _Target, by: Viewer, terms: Terms) -> Offered:
    share = Share.objects.filter(image=image, kind=target.kind, address=target.value).first()
    if share and not _can_be_offered_again(share):
        return Offered(share.address_text, share, changed=False)
    share = share or Share(image=image, kind=target.kind, address=target.value)
    share.recipient = target.recipient
    _restart(share, by, terms)
    if target.decided:
        _decide(share, Share.Status.ACCEPTED, by.user)
    share.save()
    _sync(share)
    _record_share("offered", share, by)
    if target.decided:
        _record_share("accepted", share, by)
    letters.offered(share, by)
    return Offered(share.address_text, share, changed=True)


def _can_be_offered_again(share: Share) -> bool:
    return share.state in ("rejected", "expired", "ended")


def _restart(share: Share, by: Viewer, terms: Terms) -> None:
    now = timezone.now()
    share.status = Share.Status.PENDING
    share.message, share.export, share.reason = terms.message, terms.export, ""
    share.offered_at, share.offered_by = now, by.user
    share.offer_expires_at = now + timedelta(days=settings.OFFER_LIFETIME_DAYS)
    share.reminded_at = share.decided_at = share.decided_by = share.access_until = None


def _decide(share: Share, status: Share.Status, user: User) -> None:
    share.status, share.decided_at, share.decided_by = status, timezone.now(), user


def _sync(share: Share) -> None:
    if share.recipient:
        sync_grants(share.image, share.recipient)


@transaction.atomic
def offer_again(image_id: UUID, share_id: int, *, by: Viewer) -> Share:
    """Offer a rejected or expired share again, on the same terms: the same row is pending again.

    The address is resolved anew only when it never was: an unknown login stays unknown for ever.

    Raises:
        Http404, PermissionDenied: as ``offer``.
        Conflict: it is pending or accepted.
    """
    image = get_image(by, image_id, Verb.OFFER, lock=True)
    share = _share_of(image, share_id)
    if not _can_be_offered_again(share):
        raise Conflict(f"This share is {share.state_text.lower()}: there is nothing to offer again.")
    _check_daily_limit(image.account, 1)
    _open_for_sharing(image, by)
    _restart(share, by, Terms(share.message, share.export))
    share.save()
    _sync(share)
    _record_share("offered", share, by)
    letters.offered(share, by)
    return share


@transaction.atomic
def remind(image_id: UUID, share_id: int, *, by: Viewer) -> Share:
    """Remind the recipient of a pending offer, at most once a day.

    Raises:
        Http404, PermissionDenied: as ``offer``.
        Conflict: it is not pending, or a reminder went out less than a day ago.
    """
    image = get_image(by, image_id, Verb.OFFER, lock=True)
    share = _share_of(image, share_id)
    if share.state != "pending":
        raise Conflict(f"This share is {share.state_text.lower()}: there is nobody to remind.")
    if not can_be_reminded(share):
        raise Conflict("They were asked or reminded less than a day ago. Check the address before you remind again.")
    share.reminded_at = timezone.now()
    share.save(update_fields=["reminded_at"])
    _record_share("reminded", share, by)
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
    image = get_image(by, image_id, Verb.REMOVE_SHARE, lock=True)
    share = _share_of(image, share_id)
    _record_share("removed", share, by)
    letters.removed(share, by)
    share.delete()
    _sync(share)


@transaction.atomic
def accept(share_id: int, *, by: Viewer, into: Account | None = None) -> Share:
    """Accept an offer for the recipient, for whose account, group or organization the viewer decides.

    Args:
        into: for an offer to the person themselves: the account that takes it, out of those where they are admin.

    Raises:
        Http404: no such offer for this viewer, or it was removed or has expired.
        PermissionDenied: they see the offer, but only an admin decides; or ``into`` is not theirs.
    """
    share = _decidable(share_id, by)
    if share.status == Share.Status.ACCEPTED:
        return share
    before = share.recipient
    if into is not None:
        share.recipient = _taken_into(share, into, by)
    _decide(share, Share.Status.ACCEPTED, by.user)
    share.save()
    if before and before != share.recipient:
        sync_grants(share.image, before)
    _sync(share)
    _record_share("accepted", share, by)
    letters.accepted(share, by)
    return share


def _taken_into(share: Share, into: Account, by: Viewer) -> Group:
    personal = by.user.personal_account
    if share.recipient_id == into.pk:
        return into.group_ptr
    if share.recipient_id != personal.pk or share.kind == AddressKind.NUMBER:
        raise PermissionDenied("Only an offer to you yourself can be taken into another account.")
    if into.pk not in {account.pk for account in by.administered_accounts}:
        raise PermissionDenied(f"Only an admin of {into.title} can accept for it.")
    if into.pk == share.image.account_id:
        raise ValidationError(f"{into.title} owns this image already.")
    return into.group_ptr


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
    return _turn_down(share, "rejected", reason, by)


@transaction.atomic
def leave(image_id: UUID, *, by: Viewer, reason: str = "") -> list[Share]:
    """Remove an accepted image from the recipients for whom the viewer decides. The producer sees it as rejected.

    Raises:
        Http404: the viewer cannot see the image.
        PermissionDenied: it came through a group or organization that the viewer does not manage, or they are not
            an admin of the account.
    """
    image = get_image(by, image_id, Verb.SEE, lock=True)
    held = Share.objects.giving_access().filter(image=image, recipient__in=by.principals)
    mine = [share for share in held.select_related("recipient") if share.recipient_id in by.decides_for]
    if not mine:
        raise PermissionDenied(_why_not_leave(by, held.exists()))
    for share in mine:
        share.image = image
    return [_turn_down(share, "left", reason, by) for share in mine]


def _why_not_leave(by: Viewer, is_held: bool) -> str:
    if not is_held:
        return "This image was not shared with this account, so there is nothing to remove."
    if not by.is_admin:
        return f"Only an admin of {by.account.title} can remove a shared image."
    return "This image came through a group or organization: only its managers can remove it."


def _turn_down(share: Share, verb: str, reason: str, by: Viewer) -> Share:
    if share.status == Share.Status.REJECTED:
        return share
    _decide(share, Share.Status.REJECTED, by.user)
    share.reason = reason
    share.save()
    _sync(share)
    _record_share(verb, share, by)
    letters.rejected(share, by)
    return share


@transaction.atomic
def trust(producer: Group, *, recipient: Group, by: Viewer) -> Trust:
    """Say that offers of this producer are accepted at once.

    Raises:
        PermissionDenied: the viewer does not decide for the recipient.
        ValidationError: an account cannot trust itself.
    """
    _require_decider(recipient, by)
    if producer.pk == recipient.pk:
        raise ValidationError("An account need not trust itself.")
    row, created = Trust.objects.get_or_create(recipient=recipient, producer=producer, defaults={"trusted_by": by.user})
    if created:
        _record_trust("trusted", row, by)
    return row


@transaction.atomic
def stop_trusting(trust_id: int, *, by: Viewer) -> None:
    """Ask again from now on. What was accepted stays.

    Raises:
        Http404: no such row for this viewer.
    """
    row = Trust.objects.filter(pk=trust_id, recipient__in=by.decides_for).first()
    if row is None:
        raise Http404
    _record_trust("stopped trusting", row, by)
    row.delete()


def _require_decider(recipient: Group, by: Viewer) -> None:
    if recipient.pk not in by.decides_for:
        raise PermissionDenied("Only an admin of the account, or a manager of the group, decides this.")


def _share_of(image: Image, share_id: int) -> Share:
    share = Share.objects.select_for_update(of=("self",)).filter(pk=share_id, image=image).first()
    if share is None:
        raise Http404
    share.image = image
    return share


def _decidable(share_id: int, by: Viewer) -> Share:
    """The offer, locked after its image, if the viewer may decide on it."""
    image_id = Share.objects.filter(pk=share_id).values_list("image_id", flat=True).first()
    image = Image.objects.select_for_update(of=("self",)).select_related("account").filter(pk=image_id).first()
    share = Share.objects.offered_to(by).select_for_update(of=("self",)).filter(pk=share_id).first()
    if image is None or share is None or share.is_expired:
        raise Http404
    share.image = image
    if share.recipient_id not in by.decides_for:
        raise PermissionDenied(f"Only an admin of {by.account.title} can decide on offers.")
    return share


def resolve_email(user: User, address: str, link_sent_at: datetime) -> None:
    """Give a person the offers that were made to an address before the link went out by which they confirmed it."""
    waiting = Share.objects.filter(
        kind=AddressKind.EMAIL, address=address.lower(), recipient__isnull=True, offered_at__lt=link_sent_at
    )
    personal = user.personal_account.group_ptr
    for image_id in waiting.order_by("image_id").values_list("image_id", flat=True):
        image = Image.objects.select_for_update(of=("self",)).get(pk=image_id)
        if image.account_id == personal.pk:
            continue
        waiting.filter(image=image).update(recipient=personal)
        sync_grants(image, personal)
        record(
            "reached",
            subject_kind="image",
            subject_id=image.pk,
            subject_name=image.name,
            by=user,
            account=user.personal_account,
            address=address,
        )


def follow_image(image: Image, by: Viewer) -> None:
    """After an image's visibility changed or it was deleted: grants follow, and those who had it are told."""
    refresh_grants(image)
    if image.is_live:
        return
    for share in Share.objects.filter(image=image).exclude(status=Share.Status.REJECTED).select_related("recipient"):
        share.image = image
        letters.image_deleted(share, by)


def end_shares_of(group: Group, by: Viewer) -> None:
    """A group, organization or account is being closed: end what was shared with it and what it trusted."""
    for share in Share.objects.filter(recipient=group).select_related("image__account"):
        share.delete()
        sync_grants(share.image, group)
        record(
            "ended",
            subject_kind="image",
            subject_id=share.image_id,
            subject_name=share.image.name,
            by=by,
            account=share.image.account,
            address=share.address,
        )
    Trust.objects.filter(recipient=group).delete()
    Trust.objects.filter(producer=group).delete()


def _record(verb: str, image: Image, by: Viewer, **detail: str) -> None:
    record(verb, subject_kind="image", subject_id=image.pk, subject_name=image.name, by=by, **detail)


def _record_share(verb: str, share: Share, by: Viewer) -> None:
    """One event, seen by both sides: the producer's account, and the recipient once there is one."""
    record(
        verb,
        subject_kind="image",
        subject_id=share.image_id,
        subject_name=share.image.name,
        by=by,
        counterpart=share.recipient if by.account.pk == share.image.account_id else share.image.account.group_ptr,
        address=share.address_text,
        share=share.pk,
        message=share.message if verb == "offered" else share.reason,
    )


def _record_trust(verb: str, row: Trust, by: Viewer) -> None:
    record(
        verb, subject_kind="group", subject_id=row.producer_id, subject_name=str(row.producer), by=by,
        recipient=row.recipient_id,
    )  # fmt: skip
