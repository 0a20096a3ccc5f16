"""The text of a claim code: 128 random bits and 12 for checking, in Crockford's base 32, in groups of four.

https://www.crockford.com/base32.html: no I, L, O and U, and what people read as 0 or 1 is 0 or 1. His check symbol
needs five more signs; a multiple of a prime instead tells every mistyped sign, and every two that changed places,
without them.
"""

import hashlib
import secrets

from django.core.exceptions import ValidationError

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
SECRET_BITS = 128
CHECK_BITS = 12
PRIME = 4093  # the largest below 2 ** CHECK_BITS
LENGTH = 28  # signs, of 5 bits each
GROUP = 4  # signs between two hyphens
NAME_LENGTH = 6  # signs of a public name

_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1"})
_VALUES = {sign: value for value, sign in enumerate(ALPHABET)}


def make_code() -> str:
    """A new claim code, as people read it."""
    shifted = secrets.randbits(SECRET_BITS) << CHECK_BITS
    return grouped(_spell(shifted + -shifted % PRIME, LENGTH))


def make_name() -> str:
    """A name by which a code can be spoken of. It says nothing of the code."""
    return "".join(secrets.choice(ALPHABET) for _sign in range(NAME_LENGTH))


def normalise(text: str) -> str:
    """What was typed or pasted, in the one form that is hashed.

    Raises:
        ValidationError: it cannot be a claim code. Whether there is such a code is not looked up.
    """
    code = "".join(text.replace("-", "").split()).upper().translate(_READ_AS)
    strange = sorted(set(code) - set(ALPHABET))
    if strange:
        raise ValidationError(f"A claim code has letters and digits only, and no “{strange[0]}”.", code="mistyped")
    if len(code) != LENGTH:
        raise ValidationError(f"A claim code has {LENGTH} letters and digits; this has {len(code)}.", code="mistyped")
    if _read(code) % PRIME:
        raise ValidationError("The code is mistyped: compare it with the one you were given.", code="mistyped")
    return code


def digest_of(code: str) -> str:
    """What is kept of a code. So many random bits need neither salt nor slowness.

    Raises:
        ValidationError: as ``normalise``.
    """
    return hashlib.sha256(normalise(code).encode()).hexdigest()


def grouped(code: str) -> str:
    """In groups that the eye can follow."""
    return "-".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))


def _spell(number: int, length: int) -> str:
    signs = (ALPHABET[number >> 5 * place & 31] for place in reversed(range(length)))
    return "".join(signs)


def _read(code: str) -> int:
    number = 0
    for sign in code:
        number = number * len(ALPHABET) + _VALUES[sign]
    return number
