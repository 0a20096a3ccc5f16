"""What a login and a name may be."""

import unicodedata
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

RESERVED_LOGINS = frozenset(
    {
        *("abuse", "account", "accounts", "admin", "administrator", "api", "help", "hostmaster", "info", "mail"),
        *("marketplace", "me", "nobody", "noreply", "no-reply", "owner", "postmaster", "public", "root-admin"),
        *("security", "service", "staff", "stockroom", "support", "system", "webmaster", "www"),
    }
)

LINE_BREAKING = {"Cc", "Cs", "Zl", "Zp"}  # categories of Unicode: controls, surrogates, line and paragraph separators
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # UAX #9, explicit directions

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
    if login in RESERVED_LOGINS or login == settings.MARKETPLACE_LOGIN:
        raise ValidationError("This login is reserved. Choose another one.", code="reserved_login")


def is_one_line(text: str) -> None:
    """Refuse line ends, control characters, and those that turn the direction of writing.

    A name stands in the subjects and sentences of the panel's own mails: with a line end in it, whoever chose it
    could write the rest of the letter.

    Raises:
        ValidationError: it has such a character.
    """
    if any(unicodedata.category(char) in LINE_BREAKING or char in TURNING for char in text):
        raise ValidationError("Use one line, without control characters.", code="not_one_line")


login_validators: list[Callable[[str], None]] = [is_well_formed_login, is_free_login]
