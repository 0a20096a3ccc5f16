"""Prices as people read them."""

from decimal import ROUND_HALF_UP, Decimal

from django.conf import settings

HOURS_OF_A_MONTH = 730  # as clouds count it
CENT = Decimal("0.01")


def money(amount: Decimal) -> str:
    """An amount with the currency of the panel: at least two decimals, and no zeros after those."""
    whole = f"{amount.quantize(CENT):,f}" if amount == amount.quantize(CENT) else f"{amount.normalize():,f}"
    return f"{whole} {settings.CURRENCY}"


def rounded(amount: Decimal) -> Decimal:
    """To two decimals, as a sum is told."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)
