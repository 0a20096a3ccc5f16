"""Who gets a token, by which way, and for which account; and that a refusal tells nothing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.contrib.auth import hashers
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import Membership, User
from accounts.roles import Role
from api.actions import make_credential, revoke_credential
from api.models import ApplicationCredential
from tests import factories
from tests.api.conftest import MakeProgram
from tests.api.identity.bodies import ACME, DEFAULT, TOKENS, UNAUTHORIZED, asking, credential, password, token
from tests.factories import PASSWORD
from tests.people import Cast

Ask = Callable[..., Any]


@pytest.fixture
def ask(api: MakeProgram, cast: Cast) -> Ask:
    """``ask(password(), ACME)``: the answer to somebody who asks for a token."""

    def ask(identity: dict[str, Any], project: object = None, **scope: Any) -> Any:
        return api().post(TOKENS, json=asking(identity, project, **scope))

    return ask


@pytest.fixture
def program(cast: Cast) -> tuple[ApplicationCredential, str]:
    """Alice's credential for Acme Producers, as creator, and its secret."""
    return make_credential(by=cast.producer, name="builds", role=Role.CREATOR)


# --- By password ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "user",
    [
        {"name": "ALICE"},
        {"name": "Alice@Example.org"},
        {"domain": {"id": "default"}},
        {"domain": {"name": "default"}},
        {"id": "alice"},
        {"id": "alice", "name": "nobody"},
    ],
)
def test_a_person_by_login_address_or_id(ask: Ask, user: dict[str, Any]) -> None:
    answer = ask(password(**user), ACME)
    assert answer.status_code == 201
    assert answer.json()["token"]["user"]["id"] == "alice"


def test_an_account_by_number_or_by_name_and_domain(ask: Ask, cast: Cast) -> None:
    number, group = cast.acme.number, str(cast.acme_group.pk)
    for project in (
        {"id": number},
        {"id": cast.acme.grouped_number},
        ACME,
        ACME | {"domain": {"id": "default"}},
        ACME | {"domain": {"name": "Acme Group"}},
        ACME | {"domain": {"id": group}},
    ):
        assert ask(password(), project).json()["token"]["project"]["id"] == number, project


def test_the_personal_account_is_one_like_the_others(ask: Ask, cast: Cast) -> None:
    answer = ask(password(), {"name": cast.alice.personal_account.title, "domain": DEFAULT})
    assert answer.json()["token"]["project"]["id"] == cast.alice.personal_account.number


def test_a_name_that_means_two_accounts_means_none(ask: Ask, cast: Cast) -> None:
    other = factories.make_account("Acme Producers", cast.alice)
    assert ask(password(), ACME).json() == UNAUTHORIZED
    assert ask(password(), {"id": other.number}).status_code == 201
    in_group = ACME | {"domain": {"name": "Acme Group"}}
    assert ask(password(), in_group).json()["token"]["project"]["id"] == cast.acme.number


def wrong_password(cast: Cast) -> tuple[Any, Any]:
    return password(password="not-the-password"), ACME


def unknown_login(cast: Cast) -> tuple[Any, Any]:
    return password("nobody-here"), ACME


def unknown_address(cast: Cast) -> tuple[Any, Any]:
    return password("nobody@example.org"), ACME


def no_login(cast: Cast) -> tuple[Any, Any]:
    return password("4071385962"), ACME


def another_domain(cast: Cast) -> tuple[Any, Any]:
    return password(domain={"name": "Acme Group"}), ACME


def unknown_project(cast: Cast) -> tuple[Any, Any]:
    return password(), {"name": "Nothing like this", "domain": DEFAULT}


def unknown_number(cast: Cast) -> tuple[Any, Any]:
    return password(), {"id": "4071385962"}


def somebody_elses_project(cast: Cast) -> tuple[Any, Any]:
    return password(), {"name": "Beta Consumers", "domain": DEFAULT}


def somebody_elses_number(cast: Cast) -> tuple[Any, Any]:
    return password(), {"id": cast.beta.number}


def project_of_another_domain(cast: Cast) -> tuple[Any, Any]:
    return password(), ACME | {"domain": {"name": "Beta Holdings"}}


def project_of_a_closed_organization(cast: Cast) -> tuple[Any, Any]:
    cast.acme_group.closed_at, cast.acme_group.closed_by = timezone.now(), cast.alice
    cast.acme_group.save()
    return password(), ACME | {"domain": {"name": "Acme Group"}}


def closed_project(cast: Cast) -> tuple[Any, Any]:
    cast.acme.closed_at, cast.acme.closed_by = timezone.now(), cast.alice
    cast.acme.save()
    return password(), ACME


