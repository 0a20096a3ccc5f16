"""Inviting people and accounts, and what they answer. Nobody belongs to anything without having accepted."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.http import Http404
from django.utils import timezone
from django_q.tasks import async_task

from accounts import addresses, letters
from accounts.actions.events import record_of_group
from accounts.addresses import Address
from accounts.errors import Conflict, wrong
from accounts.models import Account, AnyGroup, Invitation, Membership, Organization, User
from accounts.permissions import Verb, lock
from accounts.roles import ROLES_OF_KIND, Role
from accounts.viewer import Viewer

Status = Invitation.Status


@transaction.atomic
def invite(group: AnyGroup, *, address: str, role: Role, by: Viewer) -> Invitation:
    """Invite a person by login or email address. The answer is the same whether or not they exist.

    Raises:
        Http404, PermissionDenied: the viewer is not in the group, or may not manage its people.
        ValidationError: the address or the role is wrong, they are a member, or today's invitations are used up.
    """
    group = lock(group, by=by, verb=Verb.MANAGE_PEOPLE)
    if isinstance(group, Account) and group.is_personal:
        raise PermissionDenied("A personal account has one person. Make another account to work with others.")
    if role not in ROLES_OF_KIND[group.kind]:
        raise wrong("role", "Choose one of the roles.", "invalid_role")
    to = _parsed(addresses.parse_person, address)
    _refuse_members(group, to)
    _check_daily_limit(group, by.user)
    return _send(group, to, by, role=role, invitee=addresses.find_person(to))


@transaction.atomic
def invite_account(organization: Organization, *, number: str, by: Viewer) -> Invitation:
    """Invite an account into an organization by its number. One of its admins accepts, or does not.

    Raises:
        Http404, PermissionDenied: the viewer is not in the organization, or does not manage it.
        ValidationError: the number is mistyped, the account is in it, or today's invitations are used up.
    """
    group = lock(organization, by=by, verb=Verb.MANAGE_ACCOUNTS)
    to = _parsed(addresses.parse_account, number)
    if Account.objects.filter(number=to.value, organization=group.pk).exists():
        raise wrong("address", "This account is in the organization already.", "member")
    _check_daily_limit(group, by.user)
    return _send(group, to, by, role=Role.MEMBER, invited_account=addresses.find_account(to))


def _parsed(parse: Callable[[str], Address], text: str) -> Address:
    try:
        return parse(text)
    except ValidationError as error:
        raise ValidationError({"address": error}) from None


def _refuse_members(group: AnyGroup, address: Address) -> None:
    """Logins of members are on the page. An email address is not: saying that it is a member's would tell whose."""
    if address.kind == addresses.Kind.LOGIN and is_member(group, address.value):
        raise wrong("address", f"{address} is in {group.title} already.", "member")


def is_member(group: AnyGroup, login: str) -> bool:
    """Whether the person with this login is in the group."""
    return Membership.objects.filter(group=group.pk, user__username=login).exists()


def _check_daily_limit(group: AnyGroup, by: User) -> None:
    since = timezone.now() - timedelta(days=1)
    sent = Invitation.objects.filter(Q(group=group.pk) | Q(invited_by=by), invited_at__gt=since).count()
    if sent >= settings.INVITATIONS_PER_DAY:
        raise wrong(
            "address", f"{settings.INVITATIONS_PER_DAY} invitations a day are allowed. Try again tomorrow.", "too_many"
        )


def _send(group: AnyGroup, to: Address, by: Viewer, **fields: Role | User | Account | None) -> Invitation:
    if Invitation.objects.filter(
        group=group.pk, address_kind=to.kind, address=to.value, status=Status.PENDING
    ).exists():
        raise wrong("address", f"{to} is invited already. Take that invitation back to send another one.", "invited")
    invitation = Invitation.objects.create(
        group=group.group_ptr, kind=group.kind, address_kind=to.kind, address=to.value, invited_by=by.user, **fields
    )
    record_of_group("invited", group, by=by, invited=str(to), role=invitation.role)
    _tell_later(invitation)
    return invitation


def _tell_later(invitation: Invitation) -> None:
    """Leave to the worker who is told, so that a known address costs the page no more time than an unknown one."""
    transaction.on_commit(lambda: async_task("accounts.tasks.tell_invited", str(invitation.pk), cluster="mail"))


def resolve_invitations(user: User, address: str, link_sent_at: datetime) -> None:
    """Give a person the invitations that were sent to an address before the link by which they confirmed it."""
    waiting = Invitation.objects.filter(
        address_kind=addresses.Kind.EMAIL,
        address=address.lower(),
        status=Status.PENDING,
        invitee__isnull=True,
        invited_at__lt=link_sent_at,
    )
    for invitation in waiting.select_for_update():
        invitation.invitee = user
        invitation.save(update_fields=["invitee"])
        _tell_later(invitation)


