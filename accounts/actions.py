"""The verbs of people, accounts, groups and organizations. Each locks, checks, changes, records and notifies."""

import uuid
from typing import Any

from django.db import IntegrityError, transaction

from accounts import hooks, numbers
from accounts.models import Account, Membership, Organization, Team, User
from accounts.records import record
from accounts.roles import Kind, Role

NUMBER_ATTEMPTS = 20


@transaction.atomic
def create_person(*, login: str, email: str, password: str | None, title: str = "", **fields: Any) -> User:
    """Make a person, with the personal account that everybody has.

    Args:
        login: a valid, free login; folded to small letters.
        password: None makes an account that cannot sign in with a password.
        title: the name of the personal account; the person's name when empty.
        fields: other columns of ``User``.
    """
    user = User(username=login.casefold(), email=User.objects.normalize_email(email), **fields)
    user.set_password(password)
    user.save()
    account = _new_account(title or user.get_full_name(), personal_of=user)
    _join(user, account, Role.ADMIN)
    record("signed up", subject_kind="user", subject_id=user.pk, subject_name=user.username, by=user, account=account)
    return user


@transaction.atomic
def create_account(*, title: str, by: User, organization: Organization | None = None) -> Account:
    """Make an account, with its maker as admin."""
    account = _new_account(title, organization=organization)
    _join(by, account, Role.ADMIN)
    record("created", subject_kind="account", subject_id=account.number, subject_name=title, by=by, account=account)
    return account


@transaction.atomic
def create_team(*, title: str, by: User) -> Team:
    """Make a group, with its maker as manager."""
    team = Team.objects.create(name=f"{Kind.TEAM}:{uuid.uuid4()}", title=title)
    _join(by, team, Role.MANAGER)
    record("created", subject_kind="team", subject_id=team.pk, subject_name=title, by=by, counterpart=team.group_ptr)
    return team


@transaction.atomic
def create_organization(*, title: str, by: User) -> Organization:
    """Make an organization, with its maker as manager."""
    organization = Organization.objects.create(name=f"{Kind.ORGANIZATION}:{uuid.uuid4()}", title=title)
    _join(by, organization, Role.MANAGER)
    record(
        "created",
        subject_kind="organization",
        subject_id=organization.pk,
        subject_name=title,
        by=by,
        counterpart=organization.group_ptr,
    )
    return organization


def _join(user: User, group: Account | Organization | Team, role: Role) -> Membership:
    return Membership.objects.create(user=user, group=group.group_ptr, kind=group.kind, role=role)


def _new_account(title: str, **fields: Any) -> Account:
    for _attempt in range(NUMBER_ATTEMPTS):
        number = numbers.new_number()
        if any(hooks.number_is_spoken_for.ask(number)):
            continue
        try:
            with transaction.atomic():
                return Account.objects.create(name=f"{Kind.ACCOUNT}:{number}", number=number, title=title, **fields)
        except IntegrityError:  # taken: one in 900 million for each account that exists
            if not Account.objects.filter(number=number).exists():
                raise
    raise RuntimeError("No free account number was found.")