def a_team(cast: Cast) -> tuple[Any, Any]:
    return password(), {"name": "Golden Testers", "domain": DEFAULT}


def the_domain(cast: Cast) -> tuple[Any, Any]:
    return password(), None


def inactive(cast: Cast) -> tuple[Any, Any]:
    User.objects.filter(pk=cast.alice.pk).update(is_active=False)
    return password(), ACME


def unconfirmed(cast: Cast) -> tuple[Any, Any]:
    EmailAddress.objects.filter(user=cast.alice).update(verified=False)
    return password(), ACME


def no_password(cast: Cast) -> tuple[Any, Any]:
    cast.alice.set_unusable_password()
    cast.alice.save()
    return password(), ACME


def second_factor(cast: Cast) -> tuple[Any, Any]:
    totp.TOTP.activate(cast.alice, "JBSWY3DPEHPK3PXP")
    RecoveryCodes.activate(cast.alice)
    return password(), ACME


def second_factor_and_wrong_password(cast: Cast) -> tuple[Any, Any]:
    totp.TOTP.activate(cast.alice, "JBSWY3DPEHPK3PXP")
    return password(password="not-the-password"), ACME


WRONG = [
    wrong_password, unknown_login, unknown_address, no_login, another_domain, unknown_project, unknown_number,
    somebody_elses_project, somebody_elses_number, project_of_another_domain, project_of_a_closed_organization,
    closed_project, a_team, the_domain, inactive, unconfirmed, no_password, second_factor,
    second_factor_and_wrong_password,
]  # fmt: skip
STATEMENTS = [
    "accounts_user",  # the person
    "account_emailaddress",  # by the backend
    "accounts_user",
    "accounts_user",
    "account_emailaddress",  # is an address confirmed
    "mfa_authenticator",  # is there a second factor
    "accounts_membership",  # the accounts
]


@pytest.mark.parametrize("wrong", WRONG)
def test_whatever_is_wrong_the_answer_and_the_cost_are_the_same(
    ask: Ask, cast: Cast, monkeypatch: pytest.MonkeyPatch, wrong: Callable[[Cast], tuple[Any, Any]]
) -> None:
    identity, project = wrong(cast)
    scope = {} if project else {"scope": {"domain": {"id": "default"}}}
    hashed: list[str] = []
    slow = hashers.MD5PasswordHasher.encode

    def encode(self: Any, password: str, salt: str) -> str:
        hashed.append(password)
        return str(slow(self, password, salt))

    monkeypatch.setattr(hashers.MD5PasswordHasher, "encode", encode)
    with CaptureQueriesContext(connection) as captured:
        answer = ask(identity, project, **scope)
    assert answer.status_code == 401
    assert answer.json() == UNAUTHORIZED
    assert answer.headers["WWW-Authenticate"] == 'Keystone uri="http://testserver/identity/v3"'
    assert "X-Subject-Token" not in answer.headers
    assert len(hashed) == 1, "One slow hash, whether there is a person or not."
    assert [table_of(query["sql"]) for query in captured] == STATEMENTS


def table_of(sql: str) -> str:
    words = sql.replace('"', "").split()
    return words[words.index("FROM") + 1]


def test_recovery_codes_alone_are_no_second_factor(ask: Ask, cast: Cast) -> None:
    RecoveryCodes.activate(cast.alice)
    assert Authenticator.objects.count() == 1
    assert ask(password(), ACME).status_code == 201


def test_nobody_is_signed_in(api: MakeProgram, cast: Cast) -> None:
    program = api()
    assert program.post(TOKENS, json=asking(password(), ACME)).status_code == 201
    assert not program.client.cookies
    cast.alice.refresh_from_db()
    assert cast.alice.last_login is None


# --- How often --------------------------------------------------------------------------------------


def sign_in(client: Client, text: str) -> Any:
    return client.post(reverse("account_login"), {"login": "alice", "password": text})


def test_who_is_right_is_never_locked_out(ask: Ask) -> None:
    assert {ask(password(), ACME).status_code for _again in range(35)} == {201}


@pytest.mark.parametrize("login", ["alice", "nobody-here"])
def test_guesses_are_limited_whether_there_is_a_person_or_not(ask: Ask, login: str) -> None:
    for _again in range(5):
        assert ask(password(login, password="a-guess"), ACME).status_code == 401
    answer = ask(password(login), ACME)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "300"
    text = "There were too many tries. Wait five minutes, and try again."
    assert answer.json() == {"error": {"code": 429, "message": text, "title": "Too Many Requests"}}


