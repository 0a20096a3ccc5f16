"""Proof that somebody decides for an account: as at signing in, but nobody is signed in and nothing is told."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.contrib.auth import hashers
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import ValidationError
from django.db import connection
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.fixtures import Settings

from accounts.actions import change_role
from accounts.addresses import parse_person
from accounts.models import Account, Membership, User
from accounts.proof import Credentials, prove_admin
from accounts.roles import Role
from tests import factories
from tests.factories import PASSWORD
from tests.people import Cast

SECRET = "JBSWY3DPEHPK3PXP"


@pytest.fixture
def request_of(cast: Cast) -> Iterator[Callable[[], HttpRequest]]:
    """Requests of Alice at Acme Producers."""
    held = []

    def request_of() -> HttpRequest:
        request = RequestFactory().post("/")
        request.user, request.session = cast.alice, SessionStore()
        entered = context.request_context(request)
        entered.__enter__()
        held.append(entered)
        return request

    yield request_of
    for entered in reversed(held):
        entered.__exit__(None, None, None)


Prove = Callable[..., User | None]


@pytest.fixture
def prove(cast: Cast, request_of: Callable[[], HttpRequest]) -> Prove:
    """``prove()`` with what is right for Bob at Beta Consumers, but for what is given."""

    def prove(name: str = "bob", password: str = PASSWORD, code: str = "", account: Account | None = cast.beta) -> Any:
        return prove_admin(request_of(), Credentials(parse_person(name), password, code), account=account)

    return prove


@pytest.fixture
def second_factor(cast: Cast) -> RecoveryCodes:
    """Bob's app and recovery codes."""
    totp.TOTP.activate(cast.bob, SECRET)
    return RecoveryCodes.activate(cast.bob)


def app_code() -> str:
    counter = list(totp.yield_hotp_counters_from_time())[totp.app_settings.TOTP_TOLERANCE]
    return str(totp.format_hotp_value(totp.hotp_value(SECRET, counter)))


@pytest.mark.parametrize("name", ["bob", "BOB@example.org"])
def test_an_admin_is_proved_by_login_or_address(cast: Cast, prove: Prove, name: str) -> None:
    assert prove(name) == cast.bob


def test_nobody_is_signed_in(cast: Cast, request_of: Callable[[], HttpRequest]) -> None:
    told: list[object] = []
    user_logged_in.connect(told.append, weak=False, dispatch_uid="test")
    request = request_of()
    try:
        assert prove_admin(request, Credentials(parse_person("bob"), PASSWORD), account=cast.beta) == cast.bob
    finally:
        user_logged_in.disconnect(dispatch_uid="test")
    cast.bob.refresh_from_db()
    assert told == []
    assert cast.bob.last_login is None
    assert request.user == cast.alice
    assert dict(request.session) == {}
    assert not request.session.modified


@pytest.mark.usefixtures("second_factor")
def test_a_second_factor_that_there_is_has_to_be_given(cast: Cast, prove: Prove) -> None:
    assert prove() is None
    assert prove(code="000000") is None
    assert prove(code=app_code()) == cast.bob


@pytest.mark.usefixtures("second_factor")
def test_a_code_of_the_app_works_once(cast: Cast, prove: Prove) -> None:
    code = app_code()
    assert prove(code=code) == cast.bob
    assert prove(code=code) is None


def test_a_recovery_code_is_used_up(cast: Cast, prove: Prove, second_factor: RecoveryCodes) -> None:
    code = second_factor.get_unused_codes()[0]
    assert prove(code=code) == cast.bob
    assert prove(code=code) is None


def test_a_recovery_code_is_not_used_up_by_a_wrong_password(
    cast: Cast, prove: Prove, second_factor: RecoveryCodes
) -> None:
    code = second_factor.get_unused_codes()[0]
    assert prove(password="wrong", code=code) is None
    assert prove(account=cast.acme, code=code) is None
    assert prove(code=code) == cast.bob


def wrong_password(cast: Cast) -> dict[str, Any]:
    return {"password": "not-the-password"}


def unknown_login(cast: Cast) -> dict[str, Any]:
    return {"name": "nobody-here"}


def unknown_address(cast: Cast) -> dict[str, Any]:
    return {"name": "nobody@example.org"}


def no_account(cast: Cast) -> dict[str, Any]:
    return {"account": None}


def another_account(cast: Cast) -> dict[str, Any]:
    return {"account": cast.acme}


def observer(cast: Cast) -> dict[str, Any]:
    return {"name": "dave"}


def creator(cast: Cast) -> dict[str, Any]:
    change_role(
        cast.beta, Membership.objects.get(user=cast.dave, group=cast.beta.pk).pk, role=Role.CREATOR, by=cast.consumer
    )
    return {"name": "dave"}


def inactive(cast: Cast) -> dict[str, Any]:
    User.objects.filter(pk=cast.bob.pk).update(is_active=False)
    return {}


def unconfirmed(cast: Cast) -> dict[str, Any]:
    EmailAddress.objects.filter(user=cast.bob).update(verified=False)
    return {}


def another_address_is_confirmed(cast: Cast) -> dict[str, Any]:
    EmailAddress.objects.create(user=cast.bob, email="other@example.org", verified=False)
    return {"name": "other@example.org"}


