"""Prices as people read them."""

from decimal import Decimal

import pytest
from pytest_django.fixtures import Settings

from servers.templatetags.servers_pages import cost, price


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "0.00 USD"),
        ("0.00800", "0.008 USD"),
        ("0.5", "0.50 USD"),
        ("10", "10.00 USD"),
        ("0.12345", "0.12345 USD"),
        ("1234567.5", "1,234,567.50 USD"),
        ("-3.10", "-3.10 USD"),
    ],
)
def test_a_price_has_two_decimals_or_as_many_as_it_needs(amount: str, text: str) -> None:
    assert price(Decimal(amount)) == text


def test_a_sum_is_rounded() -> None:
    assert cost(Decimal("5.845")) == "5.85 USD"


def test_staff_choose_the_currency(settings: Settings) -> None:
    settings.CURRENCY = "CHF"
    assert price(Decimal(2)) == "2.00 CHF"