@pytest.mark.parametrize("wrong", [second_factor, unknown_project, somebody_elses_number])
def test_a_right_password_does_not_show_by_never_being_locked_out(
    ask: Ask, cast: Cast, wrong: Callable[[Cast], tuple[Any, Any]]
) -> None:
    identity, project = wrong(cast)
    assert [ask(identity, project).status_code for _again in range(6)] == [401] * 5 + [429]


def test_guesses_here_lock_signing_in(ask: Ask, client: Client) -> None:
    for _again in range(5):
        ask(password(password="a-guess"), ACME)
    assert "too many" in sign_in(client, PASSWORD).content.decode().casefold()


def test_guesses_at_signing_in_lock_this(ask: Ask, client: Client) -> None:
    for _again in range(5):
        sign_in(client, "a-guess")
    assert ask(password(), ACME).status_code == 429


# --- By a token -------------------------------------------------------------------------------------


def test_a_token_without_a_scope_opens_each_account_of_the_person(api: MakeProgram, ask: Ask, cast: Cast) -> None:
    unscoped = ask(password())
    text = unscoped.headers["X-Subject-Token"]
    for project in (ACME, {"id": cast.alice.personal_account.number}):
        said = ask(token(text), project).json()["token"]
        assert said["methods"] == ["password", "token"]
        assert said["expires_at"] == unscoped.json()["token"]["expires_at"]
        own, first = said["audit_ids"]
        assert [first] == unscoped.json()["token"]["audit_ids"]
        assert own != first
    assert ask(token(text), {"id": cast.beta.number}).json() == UNAUTHORIZED
    assert ask(token(text), scope="unscoped").status_code == 201


def test_a_token_for_an_account_stays_with_it(api: MakeProgram, ask: Ask, cast: Cast) -> None:
    text = api(cast.producer).token
    for project in (None, ACME, {"id": cast.acme.number}):
        assert ask(token(text), project).json()["token"]["project"]["id"] == cast.acme.number
    own = {"id": cast.alice.personal_account.number}
    refused = [ask(token(text), project) for project in (own, {"id": cast.beta.number}, {"id": "4071385962"})]
    refused += [ask(token(text), scope=scope) for scope in ("unscoped", {"domain": {"id": "default"}})]
    assert {answer.status_code for answer in refused} == {403}
    assert len({answer.content for answer in refused}) == 1


