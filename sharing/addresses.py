"""What a producer may type to name a recipient, and whom it resolves to."""

import re
from collections.abc import Callable, Iterable, Iterator

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import F, Q, QuerySet

from accounts.addresses import Address, Kind, parse_one
from accounts.models import Account

SEPARATORS = re.compile(r"[,;\n\t]+")
MOST_ADDRESSES = 100
MARKETPLACE = "marketplace"  # the kind and the address of shares with it, whatever its login is


def parse(text: str) -> list[Address]:
    """Split what was typed into addresses, each of them once, in the order typed.

    Commas, semicolons and line ends separate; blanks do not, since numbers are typed with them.

    Raises:
        ValidationError: one message for each part that cannot be an address; whether it exists is not looked up.
    """
    parts = [part.strip() for part in SEPARATORS.split(text) if part.strip()]
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


def is_marketplace(address: Address) -> bool:
    """Whether an address names the marketplace: its login is nobody's, also where somebody had it before."""
    return address == Address(Kind.LOGIN, settings.MARKETPLACE_LOGIN)


def address_of(kind: str, value: str) -> Address:
    """What somebody types to name the recipient of a share or of an offer that waits.

    Args:
        kind: of ``AddressKind``, and no group or organization.
        value: as it is stored.
    """
    if kind == MARKETPLACE:
        return Address(Kind.LOGIN, settings.MARKETPLACE_LOGIN)
    return Address(Kind(kind), value)


def resolve(addresses: Iterable[Address]) -> dict[Address, Group]:
    """The recipients behind addresses at this moment, without those that nobody has. Never shown to the producer.

    A login and an email address stand for the person's own account; an email address counts once confirmed. One
    query for each kind of address, whether anybody has them or not.
    """
    values: dict[Kind, list[str]] = {}
    for address in addresses:
        if not is_marketplace(address):
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


_FINDERS: dict[Kind, Callable[[list[str]], Found]] = {
    Kind.NUMBER: _by_number,
    Kind.LOGIN: _by_login,
    Kind.EMAIL: _by_email,
}
