"""Secrets that the panel has to read again: encrypted at rest, by keys that are made from the panel's own.

Whoever finds the database alone reads none of them. Each purpose has a key of its own: what is encrypted for one means
nothing to another. What an older ``SECRET_KEY`` encrypted is read as long as that stands in ``SECRET_KEY_FALLBACKS``;
``manage.py rotate_secrets`` encrypts everything anew, so that it can be taken out.
"""

import base64
import hashlib
from dataclasses import dataclass

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

SECOND_FACTOR = "second factor"  # the purpose of what second factors need


class SecretLost(Exception):
    """A secret cannot be read any more: the ``SECRET_KEY`` that it was encrypted under is gone."""


@dataclass(frozen=True)
class Rotation:
    """What became of the secrets of one kind.

    Attributes:
        what: they are, in the plural.
        done: how many rows are encrypted anew.
        lost: the ids of the rows that nobody can read any more; they stay as they are.
    """

    what: str
    done: int
    lost: list[str]


def encrypt(text: str, *, purpose: str) -> str:
    """Encrypt a secret before it is stored.

    Args:
        purpose: a few words that never change; the key is made with them.
    """
    return _keys(purpose).encrypt(text.encode()).decode()


def decrypt(encrypted: str, *, purpose: str) -> str:
    """The secret again.

    Raises:
        SecretLost: it was encrypted for something else, or under a ``SECRET_KEY`` that the panel no longer has.
    """
    try:
        return _keys(purpose).decrypt(encrypted.encode()).decode()
    except InvalidToken:
        raise SecretLost(purpose) from None


def encrypted_anew(encrypted: str, *, purpose: str) -> str:
    """The same secret, encrypted under the ``SECRET_KEY`` of today.

    Raises:
        SecretLost: as ``decrypt``.
    """
    try:
        return _keys(purpose).rotate(encrypted.encode()).decode()
    except InvalidToken:
        raise SecretLost(purpose) from None


def _keys(purpose: str) -> MultiFernet:
    """The key of a purpose, and those of before."""
    return MultiFernet([_fernet(purpose, key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _fernet(purpose: str, secret_key: str) -> Fernet:
    digest = hashlib.sha256(f"stockroom {purpose}".encode() + secret_key.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(digest))
