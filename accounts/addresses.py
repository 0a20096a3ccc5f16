"""How people and accounts are named by others: by login, email address or number. Sharing and inviting read alike."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts import numbers
from accounts.models import Account, Invitation, User
from accounts.validators import is_well_formed_login

Kind = Invitation.AddressKind


@dataclass(frozen=True)
class Address:
    """Somebody as another person named them, normalised.

    Two ways of writing the same thing are equal, so that inviting or offering twice is noticed.
    """

    kind: Kind
    value: str

    def __str__(self) -> str:
        return numbers.grouped(self.value) if self.kind == Kind.NUMBER else self.value


def parse_one(text: str) -> Address:
    """A number, login or email address. Whether anybody has it is not looked up.

    Raises:
        ValidationError: saying what is wrong with it.
    """
    if "@" in text:
        return _parse_email(text)
    return parse_account(text) if numbers.looks_like_number(text) else _parse_login(text)


def parse_person(text: str) -> Address:
    """A login or an email address. Whether anybody has it is not looked up.

    Raises:
        ValidationError: it can be neither.
    """
    text = text.strip()
    return _parse_email(text) if "@" in text else _parse_login(text)


def parse_account(text: str) -> Address:
    """An account number. Whether any account has it is not looked up.

    Raises:
        ValidationError: it is none, or mistyped.
    """
    number = numbers.normalise(text)
    if not numbers.looks_like_number(text):
        raise _wrong("“%(text)s” is no account number: that has ten digits.", text)
    if len(number) != numbers.LENGTH:
        raise _wrong("“%(text)s” has %(count)d digits; an account number has ten.", text, count=len(number))
    if not numbers.is_valid(number):
        raise _wrong("“%(text)s” is mistyped: its last digit does not fit the others.", text)
    return Address(Kind.NUMBER, number)


def find_person(address: Address) -> User | None:
    """Who is behind a login or a confirmed email address. One query, whoever is asked for; never shown."""
    people = User.objects.filter(is_active=True)
    if address.kind == Kind.EMAIL:
        return people.filter(emailaddress__email__iexact=address.value, emailaddress__verified=True).first()
    return people.filter(username=address.value).first()


def find_account(address: Address) -> Account | None:
    """The open account behind a number. One query, whichever is asked for; never shown."""
    return Account.objects.filter(number=address.value, closed_at__isnull=True).first()


def _parse_email(text: str) -> Address:
    try:
        validate_email(text)
    except ValidationError:
        raise _wrong("“%(text)s” is not an email address.", text) from None
    return Address(Kind.EMAIL, text.lower())


def _parse_login(text: str) -> Address:
    login = text.casefold()
    try:
        is_well_formed_login(login)
    except ValidationError:
        raise _wrong("“%(text)s” is no login or email address.", text) from None
    return Address(Kind.LOGIN, login)


def _wrong(sentence: str, text: str, **numbers_: int) -> ValidationError:
    return ValidationError(sentence, code="invalid", params={"text": text[:80], **numbers_})
