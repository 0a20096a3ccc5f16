"""Whom an account or organization trusts."""

from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404

from accounts.errors import Conflict
from accounts.models import Account, Organization
from accounts.permissions import lock_groups
from accounts.records import record
from accounts.roles import DECIDING_ROLE
from accounts.viewer import Viewer
from sharing.models import Block, Trust, title_of


@transaction.atomic
def trust(producer: Group, *, recipient: Account | Organization, by: Viewer) -> Trust:
    """Say that offers of this producer are accepted at once. Saying it twice changes nothing.

    What an organization trusts satisfies the policies of its accounts; whether they are still asked, each says itself.

    Args:
        producer: an account, or an organization and so all its accounts, now and later.
        recipient: the account or organization that trusts.

    Raises:
        PermissionDenied: the viewer is no admin of the account, or manager of the organization.
        ValidationError: nobody can trust themselves.
        Conflict: the account blocks the producer.
    """
    by = lock_groups(by, [recipient])  # so that it is not blocked meanwhile
    if recipient.pk not in {group.pk for group in [*by.administered_accounts, *by.managed_organizations]}:
        who = DECIDING_ROLE[recipient.kind].with_article
        raise PermissionDenied(f"Only {who} of {recipient.title} can say whom it trusts.")
    if producer.pk == recipient.pk:
        raise ValidationError(f"{recipient.title} need not trust itself.", code="own")
    if Block.objects.filter(recipient=recipient.pk, producer=producer.pk).exists():
        raise Conflict(f"{recipient.title} has blocked {title_of(producer)}. Unblock it first.")
    row, created = Trust.objects.get_or_create(
        recipient=recipient.group_ptr, producer_id=producer.pk, defaults={"trusted_by": by.user}
    )
    if created:
        _record("trusted", row, by)
    return row


@transaction.atomic
def stop_trusting(trust_id: int, *, by: Viewer) -> Trust:
    """Ask again from now on. What was accepted stays.

    Raises:
        Http404: no such row for this viewer.
    """
    row = Trust.objects.of_accounts(by.decides_for).filter(pk=trust_id).first()
    if row is None:
        raise Http404
    _record("stopped trusting", row, by)
    row.delete()
    return row


def _record(verb: str, row: Trust, by: Viewer) -> None:
    account: Account | None = getattr(row.recipient, "as_account", None)
    record(
        verb,
        subject_kind="group",
        subject_id=row.producer_id,
        subject_name=row.producer_title,
        by=by.user,
        account=account,
        counterpart=None if account else row.recipient,
    )
