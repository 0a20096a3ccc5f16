"""Which accounts a program may know of: those that its token can be used for, or exchanged for."""

from accounts.models import Account, Membership
from accounts.roles import Kind
from api.tokens import Caller


def accounts_of(user_id: int) -> list[Membership]:
    """The memberships of a person in accounts that are open, by name. One query, whoever is asked for."""
    rows = Membership.objects.filter(user=user_id, kind=Kind.ACCOUNT, group__as_account__closed_at__isnull=True)
    with_accounts = rows.select_related("user", "group__as_account__organization")
    return list(with_accounts.order_by("group__as_account__title", "group__as_account__number"))


def accounts_known_to(caller: Caller) -> list[Account]:
    """The accounts that a caller may know of.

    A person who signed in by password knows all of their own, so that they can choose one. A program with an
    application credential knows the one that it is for: whatever else its person is, is not its business.
    """
    if caller.token.credential:
        return [caller.viewer.account] if caller.viewer else []
    return [membership.group.as_account for membership in accounts_of(caller.user.pk)]
