"""Rights for what happens later: those of that moment, and no more than the token gave with which it was asked for."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied

from accounts.models import Account, User
from accounts.roles import Role
from accounts.viewer import Viewer
from images import hooks


def noted(by: Viewer) -> dict[str, Any]:
    """What is kept, as JSON, of the token with which somebody asks; empty texts for somebody in the browser."""
    return {"most": str(by.most or ""), "credential": by.credential}


def rights_now(person: User, account: Account, note: Mapping[str, Any]) -> Viewer:
    """Whoever asked for something earlier, as they would ask for it at this moment.

    Args:
        note: as ``noted`` gave it, beside other things.

    Raises:
        PermissionDenied: they are no longer in the account, or the credential by which they asked is revoked.
    """
    found = Viewer.of(person, number=account.number) if person.is_active else None
    if found is None:
        raise PermissionDenied(f"{person} no longer belongs to {account.title}.")
    most, credential = note.get("most", ""), note.get("credential", "")
    if credential and (reasons := [*filter(None, hooks.credential_refusals.ask(credential))]):
        raise PermissionDenied(reasons[0])
    return found.by_token(Role(most), credential) if most else found
