"""What somebody may type to invite a person, normalised, so that inviting twice is noticed."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts import numbers
from accounts.models import Account, Invitation, User
from accounts.validators import is_well_formed_login

Kind = Invitation.AddressKind


@dataclass(frozen=True)
class Address:
    """Whom an invitation is for, as the inviting person named them."""

    kind: Kind
    value: str

    def __str__(self) -> str:
        return numbers.grouped(self.value) if self.kind == Kind.NUMBER else self.value


def parse_person(text: str) -> Address:
    """A login or an email address. Whether anybody has it is not looked up.

    Raises:
        ValidationError: it can be neither.
    """
    text = text.strip()
    if "@" in text:
        return _parse_email(text)
    login = text.casefold()
    try:
        is_well_formed_login(login)
    except ValidationError:
        raise ValidationError(
            "Type a login (“erin”) or an email address (“erin@example.org”).", code="invalid"
        ) from None
    return Address(Kind.LOGIN, login)


def parse_account(text: str) -> Address:
    """An account number. Whether any account has it is not looked up.

    Raises:
        ValidationError: it is none, or mistyped.
    """
    number = numbers.normalise(text)
    if len(number) != numbers.LENGTH or not numbers.looks_like_number(number):
        raise ValidationError("Type the ten digits of an account number.", code="invalid")
    if not numbers.is_valid(number):
        raise ValidationError("This number is mistyped: its last digit does not fit the others.", code="invalid")
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
        raise ValidationError("This is not an email address. Check it for a typing error.", code="invalid") from None
    return Address(Kind.EMAIL, text.lower())
