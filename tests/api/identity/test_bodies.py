"""Bodies of any shape: what is none of Identity's is 400 with what was expected, and nothing is ever a 500."""

from typing import Any

import pytest

from tests.api.conftest import MakeProgram
from tests.api.identity.bodies import ACME, TOKENS, asking, credential, password, token
from tests.people import Cast

REST = (
    " The server could not comply with the request since it is either malformed or otherwise incorrect. "
    "The client is assumed to be in error."
)
DEEP = "[" * 100_000


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"foo": 1}, "auth in request body"),
        ([], "auth in request body"),
        (None, "auth in request body"),
        ({"auth": []}, "auth in request body"),
        ({"auth": {}}, "identity in auth"),
        ({"auth": {"identity": {}}}, "methods in identity"),
        ({"auth": {"identity": {"methods": []}}}, "methods in identity"),
        ({"auth": {"identity": {"methods": "password"}}}, "methods in identity"),
        ({"auth": {"identity": {"methods": [["password"]]}}}, "methods in identity"),
        ({"auth": {"identity": {"methods": ["magic"]}}}, "magic in identity"),
        ({"auth": {"identity": {"methods": ["password"], "password": 1}}}, "password in identity"),
        ({"auth": {"identity": {"methods": ["password"], "password": {}}}}, "user in password"),
        (asking(password(name=7)), "name in user"),  # type: ignore[arg-type]  # what a program may send
        (asking(password(password=None)), "password in user"),
        (asking(password(password="")), "password in user"),
        (asking(password(password="x" * 5000)), "password in user"),
        (asking(password(domain=None)), "domain in user"),
        (asking(password(domain={})), "name in domain"),
        (asking(password(domain={"id": 1})), "id in domain"),
        (asking(token(7)), "id in token"),  # type: ignore[arg-type]  # as above
        (asking(credential()), "secret in application_credential"),
        (asking(credential(secret="x")), "name in application_credential"),
        (asking(credential(secret="x", name="y")), "user in application_credential"),
        (asking(credential(secret="x", id={})), "id in application_credential"),
        (asking(password(), {"name": "x"}), "domain in project"),
        (asking(password(), {"domain": {"id": "default"}}), "name in project"),
        (asking(password(), {"id": ["x"]}), "id in project"),
        (asking(password(), scope={"project": None}), "project in scope"),
    ],
)
def test_what_was_expected_is_said(api: MakeProgram, cast: Cast, body: Any, expected: str) -> None:
    answer = api().post(TOKENS, json=body)
    assert answer.status_code == 400
    said = {"code": 400, "message": f"Expecting to find {expected}.{REST}", "title": "Bad Request"}
    assert answer.json() == {"error": said}


@pytest.mark.parametrize("scope", [7, [], {}, "project", {"region": {}}, {"project": {}, "domain": {}}, True])
def test_a_scope_that_is_none(api: MakeProgram, cast: Cast, scope: object) -> None:
    answer = api().post(TOKENS, json=asking(password(), scope=scope))
    assert answer.status_code == 400
    assert "in scope" in answer.json()["error"]["message"]


@pytest.mark.parametrize("data", ["{oops", b"\xff\xfe", "", DEEP, '{"auth": ' * 5000])
def test_what_is_no_json(api: MakeProgram, db: None, data: str | bytes) -> None:
    answer = api().post(TOKENS, data=data)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == f"Expecting to find valid JSON in request body.{REST}"


def test_too_large(api: MakeProgram, db: None) -> None:
    answer = api().post(TOKENS, data=b'{"auth": "' + b"x" * 1_500_000 + b'"}')
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == 413


@pytest.mark.parametrize("number", ["1e999", "NaN", "1" * 4000, "-0"])
def test_numbers_are_no_texts(api: MakeProgram, db: None, number: str) -> None:
    said = f'{{"auth": {{"identity": {{"methods": ["token"], "token": {{"id": {number}}}}}}}}}'
    assert api().post(TOKENS, data=said).status_code == 400


@pytest.mark.parametrize(
    "identity",
    [
        {"methods": ["magic"], "magic": {}},
        {"methods": ["password", "totp"], "totp": {}} | {"password": password()["password"]},
        {"methods": ["__init__"], "__init__": {}},
    ],
)
def test_methods_that_there_are_not(api: MakeProgram, cast: Cast, identity: dict[str, Any]) -> None:
    assert api().post(TOKENS, json=asking(identity, ACME)).status_code == 401


def test_a_method_that_is_named_twice_is_one(api: MakeProgram, cast: Cast) -> None:
    identity = password() | {"methods": ["password", "password"]}
    assert api().post(TOKENS, json=asking(identity, ACME)).status_code == 201


@pytest.mark.parametrize("text", ["Acme\0Producers", "\ud800", "x" * 5000])
def test_texts_that_no_database_takes(api: MakeProgram, cast: Cast, text: str) -> None:
    for body in (
        asking(password(), ACME | {"name": text}),
        asking(password(text), ACME),
        asking(password(password=text), ACME),
        asking(credential(secret=text, id=text)),
    ):
        assert api().post(TOKENS, json=body).status_code == 400