def test_a_token_ends_no_later_than_the_one_that_it_was_made_from(
    api: MakeProgram, ask: Ask, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ask(password())
    monkeypatch.setattr("api.tokens.time.time", lambda: timezone.now().timestamp() + 1800)
    second = ask(token(first.headers["X-Subject-Token"]), ACME).json()["token"]
    assert second["issued_at"] > first.json()["token"]["issued_at"]
    assert second["expires_at"] == first.json()["token"]["expires_at"]


def test_tokens_are_not_made_from_each_other_for_ever(api: MakeProgram, ask: Ask, cast: Cast) -> None:
    text, made = api(cast.alice).token, 0
    while (answer := ask(token(text), scope="unscoped")).status_code == 201:
        text, made = answer.headers["X-Subject-Token"], made + 1
    assert made == 7
    assert answer.json() == UNAUTHORIZED


def test_what_is_no_token_opens_nothing(ask: Ask) -> None:
    for text in ("bogus", "x" * 2000, "a:b:c"):
        assert ask(token(text), ACME).json() == UNAUTHORIZED


# --- By an application credential -------------------------------------------------------------------


def test_a_credential_gives_its_account_and_role(
    ask: Ask, cast: Cast, program: tuple[ApplicationCredential, str]
) -> None:
    kept, secret = program
    for named in (
        {"id": kept.pk},
        {"name": "builds", "user": {"name": "alice", "domain": DEFAULT}},
        {"name": "builds", "user": {"id": "alice"}},
    ):
        said = ask(credential(secret=secret, **named)).json()["token"]
        assert said["methods"] == ["application_credential"]
        assert said["project"]["id"] == cast.acme.number
        assert [role["name"] for role in said["roles"]] == ["member", "reader"]
        assert said["application_credential"] == {"id": kept.pk, "name": "builds", "restricted": True}
    kept.refresh_from_db()
    assert kept.last_used_at


def test_a_credential_can_be_asked_for_its_own_account_only(
    ask: Ask, cast: Cast, program: tuple[ApplicationCredential, str]
) -> None:
    by = credential(id=program[0].pk, secret=program[1])
    assert ask(by, ACME).status_code == 201
    assert ask(by, {"id": cast.acme.number}).status_code == 201
    assert ask(by, {"id": cast.alice.personal_account.number}).json() == UNAUTHORIZED
    assert ask(by, scope="unscoped").json() == UNAUTHORIZED


def test_a_person_with_a_second_factor_has_credentials(
    ask: Ask, cast: Cast, program: tuple[ApplicationCredential, str]
) -> None:
    second_factor(cast)
    assert ask(credential(id=program[0].pk, secret=program[1])).status_code == 201


def test_a_credential_ends_its_tokens_when_it_ends(ask: Ask, cast: Cast) -> None:
    ends = timezone.now() + timedelta(minutes=10)
    kept, secret = make_credential(by=cast.producer, name="short", role=Role.OBSERVER, expires_at=ends)
    said = ask(credential(id=kept.pk, secret=secret)).json()["token"]
    assert said["expires_at"] == f"{ends:%Y-%m-%dT%H:%M:%S}.000000Z"


def wrong_secret(cast: Cast, kept: ApplicationCredential, secret: str) -> dict[str, Any]:
    return credential(id=kept.pk, secret="0" * 64)


def unknown_id(cast: Cast, kept: ApplicationCredential, secret: str) -> dict[str, Any]:
    return credential(id="0" * 32, secret=secret)


def another_name(cast: Cast, kept: ApplicationCredential, secret: str) -> dict[str, Any]:
    return credential(name="other", secret=secret, user={"id": "alice"})


def another_person(cast: Cast, kept: ApplicationCredential, secret: str) -> dict[str, Any]:
    return credential(name="builds", secret=secret, user={"id": "carol"})


def nobody(cast: Cast, kept: ApplicationCredential, secret: str) -> dict[str, Any]:
    return credential(name="builds", secret=secret, user={"id": "nobody-here"})


def revoked(cast: Cast, kept: ApplicationCredential, secret: str) -> dict[str, Any]:
    revoke_credential(kept.pk, by=cast.producer)
    return credential(id=kept.pk, secret=secret)


def past_its_end(cast: Cast, kept: ApplicationCredential, secret: str) -> dict[str, Any]:
    ApplicationCredential.objects.filter(pk=kept.pk).update(expires_at=timezone.now())
    return credential(id=kept.pk, secret=secret)


def of_somebody_who_left(cast: Cast, kept: ApplicationCredential, secret: str) -> dict[str, Any]:
    Membership.objects.filter(user=cast.alice, group=cast.acme.pk).delete()
    return credential(id=kept.pk, secret=secret)


def of_a_closed_account(cast: Cast, kept: ApplicationCredential, secret: str) -> dict[str, Any]:
    closed_project(cast)
    return credential(id=kept.pk, secret=secret)


def of_somebody_inactive(cast: Cast, kept: ApplicationCredential, secret: str) -> dict[str, Any]:
    inactive(cast)
    return credential(id=kept.pk, secret=secret)


WRONG_CREDENTIALS = [
    wrong_secret, unknown_id, another_name, another_person, nobody, revoked, past_its_end, of_somebody_who_left,
    of_a_closed_account, of_somebody_inactive,
]  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG_CREDENTIALS)
def test_a_credential_that_opens_nothing_is_like_any_other(
    ask: Ask,
    cast: Cast,
    program: tuple[ApplicationCredential, str],
    wrong: Callable[[Cast, ApplicationCredential, str], dict[str, Any]],
) -> None:
    identity = wrong(cast, *program)
    with CaptureQueriesContext(connection) as captured:
        answer = ask(identity)
    assert answer.status_code == 401
    assert answer.json() == UNAUTHORIZED
    by_name = ["accounts_user"] if "user" in identity["application_credential"] else []
    tables = [table_of(query["sql"]) for query in captured]
    assert tables == [*by_name, "api_applicationcredential", "accounts_membership"]


# --- Everybody knows their password -----------------------------------------------------------------


def test_demo_people_are_served_on_loopback_only(
    api: MakeProgram, cast: Cast, settings: Settings, program: tuple[ApplicationCredential, str]
) -> None:
    User.objects.filter(pk=cast.alice.pk).update(is_demo=True)
    own = api(cast.alice).token
    ways = [password(), token(own), credential(id=program[0].pk, secret=program[1])]
    there = [api().post(TOKENS, json=asking(way), headers={"Host": "localhost"}).status_code for way in ways]
    assert there == [201, 201, 201]
    assert [api().post(TOKENS, json=asking(way)).status_code for way in ways] == [401, 401, 401]
    asked = "/identity/v3/auth/catalog"
    assert api(cast.producer).get(asked, headers={"Host": "localhost"}).status_code == 200
    assert api(cast.producer).get(asked).status_code == 401
