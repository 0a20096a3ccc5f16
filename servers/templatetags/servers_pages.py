"""What only the pages of servers write."""

from decimal import Decimal

from django import template

from servers.governing import size_in_words
from servers.money import money, rounded

register = template.Library()


@register.filter
def price(amount: Decimal) -> str:
    """A price, exactly, with its currency: ``{{ flavor.price|price }} an hour``."""
    return money(amount)


@register.filter
def cost(amount: Decimal) -> str:
    """A sum, to two decimals, with its currency."""
    return money(rounded(amount))


register.filter("size_in_words", size_in_words)
