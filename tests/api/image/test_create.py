"""New images of programs: what they may say, and what becomes of what they say (wire contract, section C)."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from images import actions
from images.models import Upload
from images.quotas import Counted
from tests import factories
from tests.api.conftest import MakeProgram, Program
from tests.people import Cast

pytestmark = pytest.mark.django_db

IMAGES = "/image/v2/images"
FULL = {
    "name": "p2",
    "disk_format": "raw",
    "container_format": "bare",
    "visibility": "private",
    "min_ram": 1,
    "min_disk": 1,
    "protected": True,
    "os_hidden": True,
    "tags": ["a", "b"],
    "os_distro": "rocky",
    "custom": "v",
}


class TestMaking:
    def test_with_a_name_alone(self, program: Program, cast: Cast) -> None:
        answer = program.post(IMAGES, json={"name": "p1"})
        upload = Upload.objects.get()
        assert answer.status_code == 201
        assert answer.headers["Location"] == f"http://testserver{IMAGES}/{upload.pk}"
        assert answer.headers["OpenStack-image-import-methods"] == "glance-direct,web-download"
        assert answer.headers["OpenStack-image-store-ids"] == "IAD"
        said = answer.json()
        assert (said["status"], said["visibility"], said["owner"]) == ("queued", "shared", cast.acme.number)
        assert said["disk_format"] is said["size"] is None

    def test_with_all_that_can_be_said(self, program: Program) -> None:
        answer = program.post(IMAGES, json=FULL)
        assert answer.status_code == 201
        assert answer.json().items() >= FULL.items()
        assert program.get(f"{IMAGES}/{answer.json()['id']}").json() == answer.json()

    def test_without_a_name(self, program: Program) -> None:
        assert program.post(IMAGES, json={}).json()["name"] is None

    def test_a_tag_counts_once(self, program: Program) -> None:
        assert program.post(IMAGES, json={"tags": ["b", "a", "b"]}).json()["tags"] == ["a", "b"]

    def test_systems_are_kept_as_the_panel_calls_them(self, program: Program) -> None:
        program.post(IMAGES, json={"os_distro": "rocky", "os_version": "9", "architecture": "aarch64"})
        facts = (Upload.objects.get().plan or {})["facts"]
        assert facts == {"os_family": "Rocky Linux", "os_version": "9", "architecture": "aarch64"}

    def test_the_panels_own_words(self, program: Program) -> None:
        said = {"stockroom_description": "Two\nlines.", "stockroom_ports": "443, 22"}
        answer = program.post(IMAGES, json=said).json()
        assert answer["stockroom_description"] == "Two\nlines."
        assert answer["stockroom_ports"] == "22,443"

    def test_in_the_region_of_the_address(self, program: Program) -> None:
        answer = program.post("/image/DFW/v2/images", json={})
        assert answer.headers["Location"].startswith("http://testserver/image/DFW/v2/images/")
        assert answer.json()["stockroom_region"] == "DFW"

    def test_by_a_creator(self, api: MakeProgram, cast: Cast) -> None:
        assert api(cast.creator).post(IMAGES, json={"visibility": "private"}).status_code == 201

    def test_it_takes_few_queries(self, program: Program, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        with django_assert_num_queries(9):
            program.post(IMAGES, json=FULL)


class TestIds:
    def test_a_given_id_is_used(self, program: Program) -> None:
        mine = str(uuid4())
        assert program.post(IMAGES, json={"id": mine.upper()}).json()["id"] == mine

    def test_a_taken_one_is_refused_whoever_has_it(self, program: Program, api: MakeProgram, cast: Cast) -> None:
        taken = program.post(IMAGES, json={}).json()["id"]
        for caller in (program, api(cast.consumer)):
            answer = caller.post(IMAGES, json={"id": taken})
            assert answer.status_code == 409
            assert answer.content.decode() == f"409 Conflict\n\nImage ID {taken} already exists!\n\n   "

    @pytest.mark.parametrize("wrong", ["nope", "", f"{UUID(int=7)}\n", UUID(int=7).hex, 7, None])
    def test_what_is_no_id(self, program: Program, wrong: object) -> None:
        answer = program.post(IMAGES, json={"id": wrong})
        assert answer.status_code == 400
        assert "On instance['id']" in answer.content.decode()


# What Glance answers, and what it says of it.
REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({"visibility": "bogus"}, 400, "'bogus' is not one of ['community', 'public', 'private', 'shared']"),
    ({"visibility": None}, 400, "None is not of type 'string'"),
    ({"visibility": "public"}, 403, "Only staff can make an image public"),
    ({"disk_format": "zzz"}, 400, "'zzz' is not one of [None, 'raw', 'qcow2'"),
    ({"disk_format": "ami"}, 400, "'ami' is not one of [None, 'raw', 'qcow2'"),
    ({"container_format": "docker"}, 400, "'docker' is not one of [None, 'bare']"),
    (
        {"min_ram": "x"},
        400,
        "'x' is not of type 'integer'  Failed validating 'type' in schema['properties']['min_ram']",
    ),
    ({"min_ram": True}, 400, "True is not of type 'integer'"),
    ({"min_ram": 1.5}, 400, "1.5 is not of type 'integer'"),
    ({"min_ram": -1}, 400, "min_ram: "),
    ({"min_disk": 2**31}, 400, "min_disk: "),
    ({"min_disk": 10**400}, 400, "min_disk: "),
    ({"protected": "yes"}, 400, "'yes' is not of type 'boolean'"),
    ({"os_hidden": 1}, 400, "1 is not of type 'boolean'"),
    ({"name": 3}, 400, "3 is not of type 'null', 'string'"),
    ({"name": "x" * 256}, 400, "is too long"),
    ({"name": "two\nlines"}, 400, "name: "),
    ({"tags": "a"}, 400, "'a' is not of type 'array'"),
    ({"tags": ["a", 1]}, 400, "1 is not of type 'string'"),
    ({"tags": [""]}, 400, "tags: "),
    ({"tags": ["x" * 256]}, 400, "is too long"),
    ({"tags": [str(n) for n in range(129)]}, 413, "Give at most 128 tags"),
    ({"status": "active"}, 403, "Attribute 'status' is read-only."),
    ({"stockroom_region": "DFW"}, 403, "Attribute 'stockroom_region' is read-only."),
    ({"self": "x"}, 403, "Attribute 'self' is read-only."),
    ({"deleted": "x"}, 403, "Attribute 'deleted' is reserved."),
    ({"locations": []}, 403, "Attribute 'locations' is reserved."),
    ({"os_glance_failed": "x"}, 403, "is reserved."),
    ({"foo": 3}, 400, "3 is not of type 'string'  Failed validating 'type' in schema['additionalProperties']"),
    ({"foo": None}, 400, "None is not of type 'string'"),
    ({"foo": {"bar": "baz"}}, 400, "is not of type 'string'"),
    ({"": "x"}, 413, "properties: "),
    ({"x" * 256: "x"}, 413, "properties: "),
    ({"foo": "x" * 5000}, 413, "properties: "),
    ({"stockroom_description": "x" * 4001}, 400, "is too long"),
    ({f"p{n}": "x" for n in range(129)}, 413, "Give at most 128 properties"),
    ({f"p{n}": "x" * 4000 for n in range(20)}, 413, "65536 characters together"),
    ({"os_distro": "x" * 41}, 400, "os_distro: "),
    ({"os_distro": 7}, 400, "7 is not of type 'string'"),
    ({"architecture": "x" * 21}, 400, "architecture: "),
    ({"stockroom_ports": "22,x"}, 400, "stockroom_ports: "),
    ({"stockroom_ports": "99999"}, 400, "stockroom_ports: "),
    ({"owner": 7}, 400, "7 is not of type 'null', 'string'"),
    ({"name": "\0"}, 400, "NUL"),
]


class TestRefusing:
    @pytest.mark.parametrize(("said", "status", "text"), REFUSED)
    def test_what_cannot_be_said(self, program: Program, said: dict[str, Any], status: int, text: str) -> None:
        answer = program.post(IMAGES, json=said, headers={"Accept": "application/json"})
        assert answer.status_code == status, answer.content
        assert text in answer.json()["message"].replace("&#x27;", "'")
        assert len(answer.content) < 2000
        assert not Upload.objects.exists()

    @pytest.mark.parametrize("body", ["{oops", "", "[]", "null", '"x"', "3", '{"name": NaN}', "[" * 50_000])
    def test_what_is_no_object(self, program: Program, body: str) -> None:
        assert program.post(IMAGES, data=body).status_code == 400

    def test_what_is_too_large(self, program: Program) -> None:
        assert program.post(IMAGES, data=json.dumps({"x": "y" * 2**20})).status_code == 413

    def test_an_image_for_others(self, program: Program, cast: Cast) -> None:
        answer = program.post(IMAGES, json={"owner": cast.beta.number})
        assert answer.status_code == 403
        assert "not permitted to create images owned by" in answer.content.decode()
        assert program.post(IMAGES, json={"owner": cast.acme.number}).status_code == 201

    def test_an_observer(self, api: MakeProgram, cast: Cast) -> None:
        answer = api(cast.observer).post(IMAGES, json={})
        assert answer.status_code == 403
        assert "Only a creator or an admin" in answer.content.decode()

    def test_a_creators_community_image(self, api: MakeProgram, cast: Cast) -> None:
        assert api(cast.creator).post(IMAGES, json={"visibility": "community"}).status_code == 403

    def test_nobody_without_a_token(self, api: MakeProgram) -> None:
        assert api().post(IMAGES, json={}).status_code == 401

    def test_a_region_that_is_closed_or_none(self, program: Program) -> None:
        factories.make_region("OLD", closed_at=timezone.now())
        assert program.post("/image/OLD/v2/images", json={}).status_code == 400
        assert program.post("/image/NONE/v2/images", json={}).status_code == 404

    def test_more_than_the_account_may_have(self, program: Program, cast: Cast) -> None:
        actions.set_quota(cast.acme, by=cast.root, limits={Counted.IMAGES: 0})
        answer = program.post(IMAGES, json={})
        assert answer.status_code == 413
        assert "Acme Producers has 0 of 0 images" in answer.content.decode()
