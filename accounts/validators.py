"""What a login may be."""

from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

RESERVED_LOGINS = frozenset(
    {
        *("abuse", "account", "accounts", "admin", "administrator", "api", "help", "hostmaster", "info", "mail"),
        *("marketplace", "me", "nobody", "noreply", "no-reply", "owner", "postmaster", "public", "root-admin"),
        *("security", "service", "staff", "stockroom", "support", "system", "webmaster", "www"),
    }
)

# Never mistaken for an account number (starts with a letter) or an email address (no "@").
is_well_formed_login = RegexValidator(
    r"\A[a-z][a-z0-9._-]{2,31}\Z",
    "Use 3 to 32 small letters, digits, dots, hyphens and underscores, starting with a letter.",
    code="invalid_login",
)


def is_free_login(login: str) -> None:
    """Refuse logins that could be taken for the panel itself.

    Raises:
        ValidationError: when the login is reserved.
    """
    if login in RESERVED_LOGINS:
        raise ValidationError("This login is reserved. Choose another one.", code="reserved_login")


login_validators: list[Callable[[str], None]] = [is_well_formed_login, is_free_login]
