"""Changing images: two dialects of JSON Patch, what they may touch, and who may (wire contract, section C)."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import RequestFactory
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from accounts.models import Event
from accounts.roles import Role
from api.errors import Refusal
from api.image.patches import NEW, OLD, Change, apply, read_changes
from images import actions
from images.models import Image, Upload
from tests import factories
from tests.api.conftest import MakeProgram, Program
from tests.api.image.conftest import share_with_beta
from tests.people import Cast

IMAGES = "/image/v2/images"


@pytest.fixture
def golden(cast: Cast, image_store: object) -> Image:
    """A private image of Acme."""
    return factories.make_image(cast.acme, cast.alice, properties={"custom": "v"}, os_family="Rocky Linux")


def patch(program: Program, image: Image | str, *changes: dict[str, Any], kind: str = NEW) -> Any:
    pk = image.pk if isinstance(image, Image) else image
    return program.patch(f"{IMAGES}/{pk}", json=list(changes), content_type=kind)


def put(name: str, value: object, op: str = "replace") -> dict[str, Any]:
    return {"op": op, "path": f"/{name}", "value": value}


def remove(name: str) -> dict[str, Any]:
    return {"op": "remove", "path": f"/{name}"}


# --- Reading a patch, without an image --------------------------------------------------------------


def reading(body: str, kind: str = NEW) -> list[Change]:
    return read_changes(RequestFactory().generic("PATCH", "/", body, content_type=kind))


class TestReading:
    def test_the_newer_dialect(self) -> None:
        said = '[{"op": "add", "path": "/a~1b~0c", "value": "x"}, {"op": "remove", "path": "/d"}]'
        assert reading(said) == [Change("add", "a/b~c", "x"), Change("remove", "d")]

    def test_the_older_dialect(self) -> None:
        said = '[{"replace": "/a", "value": "x"}, {"remove": "/d"}, {"add": "/e", "value": "y"}]'
        expected = [Change("replace", "a", "x"), Change("remove", "d"), Change("add", "e", "y", only_new=True)]
        assert reading(said, OLD) == expected

    def test_parameters_of_the_media_type_do_not_matter(self) -> None:
        assert reading("[]", f"{NEW}; charset=utf-8") == []

    @pytest.mark.parametrize("kind", ["application/json", "application/json-patch+json", "text/plain", ""])
    def test_other_media_types(self, kind: str) -> None:
        with pytest.raises(Refusal, match="Image PATCH expects Content-Type one of") as refused:
            reading("[]", kind)
        assert refused.value.status == 415
        assert refused.value.headers == {"Accept-Patch": f"{OLD}, {NEW}"}

    @pytest.mark.parametrize(
        ("body", "text"),
        [
            ("{oops", "Malformed JSON"),
            ('{"name": "x"}', "Request body must be a JSON array of operation objects."),
            ("null", "Request body must be a JSON array"),
            ("[[]]", "Operations must be JSON objects."),
            ('["add"]', "Operations must be JSON objects."),
            ("[{}]", "Unable to find `op`"),
            ('[{"op": "move", "path": "/name"}]', "Invalid operation: `move`. It must be one of the following"),
            ('[{"op": ["add"], "path": "/name"}]', "Invalid operation: "),
            ('[{"op": "add", "value": 1}]', "Unable to find 'path'"),
            ('[{"op": "add", "path": "/a"}]', 'Operation "add" requires a member named "value".'),
            ('[{"op": "add", "path": 3, "value": "x"}]', "A path is a text"),
            ('[{"op": "add", "path": "a", "value": "x"}]', 'does not start with "/"'),
            ('[{"op": "add", "path": "", "value": "x"}]', 'does not start with "/"'),
            ('[{"op": "add", "path": "//a", "value": "x"}]', 'contains adjacent "/"'),
            ('[{"op": "add", "path": "/a/", "value": "x"}]', 'end with "/"'),
            ('[{"op": "add", "path": "/", "value": "x"}]', "does not contains valid token"),
            ('[{"op": "add", "path": "/a~2", "value": "x"}]', "recognized escape sequence"),
            ('[{"op": "add", "path": "/a~", "value": "x"}]', "recognized escape sequence"),
            ('[{"op": "add", "path": "/a/b", "value": "x"}]', "Invalid JSON pointer for this resource: '/a/b'"),
            ('[{"op": "add", "path": "/tags/-", "value": "x"}]', "Invalid JSON pointer for this resource: '/tags/-'"),
            ('[{"op": "add", "path": "/visibility", "value": "bogus"}]', "'bogus' is not one of ['community'"),
            ('[{"op": "add", "path": "/a", "value": 1}]', "1 is not of type 'string'"),
        ],
    )
    def test_what_is_no_patch(self, body: str, text: str) -> None:
        with pytest.raises(Refusal) as refused:
            reading(body)
        assert refused.value.status == 400
        assert text in refused.value.message

    @pytest.mark.parametrize(
        "body", ['[{"value": 1}]', '[{"add": "/a", "remove": "/b"}]', '[{"op": "add", "path": "/a"}]']
    )
    def test_what_is_no_patch_of_the_older_dialect(self, body: str) -> None:
        with pytest.raises(Refusal, match="exactly one member named"):
            reading(body, OLD)

    @pytest.mark.parametrize(
        ("path", "text"),
        [
            ("/status", "read-only"),
            ("/id", "read-only"),
            ("/locations", "reserved"),
            ("/locations/-", "reserved"),
            ("/deleted_at", "reserved"),
            ("/os_glance_x", "reserved"),
        ],
    )
    @pytest.mark.parametrize("op", ["add", "replace", "remove"])
    def test_what_programs_only_read(self, path: str, text: str, op: str) -> None:
        with pytest.raises(Refusal, match=text) as refused:
            reading(f'[{{"op": "{op}", "path": "{path}", "value": "x"}}]')
        assert refused.value.status == 403

    @pytest.mark.parametrize("name", ["stockroom_region", "stores"])
    def test_what_the_panel_adds_is_taken_away_in_vain(self, name: str) -> None:
        """The library openstacksdk takes it for a property, and takes it away where somebody sets another one."""
        assert reading(f'[{{"op": "remove", "path": "/{name}"}}, {{"op": "add", "path": "/a", "value": "1"}}]') == [
            Change("add", "a", "1")
        ]
        with pytest.raises(Refusal, match="read-only"):
            reading(f'[{{"op": "replace", "path": "/{name}", "value": "x"}}]')


class TestApplying:
    def test_the_last_word_counts(self) -> None:
        changes = [Change("add", "a", "1"), Change("replace", "a", "2"), Change("remove", "b"), Change("add", "b", "3")]
        assert apply(changes, {"b": "0"}) == {"a": "2", "b": "3"}

    @pytest.mark.parametrize(
        ("changes", "status", "text"),
        [
            ([Change("remove", "nothere")], 409, "Property nothere does not exist."),
            ([Change("replace", "nothere", "1")], 409, "Property nothere does not exist."),
            ([Change("remove", "a"), Change("replace", "a", "1")], 409, "Property a does not exist."),
            ([Change("remove", "name")], 403, "Property name may not be removed."),
            ([Change("add", "a", "1", only_new=True)], 409, "Property a already present."),
            ([Change("add", "name", "1", only_new=True)], 409, "Property name already present."),
            ([Change("replace", "owner", "1")], 403, "Owner can't be updated by non admin."),
        ],
    )
    def test_what_does_not_fit(self, changes: list[Change], status: int, text: str) -> None:
        with pytest.raises(Refusal) as refused:
            apply(changes, {"a": "0", "name": "x"})
        assert refused.value.status == status
        assert text in refused.value.message


# --- Images -----------------------------------------------------------------------------------------


@pytest.mark.django_db
class TestChanging:
    def test_all_at_once(self, program: Program, golden: Image) -> None:
        said = {
            "name": "ä", "visibility": "shared", "protected": True, "os_hidden": True, "min_ram": 5, "min_disk": 6,
            "tags": ["b", "a"], "os_distro": "ubuntu", "custom": "w", "new": "n",
        }  # fmt: skip
        answer = patch(program, golden, *(put(name, value, "add") for name, value in said.items()))
        assert answer.status_code == 200, answer.content
        assert answer.json().items() >= (said | {"tags": ["a", "b"]}).items()
        assert program.get(f"{IMAGES}/{golden.pk}").json() == answer.json()
        golden.refresh_from_db()
        assert (golden.os_family, golden.properties) == ("Ubuntu", {"custom": "w", "new": "n"})

    def test_each_is_recorded_as_on_the_pages(self, program: Program, golden: Image) -> None:
        patch(program, golden, put("visibility", "shared"), put("protected", True), put("name", "x"))
        verbs = Event.objects.of("image", golden.pk).order_by("pk").values_list("verb", flat=True)
        assert list(verbs) == ["visibility changed", "protected", "edited"]

    def test_all_or_none(self, program: Program, golden: Image) -> None:
        answer = patch(program, golden, put("visibility", "shared"), put("name", "x"), put("min_ram", -1))
        assert answer.status_code == 400
        assert "min_ram: " in answer.content.decode()
        golden.refresh_from_db()
        assert (golden.visibility, golden.name) == ("private", "debian-12-golden")
        assert not Event.objects.of("image", golden.pk).exists()

    def test_removing_properties(self, program: Program, golden: Image) -> None:
        Image.objects.update(properties={"custom": "v", "os_distro": "old"})
        said = patch(program, golden, remove("custom"), remove("os_distro"), remove("architecture")).json()
        assert not {"custom", "os_distro", "architecture"} & set(said)
        golden.refresh_from_db()
        assert (golden.properties, golden.os_family, golden.architecture) == ({}, "", "")

    def test_no_name_is_the_id(self, program: Program, golden: Image) -> None:
        assert patch(program, golden, put("name", None)).json()["name"] == str(golden.pk)

    def test_nothing(self, program: Program, golden: Image) -> None:
        assert patch(program, golden).status_code == 200
        assert not Event.objects.of("image", golden.pk).exists()

    def test_the_older_dialect(self, program: Program, golden: Image) -> None:
        assert patch(program, golden, {"add": "/a", "value": "b"}, kind=OLD).json()["a"] == "b"
        answer = patch(program, golden, {"add": "/a", "value": "c"}, kind=OLD)
        assert answer.status_code == 409
        assert "Property a already present." in answer.content.decode()

    def test_formats_of_data_that_is_there(self, program: Program, golden: Image) -> None:
        answer = patch(program, golden, put("disk_format", "qcow2"))
        assert answer.status_code == 403
        assert "Attribute disk_format can be only replaced for a queued image." in answer.content.decode()

    def test_too_many_properties(self, program: Program, golden: Image) -> None:
        changes = [put(f"p{n}", "x", "add") for n in range(128)]
        assert patch(program, golden, *changes).status_code == 413
        assert patch(program, golden, remove("custom"), *changes).status_code == 200

    def test_a_public_image_is_made_by_staff(self, program: Program, golden: Image) -> None:
        answer = patch(program, golden, put("visibility", "public"))
        assert answer.status_code == 403
        assert "Only staff can make an image public" in answer.content.decode()

    def test_what_came_from_others_is_opened_in_the_panel(self, program: Program, cast: Cast, golden: Image) -> None:
        Image.objects.filter(pk=golden.pk).update(parent=factories.make_image(cast.beta, cast.bob))
        answer = patch(program, golden, put("visibility", "community"))
        assert answer.status_code == 403
        assert "Make sure that they allow this" in answer.content.decode()
        assert patch(program, golden, put("visibility", "shared")).status_code == 200

    def test_a_change_takes_few_queries(
        self, program: Program, golden: Image, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        with django_assert_num_queries(9):
            patch(program, golden, put("name", "x"), put("custom", "y"))

    def test_a_change_of_visibility_takes_few_queries(
        self, program: Program, golden: Image, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        with django_assert_num_queries(15):
            patch(program, golden, put("visibility", "shared", "add"))


@pytest.mark.django_db
class TestWho:
    def test_a_creator_shares_and_changes_nothing_else(self, api: MakeProgram, cast: Cast, golden: Image) -> None:
        program = api(cast.creator)
        assert patch(program, golden, put("visibility", "shared")).status_code == 200
        for change in (put("visibility", "private"), put("name", "x"), put("protected", True), put("tags", [])):
            answer = patch(program, golden, change)
            assert answer.status_code == 403
            assert "Only an admin of Acme Producers can" in answer.content.decode()

    def test_an_observer_changes_nothing(self, api: MakeProgram, cast: Cast) -> None:
        image = factories.make_image(cast.beta, cast.bob)
        program = api(cast.observer)
        for change in (put("visibility", "shared"), put("name", "x")):
            assert patch(program, image, change).status_code == 403

    def test_strangers_are_told_that_there_is_none(self, api: MakeProgram, cast: Cast, golden: Image) -> None:
        program = api(cast.consumer)
        for pk in (str(golden.pk), str(uuid4()), "nope", "a" * 500):
            answer = patch(program, pk, put("name", "x"))
            assert answer.status_code == 404
            assert answer.content.decode() == f"404 Not Found\n\nNo image found with ID {pk}\n\n   "

    @pytest.mark.parametrize("status", ["pending", "accepted", "rejected"])
    def test_members_may_not(self, api: MakeProgram, cast: Cast, golden: Image, status: str) -> None:
        share_with_beta(golden, cast, status)
        for changes in ([], [put("name", "x")], [put("visibility", "private")], [remove("nothere")]):
            answer = patch(api(cast.consumer), golden, *changes)
            assert answer.status_code == 403
            assert "Only Acme Producers, which owns the image, can edit it." in answer.content.decode()

    def test_everybody_sees_a_community_image_and_only_its_owner_changes_it(
        self, api: MakeProgram, cast: Cast, golden: Image
    ) -> None:
        actions.set_visibility(golden.pk, by=cast.producer, visibility="community")
        assert patch(api(cast.consumer), golden, put("name", "x")).status_code == 403

    def test_in_another_region_there_is_none(self, program: Program, golden: Image) -> None:
        for region, status in (("IAD", 200), ("DFW", 404), ("NONE", 404)):
            path = f"/image/{region}/v2/images/{golden.pk}"
            assert program.patch(path, json=[put("name", region)], content_type=NEW).status_code == status


@pytest.mark.django_db
class TestQueued:
    @pytest.fixture
    def queued(self, cast: Cast) -> str:
        """A queued image of Alice's program."""
        new = actions.NewImage("jammy", cast.iad, facts={"properties": {"custom": "v"}})
        return str(actions.start_queued(by=cast.producer.by_token(Role.ADMIN), new=new).pk)

    def test_all_at_once(self, program: Program, queued: str) -> None:
        said = {
            "name": "x", "visibility": "community", "protected": True, "os_hidden": True, "min_ram": 5, "min_disk": 6,
            "tags": ["a"], "os_distro": "ubuntu", "custom": "w", "disk_format": "qcow2", "container_format": "bare",
        }  # fmt: skip
        answer = patch(program, queued, *(put(name, value, "add") for name, value in said.items()))
        assert answer.json().items() >= said.items()
        assert program.get(f"{IMAGES}/{queued}").json() == answer.json()

    def test_what_is_taken_away(self, program: Program, queued: str) -> None:
        said = patch(program, queued, put("disk_format", "raw"), put("disk_format", None), remove("custom")).json()
        assert said["disk_format"] is None
        assert "custom" not in said

    def test_what_it_may_not_be(self, program: Program, queued: str) -> None:
        assert patch(program, queued, put("visibility", "public")).status_code == 403
        assert patch(program, queued, put("min_ram", -1)).status_code == 400
        assert patch(program, queued, remove("nothere")).status_code == 409

    def test_formats_of_data_that_comes(self, program: Program, queued: str) -> None:
        Upload.objects.update(status=Upload.Status.RECEIVING, claim=uuid4(), seen_at=timezone.now())
        assert patch(program, queued, put("disk_format", "qcow2")).status_code == 403
        assert patch(program, queued, put("name", "x")).status_code == 200

    def test_a_creator_changes_their_own(self, api: MakeProgram, cast: Cast, queued: str) -> None:
        program = api(cast.creator)
        own = program.post(IMAGES, json={}).json()["id"]
        assert patch(program, own, put("name", "x"), put("protected", True)).status_code == 200
        assert patch(program, queued, put("name", "x")).status_code == 404

    def test_others_are_told_that_there_is_none(self, api: MakeProgram, cast: Cast, queued: str) -> None:
        for viewer in (cast.consumer, cast.observer):
            assert patch(api(viewer), queued, put("name", "x")).status_code == 404

    def test_in_another_region_there_is_none(self, program: Program, queued: str) -> None:
        for region, status in (("IAD", 200), ("DFW", 404)):
            path = f"/image/{region}/v2/images/{queued}"
            assert program.patch(path, json=[put("name", region)], content_type=NEW).status_code == status

    def test_a_change_takes_few_queries(
        self, program: Program, queued: str, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        with django_assert_num_queries(7):
            patch(program, queued, put("name", "x"), put("custom", "y"))
