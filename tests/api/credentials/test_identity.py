"""Application credentials by the API, as the API reference of Identity v3 has them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Event
from accounts.roles import Role
from api.actions import make_credential
from api.actions.credentials import MOST_CREDENTIALS
from api.credentials import credential_for
from api.models import ApplicationCredential
from tests import factories
from tests.api.conftest import MakeProgram, Program
from tests.people import Cast

PATH = "/identity/v3/users/carol/application_credentials"


@pytest.fixture
def program(api: MakeProgram, cast: Cast) -> Program:
    """Carol's, with her password, for Acme."""
    return api(cast.creator)


def asking(**wanted: Any) -> dict[str, Any]:
    return {"application_credential": {"name": "ci"} | wanted}


def message(answer: Any) -> str:
    return str(answer.json()["error"]["message"])


def test_one_is_made_with_the_role_of_the_token_and_no_end(program: Program, cast: Cast) -> None:
    answer = program.post(PATH, json=asking())
    assert (answer.status_code, answer.headers["Cache-Control"]) == (201, "no-store")
    said = answer.json()["application_credential"]
    secret = said.pop("secret")
    credential = credential_for(secret=secret, pk=said["id"])
    assert credential
    assert (credential.user, credential.account, credential.most) == (cast.carol, cast.acme, Role.CREATOR)
    assert said == {
        "id": credential.pk,
        "name": "ci",
        "description": None,
        "project_id": cast.acme.number,
        "roles": [
            {"id": "member", "name": "member", "domain_id": None},
            {"id": "reader", "name": "reader", "domain_id": None},
        ],
        "expires_at": None,
        "unrestricted": False,
        "access_rules": [],
        "links": {"self": f"http://testserver{PATH}/{credential.pk}"},
    }
    assert Event.objects.get(verb="credential made").actor == cast.carol


def test_everything_that_can_be_said_is_kept(program: Program) -> None:
    tomorrow = (timezone.now() + timedelta(days=1)).astimezone(UTC).replace(microsecond=0)
    wanted = {
        "description": "Nightly.",
        "roles": [{"name": "reader"}],
        "expires_at": f"{tomorrow:%Y-%m-%dT%H:%M:%SZ}",
        "unrestricted": False,
        "access_rules": None,
        "secret": None,
    }
    said = program.post(PATH, json=asking(**wanted)).json()["application_credential"]
    assert said["description"] == "Nightly."
    assert [role["name"] for role in said["roles"]] == ["reader"]
    assert said["expires_at"] == f"{tomorrow:%Y-%m-%dT%H:%M:%S}.000000"
    assert ApplicationCredential.objects.get().expires_at == tomorrow


@pytest.mark.parametrize("moment", ["2030-01-31T12:00:00", "2030-01-31T12:00:00Z", "2030-01-31T14:00:00+02:00"])
def test_a_time_without_a_zone_is_utc(program: Program, moment: str) -> None:
    assert program.post(PATH, json=asking(expires_at=moment)).status_code == 201
    assert ApplicationCredential.objects.get().expires_at == datetime(2030, 1, 31, 12, tzinfo=UTC)


def test_of_several_roles_it_is_the_highest(program: Program) -> None:
    said = program.post(PATH, json=asking(roles=[{"id": "reader"}, {"name": "member"}])).json()
    assert ApplicationCredential.objects.get(pk=said["application_credential"]["id"]).most is Role.CREATOR


@pytest.mark.parametrize(
    "wanted",
    [
        {"name": ""},
        {"name": 1},
        {"name": "x" * 121},
        {"name": "two\nlines"},
        {"description": 1},
        {"description": "x" * 1001},
        {"roles": "reader"},
        {"roles": {}},
        {"roles": ["reader"]},
        {"roles": [{}]},
        {"roles": [{"name": "reader", "id": "reader"}]},
        {"roles": [{"name": ["reader"]}]},
        {"roles": [{"name": "manager"}]},
        {"expires_at": 0},
        {"expires_at": []},
        {"expires_at": "tomorrow"},
        {"expires_at": "2020-01-01T00:00:00"},
        {"expires_at": "9999-12-31T23:59:59"},
        {"expires_at": "0001-01-01T00:00:00+23:59"},
        {"unrestricted": True},
        {"unrestricted": 0},
        {"access_rules": [{"path": "/v2/images", "method": "GET", "service": "image"}]},
        {"access_rules": "none"},
        {"secret": "chosen"},
        {"project_id": "1"},
        {"project_id": []},
        {"user_id": "alice"},
    ],
)
def test_what_cannot_be_made_is_400_and_makes_nothing(program: Program, wanted: dict[str, Any]) -> None:
    answer = program.post(PATH, json=asking(**wanted))
    assert answer.status_code == 400, answer.content
    assert not ApplicationCredential.objects.exists()


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"application_credential": []}', b"{" * 5000, b"\xff"])
def test_a_body_that_is_none_is_400(program: Program, body: bytes) -> None:
    assert program.post(PATH, data=body).status_code == 400


