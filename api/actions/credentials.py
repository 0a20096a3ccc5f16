"""Making and revoking application credentials, and noting that one was used."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from accounts.errors import wrong
from accounts.models import Account, Event, User
from accounts.permissions import lock_groups
from accounts.records import record
from accounts.roles import ROLES_OF_KIND, Kind, Role
from accounts.viewer import Viewer
from api import letters
from api.credentials import hash_of, new_id, new_secret
from api.models import ApplicationCredential
from api.permissions import may_revoke_as_staff

MOST_CREDENTIALS = 25  # that are live, of one person for one account
LONGEST_LIFE = timedelta(days=3653)  # ten years; whoever wants more wants no end
NOTED_EVERY = timedelta(minutes=1)


@sensitive_variables()
@transaction.atomic
def make_credential(
    *, by: Viewer, name: str, role: Role, description: str = "", expires_at: datetime | None = None
) -> tuple[ApplicationCredential, str]:
    """Make a credential by which a program signs in as this person, for the account of the page.

    Args:
        role: which it has there at most: never more than the person's own.
        expires_at: its end; None for none.

    Returns:
        The credential, and its secret, which is shown this once and kept nowhere.

    Raises:
        Http404: the person is no longer in the account.
        ValidationError: per field, with what is wrong.
    """
    by = lock_groups(by)
    User.objects.select_for_update(no_key=True).get(pk=by.user.pk)  # names are one's own in all accounts
    secret = new_secret()
    credential = ApplicationCredential(
        id=new_id(),
        name=name.strip(),
        description=description.strip(),
        user=by.user,
        account=by.account,
        role=role,
        secret_hash=hash_of(secret),
        expires_at=expires_at,
    )
    _check_role(role, by)
    _check_end(expires_at)
    credential.clean_fields(exclude={"user", "account"})
    _check_name(credential.name, by.user)
    _check_room(by)
    credential.save(force_insert=True)
    _record("credential made", credential, by, role=role)
    letters.made(credential)
    return credential, secret


@transaction.atomic
def revoke_credential(credential_id: str, *, by: Viewer) -> ApplicationCredential:
    """Let no program in by it any more, and end the tokens that were made with it: one's own, or as admin anybody's.

    Raises:
        Http404: there is no such credential for this viewer, or somebody was quicker.
    """
    now = by.now()
    credential = _locked(ApplicationCredential.objects.shown_to(now), credential_id) if now else None
    if credential is None:
        raise Http404
    _revoke(credential, by)
    return credential


@transaction.atomic
def revoke_as_staff(credential_id: str, *, by: User) -> ApplicationCredential:
    """The same for any account, by whoever runs the panel.

    Raises:
        Http404: somebody was quicker.
        PermissionDenied: only staff with the right to change credentials do this.
    """
    if not may_revoke_as_staff(by):
        raise PermissionDenied("Only an administrator of the panel can do this.")
    credential = _locked(ApplicationCredential.objects.filter(revoked_at__isnull=True), credential_id)
    if credential is None:
        raise Http404
    _revoke(credential, by)
    return credential


def revoke_those_of(group: Group, user: User, by: User) -> None:
    """Whoever leaves an account leaves no way in behind, not even for the day on which they come back."""
    kept = ApplicationCredential.objects.filter(account=group.pk, user=user, revoked_at__isnull=True)
    for credential in kept.live().select_for_update(of=("self",)).select_related("user", "account"):
        _revoke(credential, by)
    kept.update(revoked_at=timezone.now(), revoked_by=by)


def revoke_all(group: Group, by: Viewer) -> None:
    """An account that is closed lets nobody in. Its end is the event that tells so."""
    ApplicationCredential.objects.filter(account=group.pk, revoked_at__isnull=True).update(
        revoked_at=timezone.now(), revoked_by=by.user
    )


def used(credential: ApplicationCredential) -> None:
    """Note that a token was made with it just now; at most once in ``NOTED_EVERY``, so that most uses write nothing."""
    now = timezone.now()
    if credential.last_used_at is None or credential.last_used_at <= now - NOTED_EVERY:
        ApplicationCredential.objects.filter(pk=credential.pk).update(last_used_at=now)


def why_no_more(viewer: Viewer) -> str:
    """Why somebody can make no further credential; empty while they can. One query."""
    if ApplicationCredential.objects.live().of(viewer.user, viewer.account).count() < MOST_CREDENTIALS:
        return ""
    return (
        f"{MOST_CREDENTIALS} credentials are the most that you may have for {viewer.account.title}. Revoke one first."
    )


def _locked(credentials: Any, credential_id: str) -> ApplicationCredential | None:
    rows = credentials.select_for_update(of=("self",)).select_related("user", "account")
    found: ApplicationCredential | None = rows.filter(pk=credential_id).first()
    return found


def _revoke(credential: ApplicationCredential, by: Viewer | User) -> None:
    actor = by.user if isinstance(by, Viewer) else by
    credential.revoked_at, credential.revoked_by = timezone.now(), actor
    credential.save(update_fields=["revoked_at", "revoked_by"])
    whose = {} if credential.user_id == actor.pk else {"person": credential.user.username}
    _record("credential revoked", credential, by, **whose)
    letters.revoked(credential, actor)


def _check_name(name: str, user: User) -> None:
    """Names are one's own in all accounts, because a program may sign in by name (Identity v3, authentication)."""
    same = ApplicationCredential.objects.filter(user=user, name=name, revoked_at__isnull=True)
    if other := same.select_related("account").first():
        text = (
            f"You have a credential of this name, for {other.account.title}. Choose another name, or revoke that one."
        )
        raise wrong("name", text, "taken")


def _check_role(role: Role, by: Viewer) -> None:
    if role not in ROLES_OF_KIND[Kind.ACCOUNT] or not by.role.includes(role):
        text = f"You are {by.role.with_article} of {by.account.title}: a credential has this role at most."
        raise wrong("role", text, "too_much")


def _check_end(expires_at: datetime | None) -> None:
    if expires_at is None:
        return
    now = timezone.now()
    if expires_at <= now:
        raise wrong("expires_at", "This is over already. Choose a later day.", "over")
    if expires_at > now + LONGEST_LIFE:
        raise wrong("expires_at", "Choose a day within ten years, or no end.", "too_far")


def _check_room(by: Viewer) -> None:
    if reason := why_no_more(by):
        raise wrong("name", reason, "too_many")


def _record(verb: str, credential: ApplicationCredential, by: Viewer | User, **detail: Any) -> Event:
    """Write down what became of a credential; never anything of its secret."""
    account: Account = credential.account
    return record(
        verb,
        subject_kind="credential",
        subject_id=credential.pk,
        subject_name=credential.name,
        by=by,
        account=account,
        **detail,
    )
