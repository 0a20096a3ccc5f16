"""What the service says of the shape of its answers, and that its answers have it."""

import jsonschema
import pytest

from api.image.records import COLUMNS_OF_PROPERTIES, FIELDS, PREFIX
from images.actions.creation import NewImage
from images.actions.queued import start_queued
from images.models import Image
from sharing.actions import reject
from tests.api.conftest import MakeProgram
from tests.factories import make_image
from tests.people import Cast
from tests.sharing.conftest import offer_one


def test_the_schema_of_images_names_every_field_and_all_of_our_own(cast: Cast, api: MakeProgram) -> None:
    schema = api(cast.producer).get("/image/v2/schemas/image").json()
    assert schema["name"] == "image"
    assert schema["additionalProperties"] == {"type": "string"}
    assert [link["rel"] for link in schema["links"]] == ["self", "enclosure", "describedby"]
    own = {name for name in schema["properties"] if name.startswith(PREFIX)}
    assert set(schema["properties"]) - own - set(COLUMNS_OF_PROPERTIES) <= FIELDS
    assert {"stockroom_region", "stockroom_member_status"} <= own
    assert all(schema["properties"][name]["type"] == "string" for name in own)


@pytest.mark.parametrize("name", ["image", "member", "task"])
def test_a_list_has_the_schema_of_its_items(cast: Cast, api: MakeProgram, name: str) -> None:
    program = api(cast.producer)
    of_list = program.get(f"/image/v2/schemas/{name}s").json()
    assert of_list["properties"][f"{name}s"]["items"] == program.get(f"/image/v2/schemas/{name}").json()
    assert of_list["properties"]["schema"] == {"type": "string"}


@pytest.mark.parametrize("name", ["nope", "metadefs/namespace", "image/x", "__class__"])
def test_what_has_no_schema_is_not_found(cast: Cast, api: MakeProgram, name: str) -> None:
    assert api(cast.producer).get(f"/image/v2/schemas/{name}").status_code == 404


def test_a_schema_needs_a_token(api: MakeProgram) -> None:
    assert api().get("/image/v2/schemas/image").status_code == 401


def test_every_record_fits_its_schema(cast: Cast, api: MakeProgram) -> None:
    program = api(cast.consumer)
    make_image(cast.beta, cast.bob, description="x", ports=[22], os_family="Debian", properties={"a": "b"})
    start_queued(by=cast.consumer, new=NewImage("", cast.iad))
    shared = make_image(cast.acme, cast.alice, visibility="shared", data=Image.objects.get().data)
    reject(offer_one(shared, cast.producer, cast.beta.number).pk, by=cast.consumer)

    said = program.get("/image/v2/images?member_status=all").json()
    assert len(said["images"]) == 3
    jsonschema.validate(said, program.get("/image/v2/schemas/images").json())
    members = api(cast.producer).get(f"/image/v2/images/{shared.pk}/members").json()
    jsonschema.validate(members, program.get("/image/v2/schemas/members").json())
