"""Making, renaming and closing accounts, groups and organizations."""

import uuid
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import hooks, letters, numbers
from accounts.actions.events import record_of_group
from accounts.actions.invitations import revoke_all
from accounts.models import Account, AnyGroup, Membership, Organization, Team, User
from accounts.permissions import Verb, lock
from accounts.roles import DECIDING_ROLE, Kind
from accounts.viewer import Viewer

NUMBER_ATTEMPTS = 20


@transaction.atomic
def create_account(*, title: str, by: User, organization: Organization | None = None) -> Account:
    """Make an account, with its maker as admin."""
    account = new_account(title, organization=organization)
    join_as_first(by, account)
    record_of_group("created", account, by=by)
    return account


@transaction.atomic
def create_team(*, title: str, by: User) -> Team:
    """Make a group, with its maker as manager."""
    team = Team.objects.create(name=f"{Kind.TEAM}:{uuid.uuid4()}", title=title)
    join_as_first(by, team)
    record_of_group("created", team, by=by)
    return team


@transaction.atomic
def create_organization(*, title: str, by: User) -> Organization:
    """Make an organization, with its maker as manager."""
    organization = Organization.objects.create(name=f"{Kind.ORGANIZATION}:{uuid.uuid4()}", title=title)
    join_as_first(by, organization)
    record_of_group("created", organization, by=by)
    return organization


@transaction.atomic
def rename(group: AnyGroup, *, title: str, by: Viewer) -> AnyGroup:
    """Give an account, group or organization another name. Whoever was verified under the old one no longer is.

    Raises:
        Http404: the viewer is not in it, or it was closed.
        PermissionDenied: only an admin or manager renames.
    """
    group = lock(group, by=by, verb=Verb.CHANGE_SETTINGS)
    old, group.title = group.title, title
    if old != title:
        group.save(update_fields=["title"])
        record_of_group("renamed", group, by=by, old=old, new=title)
        if not isinstance(group, Team):
            end_verification(group, by=by)
    return group


def end_verification(group: Account | Organization, *, by: Viewer | User) -> None:
    """Let an account or organization count as verified no longer, in the transaction that holds its row."""
    if not group.is_verified:
        return
    group.verified_at = group.verified_by = None
    group.save(update_fields=["verified_at", "verified_by"])
    record_of_group("verification ended", group, by=by)


@transaction.atomic
def close(group: AnyGroup, *, by: Viewer) -> None:
    """Close an account, group or organization for good: what depends on it ends, the row stays as a tombstone.

    Raises:
        Http404: the viewer is not in it, or somebody has just closed it.
        PermissionDenied: only an admin or manager closes, and nobody a personal account.
    """
    group = lock(group, by=by, verb=Verb.CLOSE)
    if isinstance(group, Account) and group.is_personal:
        raise PermissionDenied("A personal account stays as long as its person.")
    hooks.closing.ask(group, by)
    revoke_all(group, by.user)
    letters.closed(group, by.user)
    if isinstance(group, Organization):
        group.accounts.update(organization=None)
    group.closed_at, group.closed_by = timezone.now(), by.user
    group.save(update_fields=["closed_at", "closed_by"])
    record_of_group("closed", group, by=by)


def consequences_of_closing(group: AnyGroup) -> list[str]:
    """What closing would end, as sentences for the page that asks for confirmation."""
    sentences = []
    others = Membership.objects.filter(group=group.pk).count()
    sentences.append(f"{others} {'person loses' if others == 1 else 'people lose'} access to it, you among them.")
    if isinstance(group, Organization) and (accounts := group.accounts.count()):
        sentences.append(f"{accounts} {'account leaves' if accounts == 1 else 'accounts leave'} the organization.")
    for more in hooks.closing_consequences.ask(group):
        sentences += more
    return sentences


def join_as_first(user: User, group: AnyGroup) -> Membership:
    """Make the maker of a group its first admin or manager."""
    return Membership.objects.create(user=user, group=group.group_ptr, kind=group.kind, role=DECIDING_ROLE[group.kind])


def new_account(title: str, **fields: Any) -> Account:
    """Make an account with a number that nobody has and nobody speaks of."""
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
