"""Asking for tokens, looking at them, ending them."""

from typing import Any

from tests.api.conftest import MakeProgram
from tests.factories import PASSWORD
from tests.people import Cast

TOKENS = "/identity/v3/auth/tokens"
DEFAULT = {"name": "Default"}


def password(name: str = "alice", **user: Any) -> dict[str, Any]:
    said = {"name": name, "domain": DEFAULT, "password": PASSWORD} | user
    return {"methods": ["password"], "password": {"user": said}}


def body(identity: dict[str, Any], project: object = None, **scope: Any) -> dict[str, Any]:
    scope = {"scope": {"project": project}} if project else scope
    return {"auth": {"identity": identity} | scope}


def test_a_token_by_password(api: MakeProgram, cast: Cast) -> None:
    answer = api().post(TOKENS, json=body(password(), {"name": "Acme Producers", "domain": DEFAULT}))
    assert answer.status_code == 201, answer.content
    subject = answer.headers["X-Subject-Token"]
    again = api().get(TOKENS, headers={"X-Auth-Token": subject, "X-Subject-Token": subject})
    assert again.json() == answer.json()
