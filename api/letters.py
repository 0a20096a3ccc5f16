"""What people are told of credentials in their name, always by mail too. The words are in templates/api/letters."""

from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse

from accounts.models import Notification, User
from accounts.records import notify
from api.models import ApplicationCredential


def made(credential: ApplicationCredential) -> None:
    """Tell somebody that a program can sign in as them from now on: it may not have been them."""
    _tell("made", credential)


def revoked(credential: ApplicationCredential, by: User) -> None:
    """Tell somebody that others have revoked theirs."""
    if credential.user_id != by.pk and credential.user.is_active:
        _tell("revoked", credential, by=by)


def _tell(name: str, credential: ApplicationCredential, **more: Any) -> None:
    context = {"credential": credential, "account": credential.account} | more
    text = render_to_string(f"api/letters/{name}.txt", context)
    subject, _newline, body = text.strip().partition("\n")
    path = reverse("credential_list", kwargs={"number": credential.account.number})
    notify([credential.user], subject=subject.strip(), body=body.strip(), path=path, kind=Notification.Kind.SECURITY)
