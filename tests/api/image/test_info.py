"""What the service says of itself: imports, stores, usage, and definitions that it does not keep."""

from images.actions.creation import NewImage
from images.actions.queued import start_queued
from images.models import Quota, Region
from tests.api.conftest import MakeProgram
from tests.factories import make_image
from tests.people import Cast


def test_data_is_imported_from_what_was_staged_or_from_an_address(cast: Cast, api: MakeProgram) -> None:
    assert api(cast.producer).get("/image/v2/info/import").json() == {
        "import-methods": {
            "description": "Import methods available.",
            "type": "array",
            "value": ["glance-direct", "web-download"],
        }
    }


def test_the_stores_are_the_regions(cast: Cast, api: MakeProgram) -> None:
    Region.objects.create(code="OLD", name="Closed", closed_at="2026-01-01T00:00:00Z")
    iad = {"id": "IAD", "description": cast.iad.name, "default": "true"}
    dfw = {"id": "DFW", "description": cast.dfw.name}
    assert api(cast.producer).get("/image/v2/info/stores").json() == {"stores": [dfw, iad]}
    assert api(cast.producer).get("/image/DFW/v2/info/stores").json() == {"stores": [dfw | {"default": "true"}]}
    assert api(cast.producer).get("/image/OLD/v2/info/stores").json() == {"stores": []}


def test_the_usage_is_that_of_the_account(cast: Cast, api: MakeProgram) -> None:
    Quota.objects.create(account=cast.acme, bytes=10 * 2**20, images=7)
    make_image(cast.acme, cast.alice)
    make_image(cast.beta, cast.bob)
    start_queued(by=cast.producer, new=NewImage("coming", cast.iad))
    usage = api(cast.creator).get("/image/v2/info/usage").json()["usage"]
    assert usage["image_size_total"] == {"limit": 10, "usage": 1}
    assert usage["image_count_total"] == {"limit": 7, "usage": 2}
    assert usage["image_count_uploading"]["usage"] == 1
    assert usage["stockroom_count_importing"]["usage"] == 0


def test_without_a_limit_the_usage_says_so(cast: Cast, api: MakeProgram, settings: object) -> None:
    settings.QUOTA = dict.fromkeys(settings.QUOTA)  # type: ignore[attr-defined]
    usage = api(cast.producer).get("/image/v2/info/usage").json()["usage"]
    assert {said["limit"] for said in usage.values()} == {-1}


def test_there_are_no_metadata_definitions(cast: Cast, api: MakeProgram) -> None:
    program = api(cast.producer)
    assert program.get("/image/v2/metadefs/namespaces?limit=20").json()["namespaces"] == []
    assert program.get("/image/v2/metadefs/resource_types").json() == {"resource_types": []}
    for below in ("", "/objects", "/properties/x", "/tags", "/resource_types"):
        answer = program.get(f"/image/v2/metadefs/namespaces/OS::Compute::x{below}")
        assert answer.status_code == 404
        assert b"Metadata definition namespace=OS::Compute::x was not found." in answer.content


def test_nothing_of_this_is_for_who_has_no_token(api: MakeProgram) -> None:
    for path in ("info/import", "info/stores", "info/usage", "metadefs/namespaces", "metadefs/resource_types"):
        assert api().get(f"/image/v2/{path}").status_code == 401
