"""Changing and ending memberships. Somebody who decides is always left."""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404

from accounts import hooks, letters
from accounts.actions.events import record_of_group
from accounts.errors import Conflict, wrong
from accounts.models import Account, AnyGroup, Membership, Organization, User
from accounts.permissions import Verb, lock
from accounts.roles import DECIDING_ROLE, ROLES_OF_KIND, Role
from accounts.viewer import Viewer


@transaction.atomic
def change_role(group: AnyGroup, membership_id: int, *, role: Role, by: Viewer) -> Membership:
    """Give a member another role.

    Raises:
        Http404: the viewer or the member is not in the group.
        PermissionDenied: only an admin or manager changes roles.
        ValidationError: the role does not exist in this kind of group.
        Conflict: the last admin or manager would become less.
    """
    group = lock(group, by=by, verb=Verb.MANAGE_PEOPLE)
    membership = _membership_of(group, membership_id)
    if role not in ROLES_OF_KIND[group.kind]:
        raise wrong("role", "Choose one of the roles.", "invalid_role")
    old = Role(membership.role)
    if old is role:
        return membership
    if role is not DECIDING_ROLE[group.kind]:
        _require_another_decider(group, membership)
    membership.role = role
    membership.save(update_fields=["role"])
    record_of_group("role changed", group, by=by, person=membership.user.username, old=old, new=role)
    letters.role_changed(group, membership, by.user)
    return membership


@transaction.atomic
def remove_member(group: AnyGroup, membership_id: int, *, by: Viewer) -> None:
    """End somebody's membership. Everything that came through it is gone for them at once.

    Raises:
        Http404: the viewer or the member is not in the group.
        PermissionDenied: only an admin or manager removes people, and nobody from a personal account.
        Conflict: it is the last admin or manager.
    """
    group = lock(group, by=by, verb=Verb.MANAGE_PEOPLE)
    _refuse_personal(group)
    membership = _membership_of(group, membership_id)
    _require_another_decider(group, membership)
    membership.delete()
    hooks.membership_ended.ask(group, membership.user, by.user)
    record_of_group("removed", group, by=by, person=membership.user.username)
    letters.removed(group, membership.user, by.user)


@transaction.atomic
def leave(group: AnyGroup, *, by: Viewer) -> None:
    """End one's own membership.

    Raises:
        Http404: the viewer is not in it.
        PermissionDenied: nobody leaves their personal account.
        Conflict: they are the last admin or manager.
    """
    group = lock(group, by=by, verb=Verb.SEE)
    _refuse_personal(group)
    membership = Membership.objects.select_for_update(of=("self",)).get(group=group.pk, user=by.user)
    _require_another_decider(group, membership)
    membership.delete()
    hooks.membership_ended.ask(group, by.user, by.user)
    record_of_group("left", group, by=by, person=by.user.username)


@transaction.atomic
def remove_account(organization: Organization, account_id: int, *, by: Viewer) -> None:
    """Take an account out of an organization. Its people lose what they had through the organization.

    Raises:
        Http404: the viewer or the account is not in it.
        PermissionDenied: only a manager removes accounts.
    """
    group = lock(organization, by=by, verb=Verb.MANAGE_ACCOUNTS)
    account = find_account_of(group, account_id, lock=True)
    _take_out(account, group)
    record_of_group("account removed", group, by=by, removed=account.title)
    record_of_group("removed from an organization", account, by=by.user, organization=group.title)
    letters.account_removed(account, group, by.user)


def find_account_of(organization: Organization, account_id: int, *, lock: bool = False) -> Account:
    """An open account of an organization.

    Args:
        lock: take the row for the transaction.

    Raises:
        Http404: it is not in the organization.
    """
    accounts = organization.accounts.select_for_update(of=("self",)) if lock else organization.accounts
    # By the column of the group: Django then knows that a number which is too large for it is nobody's.
    account = accounts.filter(group_ptr__id=account_id, closed_at__isnull=True).first()
    if account is None:
        raise Http404
    return account


@transaction.atomic
def leave_organization(*, by: Viewer) -> None:
    """Take the account of the page out of its organization.

    Raises:
        Http404: it is in none.
        PermissionDenied: only an admin of the account decides this.
    """
    account = lock(by.account, by=by, verb=Verb.JOIN_ORGANIZATIONS)
    organization = account.organization
    if organization is None:
        raise Http404
    _take_out(account, organization)
    record_of_group("account left", organization, by=by.user, left=account.title)
    record_of_group("left an organization", account, by=by, organization=organization.title)


def is_last_decider(group: AnyGroup, membership: Membership) -> bool:
    """Whether nobody would decide for the group without this member."""
    if membership.role != DECIDING_ROLE[group.kind]:
        return False
    return not Membership.objects.deciding_for(group.pk).exclude(pk=membership.pk).exists()


def _require_another_decider(group: AnyGroup, membership: Membership) -> None:
    if is_last_decider(group, membership):
        raise Conflict(last_decider_reason(group, membership.user))


def last_decider_reason(group: AnyGroup, user: User) -> str:
    """What to do first, in words, when somebody is the last who decides."""
    role = DECIDING_ROLE[group.kind].label.lower()
    return f"{user.get_full_name()} is the last {role} of {group.title}. Make somebody else {role} first."


def _refuse_personal(group: AnyGroup) -> None:
    if isinstance(group, Account) and group.is_personal:
        raise PermissionDenied("A personal account stays with its person.")


def _membership_of(group: AnyGroup, membership_id: int) -> Membership:
    memberships = Membership.objects.select_for_update(of=("self",)).select_related("user")
    membership = memberships.filter(pk=membership_id, group=group.pk).first()
    if membership is None:
        raise Http404
    return membership


def _take_out(account: Account, organization: Organization) -> None:
    account.organization = None
    account.save(update_fields=["organization"])
    hooks.left_organization.ask(account, organization)
