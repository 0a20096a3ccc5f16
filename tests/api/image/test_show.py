"""One image through the API: who sees what of it, and that nobody learns whether another one exists."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from images.actions.creation import NewImage
from images.actions.queued import start_queued
from images.models import Image, ImageTag
from sharing.actions import accept, reject
from tests.api.conftest import MakeProgram
from tests.factories import make_data, make_image
from tests.people import Cast
from tests.sharing.conftest import offer_one

UNKNOWN = "8b1a93ed-26b2-4b05-83b8-5436dc20d331"


@pytest.fixture
def image(cast: Cast) -> Image:
    made = make_image(
        cast.acme,
        cast.alice,
        visibility="shared",
        description="The golden one.",
        os_family="Debian",
        os_version="12",
        default_login="debian",
        ports=[22, 443],
        properties={"hw_disk_bus": "virtio", "owner_specified.openstack.md5": ""},
    )
    ImageTag.objects.bulk_create(ImageTag(image=made, name=name) for name in ("golden", "base"))
    return made


def shown(api: MakeProgram, who: object, image_id: object) -> dict[str, object]:
    answer = api(who).get(f"/image/v2/images/{image_id}")
    assert answer.status_code == 200, answer.content
    said: dict[str, object] = answer.json()
    return said


def test_an_image_has_the_fields_of_glance_and_our_own(cast: Cast, api: MakeProgram, image: Image) -> None:
    said = shown(api, cast.producer, image.pk)

    assert said == {
        "hw_disk_bus": "virtio",
        "owner_specified.openstack.md5": "",
        "os_distro": "debian",
        "os_version": "12",
        "architecture": "x86_64",
        "os_admin_user": "debian",
        "name": image.name,
        "disk_format": "raw",
        "container_format": "bare",
        "visibility": "shared",
        "size": image.data.size,
        "virtual_size": image.data.virtual_size,
        "status": "active",
        "checksum": image.data.checksum,
        "protected": False,
        "min_ram": 0,
        "min_disk": 0,
        "owner": cast.acme.number,
        "os_hidden": False,
        "os_hash_algo": "sha512",
        "os_hash_value": image.data.os_hash_value,
        "id": str(image.pk),
        "created_at": f"{image.created_at:%Y-%m-%dT%H:%M:%SZ}",
        "updated_at": f"{image.updated_at:%Y-%m-%dT%H:%M:%SZ}",
        "tags": ["base", "golden"],
        "self": f"/v2/images/{image.pk}",
        "file": f"/v2/images/{image.pk}/file",
        "schema": "/v2/schemas/image",
        "stores": "IAD",
        "stockroom_region": "IAD",
        "stockroom_source": "upload",
        "stockroom_owner_name": "Acme Producers",
        "stockroom_description": "The golden one.",
        "stockroom_ports": "22,443",
    }


def test_no_property_hides_a_field_or_plays_one_of_our_own(cast: Cast, api: MakeProgram) -> None:
    hostile = {
        "id": UNKNOWN,
        "owner": cast.rival.number,
        "visibility": "public",
        "checksum": "0" * 32,
        "locations": "file:///etc/passwd",
        "direct_url": "file:///etc/passwd",
        "stockroom_owner_name": "Microsoft",
        "stockroom_boot_only": "false",
        "os_glance_import_task": "x",
        "__proto__": "x",
    }
    image = make_image(cast.acme, cast.alice, properties=hostile)
    said = shown(api, cast.producer, image.pk)

    assert said["id"] == str(image.pk)
    assert said["owner"] == cast.acme.number
    assert said["visibility"] == "private"
    assert said["checksum"] == image.data.checksum
    assert said["stockroom_owner_name"] == "Acme Producers"
    assert said["__proto__"] == "x"
    assert not {"locations", "direct_url", "stockroom_boot_only", "os_glance_import_task"} & set(said)


@pytest.mark.parametrize("text", [UNKNOWN, UNKNOWN.upper(), "ubuntu-24.04-lts", "{" + UNKNOWN + "}", "0" * 32, "a%00b"])
def test_what_is_no_image_is_not_found(cast: Cast, api: MakeProgram, text: str) -> None:
    answer = api(cast.producer).get(f"/image/v2/images/{text}")

    assert answer.status_code == 404
    assert answer.content.decode() == f"404 Not Found\n\nNo image found with ID {text.replace('%00', chr(0))}\n\n   "


def test_another_accounts_image_is_answered_like_none(cast: Cast, api: MakeProgram, image: Image) -> None:
    queued = start_queued(by=cast.producer, new=NewImage("queued", cast.iad))
    deleted = make_image(cast.acme, cast.alice, status="deleted", deleted_at=image.created_at, deleted_by=cast.alice)
    ids = [str(image.pk), str(queued.pk), str(deleted.pk)]
    for headers in ({}, {"Accept": "application/json"}, {"Accept": "*/*"}):
        unknown = api(cast.rhea, cast.rival).get(f"/image/v2/images/{UNKNOWN}", headers=headers)
        for image_id in ids:
            answer = api(cast.rhea, cast.rival).get(f"/image/v2/images/{image_id}", headers=headers)
            assert answer.status_code == 404
            assert answer.content.decode() == unknown.content.decode().replace(UNKNOWN, image_id)
            assert set(answer.headers) == set(unknown.headers)


def test_an_image_is_below_its_region_alone(cast: Cast, api: MakeProgram, image: Image) -> None:
    program = api(cast.producer)
    assert program.get(f"/image/IAD/v2/images/{image.pk}").json()["id"] == str(image.pk)
    assert program.get(f"/image/DFW/v2/images/{image.pk}").status_code == 404
    assert program.get(f"/image/MARS/v2/images/{image.pk}").status_code == 404


def test_whoever_is_offered_an_image_sees_it_and_who_has_rejected_it_what_accepts_it_again(
    cast: Cast, api: MakeProgram, image: Image
) -> None:
    share = offer_one(image, cast.producer, cast.beta.number)
    full = shown(api, cast.consumer, image.pk)
    assert full["checksum"] == image.data.checksum

    reject(share.pk, by=cast.consumer)
    share.refresh_from_db()
    assert shown(api, cast.consumer, image.pk) == {
        "name": image.name,
        "visibility": "shared",
        "status": "active",
        "owner": cast.acme.number,
        "id": str(image.pk),
        "created_at": f"{share.offered_at:%Y-%m-%dT%H:%M:%SZ}",
        "updated_at": f"{share.decided_at:%Y-%m-%dT%H:%M:%SZ}",
        "tags": [],
        "self": f"/v2/images/{image.pk}",
        "file": f"/v2/images/{image.pk}/file",
        "schema": "/v2/schemas/image",
        "stockroom_owner_name": "Acme Producers",
        "stockroom_member_status": "rejected",
    }

    accept(share.pk, by=cast.consumer)
    assert shown(api, cast.consumer, image.pk) == full


def test_a_token_borrows_nothing_else_of_its_person(cast: Cast, api: MakeProgram, image: Image) -> None:
    offer_one(image, cast.producer, "bob")
    assert api(cast.bob, cast.bob.personal_account).get(f"/image/v2/images/{image.pk}").status_code == 200
    assert api(cast.consumer).get(f"/image/v2/images/{image.pk}").status_code == 404


def test_a_queued_image_is_its_creators_and_the_admins(cast: Cast, api: MakeProgram) -> None:
    new = NewImage(
        "queued",
        cast.dfw,
        visibility="shared",
        facts={"min_disk": 2, "protected": True, "os_family": "Ubuntu", "properties": {"custom": "v", "size": "9"}},
        tags=["b", "a"],
        disk_format="qcow2",
        container_format="bare",
    )
    queued = start_queued(by=cast.creator, new=new)
    created = f"{queued.created_at:%Y-%m-%dT%H:%M:%SZ}"
    for viewer in (cast.creator, cast.producer):
        assert shown(api, viewer, queued.pk) == {
            "custom": "v",
            "os_distro": "ubuntu",
            "name": "queued",
            "disk_format": "qcow2",
            "container_format": "bare",
            "visibility": "shared",
            "size": None,
            "virtual_size": None,
            "status": "queued",
            "checksum": None,
            "protected": True,
            "min_ram": 0,
            "min_disk": 2,
            "owner": cast.acme.number,
            "os_hidden": False,
            "os_hash_algo": None,
            "os_hash_value": None,
            "id": str(queued.pk),
            "created_at": created,
            "updated_at": created,
            "tags": ["a", "b"],
            "self": f"/v2/images/{queued.pk}",
            "file": f"/v2/images/{queued.pk}/file",
            "schema": "/v2/schemas/image",
            "stockroom_region": "DFW",
            "stockroom_source": "upload",
            "stockroom_owner_name": "Acme Producers",
        }
    assert api(cast.consumer).get(f"/image/v2/images/{queued.pk}").status_code == 404
    assert api(cast.producer).get(f"/image/IAD/v2/images/{queued.pk}").status_code == 404
    assert api(cast.producer).get(f"/image/DFW/v2/images/{queued.pk}").status_code == 200


def test_a_deactivated_and_a_damaged_image_say_so(cast: Cast, api: MakeProgram) -> None:
    data = make_data()
    image = make_image(
        cast.acme,
        cast.alice,
        status="deactivated",
        data=data,
        deactivated_at=data.created_at,
        deactivated_by=cast.alice,
    )
    data.damaged_at, data.damage = data.created_at, "It is too short."
    data.save()
    said = shown(api, cast.producer, image.pk)
    assert said["status"] == "deactivated"
    assert "It is too short." in str(said["stockroom_problem"])


def test_an_accounts_own_words_stand_beside_the_producers(cast: Cast, api: MakeProgram, image: Image) -> None:
    Image.objects.filter(pk=image.pk).update(visibility="community")
    cast.beta.references.create(image=image, label="ours", notes="mind the ports", ports=[80], created_by=cast.bob)
    said = shown(api, cast.consumer, image.pk)
    assert said["name"] == image.name
    assert said["stockroom_label"] == "ours"
    assert said["stockroom_notes"] == "mind the ports"
    assert said["stockroom_own_ports"] == "80"
    assert "stockroom_label" not in shown(api, cast.producer, image.pk)


def test_to_show_an_image_takes_one_query_beside_that_of_the_token(cast: Cast, api: MakeProgram, image: Image) -> None:
    program = api(cast.consumer)
    offer_one(image, cast.producer, cast.beta.number)
    queued = start_queued(by=cast.consumer, new=NewImage("queued", cast.iad))
    asked = {}
    for image_id in (image.pk, queued.pk, UNKNOWN):
        program.get(f"/image/v2/images/{image_id}")  # what the process keeps of the SQL is written now
        with CaptureQueriesContext(connection) as queries:
            program.get(f"/image/v2/images/{image_id}")
        asked[image_id] = len(queries)
    assert asked == {image.pk: 2, queued.pk: 3, UNKNOWN: 4}


def test_without_a_token_nothing_is_answered(api: MakeProgram, image: Image) -> None:
    answer = api().get(f"/image/v2/images/{image.pk}")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Keystone uri=")
