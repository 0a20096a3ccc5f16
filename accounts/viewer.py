"""Who is asking, and for which account: the only input to every question of visibility."""

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass, field, replace
from functools import cached_property

from accounts.models import Account, Membership, Organization, Team, User
from accounts.roles import DECIDING_ROLE, Kind, Role


@dataclass(frozen=True)
class Viewer:
    """A person who works for one of their accounts.

    Attributes:
        user: the person.
        account: the account of the page.
        role: the person's role in that account.
        memberships: everything the person belongs to directly, closed groups left out.
        most: the highest role that a token of the API gives; None for somebody in the browser. Who asks with a token
            speaks for its account and the account's organization alone, whatever else the person is.
        credential: the id of the application credential of that token; empty for any other.
    """

    user: User
    account: Account
    role: Role
    memberships: tuple[Membership, ...] = field(repr=False)
    most: Role | None = None
    credential: str = ""

    @classmethod
    def of(cls, user: User, *, number: str) -> "Viewer | None":
        """The viewer for an account's number, or None when the person is not in that account. One query."""
        return choose(user, open_memberships(user), number=number)

    def by_token(self, most: Role, credential: str = "") -> "Viewer":
        """The same person for the account alone, with this role at most: who asks with a token of the API."""
        role = most if self.role.includes(most) else self.role
        own = tuple(copy(membership) for membership in self.memberships if membership.group_id == self.account.pk)
        for membership in own:
            membership.role = role
        return replace(self, role=role, memberships=own, most=most, credential=credential)

    def now(self) -> "Viewer | None":
        """The viewer as they are at this moment; None when they are no longer in the account. One query."""
        found = Viewer.of(self.user, number=self.account.number)
        return found.by_token(self.most, self.credential) if found and self.most else found

    @cached_property
    def principals(self) -> frozenset[int]:
        """The groups whose grants count: account, its organization, the personal account, groups, organizations."""
        direct = {m.group_id for m in self.memberships if m.kind in (Kind.TEAM, Kind.ORGANIZATION)}
        organization = self.account.organization
        derived = {organization.pk} if organization and organization.is_open else set()
        return frozenset({self.account.pk} | direct | derived | self._personal)

    @cached_property
    def groups(self) -> frozenset[int]:
        """Those of them that are groups and organizations, and not accounts."""
        return self.principals - {account.pk for account in self.accounts}

    @cached_property
    def decides_for(self) -> frozenset[int]:
        """The principals on whose behalf this person may accept and reject: as admin or manager."""
        deciding = [m for m in self.memberships if self._decides(m)]
        own = {self.account.pk} if self.is_admin else set()
        return frozenset(own | {m.group_id for m in deciding if m.kind != Kind.ACCOUNT or m.group_id in self._personal})

    @cached_property
    def accounts(self) -> list[Account]:
        """The person's accounts, for the switcher: the personal one first, then by name."""
        accounts = [m.group.as_account for m in self.memberships if m.kind == Kind.ACCOUNT]
        return sorted(accounts, key=lambda account: (not account.is_personal, account.title.casefold()))

    @cached_property
    def administered_accounts(self) -> list[Account]:
        """The accounts in which this person is admin."""
        ids = {m.group_id for m in self.memberships if m.kind == Kind.ACCOUNT and self._decides(m)}
        return [account for account in self.accounts if account.pk in ids]

    @cached_property
    def managed_teams(self) -> list[Team]:
        """The groups that this person manages."""
        return [m.group.as_team for m in self.memberships if m.kind == Kind.TEAM and self._decides(m)]

    @cached_property
    def managed_organizations(self) -> list[Organization]:
        """The organizations that this person manages."""
        return [m.group.as_organization for m in self.memberships if m.kind == Kind.ORGANIZATION and self._decides(m)]

    @property
    def is_admin(self) -> bool:
        """Whether this person decides for the account."""
        return self.role is Role.ADMIN

    @property
    def is_creator(self) -> bool:
        """Whether this person may make and offer images (creator or admin)."""
        return self.role.includes(Role.CREATOR)

    @cached_property
    def _personal(self) -> frozenset[int]:
        personal = (m for m in self.memberships if m.kind == Kind.ACCOUNT)
        return frozenset(m.group_id for m in personal if m.group.as_account.personal_of_id == self.user.pk)

    @staticmethod
    def _decides(membership: Membership) -> bool:
        return membership.role == DECIDING_ROLE[Kind(membership.kind)]


def open_memberships(user: User) -> tuple[Membership, ...]:
    """What a person belongs to directly, without what has been closed and without staff groups. One query."""
    rows = user.memberships.exclude(kind=Kind.STAFF).with_groups()
    return tuple(membership for membership in rows if membership.of.is_open)


def choose(user: User, memberships: Iterable[Membership], *, number: str) -> Viewer | None:
    """The viewer for one account out of what a person belongs to."""
    memberships = tuple(memberships)
    for membership in memberships:
        if membership.kind == Kind.ACCOUNT and membership.group.as_account.number == number:
            return Viewer(user, membership.group.as_account, Role(membership.role), memberships)
    return None


def first_viewer(user: User, memberships: Iterable[Membership]) -> Viewer | None:
    """The viewer for the account in which somebody who has just signed in most likely has work to do.

    An account with colleagues comes before the personal one, and one where they may do more before the others.
    """
    memberships = tuple(memberships)
    own = [membership for membership in memberships if membership.kind == Kind.ACCOUNT]
    if not own:
        return None
    best = min(own, key=lambda m: (m.group.as_account.is_personal, -Role(m.role).rank, m.joined_at, m.pk))
    return Viewer(user, best.group.as_account, Role(best.role), memberships)
