"""Where clients of Image v2 begin."""

import pytest

from tests.api.conftest import MakeProgram
from tests.people import Cast

IDS = ["2.17", "2.15", *(f"2.{minor}" for minor in range(13, -1, -1))]


@pytest.mark.parametrize(
    ("path", "link"),
    [
        ("/image", "/image/v2/"),
        ("/image/", "/image/v2/"),
        ("/image/IAD", "/image/IAD/v2/"),
        ("/image/IAD/", "/image/IAD/v2/"),
    ],
)
def test_a_client_without_a_token_finds_the_version_to_use(api: MakeProgram, path: str, link: str) -> None:
    answer = api().get(path)
    assert answer.status_code == 300
    assert answer.headers["Content-Type"] == "application/json"
    versions = answer.json()["versions"]
    assert [version["id"] for version in versions] == [f"v{number}" for number in IDS]
    assert [version["status"] for version in versions] == ["CURRENT", *["SUPPORTED"] * (len(IDS) - 1)]
    assert {version["links"][0]["href"] for version in versions} == {f"http://testserver{link}"}


def test_the_same_versions_are_no_choice_at_their_own_address(api: MakeProgram) -> None:
    answer = api().get("/image/versions")
    assert answer.status_code == 200
    assert answer.json() == api().get("/image").json()


@pytest.mark.parametrize("path", ["/image/v2", "/image/v2/", "/image/IAD/v2/"])
def test_the_current_version_is_there_for_who_has_a_token(cast: Cast, api: MakeProgram, path: str) -> None:
    assert api().get(path).status_code == 401
    answer = api(cast.producer).get(path)
    assert answer.status_code == 200
    assert answer.json()["version"]["id"] == "v2.17"


@pytest.mark.parametrize("path", ["/image/v9/images", "/image/v1/images", "/image/v2/nope", "/image/iad/v2/images"])
def test_there_is_nothing_else(cast: Cast, api: MakeProgram, path: str) -> None:
    answer = api(cast.producer).get(path)
    assert answer.status_code == 404
    assert answer.content == b"404 Not Found\n\nThe resource could not be found.\n\n   "


def test_versions_are_only_read(api: MakeProgram) -> None:
    answer = api().post("/image/", json={})
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"
