"""Sizes in bytes as people type and read them: "1.5 TiB"."""

import re
from decimal import Decimal

from accounts.templatetags.panel import UNITS, size

KILO, KIBI = 1000, 1024
# "2 TiB", "2T" and "2TB": whoever leaves out the small i but writes the B means the decimal unit.
SIZE = re.compile(r"\s*(\d{1,19}(?:[.,]\d{1,6})?)\s*(?:([kmgtp])(i?b)?|b|bytes?)\s*", re.IGNORECASE)
POWERS = {unit[0].lower(): power for power, unit in enumerate(UNITS, start=1)}


def parse_size(text: str) -> int:
    """Read a size.

    Returns:
        Bytes.

    Raises:
        ValueError: it is none, or has no unit.
    """
    match = SIZE.fullmatch(text)
    if match is None:
        raise ValueError(text)
    number, prefix, rest = match.groups()
    base = KILO if (rest or "").lower() == "b" else KIBI
    return int(Decimal(number.replace(",", ".")) * base ** POWERS.get((prefix or "").lower(), 0))


def exact_size(number_of_bytes: int) -> str:
    """Write a size with nothing lost, so that ``parse_size`` reads the same: "1536 GiB"."""
    value, unit = number_of_bytes, "bytes"
    for larger in UNITS:
        if value == 0 or value % KIBI:
            break
        value, unit = value // KIBI, larger
    return f"{value} {unit}"


def short_size(number_of_bytes: int) -> str:
    """Write a size with three digits at most, and without a decimal that says nothing: "1 TiB", "1.5 TiB"."""
    text = size(number_of_bytes)
    whole = text.replace(".0 ", " ")
    return whole if whole == exact_size(number_of_bytes) else text
