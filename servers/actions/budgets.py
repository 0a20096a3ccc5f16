"""Budgets of accounts, and which sizes of servers they may use: what the managers of an organization decide.

Whoever boots takes the rows of the account and of its organization, too: after these, nothing boots by what held
before.
"""

from collections.abc import Iterable
from decimal import Decimal

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone

from accounts.actions.events import record_of_group
from accounts.actions.memberships import find_account_of
from accounts.errors import wrong
from accounts.models import Account, Organization
from accounts.permissions import Verb, lock, lock_rows
from accounts.viewer import Viewer
from servers import budget_letters
from servers.budgets import Level, counting_budgets
from servers.costs import Month, usage_of
from servers.models import Budget, Flavor, ServerRules
from servers.money import money


@transaction.atomic
def set_budget(organization: Organization, account_id: int, *, by: Viewer, amount: Decimal) -> Budget:
    """Say how much an account of an organization may spend on servers in a month, this one included.

    Args:
        amount: in the currency of the panel.

    Raises:
        Http404: the viewer or the account is not in it.
        PermissionDenied: only a manager.
        ValidationError: on the field ``amount``.
    """
    group, account = _locked(organization, account_id, by)
    budget = Budget.objects.filter(organization=group.pk, account=account).first()
    if budget and budget.amount == amount:
        return budget
    budget = budget or Budget(organization=group, account=account)
    # By another amount another part is spent: people are told anew.
    budget.amount, budget.warned_month, budget.warned_percent = amount, None, 0
    budget.full_clean(exclude=["organization", "account"], validate_unique=False)
    budget.save()
    # Everybody in the organization reads the first, and only the account what it may spend.
    record_of_group("budget set", group, by=by, allotted=account.title)
    record_of_group("budget given", account, by=by.user, amount=money(amount), organization=group.title)
    budget_letters.budget_set(budget, by.user)
    return budget


@transaction.atomic
def remove_budget(organization: Organization, account_id: int, *, by: Viewer) -> None:
    """Let an account spend as much as it likes. Twice is not an error.

    Raises:
        Http404: the viewer or the account is not in it.
        PermissionDenied: only a manager.
    """
    group, account = _locked(organization, account_id, by)
    removed, _by_model = Budget.objects.filter(organization=group.pk, account=account).delete()
    if removed:
        record_of_group("budget removed", group, by=by, allotted=account.title)
        record_of_group("budget taken", account, by=by.user, organization=group.title)


def _locked(organization: Organization, account_id: int, by: Viewer) -> tuple[Organization, Account]:
    find_account_of(organization, account_id)  # nobody holds up an account that is not of the organization
    lock_rows({organization.pk, account_id})
    group = lock(organization, by=by, verb=Verb.SET_BUDGETS)
    return group, find_account_of(group, account_id)


@transaction.atomic
def set_sizes(organization: Organization, *, by: Viewer, flavors: Iterable[int]) -> ServerRules:
    """Say which sizes the servers of all accounts of an organization may have, from now on. What there is goes on.

    Args:
        flavors: ids of sizes, of all regions together; none: all are allowed, also those to come.

    Raises:
        Http404: the viewer is not in it.
        PermissionDenied: only a manager.
        ValidationError: a size does not exist, or nobody can use it any more.
    """
    group = lock(organization, by=by, verb=Verb.SET_SIZES)
    wanted = set(flavors)
    chosen = list(Flavor.objects.filter(pk__in=wanted, closed_at=None).select_related("region"))
    if len(chosen) != len(wanted):
        raise wrong("flavors", "A size that was chosen is no longer offered. Choose again.", "no-such-flavor")
    rules, _made = ServerRules.objects.get_or_create(organization=group)
    if set(rules.flavors.values_list("pk", flat=True)) != wanted:
        rules.flavors.set(chosen)
        names = ", ".join(sorted(f"{flavor.name} ({flavor.region_id})" for flavor in chosen))
        record_of_group("sizes chosen", group, by=by, sizes=names or "all")
    return rules


def end_budgets(group: Group, _by: Viewer) -> None:
    """Nothing is set for an account or by an organization that is closed."""
    Budget.objects.filter(account=group.pk).delete()
    Budget.objects.filter(organization=group.pk).delete()
    ServerRules.objects.filter(organization=group.pk).delete()


def end_budget_of(account: Account, organization: Organization) -> None:
    """An account that leaves an organization spends what it likes; a budget does not come back when it joins again."""
    Budget.objects.filter(account=account.pk, organization=organization.pk).delete()


def warn_of_budgets() -> int:
    """Tell people of each budget of which 80 or 100 % are spent, once a month and for each of both.

    Returns:
        How many budgets people were told of.
    """
    month = Month.of(timezone.now()).start.date()
    usage = usage_of(counting_budgets().values_list("account", flat=True))
    due = [
        budget.pk
        for budget in counting_budgets()
        if budget.account_id in usage
        and Level.of(budget, usage[budget.account_id]).threshold > budget.warned_percent_in(month)
    ]
    return sum(_warn(pk) for pk in due)


@transaction.atomic
def _warn(budget_id: int) -> bool:
    """Look once more under the lock of the row: another worker may have been quicker, or a manager gave more."""
    budget = counting_budgets().select_for_update(of=("self",)).filter(pk=budget_id).first()
    if budget is None:
        return False
    level = Level.of(budget, usage_of([budget.account_id])[budget.account_id])
    month = Month.of(timezone.now()).start.date()
    if level.threshold <= budget.warned_percent_in(month):
        return False
    budget.warned_month, budget.warned_percent = month, level.threshold
    budget.save(update_fields=["warned_month", "warned_percent"])
    budget_letters.budget_spent(level)
    return True
