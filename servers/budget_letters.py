"""Letters about budgets. The words are in templates/servers/letters."""

from typing import Any

from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.models import Account, Membership, Organization, User
from accounts.records import Message, notify_each
from servers.budgets import Level
from servers.models import Budget


def budget_set(budget: Budget, by: User) -> None:
    """Tell the admins of an account how much it may spend from now on."""
    admins = _deciding_for(budget.account).exclude(pk=by.pk)
    _tell("budget_set", dict.fromkeys(admins, _of_account(budget.account)), budget=budget, by=by)


def budget_spent(level: Level) -> None:
    """Tell the admins of an account, and the managers who gave it its budget, how much of it is spent."""
    managers = _deciding_for(level.organization).select_related("personal_account")
    paths = {manager: _of_organization(level.organization, manager) for manager in managers}
    paths |= dict.fromkeys(_deciding_for(level.account), _of_account(level.account))
    _tell("budget_spent", paths, level=level)


def _deciding_for(group: Account | Organization) -> "QuerySet[User]":
    return User.objects.filter(memberships__in=Membership.objects.deciding_for(group.pk))


def _of_account(account: Account) -> str:
    return f"{reverse('account_detail', kwargs={'number': account.number})}#budget"


def _of_organization(organization: Organization, user: User) -> str:
    kwargs = {"number": user.personal_account.number, "pk": organization.pk}
    return reverse("organization_budgets", kwargs=kwargs)


def _tell(name: str, paths: dict[User, str], **context: Any) -> None:
    text = render_to_string(f"servers/letters/{name}.txt", context)
    subject, _newline, body = text.strip().partition("\n")
    notify_each(Message(user, subject.strip(), body.strip(), path) for user, path in paths.items())
