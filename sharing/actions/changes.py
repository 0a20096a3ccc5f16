"""The steps that several verbs share: finding a row, deciding, giving access, and writing down what happened."""

from typing import Any

from django.contrib.auth.models import Group
from django.http import Http404
from django.utils import timezone

from accounts.models import Account, User
from accounts.records import record
from accounts.viewer import Viewer
from images.models import Image
from sharing.grants import sync_grants
from sharing.models import Block, Share


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


def decide(share: Share, status: Share.Status, user: User) -> None:
    """Set a decision on a row that is not saved yet."""
    share.status, share.decided_at, share.decided_by = status, timezone.now(), user
    share.takes_future = False


def end_later_versions_of(share: Share) -> None:
    """A recipient gives up, or loses, a version by which it took later ones: it gets no more of that family.

    Called before the share changes. The flag alone is written, so that other versions need no lock.
    """
    if share.takes_future:
        same = Share.objects.filter(image__family=share.image.family_id, kind=share.kind, address=share.address)
        same.filter(takes_future=True).update(takes_future=False)


def sync(share: Share, *, before: Group | None = None) -> None:
    """Let the grants follow a share that was just written.

    Args:
        before: whom the share reached until now, when that is somebody else.
    """
    sync_grants(share.image, share.recipient)
    if before is not None and before != share.recipient:
        sync_grants(share.image, before)


def record_image(verb: str, image: Image, by: Viewer, **detail: Any) -> None:
    """Write an event of the owner account."""
    record(verb, subject_kind="image", subject_id=image.pk, subject_name=image.name, by=by, **detail)


def record_by_producer(verb: str, share: Share, by: Viewer, **detail: Any) -> None:
    """Write what the producer did. The recipient, once there is one that wants to hear of it, sees the shared part."""
    counterpart = None if Block.objects.silences(share) else share.recipient
    _record(verb, share, by=by, account=share.image.account, counterpart=counterpart, **detail)


def record_by_recipient(verb: str, share: Share, by: Viewer, **detail: Any) -> None:
    """Write what the recipient decided: one event for each side.

    The producer's event names the address that the producer typed and nothing else. One event for both sides would
    tell the producer which account or person stands behind the address, also of a rejection.
    """
    account: Account | None = getattr(share.recipient, "as_account", None)
    others = None if account else share.recipient
    _record(verb, share, by=by.user, account=account, counterpart=others, **detail)
    record_for_producer(verb, share)


def record_for_producer(verb: str, share: Share) -> None:
    """Write into the producer's account what the other side did, without who did it."""
    _record(verb, share, by=None, account=share.image.account, counterpart=None)


def _record(
    verb: str,
    share: Share,
    *,
    by: Viewer | User | None,
    account: Account | None,
    counterpart: Group | None,
    **detail: Any,
) -> None:
    record(
        verb,
        subject_kind="image",
        subject_id=share.image_id,
        subject_name=share.image.name,
        by=by,
        account=account,
        counterpart=counterpart,
        address=share.address_text,
        share=share.pk,
        **detail,
    )
