"""Later versions of a family: who agreed to have them gets them when they come, and can stop that at any time."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404
from django.utils import timezone

from accounts.errors import Conflict
from accounts.querysets import NOBODY
from accounts.viewer import Viewer
from images.models import Image
from sharing import news_of_images
from sharing.actions.changes import (
    decide,
    end_later_versions_of,
    record_by_producer,
    record_by_recipient,
    sync,
)
from sharing.actions.starting import open_for_sharing
from sharing.deciding import decision_refusal
from sharing.lasting import checked_end
from sharing.models import AddressKind, Rules, Share
from sharing.policies import judge_for
from sharing.querysets import ShareQuerySet
from sharing.rules import divide, rules_of
from sharing.targets import Target, open_to_all


def followers_of(family_id: int) -> set[int]:
    """The recipients that agreed to have later versions of a family."""
    return set(_following(family_id).values_list("recipient_id", flat=True)) - {None}


def give_version(image: Image, by: Viewer, locked: set[int]) -> None:
    """Give an image that has just joined a family to those who agreed to have later versions, on the same terms.

    Whoever has an older version of the same image counts. What there is of the new one stays as it is: nobody gets
    again what they rejected. Where a policy of the recipient refuses the image, they are asked.

    Args:
        locked: the recipients whose rows this transaction has taken; others agreed too late.
    """
    if image.is_over or open_to_all(image):
        return
    rules = rules_of(image.account)
    followed = _followed(image, by, locked, rules)
    if not followed:
        return
    open_for_sharing(image, by, rules)
    judge = judge_for({share.recipient_id for share in followed if share.recipient_id})
    latest = checked_end(rules, None)
    given = [
        _give(image, older, by, latest=latest, asked=bool(judge.refusal(image, older.recipient_id or NOBODY)))
        for older in followed
    ]
    news_of_images.version_came(given)


def _followed(image: Image, by: Viewer, locked: set[int], rules: Rules | None) -> list[Share]:
    """The shares of older versions that the image follows: of each address the one of the newest version."""
    older = _following(image.family_id or NOBODY).filter(recipient__in=locked, image__created_at__lt=image.created_at)
    older = older.exclude(image=image).exclude(recipient=image.account_id).order_by("-image__created_at", "-pk")
    known = set(Share.objects.filter(image=image).values_list("kind", "address"))
    newest: dict[tuple[str, str], Share] = {}
    for share in older.select_related("recipient", "decided_by"):
        if (share.kind, share.address) not in known:
            newest.setdefault((share.kind, share.address), share)
    return [share for share in newest.values() if _may_have_it(rules, share, by)]


def _may_have_it(rules: Rules | None, share: Share, by: Viewer) -> bool:
    """Whether the rules let the recipient have it without a second person: they may be newer than the agreement."""
    try:
        return bool(divide(rules, by, [Target(AddressKind(share.kind), share.address, share.recipient)]).free)
    except ValidationError:
        return False


def forget_family(image: Image) -> None:
    """An image is in no family any more, or in another one: nothing follows it."""
    image.shares.update(offers_future=False, takes_future=False)


@transaction.atomic
def take_later_versions(share_id: int, *, by: Viewer) -> Share:
    """Agree, after accepting, to have later versions as well.

    Raises:
        Http404: no such share for this viewer.
        PermissionDenied: they do not decide for the recipient.
        Conflict: the offer does not include them.
    """
    share = _held(share_id, by)
    if not share.offers_future or share.image.family is None:
        raise Conflict("Later versions are not part of this offer.")
    if not share.takes_future:
        share.takes_future = True
        share.save(update_fields=["takes_future"])
        record_by_recipient("took later versions", share, by)
    return share


@transaction.atomic
def stop_later_versions(share_id: int, *, by: Viewer) -> Share:
    """Want no more versions than those that one has. These stay.

    Raises:
        Http404, PermissionDenied: as ``take_later_versions``.
    """
    share = _held(share_id, by)
    if share.takes_future:
        end_later_versions_of(share)
        share.takes_future = False
        share.save(update_fields=["takes_future"])
        record_by_recipient("stopped later versions", share, by)
    return share


def _following(family_id: int) -> ShareQuerySet:
    """The shares of a family that later versions follow. Those of a deleted version do, since versions come and go."""
    shares = Share.objects.giving_access().filter(image__family=family_id, takes_future=True)
    return shares.exclude(image__visibility=Image.Visibility.PRIVATE)


def _give(image: Image, older: Share, by: Viewer, *, latest: datetime | None, asked: bool) -> Share:
    """One recipient's share of a new version.

    Args:
        older: what it is to be like.
        latest: when it ends at the latest, by rules that may be newer than the agreement.
        asked: whether the recipient has to decide, because a policy of its own refuses the image.
    """
    now = timezone.now()
    until = min(filter(None, (older.access_until, latest)), default=None)
    expires = now + timedelta(days=settings.OFFER_LIFETIME_DAYS)
    share = Share(
        image=image,
        kind=older.kind,
        address=older.address,
        recipient=older.recipient,
        export=older.export and not image.is_boot_only,
        offered_at=now,
        offered_by=by.user,
        offer_expires_at=min(expires, until) if until else expires,
        access_until=until,
        offers_future=True,
    )
    if not asked and older.decided_by is not None:
        decide(share, Share.Status.ACCEPTED, older.decided_by)
        share.takes_future = True
    share.save()
    sync(share)
    record_by_producer("offered" if asked else "accepted", share, by, because="family")
    return share


def _held(share_id: int, by: Viewer) -> Share:
    """An accepted share under the lock of its image, if the viewer decides for its recipient."""
    held = Share.objects.offered_to(by).giving_access().filter(pk=share_id)
    image_id: UUID | None = held.values_list("image_id", flat=True).first()
    if image_id is None:
        raise Http404
    image = Image.objects.select_for_update(of=("self",)).select_related("account", "family").get(pk=image_id)
    share = held.first()
    if share is None:
        raise Http404
    share.image = image
    if reason := decision_refusal(by, share):
        raise PermissionDenied(reason)
    return share
