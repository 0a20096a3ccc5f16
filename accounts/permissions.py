"""Who may do what with an account, a group or an organization, as data. docs/permissions.md is this table.

The people's part of the design's table "Who may do what": one role, and everything that includes it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar, cast

from django.contrib.auth.models import AnonymousUser, Group
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404

from accounts import hooks
from accounts.models import AnyGroup, Membership, User
from accounts.roles import ROLES_OF_KIND, Kind, Role
from accounts.viewer import Viewer

G = TypeVar("G", bound=AnyGroup)


class Verb(StrEnum):
    """What can be done. The text completes "Only an admin of … can …"."""

    SEE = "see its people"
    MANAGE_PEOPLE = "invite and remove people and change their roles"
    MANAGE_ACCOUNTS = "invite and remove accounts"
    CHANGE_SETTINGS = "rename it"
    JOIN_ORGANIZATIONS = "join or leave an organization"
    ASK_FOR_MORE = "ask for a larger quota"
    SET_POLICY = "set its policy"
    SET_RULES = "set its rules for sharing"
    APPROVE = "approve offers to others"
    SEE_EXPOSURE = "see what its accounts share outside"
    SET_BUDGETS = "see what servers cost its accounts, and set their budgets"
    SET_SIZES = "choose which sizes of servers its accounts may use"
    MANAGE_WEBHOOKS = "manage its webhooks and feeds"
    CLOSE = "close it"


NEEDED_ROLE: dict[Kind, dict[Verb, Role]] = {
    Kind.ACCOUNT: {
        Verb.SEE: Role.OBSERVER,
        Verb.MANAGE_PEOPLE: Role.ADMIN,
        Verb.CHANGE_SETTINGS: Role.ADMIN,
        Verb.JOIN_ORGANIZATIONS: Role.ADMIN,
        Verb.ASK_FOR_MORE: Role.ADMIN,
        Verb.SET_POLICY: Role.ADMIN,
        Verb.MANAGE_WEBHOOKS: Role.ADMIN,
        Verb.CLOSE: Role.ADMIN,
    },
    Kind.TEAM: {
        Verb.SEE: Role.MEMBER,
        Verb.MANAGE_PEOPLE: Role.MANAGER,
        Verb.CHANGE_SETTINGS: Role.MANAGER,
        Verb.CLOSE: Role.MANAGER,
    },
    Kind.ORGANIZATION: {
        Verb.SEE: Role.MEMBER,
        Verb.MANAGE_PEOPLE: Role.MANAGER,
        Verb.MANAGE_ACCOUNTS: Role.MANAGER,
        Verb.CHANGE_SETTINGS: Role.MANAGER,
        Verb.SET_POLICY: Role.MANAGER,
        Verb.SET_RULES: Role.MANAGER,
        Verb.APPROVE: Role.MANAGER,
        Verb.SEE_EXPOSURE: Role.MANAGER,
        Verb.SET_BUDGETS: Role.MANAGER,
        Verb.SET_SIZES: Role.MANAGER,
        Verb.CLOSE: Role.MANAGER,
    },
}


def role_in(viewer: Viewer, group: AnyGroup) -> Role | None:
    """The viewer's role, or None for somebody who does not belong to it. Costs no query.

    People of an account that belongs to an organization are members of the organization through the account.
    """
    for membership in viewer.memberships:
        if membership.group_id == group.pk:
            return Role(membership.role)
    return Role.MEMBER if group.pk == viewer.account.organization_id else None


def refusal(role: Role, verb: Verb, group: AnyGroup) -> str:
    """Why somebody with this role may not do this; empty when they may."""
    needed = NEEDED_ROLE[group.kind][verb]
    if role.includes(needed):
        return ""
    return f"Only {needed.with_article} of {group.title} can {verb}."


def may(viewer: Viewer, verb: Verb, group: AnyGroup | None = None) -> bool:
    """Whether the viewer may do this with the account of the page, or with the group given."""
    group = group or viewer.account
    role = role_in(viewer, group)
    return role is not None and not refusal(role, verb, group)


def require(role: Role | None, verb: Verb, group: AnyGroup) -> None:
    """Refuse what somebody with this role may not do.

    Raises:
        Http404: they do not belong to it, or it has been closed.
        PermissionDenied: with the reason, for the person.
    """
    if role is None or not group.is_open:
        raise Http404
    if reason := refusal(role, verb, group):
        raise PermissionDenied(reason)


def get_group(viewer: Viewer, kind: Kind, pk: int | None, verb: Verb) -> AnyGroup:
    """Fetch and check in one call: the account of the page, or a group or organization that the viewer is in.

    Costs no query: the viewer brings everything that the person belongs to.

    Args:
        pk: of the group or organization; None for the account of the page.

    Raises:
        Http404: the viewer is not in it, it was closed, or it never existed.
        PermissionDenied: they are in it but may not do this; with the reason.
    """
    group = viewer.account if kind == Kind.ACCOUNT else _find(viewer, kind, pk)
    if group is None:
        raise Http404
    require(role_in(viewer, group), verb, group)
    return group


def _find(viewer: Viewer, kind: Kind, pk: int | None) -> AnyGroup | None:
    direct = (m.of for m in viewer.memberships if m.kind == kind and m.group_id == pk)
    derived = viewer.account.organization
    if kind == Kind.ORGANIZATION and derived and derived.pk == pk:
        return next(direct, derived)
    return next(direct, None)


def may_verify(user: User | AnonymousUser) -> bool:
    """Whether somebody says for the panel that accounts and organizations are who their names say."""
    return user.is_active and user.is_staff and user.has_perm("accounts.verify_account")


def is_own(user: User, group: AnyGroup) -> bool:
    """Whether staff would decide about themselves: about what they are in, also through one of its accounts.

    Somebody else of the staff does that. An administrator stands above it: there may be nobody else. One query.
    """
    inside = Q(group=group.pk) | Q(group__as_account__organization=group.pk)
    return not user.is_superuser and Membership.objects.filter(inside, user=user).exists()


OWN = "You are in {} yourself: somebody else of the staff has to decide."


def lock(group: G, *, by: Viewer, verb: Verb) -> G:
    """Take a group for the transaction and check the right anew, for somebody may have been quicker.

    Groups are locked before memberships and invitations, so that two actions cannot wait for each other. The lock is
    on the row of ``auth_group``: memberships and invitations of all kinds point there. Without its key, so that a row
    that points there can still be written: whoever accepts an offer would otherwise wait here, holding the image that
    closing waits for.

    Returns:
        The group as it is now.

    Raises:
        Http404, PermissionDenied: as ``require``.
    """
    Group.objects.select_for_update(no_key=True).get(pk=group.pk)
    fresh = cast("G", type(group).objects.get(pk=group.pk))
    role = Membership.objects.filter(group=group.pk, user=by.user).values_list("role", flat=True).first()
    require(Role(role) if role else None, verb, fresh)
    return fresh


def lock_groups(by: Viewer, others: Iterable[Group | None] = ()) -> Viewer:
    """Take the account of the page, and others, for the transaction, so that none of them is closed meanwhile.

    All at once and in one order, and before images, as when they are closed, so that two actions cannot wait for each
    other. Others that do not exist cost no statement less, so that they tell nobody anything.

    Returns:
        The viewer as they are now.

    Raises:
        Http404: the account of the page has been closed, or the person is no longer in it.
    """
    return lock_ids(by, {group.pk for group in others if group is not None})


def lock_ids(by: Viewer, others: Iterable[int | None]) -> Viewer:
    """The same by their ids.

    Raises:
        Http404: as ``lock_groups``.
    """
    lock_rows({by.account.pk, *others} - {None})
    now = by.now()
    if now is None:
        raise Http404
    return now


def lock_rows(ids: Iterable[int]) -> None:
    """Take groups for the transaction, all at once and in one order, without asking who may."""
    list(Group.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk"))


@dataclass(frozen=True)
class Rights:
    """A part of the table that says what each role may do.

    Attributes:
        about: what the rights are about ("An image").
        lines: each right, and for each role whether it includes the right.
    """

    about: str
    lines: list[tuple[str, list[tuple[Role, bool]]]]


def rights_table(kind: Kind) -> list[Rights]:
    """What the roles of a kind may do, out of the tables of all apps."""
    own = (f"The {kind.label.lower()}", {str(verb): role for verb, role in NEEDED_ROLE[kind].items()})
    parts = [*hooks.role_rights.ask(), own] if kind == Kind.ACCOUNT else [own]
    return [Rights(about, [_line(kind, text, needed) for text, needed in rights.items()]) for about, rights in parts]


def _line(kind: Kind, text: str, needed: Role) -> tuple[str, list[tuple[Role, bool]]]:
    return f"{text[0].upper()}{text[1:]}", [(role, role.includes(needed)) for role in ROLES_OF_KIND[kind]]
