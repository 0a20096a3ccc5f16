"""What a login and a name may be."""

import pytest
from django.core.exceptions import ValidationError

from accounts.validators import RESERVED_LOGINS, is_one_line, login_validators


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


@pytest.mark.parametrize("name", ["Acme", "Bäcker & Söhne", "山田\u3000太郎", "می\u200cخواهم", "Ann\u00a0B."])
def test_names_in_any_script(name: str) -> None:
    is_one_line(name)


@pytest.mark.parametrize("name", ["a\nb", "a\rb", "a\u2028b", "a\x00b", "gnp.exe\u202efdp"])
def test_names_that_would_write_more_than_a_name(name: str) -> None:
    with pytest.raises(ValidationError):
        is_one_line(name)
