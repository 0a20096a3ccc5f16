"""How many servers an account may have, as staff decide."""

from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts.models import Account, User
from accounts.permissions import OWN, is_own, lock_rows
from accounts.records import record
from servers.limits import Counted, Limits, limits_of, write_limits
from servers.models import ServerLimit
from servers.permissions import may_set_limits


@transaction.atomic
def set_server_limit(account: Account, *, by: User, limits: Limits, note: str = "") -> ServerLimit:
    """Set how many servers an account may have. Fewer than it has is allowed: those go on, and no new ones come.

    Args:
        limits: None, or nothing, as for everybody.
        note: why; for staff.

    Raises:
        PermissionDenied: the person is not staff who may change limits, or is in the account themselves.
    """
    if not may_set_limits(by):
        raise PermissionDenied("Only staff who may change server limits can do this.")
    if is_own(by, account):
        raise PermissionDenied(OWN.format(account.title))
    lock_rows([account.pk])
    before = limits_of(account)
    columns = {str(counted): limits.get(counted) for counted in Counted} | {"note": note}
    kept, _made = ServerLimit.objects.update_or_create(account=account, defaults=columns)
    after = limits_of(account)
    if before != after:
        changed = [counted for counted in Counted if before[counted] != after[counted]]
        record(
            "server limit changed",
            subject_kind="account",
            subject_id=account.number,
            subject_name=account.title,
            by=by,
            account=account,
            old=write_limits({counted: before[counted] for counted in changed}),
            new=write_limits({counted: after[counted] for counted in changed}),
        )
    return kept
