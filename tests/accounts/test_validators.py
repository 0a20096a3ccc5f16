"""What a login may be."""

import pytest
from django.core.exceptions import ValidationError

from accounts.validators import RESERVED_LOGINS, login_validators


def problems(login: str) -> list[str]:
    found = []
    for validate in login_validators:
        try:
            validate(login)
        except ValidationError as error:
            found.append(str(error.code))
    return found


@pytest.mark.parametrize("login", ["bob", "ann-marie", "x.y_z", "a" * 32])
def test_good_logins(login: str) -> None:
    assert not problems(login)


@pytest.mark.parametrize("login", ["", "ab", "a" * 33, "Bob", "4bob", "b@b", "bob ", "bob\n", "bób"])
def test_logins_that_could_be_mistaken(login: str) -> None:
    assert problems(login) == ["invalid_login"]


@pytest.mark.parametrize("login", sorted(RESERVED_LOGINS - {"me"}))
def test_reserved_logins(login: str) -> None:
    assert problems(login) == ["reserved_login"]
