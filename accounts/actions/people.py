"""Making people, and changing what they are."""

from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts import hooks, setup
from accounts.actions.groups import join_as_first, new_account
from accounts.actions.invitations import resolve_invitations
from accounts.errors import Conflict, wrong
from accounts.models import Membership, User
from accounts.records import record
from accounts.roles import DECIDING_ROLE


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
    account = new_account(title or user.get_full_name(), personal_of=user)
    join_as_first(user, account)
    record("signed up", subject_kind="user", subject_id=user.pk, subject_name=user.username, by=user, account=account)
    return user


@transaction.atomic
def create_first_administrator(*, code: str, login: str, email: str, password: str) -> User:
    """Make the administrator of an empty panel, by the code that was printed where the panel runs.

    Raises:
        Conflict: there is an administrator.
        ValidationError: the code is wrong or too old.
    """
    # A row that always exists: two people with the code come one after the other.
    ContentType.objects.select_for_update().get(app_label="accounts", model="user")
    if has_administrator():
        raise Conflict("This panel has an administrator already. Sign in, or ask them for help.")
    if not setup.check_code(code):
        raise wrong("code", "This is not the code of now. Start the panel again to get a new one.", "wrong_code")
    user = create_person(login=login, email=email, password=password, is_staff=True, is_superuser=True)
    # Whoever reads the terminal of the panel may name their address: no mail server may be there yet.
    EmailAddress.objects.create(user=user, email=user.email.lower(), verified=True, primary=True)
    transaction.on_commit(setup.forget_code)
    return user


def has_administrator() -> bool:
    """Whether somebody can administer the panel, so that the one-time code is no longer needed."""
    return User.objects.filter(is_superuser=True).exists()


@transaction.atomic
def edit_person(*, name: str, by: User) -> User:
    """Change one's own name. The login stays: other people know one by it."""
    old, by.name = by.name, name
    if old != name:
        by.save(update_fields=["name"])
        _record("renamed", by, by=by, old=old, new=name)
    return by


@transaction.atomic
def email_was_confirmed(user: User, address: str, *, link_sent_at: datetime) -> None:
    """A person has proved that an address is theirs: what was addressed to it before is theirs too.

    Args:
        link_sent_at: when the link was signed by which they confirmed. What was addressed to it later does not
            count: whoever held the address then may have lost it since.
    """
    resolve_invitations(user, address, link_sent_at)
    hooks.email_confirmed.ask(user, address, link_sent_at)


@transaction.atomic
def deactivate_person(user: User, *, by: User) -> None:
    """End somebody's access to the panel, at once and everywhere. What they made stays.

    Raises:
        PermissionDenied: only an administrator does this, and not to themselves.
        Conflict: an account, group or organization would have nobody who decides for it.
    """
    _require_administrator(by)
    if user.pk == by.pk:
        raise PermissionDenied("Nobody deactivates themselves: ask another administrator.")
    orphans = _groups_without_another_decider(user)
    if orphans:
        raise Conflict(
            f"{user} is the last who decides for {', '.join(orphans)}. Make somebody else admin or manager first, "
            "or close it."
        )
    _set_active(user, by, active=False)


@transaction.atomic
def reactivate_person(user: User, *, by: User) -> None:
    """Let somebody sign in again.

    Raises:
        PermissionDenied: only an administrator does this.
    """
    _require_administrator(by)
    _set_active(user, by, active=True)


@transaction.atomic
def remove_second_factors(user: User, *, by: User) -> None:
    """Let somebody who has lost their second factor sign in without it. Their activity shows who did this.

    Raises:
        PermissionDenied: only an administrator does this.
    """
    _require_administrator(by)
    removed, _rows = Authenticator.objects.filter(user=user).delete()
    if removed:
        _record("second factor removed", user, by=by)


def _require_administrator(by: User) -> None:
    if not by.has_perm("accounts.change_user"):
        raise PermissionDenied("Only an administrator of the panel can do this.")


def _set_active(user: User, by: User, *, active: bool) -> None:
    if user.is_active == active:
        return
    user.is_active = active
    user.save(update_fields=["is_active"])
    _record("reactivated" if active else "deactivated", user, by=by)


def _groups_without_another_decider(user: User) -> list[str]:
    """The names of what this person decides for alone, locked in one order until the end of the transaction."""
    from django.contrib.auth.models import Group

    decided = user.memberships.filter(role__in=DECIDING_ROLE.values()).with_groups()
    shared = [m for m in decided.order_by("group_id") if m.of.is_open and not getattr(m.of, "is_personal", False)]
    list(Group.objects.select_for_update(no_key=True).filter(pk__in=[m.group_id for m in shared]).order_by("pk"))
    return [m.of.title for m in shared if not Membership.objects.deciding_for(m.group_id).exclude(user=user).exists()]


def _record(verb: str, user: User, *, by: User, **detail: Any) -> None:
    record(
        verb,
        subject_kind="user",
        subject_id=user.pk,
        subject_name=user.username,
        by=by,
        account=user.personal_account,
        **detail,
    )
