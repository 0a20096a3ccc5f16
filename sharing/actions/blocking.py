"""Whom a recipient does not want to hear of. For the producer nothing changes: its offers stay pending."""

from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.http import Http404

from accounts.models import Account
from accounts.permissions import lock_groups
from accounts.records import record
from accounts.viewer import Viewer
from sharing.actions.changes import sync
from sharing.actions.decisions import turn_down
from sharing.actions.endings import lock_shares
from sharing.models import Block, Share, Trust, title_of


@transaction.atomic
def block(producer: Account, *, recipient: Group, by: Viewer, give_back: bool = False) -> Block:
    """Hear no more of a producer: its offers, those that wait and those to come, reach the recipient no more.

    The producer is not told, and is trusted no longer. Saying it twice changes nothing.

    Args:
        recipient: the account, group or organization that blocks.
        give_back: also remove what the recipient has accepted from the producer, which does tell the producer.

    Raises:
        PermissionDenied: the viewer does not decide for the recipient.
        ValidationError: nobody blocks themselves.
    """
    by = lock_groups(by, [recipient])
    if recipient.pk not in by.decides_for:
        raise PermissionDenied(f"Only an admin of {title_of(recipient)} can block a producer for it.")
    if producer.pk == recipient.pk:
        raise ValidationError("An account cannot block itself.", code="own")
    row, created = Block.objects.get_or_create(recipient=recipient, producer=producer, defaults={"blocked_by": by.user})
    if created:
        _record("blocked", row, by)
    Trust.objects.filter(recipient=recipient, producer=producer).delete()
    for share in lock_shares(_between(row)):
        _let_follow(share, by, give_back=give_back)
    return row


@transaction.atomic
def unblock(block_id: int, *, by: Viewer) -> Block:
    """Hear of a producer again. Offers that wait, and have not expired, are back.

    Raises:
        Http404: no such row for this viewer.
    """
    by = lock_groups(by, [_block_of(block_id, by).recipient])
    row = _block_of(block_id, by)  # again, under the lock
    _record("unblocked", row, by)
    row.delete()
    for share in lock_shares(_between(row)):
        sync(share)
    return row


def _block_of(block_id: int, by: Viewer) -> Block:
    row = Block.objects.of_recipients(by.decides_for).filter(pk=block_id).first()
    if row is None:
        raise Http404
    return row


def _between(row: Block) -> Q:
    return Q(recipient=row.recipient_id, image__account=row.producer_id)


def _let_follow(share: Share, by: Viewer, *, give_back: bool) -> None:
    if share.takes_future:  # later versions would be new images of a producer that is not wanted
        share.takes_future = False
        share.save(update_fields=["takes_future"])
    if give_back and share.state == Share.Status.ACCEPTED:
        turn_down(share, "left", "", by)
    else:
        sync(share)


def _record(verb: str, row: Block, by: Viewer) -> None:
    account: Account | None = getattr(row.recipient, "as_account", None)
    record(
        verb,
        subject_kind="group",
        subject_id=row.producer_id,
        subject_name=row.producer.title,
        by=by.user,
        account=account,
        counterpart=None if account else row.recipient,
    )
