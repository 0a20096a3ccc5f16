"""The one-time code by which the first administrator of an empty panel is made."""

import hashlib
import secrets

from django.core.cache import cache
from django.utils.crypto import constant_time_compare

CACHE_KEY = "setup-code"
LIFETIME_SECONDS = 24 * 3600
# No letter that could be read as a digit: the code is copied from a terminal, perhaps by hand.
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
GROUPS, GROUP_LENGTH = 4, 5


def new_code() -> str:
    """Make a code, in place of any earlier one. Only its hash is kept, in the cache that all processes share.

    Returns:
        Twenty random characters (99 bits, so that nobody guesses it) in groups of five, valid for a day.
    """
    code = "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS))
    cache.set(CACHE_KEY, digest(code), LIFETIME_SECONDS)
    return code


def check_code(code: str) -> bool:
    """Whether this is the code of now. A right code stays valid until ``forget_code``, so that a form can be mended."""
    expected = cache.get(CACHE_KEY)
    return expected is not None and constant_time_compare(digest(code), expected)


def forget_code() -> None:
    """End the code, once the administrator exists."""
    cache.delete(CACHE_KEY)


def digest(code: str) -> str:
    """The hash of a code, whatever its case, spaces and hyphens."""
    letters = "".join(character for character in code.casefold() if character.isalnum())
    return hashlib.sha256(letters.encode()).hexdigest()
