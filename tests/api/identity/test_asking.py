"""What programs ask about projects, domains, people and roles: their own, and of all others nothing."""

from typing import Any

import pytest

from accounts.roles import Role
from api.actions import make_credential
from tests import factories
from tests.api.conftest import MakeProgram
from tests.people import Cast

V3 = "/identity/v3"


def refused(action: str) -> dict[str, Any]:
    text = f"You are not authorized to perform the requested action: identity:{action}."
    return {"error": {"code": 403, "message": text, "title": "Forbidden"}}


def named(answer: Any, kind: str) -> list[str]:
    assert answer.status_code == 200
    assert answer.json()["links"]["next"] is answer.json()["links"]["previous"] is None
    return [record["name"] for record in answer.json()[kind]]


def test_ones_own_account(api: MakeProgram, cast: Cast) -> None:
    group = str(cast.acme_group.pk)
    answer = api(cast.producer).get(f"{V3}/projects/{cast.acme.number}")
    assert answer.json()["project"] == {
        "id": cast.acme.number,
        "name": "Acme Producers",
        "domain_id": group,
        "description": "",
        "enabled": True,
        "parent_id": group,
        "is_domain": False,
        "tags": [],
        "options": {},
        "links": {"self": f"http://testserver{V3}/projects/{cast.acme.number}"},
    }


@pytest.mark.parametrize("path", ["/auth/projects", "/projects", "/users/alice/projects", "/users/ALICE/projects"])
def test_all_accounts_of_a_person(api: MakeProgram, cast: Cast, path: str) -> None:
    expected = ["Acme Producers", cast.alice.personal_account.title]
    for program in (api(cast.producer), api(cast.alice)):
        answer = program.get(f"{V3}{path}")
        assert named(answer, "projects") == expected
        assert answer.json()["links"]["self"] == f"http://testserver{V3}{path}"


@pytest.mark.parametrize("path", ["/auth/projects", "/projects", "/users/alice/projects"])
def test_a_credential_knows_its_account_only(api: MakeProgram, cast: Cast, path: str) -> None:
    kept, _secret = make_credential(by=cast.producer, name="builds", role=Role.CREATOR)
    program = api(cast.producer, credential=kept)
    assert named(program.get(f"{V3}{path}"), "projects") == ["Acme Producers"]
    assert program.get(f"{V3}/projects/{cast.alice.personal_account.number}").status_code == 403


def test_nobody_learns_of_other_accounts(api: MakeProgram, cast: Cast) -> None:
    program = api(cast.producer)
    for argument in (cast.beta.number, "4071385962", "Beta Consumers", "nothing-like-this", "x" * 300, "%00"):
        assert program.get(f"{V3}/projects/{argument}").json() == refused("get_project")
        answer = program.get(f"{V3}/projects?name={argument}")
        assert answer.status_code == 403
        assert answer.json() == refused("list_projects")


def test_accounts_by_name_and_domain(api: MakeProgram, cast: Cast) -> None:
    program = api(cast.producer)
    assert named(program.get(f"{V3}/projects?name=Acme Producers"), "projects") == ["Acme Producers"]
    assert named(program.get(f"{V3}/projects?domain_id={cast.acme_group.pk}"), "projects") == ["Acme Producers"]
    assert named(program.get(f"{V3}/projects?domain_id=default"), "projects") == [cast.alice.personal_account.title]
    assert program.get(f"{V3}/projects?name=Acme Producers&domain_id=default").status_code == 403


def test_domains(api: MakeProgram, cast: Cast) -> None:
    program = api(cast.producer)
    assert named(program.get(f"{V3}/domains"), "domains") == ["Default", "Acme Group"]
    assert named(program.get(f"{V3}/domains?name=Acme Group"), "domains") == ["Acme Group"]
    assert program.get(f"{V3}/domains/default").json()["domain"]["name"] == "Default"
    assert program.get(f"{V3}/domains/{cast.acme_group.pk}").json()["domain"]["name"] == "Acme Group"
    for path in (f"/domains/{cast.beta_holdings.pk}", "/domains/999999", "/domains/Default"):
        assert program.get(f"{V3}{path}").json() == refused("get_domain")
    assert program.get(f"{V3}/domains?name=Beta Holdings").json() == refused("list_domains")


@pytest.mark.parametrize("kind", ["domains", "system"])
def test_nobody_has_a_role_in(api: MakeProgram, cast: Cast, kind: str) -> None:
    assert api(cast.producer).get(f"{V3}/auth/{kind}").json()[kind] == []


def test_oneself(api: MakeProgram, cast: Cast) -> None:
    program = api(cast.producer)
    said = program.get(f"{V3}/users/alice").json()["user"]
    assert said == {
        "id": "alice",
        "name": "alice",
        "description": "Alice Archer",
        "domain_id": "default",
        "enabled": True,
        "password_expires_at": None,
        "options": {},
        "links": {"self": f"http://testserver{V3}/users/alice"},
    }
    assert program.get(f"{V3}/users?name=alice").json()["users"] == [said]


def test_nobody_learns_of_other_people(api: MakeProgram, cast: Cast) -> None:
    program = api(factories.viewer(cast.root))
    for login in ("bob", "nobody-here", str(cast.bob.pk), "bob@example.org", "%F0"):
        assert program.get(f"{V3}/users/{login}").json() == refused("get_user")
        assert program.get(f"{V3}/users?name={login}").json() == refused("list_users")
        assert program.get(f"{V3}/users/{login}/projects").json() == refused("list_user_projects")
    assert program.get(f"{V3}/users").json() == refused("list_users")


def test_roles(api: MakeProgram, cast: Cast) -> None:
    program = api(cast.producer)
    assert named(program.get(f"{V3}/roles"), "roles") == ["manager", "member", "reader"]
    assert named(program.get(f"{V3}/roles?name=reader"), "roles") == ["reader"]
    assert named(program.get(f"{V3}/roles?name=admin"), "roles") == []
    assert program.get(f"{V3}/roles/member").json()["role"]["id"] == "member"
    assert program.get(f"{V3}/roles/admin").status_code == 404


@pytest.mark.parametrize("path", ["/projects", "/users/alice", "/domains/default", "/roles"])
def test_nothing_of_it_is_made_or_changed_here(api: MakeProgram, cast: Cast, path: str) -> None:
    program = api(cast.producer)
    for method in (program.post, program.put, program.patch, program.delete):
        assert method(f"{V3}{path}", json={}).status_code == 405
