"""How allauth is fitted to this panel: sign-up through our action, and secrets encrypted at rest."""

import base64
import hashlib
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet
from django.conf import settings
from django.http import HttpRequest

from accounts import actions
from accounts.models import User


class AccountAdapter(DefaultAccountAdapter):
    """Sign-up, by setting; people are made by the action, with their personal account."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Whether strangers may sign up (STOCKROOM_SIGNUP_OPEN)."""
        return bool(settings.SIGNUP_OPEN)

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> User:
        """Make the person of a valid sign-up form."""
        data = form.cleaned_data
        return actions.create_person(login=data["username"], email=data["email"], password=data["password1"])


class MFAAdapter(DefaultMFAAdapter):
    """Second factors."""

    def encrypt(self, text: str) -> str:
        """Encrypt a secret of a second factor before it is stored."""
        return _fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """The secret again."""
        return _fernet().decrypt(encrypted_text.encode()).decode()


def _fernet() -> Fernet:
    digest = hashlib.sha256(b"stockroom second factor" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(digest))
