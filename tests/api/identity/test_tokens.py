"""What a token says, looking at it, and ending it."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import Account
from api import limits
from api.models import RevokedToken
from images.models import Region
from tests import factories
from tests.api.conftest import MakeProgram
from tests.api.identity.bodies import ACME, DEFAULT, TOKENS, UNAUTHORIZED, asking, password, token
from tests.people import Cast


def test_a_token_for_an_account(api: MakeProgram, cast: Cast) -> None:
    answer = api().post(TOKENS, json=asking(password(), ACME))
    assert answer.status_code == 201
    said = answer.json()["token"]
    assert said["methods"] == ["password"]
    assert said["user"] == {
        "domain": {"id": "default", "name": "Default"},
        "id": "alice",
        "name": "alice",
        "password_expires_at": None,
    }
    assert said["project"] == {
        "domain": {"id": str(cast.acme_group.pk), "name": "Acme Group"},
        "id": cast.acme.number,
        "name": "Acme Producers",
    }
    assert said["is_domain"] is False
    assert len(said["audit_ids"]) == 1
    assert said["expires_at"] > said["issued_at"] > timezone.now().strftime("%Y-%m-%d")
    assert said["expires_at"].endswith(".000000Z")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["x-openstack-request-id"].startswith("req-")


@pytest.mark.parametrize(
    ("login", "roles"),
    [("alice", ["manager", "member", "reader"]), ("carol", ["member", "reader"]), ("dave", ["reader"])],
)
def test_roles_are_called_as_programs_expect(api: MakeProgram, cast: Cast, login: str, roles: list[str]) -> None:
    title = "Beta Consumers" if login == "dave" else "Acme Producers"
    answer = api().post(TOKENS, json=asking(password(login), {"name": title, "domain": DEFAULT}))
    assert [role["name"] for role in answer.json()["token"]["roles"]] == roles


def test_the_catalogue_has_what_there_is(api: MakeProgram, cast: Cast) -> None:
    Region.objects.filter(pk="DFW").update(is_default=False)
    Region.objects.create(code="OLD", name="Closed", closed_at=timezone.now())
    answer = api().post(TOKENS, json=asking(password(), ACME), headers={"Host": "localhost:8000"})
    identity, image = answer.json()["token"]["catalog"]
    assert (identity["type"], image["type"]) == ("identity", "image")
    assert {endpoint["url"] for endpoint in identity["endpoints"]} == {"http://localhost:8000/identity/v3"}
    found = [(each["region_id"], each["interface"], each["url"]) for each in image["endpoints"]]
    assert found == [
        (code, interface, f"http://localhost:8000/image/{code}")
        for code in ("IAD", "DFW")
        for interface in ("public", "internal", "admin")
    ]
    ids = [each["id"] for service in (identity, image) for each in [service, *service["endpoints"]]]
    assert len(set(ids)) == len(ids)
    again = api(cast.producer).get("/identity/v3/auth/catalog", headers={"Host": "localhost:8000"})
    assert again.json()["catalog"] == [identity, image]


def test_a_panel_without_regions_has_identity_only(api: MakeProgram, alice: object, acme: Account) -> None:
    Region.objects.all().delete()
    answer = api().post(TOKENS, json=asking(password(), ACME))
    assert [service["type"] for service in answer.json()["token"]["catalog"]] == ["identity"]


@pytest.mark.parametrize(
    ("query", "is_there"), [("?nocatalog", False), ("?nocatalog=1", False), ("?nocatalog=0", True)]
)
def test_no_catalogue_when_none_is_wanted(api: MakeProgram, cast: Cast, query: str, is_there: bool) -> None:
    said = api().post(f"{TOKENS}{query}", json=asking(password(), ACME)).json()["token"]
    assert ("catalog" in said) is is_there


@pytest.mark.parametrize("scope", [{}, {"scope": "unscoped"}, {"scope": {"unscoped": {}}}])
def test_without_a_scope_a_token_opens_no_account(api: MakeProgram, cast: Cast, scope: dict[str, object]) -> None:
    answer = api().post(TOKENS, json=asking(password(), **scope))
    assert answer.status_code == 201
    assert set(answer.json()["token"]) == {"methods", "user", "audit_ids", "expires_at", "issued_at"}
    text = answer.headers["X-Subject-Token"]
    assert api().get("/image/v2/images", headers={"X-Auth-Token": text}).status_code == 401
    assert api().get("/identity/v3/auth/catalog", headers={"X-Auth-Token": text}).status_code == 403


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_at_a_token_of_ones_own(api: MakeProgram, cast: Cast, method: str) -> None:
    made = api().post(TOKENS, json=asking(password(), ACME))
    text = made.headers["X-Subject-Token"]
    answer = getattr(api(cast.alice), method)(TOKENS, headers={"X-Subject-Token": text})
    assert answer.status_code == 200
    assert answer.headers["X-Subject-Token"] == text
    assert answer.content == (b"" if method == "head" else made.content)


@pytest.mark.parametrize("method", ["get", "head", "delete"])
def test_somebody_elses_token_is_theirs(api: MakeProgram, cast: Cast, method: str) -> None:
    theirs = api(cast.consumer).token
    answer = getattr(api(cast.producer), method)(TOKENS, headers={"X-Subject-Token": theirs})
    assert answer.status_code == 403
    assert api(cast.bob).get(TOKENS, headers={"X-Subject-Token": theirs}).status_code == 200


def test_it_is_said_as_keystone_says_it(api: MakeProgram, cast: Cast) -> None:
    answer = api(cast.producer).get(TOKENS, headers={"X-Subject-Token": api(cast.consumer).token})
    text = "You are not authorized to perform the requested action: identity:validate_token."
    assert answer.json() == {"error": {"code": 403, "message": text, "title": "Forbidden"}}


@pytest.mark.parametrize("method", ["get", "head", "delete"])
@pytest.mark.parametrize("text", ["gAAAAbogus", "", "a:b:c", "é", "x" * 5000, "WzFd:1xUqlc:none"])
def test_what_is_no_token_is_not_found(api: MakeProgram, cast: Cast, method: str, text: str) -> None:
    answer = getattr(api(cast.producer), method)(TOKENS, headers={"X-Subject-Token": text})
    assert answer.status_code == 404


@pytest.mark.parametrize("method", ["get", "head", "delete"])
def test_nobody_looks_without_a_token(api: MakeProgram, cast: Cast, method: str) -> None:
    text = api(cast.producer).token
    answer = getattr(api(), method)(TOKENS, headers={"X-Subject-Token": text})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Keystone uri="http://testserver/identity/v3"'
    assert method == "head" or answer.json() == UNAUTHORIZED


def test_the_subject_has_to_be_said(api: MakeProgram, cast: Cast) -> None:
    assert api(cast.producer).get(TOKENS).status_code == 400


def test_ending_a_token(api: MakeProgram, cast: Cast) -> None:
    text = api(cast.producer).token
    assert api(cast.alice).delete(TOKENS, headers={"X-Subject-Token": text}).status_code == 204
    assert api().get("/identity/v3/auth/catalog", headers={"X-Auth-Token": text}).status_code == 401
    assert api(cast.alice).get(TOKENS, headers={"X-Subject-Token": text}).status_code == 404
    assert api(cast.producer).get("/identity/v3/auth/catalog").status_code == 200


def test_a_token_can_end_itself(api: MakeProgram, cast: Cast) -> None:
    program = api(cast.producer)
    assert program.delete(TOKENS, headers={"X-Subject-Token": program.token}).status_code == 204
    assert program.delete(TOKENS, headers={"X-Subject-Token": program.token}).status_code == 401


def test_rows_about_tokens_whose_time_is_over_go(api: MakeProgram, cast: Cast) -> None:
    RevokedToken.objects.create(audit_id="old", expires_at=timezone.now() - timedelta(seconds=1))
    RevokedToken.objects.create(audit_id="new", expires_at=timezone.now() + timedelta(hours=1))
    program = api(cast.producer)
    program.delete(TOKENS, headers={"X-Subject-Token": program.token})
    assert RevokedToken.objects.count() == 2
    assert not RevokedToken.objects.filter(audit_id="old").exists()


def test_what_ends_a_token_ends_all_that_were_made_from_it(api: MakeProgram, cast: Cast) -> None:
    first = api(cast.alice)
    second = first.post(TOKENS, json=asking(token(first.token), ACME)).headers["X-Subject-Token"]
    third = first.post(TOKENS, json=asking(token(second))).headers["X-Subject-Token"]
    first.delete(TOKENS, headers={"X-Subject-Token": second})
    for text in (second, third):
        assert first.get(TOKENS, headers={"X-Subject-Token": text}).status_code == 404
    assert first.get(TOKENS, headers={"X-Subject-Token": first.token}).status_code == 200


def test_staff_look_at_no_tokens_of_others(api: MakeProgram, cast: Cast) -> None:
    answer = api(factories.viewer(cast.root)).get(TOKENS, headers={"X-Subject-Token": api(cast.producer).token})
    assert answer.status_code == 403


def test_tokens_count_as_changes_of_their_account(api: MakeProgram, cast: Cast, settings: Settings) -> None:
    settings.API_CHANGES_PER_MINUTE = 2
    limits.tally.forget()
    first = api(cast.alice)
    asked = [first.post(TOKENS, json=asking(token(first.token), ACME)).status_code for _again in range(3)]
    assert asked == [201, 201, 429]
