"""What a program finds before it signs in (wire contract, rule 1 and part A)."""

import pytest
from pytest_django.fixtures import Settings

from tests.api.conftest import MakeProgram

VERSION = {
    "id": "v3.14",
    "status": "stable",
    "updated": "2020-04-07T00:00:00Z",
    "links": [{"rel": "self", "href": "http://testserver/identity/v3/"}],
    "media-types": [{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}],
}


@pytest.mark.parametrize("path", ["/identity", "/identity/"])
def test_the_choice_of_versions(api: MakeProgram, path: str) -> None:
    answer = api().get(path)
    assert answer.status_code == 300
    assert answer.headers["Location"] == "http://testserver/identity/v3/"
    assert answer.json() == {"versions": {"values": [VERSION]}}


@pytest.mark.parametrize("path", ["/identity/v3", "/identity/v3/"])
def test_version_3(api: MakeProgram, path: str) -> None:
    answer = api().get(path)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Vary"] == "X-Auth-Token"
    assert answer.json() == {"version": VERSION}


@pytest.mark.parametrize("headers", [{"Host": "localhost:8311"}, {"Host": "127.0.0.1:8311"}])
def test_links_lead_to_where_the_program_asked(api: MakeProgram, headers: dict[str, str]) -> None:
    said = api().get("/identity/v3", headers=headers).json()
    assert said["version"]["links"][0]["href"] == f"http://{headers['Host']}/identity/v3/"


def test_links_are_https_behind_a_proxy_that_adds_tls(api: MakeProgram, settings: Settings) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    answer = api().get("/identity", headers={"Host": "testserver", "X-Forwarded-Proto": "https"})
    assert answer.headers["Location"] == "https://testserver/identity/v3/"
    assert answer.json()["versions"]["values"][0]["links"][0]["href"] == "https://testserver/identity/v3/"


@pytest.mark.parametrize("path", ["/identityv3", "/identity/v2.0", "/identity/v3/nothing-like-this", "/identity//v3"])
def test_everything_else_is_not_there(api: MakeProgram, path: str) -> None:
    answer = api().get(path)
    assert answer.status_code == 404
    if path.startswith("/identity/"):
        text = "The resource could not be found."
        assert answer.json() == {"error": {"code": 404, "message": text, "title": "Not Found"}}


def test_what_cannot_be_done_says_what_can(api: MakeProgram) -> None:
    answer = api().post("/identity/v3", json={})
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"
    assert answer.json()["error"]["title"] == "Method Not Allowed"
