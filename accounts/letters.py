"""What people are told about belonging to something. The words are in templates/accounts/letters."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import Group
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, AnyGroup, Invitation, Membership, Notification, Organization, User
from accounts.records import invite_by_mail, notify
from accounts.roles import Kind

STRANGERS_ARE_WRITTEN_TO_AFTER = timedelta(days=1)


def invited(invitation: Invitation) -> None:
    """Tell whoever may answer an invitation; write to the address when nobody has it."""
    if invitation.invited_account:
        people = _deciders(invitation.invited_account)
    else:
        people = [invitation.invitee] if invitation.invitee else []
    path = reverse("invitation", kwargs={"token": invitation.pk})
    _tell("invited", people, path=path, invitation=invitation, group=invitation.to)
    if not people and invitation.address_kind == Invitation.AddressKind.EMAIL:
        _invite_stranger(invitation.address)


def joined(invitation: Invitation, by: User) -> None:
    """Tell the person who sent the invitation that it was accepted."""
    if invitation.invited_by != by and invitation.invited_by.is_active:
        path = path_of(invitation.to, invitation.invited_by)
        _tell("joined", [invitation.invited_by], path=path, invitation=invitation, group=invitation.to, by=by)


def role_changed(group: AnyGroup, membership: Membership, by: User) -> None:
    """Tell a member about their new role."""
    if membership.user != by:
        path = path_of(group, membership.user)
        _tell("role_changed", [membership.user], path=path, group=group, membership=membership, by=by)


def removed(group: AnyGroup, user: User, by: User) -> None:
    """Tell somebody that they do not belong to it any more."""
    if user != by:
        _tell("removed", [user], path=reverse("home"), group=group, by=by)


def account_removed(account: Account, organization: Organization, by: User) -> None:
    """Tell the admins of an account that it is out of the organization."""
    people = [user for user in _deciders(account) if user != by]
    path = reverse("account_detail", kwargs={"number": account.number})
    _tell("account_removed", people, path=path, account=account, group=organization, by=by)


def closed(group: AnyGroup, by: User) -> None:
    """Tell everybody in it that it has been closed."""
    people = User.objects.filter(memberships__group=group.pk, is_active=True).exclude(pk=by.pk)
    _tell("closed", people, path=reverse("home"), group=group, by=by)


def path_of(group: AnyGroup, user: User) -> str:
    """The page of an account, group or organization, for a person who is in it."""
    if isinstance(group, Account):
        return reverse("account_detail", kwargs={"number": group.number})
    name = {Kind.TEAM: "team_detail", Kind.ORGANIZATION: "organization_detail"}[group.kind]
    return reverse(name, kwargs={"number": user.personal_account.number, "pk": group.pk})


def _deciders(group: Group) -> list[User]:
    return list(User.objects.filter(memberships__in=Membership.objects.deciding_for(group.pk)))


def _tell(name: str, people: Iterable[User], *, path: str, **context: Any) -> None:
    subject, body = _letter(name, **context)
    notify(people, subject=subject, body=body, path=path)


def _invite_stranger(address: str) -> None:
    """Write to an unknown address, at most once a day whoever invites to whatever, and without anybody's words."""
    since = timezone.now() - STRANGERS_ARE_WRITTEN_TO_AFTER
    if not Notification.objects.filter(email=address, created_at__gt=since).exists():
        subject, body = _letter("stranger")
        invite_by_mail(address, subject=subject, body=body, path=reverse("account_signup"))


def _letter(name: str, **context: Any) -> tuple[str, str]:
    """The subject and the body: the first line of the text, and what follows it."""
    text = render_to_string(f"accounts/letters/{name}.txt", context)
    subject, _newline, body = text.strip().partition("\n")
    return subject.strip(), body.strip()
