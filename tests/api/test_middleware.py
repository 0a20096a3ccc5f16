"""The short way of programs: nothing of browsers on it, and nothing of its safety missing."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Event
from images.models import Image
from tests import factories
from tests.api.conftest import MakeProgram
from tests.people import Cast


def test_answers_say_what_may_be_done_with_them(api: MakeProgram, cast: Cast) -> None:
    for answer in (api(cast.producer).get("/identity/v3/roles"), api().get("/image/v2/images")):
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "private, no-cache"
        assert answer.headers["Vary"] == "X-Auth-Token"
        assert answer.headers["Content-Length"] == str(len(answer.content))
        assert not answer.cookies


def test_who_is_signed_in_is_nobody_here(cast: Cast, client: Client) -> None:
    client.force_login(cast.alice)
    with CaptureQueriesContext(connection) as captured:
        assert client.get("/identity/v3/roles").status_code == 401
    assert not captured.captured_queries, "A cookie is not even looked at."


@pytest.mark.parametrize("path", ["/identity/v3", "/image/", "/identity/v3/roles"])
def test_names_that_the_panel_does_not_have_are_refused(api: MakeProgram, db: None, path: str) -> None:
    answer = api().get(path, headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert b"evil.example" not in answer.content


def test_an_unexpected_error_is_told_in_the_form_of_the_service(
    api: MakeProgram, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.identity.people.listed", None)
    answer = api(cast.producer).get("/identity/v3/roles")
    assert answer.status_code == 500
    assert set(answer.json()["error"]) == {"code", "message", "title"}


def test_events_say_where_a_program_asked_from(api: MakeProgram, cast: Cast) -> None:
    image = factories.make_image(cast.acme, cast.alice, visibility=Image.Visibility.SHARED)
    path = f"/image/v2/images/{image.pk}/members"
    assert api(cast.producer).post(path, json={"member": cast.beta.number}).status_code == 200
    assert Event.objects.get(verb="offered").network_address == "127.0.0.1"
