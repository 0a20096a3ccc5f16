"""How allauth is fitted to this panel: sign-up through our action, and secrets encrypted at rest."""

from datetime import UTC, datetime, time
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core.internal import ratelimit
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.core.mail import EmailMessage
from django.core.signing import BadSignature, TimestampSigner, b62_decode
from django.db import transaction
from django.http import HttpRequest

from accounts import actions
from accounts.encryption import SECOND_FACTOR, decrypt, encrypt
from accounts.entrance_mails import entrance_mail
from accounts.models import User


class AccountAdapter(DefaultAccountAdapter):
    """Sign-up, by setting; people are made by the action, with their personal account."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Whether strangers may sign up (STOCKROOM_SIGNUP_OPEN)."""
        return bool(settings.SIGNUP_OPEN)

    def clean_username(self, username: str, shallow: bool = False) -> str:  # noqa: FBT001, FBT002  # as allauth calls it
        """Fold a login to small letters before it is checked: "Erin" and "erin" are the same."""
        cleaned: str = super().clean_username(username.casefold(), shallow)
        return cleaned

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> User:  # noqa: FBT001, FBT002  # as allauth calls it
        """Make the person of a valid sign-up form."""
        data = form.cleaned_data
        return actions.create_person(login=data["username"], email=data["email"], password=data["password1"])

    def render_mail(
        self,
        template_prefix: str,
        email: str | list[str],
        context: dict[str, Any],
        headers: dict[str, str] | None = None,
    ) -> EmailMessage:
        """Put a mail into our words and our frame."""
        assert isinstance(email, str)  # several addresses at once: nothing of allauth does that
        return entrance_mail(template_prefix, email, context)

    def count_attempt(self, request: HttpRequest, **name: str) -> None:
        """Count an attempt where signing in counts it, before anything is compared.

        Args:
            name: ``username`` or ``email``, as ``authenticate`` takes them.

        Raises:
            ValidationError: too many attempts with this name or from this network address.
        """
        self._login_rl_usage = ratelimit.consume(request, app="allauth.account", action="login")
        if not self._login_rl_usage:
            raise self.validation_error("too_many_login_attempts")
        self.pre_authenticate(request, **name)

    def take_back_attempt(self) -> None:
        """After ``count_attempt``: it was no guess, so it does not count."""
        self._rollback_login_failed_rl_usage()
        self._login_rl_usage.rollback()

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Confirm an address by the link of a mail, and give the person what was addressed to it before."""
        with transaction.atomic():
            confirmed: bool = super().confirm_email(request, email_address)
            if confirmed:
                actions.email_was_confirmed(
                    email_address.user, email_address.email, link_sent_at=link_sent_at(request, email_address)
                )
        return confirmed


def link_sent_at(request: HttpRequest, email_address: EmailAddress) -> datetime:
    """When the link was signed by which somebody confirms an address.

    It is in the link's signed key, to the second and rounded down. A confirmation without a key (none of the ways
    that are switched on) counts from the beginning of the person, which is never too late.
    """
    key = request.resolver_match.kwargs.get("key", "") if request.resolver_match else ""
    try:
        TimestampSigner(salt=app_settings.SALT).unsign(key)
    except BadSignature:
        return datetime.combine(email_address.user.date_joined.date(), time.min, tzinfo=UTC)
    return datetime.fromtimestamp(b62_decode(key.split(":")[1]), tz=UTC)


class MFAAdapter(DefaultMFAAdapter):
    """Second factors."""

    def encrypt(self, text: str) -> str:
        """Encrypt a secret of a second factor before it is stored."""
        return encrypt(text, purpose=SECOND_FACTOR)

    def decrypt(self, encrypted_text: str) -> str:
        """The secret again."""
        return decrypt(encrypted_text, purpose=SECOND_FACTOR)
