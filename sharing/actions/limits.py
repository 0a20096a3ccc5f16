"""What staff say of how many offers an account makes a day."""

from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts.models import Account, User
from accounts.permissions import OWN, is_own, lock_rows
from accounts.records import record
from sharing.limits import offers_per_day
from sharing.models import OfferLimit
from sharing.permissions import may_set_offer_limits


@transaction.atomic
def set_offer_limit(account: Account, *, by: User, limit: int | None, note: str = "") -> None:
    """Say how many offers an account may make in a day.

    Args:
        limit: None as for everybody.
        note: why; for staff.

    Raises:
        PermissionDenied: the person is not staff who may change offer limits, or is in the account themselves.
    """
    if not may_set_offer_limits(by):
        raise PermissionDenied("Only staff who may change offer limits can do this.")
    if is_own(by, account):
        raise PermissionDenied(OWN.format(account.title))
    lock_rows([account.pk])
    change_offer_limit(account, limit, by, note=note)


def change_offer_limit(account: Account, limit: int | None, by: User, *, note: str) -> None:
    """Change and record; the account is locked and the right is checked."""
    before = offers_per_day(account)
    if limit is None:
        OfferLimit.objects.filter(account=account).delete()
    else:
        OfferLimit.objects.update_or_create(account=account, defaults={"offers_per_day": limit, "note": note})
    after = offers_per_day(account)
    if before != after:
        record(
            "offer limit changed",
            subject_kind="account",
            subject_id=account.number,
            subject_name=account.title,
            by=by,
            account=account,
            old=before,
            new=after,
        )
