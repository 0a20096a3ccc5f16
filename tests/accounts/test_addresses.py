"""What somebody may type to invite."""

import pytest
from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError

from accounts.addresses import find_account, find_person, parse_account, parse_person
from tests.people import Cast


def test_a_login_is_folded() -> None:
    assert str(parse_person("  Erin ")) == "erin"


def test_an_email_address_is_folded() -> None:
    assert str(parse_person("Erin@Example.org")) == "erin@example.org"


@pytest.mark.parametrize("text", ["", "x", "a b", "@", "erin@", "4071 3859 62"])
def test_what_is_neither_login_nor_address(text: str) -> None:
    with pytest.raises(ValidationError):
        parse_person(text)


@pytest.mark.parametrize("text", ["", "erin", "1234", "4071 3859 63"])
def test_what_is_no_account_number(text: str) -> None:
    with pytest.raises(ValidationError):
        parse_account(text)


def test_only_a_confirmed_address_finds_its_person(cast: Cast) -> None:
    address = parse_person("erin@example.org")
    assert find_person(address) == cast.erin
    EmailAddress.objects.filter(user=cast.erin).update(verified=False)
    assert find_person(address) is None


def test_a_closed_account_is_not_found(cast: Cast) -> None:
    assert find_account(parse_account(cast.beta.grouped_number)) == cast.beta
    type(cast.beta).objects.filter(pk=cast.beta.pk).update(closed_at=cast.beta.created_at, closed_by=cast.bob)
    assert find_account(parse_account(cast.beta.number)) is None