@transaction.atomic
def accept_invitation(invitation_id: UUID, *, by: User) -> Invitation:
    """Join what one was invited to, or let an account join where one is admin. Accepting twice is no error.

    Raises:
        Http404: no such invitation for this person, it was taken back, or the group was closed.
        Conflict: it was declined, or the account is in another organization by now.
    """
    invitation = _decidable(invitation_id, by)
    if invitation.status == Status.ACCEPTED:
        return invitation
    _refuse_declined(invitation)
    if invitation.invited_account:
        _bring_in(invitation.invited_account, invitation)
    else:
        Membership.objects.get_or_create(
            user=by, group=invitation.group, defaults={"kind": invitation.kind, "role": invitation.role}
        )
    _decide(invitation, Status.ACCEPTED, by)
    _record_joining(invitation, by)
    letters.joined(invitation, by)
    return invitation


@transaction.atomic
def decline_invitation(invitation_id: UUID, *, by: User) -> Invitation:
    """Say no. The inviting side sees it.

    Raises:
        Http404: as ``accept_invitation``.
        Conflict: it was accepted.
    """
    invitation = _decidable(invitation_id, by)
    if invitation.status == Status.ACCEPTED:
        raise Conflict("This invitation has been accepted. Leave the group instead.")
    if invitation.status == Status.PENDING:
        _decide(invitation, Status.DECLINED, by)
        record_of_group("declined", invitation.to, by=by, invited=invitation.address_text)
    return invitation


@transaction.atomic
def revoke_invitation(group: AnyGroup, invitation_id: UUID, *, by: Viewer) -> None:
    """Take an invitation back, before it is answered.

    Raises:
        Http404: no such invitation of this group; also when somebody has just taken it back.
        PermissionDenied: the viewer may not manage its people.
        Conflict: it has been answered.
    """
    group = lock(group, by=by, verb=Verb.MANAGE_PEOPLE)
    invitation = Invitation.objects.select_for_update().filter(pk=invitation_id, group=group.pk).first()
    if invitation is None or invitation.status == Status.REVOKED:
        raise Http404
    if invitation.status != Status.PENDING:
        raise Conflict(f"This invitation has been {invitation.get_status_display().lower()}.")
    _decide(invitation, Status.REVOKED, by.user)
    record_of_group("took back an invitation", group, by=by, invited=invitation.address_text)


def revoke_all(group: AnyGroup, by: User) -> None:
    """Take back every open invitation into something that is being closed, and those of a closing account."""
    mine = Q(group=group.pk) | Q(invited_account=group.pk)
    open_ones = Invitation.objects.filter(mine, status=Status.PENDING)
    open_ones.update(status=Status.REVOKED, decided_at=timezone.now(), decided_by=by)


def _decidable(invitation_id: UUID, by: User) -> Invitation:
    """The invitation, locked after its group and its account, if this person may answer it."""
    named = Q(invitations=invitation_id) | Q(as_account__invitations_received=invitation_id)
    ids = list(Group.objects.filter(named).values_list("pk", flat=True))
    list(Group.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk"))
    Invitation.objects.select_for_update().filter(pk=invitation_id).first()
    invitation = Invitation.objects.addressed_to(by).with_groups().filter(pk=invitation_id).first()
    if invitation is None or not invitation.to.is_open:
        raise Http404
    return invitation


def _refuse_declined(invitation: Invitation) -> None:
    if invitation.status == Status.DECLINED:
        raise Conflict("This invitation has been declined. Ask for a new one.")


def _bring_in(account: Account, invitation: Invitation) -> None:
    if account.organization_id not in (None, invitation.group_id):
        raise Conflict(f"{account.title} belongs to another organization. Leave that one first.")
    account.organization_id = invitation.group_id
    account.save(update_fields=["organization"])


def _decide(invitation: Invitation, status: Status, by: User) -> None:
    invitation.status, invitation.decided_at, invitation.decided_by = status, timezone.now(), by
    invitation.save(update_fields=["status", "decided_at", "decided_by"])


def _record_joining(invitation: Invitation, by: User) -> None:
    if account := invitation.invited_account:
        record_of_group("account joined", invitation.to, by=by, joined=account.title)
        record_of_group("joined an organization", account, by=by, joined=invitation.to.title)
    else:
        record_of_group("joined", invitation.to, by=by, person=by.username, role=invitation.role)