def test_what_is_not_supported_is_said(program: Program) -> None:
    assert "not supported" in message(program.post(PATH, json=asking(unrestricted=True)))
    assert "choose a role" in message(program.post(PATH, json=asking(access_rules=[{"id": "x"}])))
    assert "256 random bits" in message(program.post(PATH, json=asking(secret="chosen")))


def test_a_role_that_there_is_not_is_404_as_in_keystone(program: Program) -> None:
    answer = program.post(PATH, json=asking(roles=[{"name": "owner"}]))
    assert (answer.status_code, message(answer)) == (404, "Could not find role: owner.")


def test_a_name_that_is_taken_is_409(program: Program) -> None:
    program.post(PATH, json=asking())
    answer = program.post(PATH, json=asking())
    assert answer.status_code == 409
    assert ApplicationCredential.objects.count() == 1


def test_too_many_are_403(program: Program, cast: Cast) -> None:
    for number in range(MOST_CREDENTIALS):
        ApplicationCredential.objects.create(
            id=f"{number}", name=f"{number}", user=cast.carol, account=cast.acme, role="observer", secret_hash="-"
        )
    assert program.post(PATH, json=asking()).status_code == 403


def test_a_credential_makes_and_revokes_none(api: MakeProgram, cast: Cast) -> None:
    credential, _secret = make_credential(by=cast.producer, name="ci", role=Role.ADMIN)
    program, path = api(cast.producer, credential=credential), PATH.replace("carol", "alice")
    for answer in (program.post(path, json=asking(name="more")), program.delete(f"{path}/{credential.pk}")):
        assert answer.status_code == 403
        assert "Using method 'application_credential' is not allowed" in message(answer)
    assert program.get(f"{path}/{credential.pk}").status_code == 200
    assert ApplicationCredential.objects.get().is_live


def test_those_of_others_are_403_and_tell_nothing(api: MakeProgram, cast: Cast) -> None:
    theirs, _secret = make_credential(by=cast.creator, name="ci", role=Role.CREATOR)
    admin = api(cast.producer)
    for path in (PATH, PATH.replace("carol", "nobody")):
        asked = [admin.get(path), admin.post(path, json=asking())]
        asked += [admin.get(f"{path}/{theirs.pk}"), admin.delete(f"{path}/{theirs.pk}")]
        assert {answer.status_code for answer in asked} == {403}
    assert ApplicationCredential.objects.get().is_live


def test_what_is_not_ones_own_in_the_account_was_never_there(api: MakeProgram, cast: Cast) -> None:
    theirs, _secret = make_credential(by=cast.producer, name="theirs", role=Role.ADMIN)
    elsewhere, _secret = make_credential(by=factories.viewer(cast.carol), name="elsewhere", role=Role.ADMIN)
    program = api(cast.creator)
    answers = [
        (ask(f"{PATH}/{name}"), name)
        for name in (theirs.pk, elsewhere.pk, "0" * 32, "%00", "x" * 300)
        for ask in (program.get, program.delete)
    ]
    assert {answer.status_code for answer, _name in answers} == {404}
    assert {message(answer).replace(name, "…") for answer, name in answers[:6]} == {
        "Could not find Application Credential: …."
    }
    assert ApplicationCredential.objects.filter(revoked_at__isnull=True).count() == 2


def test_the_list_has_those_of_the_account(api: MakeProgram, cast: Cast) -> None:
    make_credential(by=cast.producer, name="theirs", role=Role.ADMIN)
    make_credential(by=factories.viewer(cast.carol), name="elsewhere", role=Role.ADMIN)
    for name in ("first", "second"):
        make_credential(by=cast.creator, name=name, role=Role.OBSERVER)
    program = api(cast.creator)

    def names(path: str) -> list[str]:
        return [each["name"] for each in program.get(path).json()["application_credentials"]]

    assert names(PATH) == ["second", "first"]
    assert names(f"{PATH}?name=first") == ["first"]
    assert names(f"{PATH}?name=theirs") == []
    assert names(f"{PATH}?name=%00") == []
    assert "secret" not in program.get(PATH).content.decode()


def test_the_number_of_queries_does_not_grow(api: MakeProgram, cast: Cast, django_assert_num_queries: Any) -> None:
    program = api(cast.creator)
    for name in ("one", "two", "three"):
        make_credential(by=cast.creator, name=name, role=Role.OBSERVER)
    with django_assert_num_queries(2):  # the token, the list
        program.get(PATH)


def test_revoking_ends_tokens_at_once(api: MakeProgram, cast: Cast) -> None:
    credential, _secret = make_credential(by=cast.creator, name="ci", role=Role.CREATOR)
    program = api(cast.creator, credential=credential)
    assert program.get(PATH).status_code == 200
    answer = api(cast.creator).delete(f"{PATH}/{credential.pk}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert program.get(PATH).status_code == 401
    assert api(cast.creator).get(f"{PATH}/{credential.pk}").status_code == 404


def test_it_asks_for_an_account(api: MakeProgram, cast: Cast) -> None:
    for program in (api(), api(cast.carol)):
        assert program.get(PATH).status_code == 401
        assert program.post(PATH, json=asking()).status_code == 401
