"""Secrets that the panel has to read again: encrypted at rest, by keys that are made from the panel's own.

Whoever finds the database alone reads none of them. Each purpose has a key of its own: what is encrypted for one means
nothing to another.
"""

import base64
import hashlib

from cryptography.fernet import Fernet
from django.conf import settings


def encrypt(text: str, *, purpose: str) -> str:
    """Encrypt a secret before it is stored.

    Args:
        purpose: a few words that never change; the key is made with them.
    """
    return _fernet(purpose).encrypt(text.encode()).decode()


def decrypt(encrypted: str, *, purpose: str) -> str:
    """The secret again.

    Raises:
        cryptography.fernet.InvalidToken: it was encrypted for something else, or under another ``SECRET_KEY``.
    """
    return _fernet(purpose).decrypt(encrypted.encode()).decode()


def _fernet(purpose: str) -> Fernet:
    digest = hashlib.sha256(f"stockroom {purpose}".encode() + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(digest))
