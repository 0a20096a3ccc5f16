"""Account numbers: ten digits, the first not zero, the last a Luhn check digit (ISO/IEC 7812-1, annex B).

The check digit catches a typing error without telling whether any account exists.
"""

import re
import secrets

LENGTH = 10
_SEPARATORS = re.compile(r"[\s\-.\u00a0]+")


def check_digit(digits: str) -> str:
    """The Luhn check digit for the digits before it."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if position % 2 == 0 else 1)
        total += sum(divmod(value, 10))
    return str(-total % 10)


def new_number() -> str:
    """A random account number. It may be taken: the unique constraint decides."""
    digits = str(secrets.choice(range(10 ** (LENGTH - 2), 10 ** (LENGTH - 1))))
    return digits + check_digit(digits)


def normalise(text: str) -> str:
    """The number as it is stored: without the blanks, dots and hyphens that people type between digits."""
    return _SEPARATORS.sub("", text)


def looks_like_number(text: str) -> bool:
    """Whether somebody who typed this meant an account number, right or wrong."""
    return normalise(text).isascii() and normalise(text).isdigit()


def is_valid(number: str) -> bool:
    """Whether a normalised text can be an account number. Says nothing about whether the account exists."""
    well_formed = len(number) == LENGTH and number.isascii() and number.isdigit() and number[0] != "0"
    return well_formed and check_digit(number[:-1]) == number[-1]


def grouped(number: str) -> str:
    """The number as people read it: ``4071 3859 62``."""
    return " ".join((number[:4], number[4:8], number[8:]))
