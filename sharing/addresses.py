"""What a producer may type to name a recipient, and whom it resolves to."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import F, Q, QuerySet

from accounts import numbers
from accounts.models import Account
from accounts.validators import is_well_formed_login
from sharing.models import AddressKind

_SEPARATORS = re.compile(r"[,;\n\t]+")
MOST_ADDRESSES = 100


@dataclass(frozen=True)
class Address:
    """A recipient as the producer named it, normalised.

    Two ways of writing the same thing are equal, so that offering twice is noticed.
    """

    kind: AddressKind
    value: str

    def __str__(self) -> str:
        return numbers.grouped(self.value) if self.kind == AddressKind.NUMBER else self.value


def parse(text: str) -> list[Address]:
    """Split what was typed into addresses, each of them once, in the order typed.

    Commas, semicolons and line ends separate; blanks do not, since numbers are typed with them.

    Raises:
        ValidationError: one message for each part that cannot be an address; whether it exists is not looked up.
    """
    parts = [part.strip() for part in _SEPARATORS.split(text) if part.strip()]
    if len(parts) > MOST_ADDRESSES:
        raise ValidationError(f"Name at most {MOST_ADDRESSES} recipients at a time; these are {len(parts)}.")
    found: dict[Address, None] = {}
    problems: list[ValidationError] = []
    for part in parts:
        try:
            found[parse_one(part)] = None
        except ValidationError as error:
            problems.append(error)
    if problems:
        raise ValidationError(problems)
    return list(found)


def parse_one(text: str) -> Address:
    """One address.

    Raises:
        ValidationError: saying what is wrong with it.
    """
    if "@" in text:
        return _parse_email(text)
    if numbers.looks_like_number(text):
        return _parse_number(text)
    login = text.casefold()
    try:
        is_well_formed_login(login)
    except ValidationError:
        raise ValidationError(
            "“%(text)s” is no account number, login or email address.", code="invalid", params={"text": text[:80]}
        ) from None
    return Address(AddressKind.LOGIN, login)


def _parse_email(text: str) -> Address:
    try:
        validate_email(text)
    except ValidationError:
        raise ValidationError(
            "“%(text)s” is not an email address.", code="invalid", params={"text": text[:80]}
        ) from None
    return Address(AddressKind.EMAIL, text.lower())


def _parse_number(text: str) -> Address:
    number = numbers.normalise(text)
    if len(number) != numbers.LENGTH:
        raise ValidationError(
            "“%(text)s” has %(count)d digits; an account number has ten.",
            code="invalid",
            params={"text": text[:80], "count": len(number)},
        )
    if not numbers.is_valid(number):
        raise ValidationError(
            "“%(text)s” is mistyped: its last digit does not fit the others.",
            code="invalid",
            params={"text": text[:80]},
        )
    return Address(AddressKind.NUMBER, number)


def resolve(addresses: Iterable[Address]) -> dict[Address, Group]:
    """The recipients behind addresses at this moment, without those that nobody has. Never shown to the producer.

    A login and an email address stand for the person's own account; an email address counts once confirmed. One
    query for each kind of address, whether anybody has them or not.
    """
    values: dict[AddressKind, list[str]] = {}
    for address in addresses:
        values.setdefault(address.kind, []).append(address.value)
    return {
        Address(kind, value): account.group_ptr
        for kind, wanted in values.items()
        for value, account in _FINDERS[kind](wanted)
    }


Found = Iterator[tuple[str, Account]]


def _by_number(numbers_: list[str]) -> Found:
    for account in _open_accounts().filter(number__in=numbers_):
        yield account.number, account


def _by_login(logins: list[str]) -> Found:
    for account in (
        _personal_accounts().filter(personal_of__username__in=logins).annotate(login=F("personal_of__username"))
    ):
        yield str(account.login), account


def _by_email(emails: list[str]) -> Found:
    confirmed = Q(personal_of__emailaddress__email__in=emails, personal_of__emailaddress__verified=True)
    for account in _personal_accounts().filter(confirmed).annotate(email=F("personal_of__emailaddress__email")):
        yield account.email, account


def _open_accounts() -> QuerySet[Account]:
    return Account.objects.filter(closed_at=None).select_related("group_ptr")


def _personal_accounts() -> QuerySet[Account]:
    return _open_accounts().filter(personal_of__is_active=True).select_related("personal_of")


_FINDERS: dict[AddressKind, Callable[[list[str]], Found]] = {
    AddressKind.NUMBER: _by_number,
    AddressKind.LOGIN: _by_login,
    AddressKind.EMAIL: _by_email,
}