def no_password(cast: Cast) -> dict[str, Any]:
    cast.bob.set_unusable_password()
    cast.bob.save()
    return {}


def second_factor_is_missing(cast: Cast) -> dict[str, Any]:
    totp.TOTP.activate(cast.bob, SECRET)
    return {}


def second_factor_is_wrong(cast: Cast) -> dict[str, Any]:
    totp.TOTP.activate(cast.bob, SECRET)
    RecoveryCodes.activate(cast.bob)
    return {"code": "123456"}


WRONG = [
    wrong_password, unknown_login, unknown_address, no_account, another_account, observer, creator, inactive,
    unconfirmed, another_address_is_confirmed, no_password, second_factor_is_missing, second_factor_is_wrong,
]  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_whatever_is_wrong_the_answer_and_the_cost_are_the_same(
    cast: Cast, prove: Prove, monkeypatch: pytest.MonkeyPatch, wrong: Callable[[Cast], dict[str, Any]]
) -> None:
    arguments = wrong(cast)
    hashed: list[str] = []
    slow = hashers.MD5PasswordHasher.encode

    def encode(self: Any, password: str, salt: str) -> str:
        hashed.append(password)
        return str(slow(self, password, salt))

    monkeypatch.setattr(hashers.MD5PasswordHasher, "encode", encode)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert prove(**arguments) is None
    assert len(hashed) == 1, "One slow hash, whether there is a person or not."
    assert [shape(query["sql"]) for query in captured] == STATEMENTS


STATEMENTS = [
    "SELECT accounts_user",  # the person
    "SELECT account_emailaddress",  # by the backend
    "SELECT accounts_user",
    "SELECT accounts_user",
    "SELECT account_emailaddress",  # is an address confirmed
    "SELECT accounts_membership",  # are they an admin
    "SELECT mfa_authenticator",  # what is their second factor
    "SAVEPOINT",
    "SELECT mfa_authenticator",  # a recovery code
    "RELEASE",
]


def shape(sql: str) -> str:
    words = sql.replace('"', "").split()
    # On PostgreSQL, allauth reads some through a cursor.
    return f"SELECT {words[words.index('FROM') + 1]}" if "FROM" in words else words[0]


def try_to_sign_in(client: Client, password: str) -> Any:
    return client.post(reverse("account_login"), {"login": "bob", "password": password})


def test_guessing_locks_signing_in(cast: Cast, client: Client, prove: Prove) -> None:
    for _again in range(5):
        assert prove(password="a-guess") is None
    with pytest.raises(ValidationError, match="too many tries"):
        prove()
    assert "too many" in try_to_sign_in(client, PASSWORD).content.decode().casefold()


def test_guessing_at_signing_in_locks_this(cast: Cast, client: Client, prove: Prove) -> None:
    for _again in range(5):
        try_to_sign_in(client, "a-guess")
    with pytest.raises(ValidationError, match="too many tries"):
        prove()


def test_a_lock_tells_nothing_of_the_login(cast: Cast, prove: Prove) -> None:
    for _again in range(5):
        assert prove("nobody-here") is None
    with pytest.raises(ValidationError, match="too many tries"):
        prove("nobody-here")


@pytest.mark.usefixtures("second_factor")
def test_a_right_password_with_a_wrong_factor_locks_after_as_many_tries(cast: Cast, prove: Prove) -> None:
    for _again in range(5):
        assert prove(code="000000") is None
    with pytest.raises(ValidationError, match="too many tries"):
        prove(code=app_code())


@pytest.mark.usefixtures("second_factor")
def test_guesses_at_the_second_factor_count_at_signing_in(cast: Cast, client: Client, prove: Prove) -> None:
    for name in ("bob", "bob", "bob", "bob@example.org", "bob@example.org"):
        assert prove(name, code="000000") is None
    key = f"mfa-auth-user-{cast.bob.pk}"
    assert not context_allows(key)


def context_allows(key: str) -> bool:
    from allauth.core import ratelimit

    return bool(ratelimit.consume(context.request, action="login_failed", key=key, dry_run=True))


def test_who_is_right_is_never_locked_out(cast: Cast, prove: Prove) -> None:
    assert [prove() for _again in range(8)] == [cast.bob] * 8


def test_a_demo_person_counts_on_this_machine_only(cast: Cast, prove: Prove, settings: Settings) -> None:
    User.objects.filter(pk=cast.bob.pk).update(is_demo=True)
    settings.LOOPBACK_HOSTS = ["testserver"]
    assert prove() == cast.bob
    settings.LOOPBACK_HOSTS = []
    assert prove() is None


def test_credentials_do_not_show_in_tracebacks() -> None:
    shown = repr(replace(Credentials(parse_person("bob"), "the-password"), code="123456"))
    assert "the-password" not in shown
    assert "123456" not in shown


def test_the_personal_account_counts_like_any_other(cast: Cast, prove: Prove) -> None:
    assert prove("trudy", account=cast.trudy.personal_account) == cast.trudy
    assert prove("trudy", account=cast.bob.personal_account) is None
    assert Authenticator.objects.count() == 0
    assert factories.viewer(cast.trudy).is_admin
