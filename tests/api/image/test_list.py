"""The list of images through the API: what stands in it, filters, orders and pages."""

from collections.abc import Callable
from datetime import timedelta
from itertools import count, pairwise
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.viewer import Viewer
from api.image import questions
from images.actions.creation import NewImage
from images.actions.queued import start_queued
from images.demo_disks import bootable_raw
from images.models import HiddenImage, Image, ImageData, ImageTag, Upload
from sharing.actions import accept, block, reject
from sharing.models import Share
from tests import factories
from tests.api.conftest import MakeProgram
from tests.factories import SMALL_DISK, make_data, make_image
from tests.people import Cast
from tests.sharing.conftest import offer_one

UNKNOWN = "8b1a93ed-26b2-4b05-83b8-5436dc20d331"

Names = Callable[..., list[str]]


@pytest.fixture
def data(cast: Cast) -> ImageData:
    return make_data()


@pytest.fixture
def names(api: MakeProgram) -> Names:
    """The names on the first page: ``names(cast.consumer, "visibility=shared")``."""

    def names(who: Viewer, query: str = "", *, region: str = "") -> list[str]:
        answer = api(who).get(f"/image{region and '/' + region}/v2/images{query and '?' + query}")
        assert answer.status_code == 200, answer.content
        return [image["name"] for image in answer.json()["images"]]

    return names


@pytest.fixture
def panel(cast: Cast, data: ImageData) -> dict[str, Image]:
    """An image of each kind, made one after the other: those of Acme, and one of Beta."""
    now = timezone.now()
    kinds: dict[str, dict[str, Any]] = {
        "private": {},
        "shared": {"visibility": "shared"},
        "granted": {"visibility": "shared"},
        "rejected": {"visibility": "shared"},
        "community": {"visibility": "community"},
        "added": {"visibility": "community"},
        "public": {"visibility": "public"},
        "listed": {"listed_at": now, "listed_by": cast.sam},
        "hidden": {"hidden": True},
    }
    times = (now + timedelta(seconds=number) for number in count())
    made = {
        name: make_image(cast.acme, cast.alice, name=name, data=data, created_at=moment, **fields)
        for moment, (name, fields) in zip(times, kinds.items(), strict=False)
    }
    made["own"] = make_image(cast.beta, cast.bob, name="own", data=data, created_at=now - timedelta(days=1))
    offer_one(made["shared"], cast.producer, cast.beta.number)
    accept(offer_one(made["granted"], cast.producer, cast.beta.number).pk, by=cast.consumer)
    reject(offer_one(made["rejected"], cast.producer, cast.beta.number).pk, by=cast.consumer)
    cast.beta.references.create(image=made["added"], created_by=cast.bob)
    return made


OWN = ["listed", "public", "added", "community", "rejected", "granted", "shared", "private"]


CONSUMERS = {
    "": ["public", "added", "granted", "own"],
    "visibility=all": ["listed", "public", "added", "community", "granted", "own"],
    "visibility=public": ["public"],
    "visibility=private": ["own"],
    "visibility=shared": ["granted"],
    "visibility=community": ["added", "community"],
    "member_status=accepted": ["public", "added", "granted", "own"],
    "member_status=pending": ["public", "added", "shared", "own"],
    "visibility=shared&member_status=pending": ["shared"],
    "visibility=shared&member_status=rejected": ["rejected"],
    "visibility=shared&member_status=all": ["granted", "shared", "rejected"],
    "os_hidden=true": [],
    "owner={acme}": ["listed", "public", "added", "community", "granted"],
    "owner={beta}": ["own"],
    "owner={rival}": [],
    "id={community}": ["community"],
    "id=in:{listed},{private},{own}": ["listed", "own"],
}


def test_a_consumer_lists_what_is_its_own_open_or_accepted(cast: Cast, names: Names, panel: dict[str, Image]) -> None:
    numbers = {"acme": cast.acme.number, "beta": cast.beta.number, "rival": cast.rival.number}
    ids = {name: image.pk for name, image in panel.items()}
    assert {query: names(cast.consumer, query.format(**numbers, **ids)) for query in CONSUMERS} == CONSUMERS


PRODUCERS = {
    "": OWN,
    "visibility=all": OWN,
    "visibility=private": ["listed", "private"],
    "visibility=shared": ["rejected", "granted", "shared"],
    "visibility=shared&member_status=pending": ["rejected", "granted", "shared"],
    "visibility=community": ["added", "community"],
    "visibility=public": ["public"],
    "os_hidden=True": ["hidden"],
    "os_hidden=False": OWN,
}


def test_a_producer_lists_its_own(cast: Cast, names: Names, panel: dict[str, Image]) -> None:
    assert {query: names(cast.producer, query) for query in PRODUCERS} == PRODUCERS


def test_everything_that_is_listed_is_what_the_law_shows(cast: Cast, api: MakeProgram, panel: dict[str, Image]) -> None:
    for viewer in (cast.producer, cast.consumer, cast.observer, factories.viewer(cast.rhea, cast.rival)):
        said = api(viewer).get("/image/v2/images?visibility=all&member_status=all&limit=100").json()["images"]
        listed = {image["id"] for image in said if "stockroom_member_status" not in image}
        shown = Image.objects.visible_to(viewer.by_token(viewer.role)).filter(hidden=False)
        assert listed == {str(pk) for pk in shown.values_list("pk", flat=True)}


def test_a_list_is_below_its_region_alone(cast: Cast, names: Names, panel: dict[str, Image], data: ImageData) -> None:
    make_image(cast.beta, cast.bob, name="south", data=data, region=cast.dfw)
    start_queued(by=cast.consumer, new=NewImage("coming", cast.dfw))
    assert names(cast.consumer, region="DFW") == ["coming", "south"]
    assert names(cast.consumer, region="IAD") == ["public", "added", "granted", "own"]
    assert names(cast.consumer, "stockroom_region=DFW") == ["coming", "south"]
    assert names(cast.consumer, region="MARS") == []


def test_offers_of_somebody_blocked_are_not_listed(cast: Cast, names: Names, panel: dict[str, Image]) -> None:
    block(cast.acme, recipient=cast.beta.group_ptr, by=cast.consumer)
    assert names(cast.consumer, "visibility=shared&member_status=all") == ["granted"]


def test_offers_that_ran_out_are_not_listed(
    cast: Cast, names: Names, panel: dict[str, Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    later = timezone.now() + timedelta(hours=1)
    Share.objects.filter(image=panel["shared"]).update(offer_expires_at=later)
    Share.objects.filter(image=panel["granted"]).update(access_until=later)
    panel["granted"].grants.update(access_until=later)
    assert names(cast.consumer, "visibility=shared&member_status=all") == ["granted", "shared", "rejected"]
    monkeypatch.setattr(timezone, "now", lambda: later + timedelta(seconds=1))
    assert names(cast.consumer, "visibility=shared&member_status=all") == ["rejected"]


def test_what_a_person_hides_is_not_listed_for_them(cast: Cast, names: Names, panel: dict[str, Image]) -> None:
    HiddenImage.objects.create(user=cast.bob, image=panel["granted"])
    assert names(cast.consumer) == ["public", "added", "own"]
    assert names(cast.consumer, f"id={panel['granted'].pk}") == ["granted"]
    assert names(cast.observer) == ["public", "added", "granted", "own"]


def test_of_a_rejected_image_nothing_is_found_but_what_is_shown(
    cast: Cast, api: MakeProgram, names: Names, panel: dict[str, Image]
) -> None:
    base = "visibility=shared&member_status=rejected"
    image = panel["rejected"]
    for found in ("name=rejected", f"id={image.pk}", f"owner={cast.acme.number}", "status=active", "sort=size:asc"):
        assert names(cast.consumer, f"{base}&{found}") == ["rejected"]
    for hidden in (
        f"checksum={image.data.checksum}",
        "size_min=0",
        "size_max=99999999",
        "disk_format=raw",
        "min_disk=0",
        "protected=false",
        "architecture=x86_64",
        "stockroom_source=upload",
    ):
        assert names(cast.consumer, f"{base}&{hidden}") == []
    [record] = api(cast.consumer).get(f"/image/v2/images?{base}").json()["images"]
    assert record == api(cast.consumer).get(f"/image/v2/images/{image.pk}").json()
    assert "checksum" not in record


def test_a_record_of_the_list_is_that_of_the_image(cast: Cast, api: MakeProgram, panel: dict[str, Image]) -> None:
    start_queued(by=cast.consumer, new=NewImage("coming", cast.iad, facts={"properties": {"a": "b"}}, tags=["x"]))
    program = api(cast.consumer)
    for record in program.get("/image/v2/images?member_status=all").json()["images"]:
        assert record == program.get(f"/image/v2/images/{record['id']}").json()


@pytest.fixture
def varied(cast: Cast) -> None:
    """Three images of Beta that differ in everything, and one on its way."""
    now = timezone.now().replace(microsecond=500_000)
    rows: list[dict[str, Any]] = [
        {"name": "alpha", "os_family": "Ubuntu", "os_version": "24.04", "min_disk": 1, "properties": {"a": "1"}},
        {"name": 'be,t"a', "protected": True, "min_ram": 512, "default_login": "root", "visibility": "shared"},
        {"name": "in:gamma", "architecture": "aarch64", "source": "import", "properties": {'x"]y': "$", "a": "2"}},
    ]
    for number, fields in enumerate(rows):
        content = None if number else bootable_raw("Twice as large.", size=2 * SMALL_DISK)
        created = now - timedelta(hours=number)
        image = make_image(cast.beta, cast.bob, content=content, created_at=created, **fields)
        Image.objects.filter(pk=image.pk).update(updated_at=created)
        ImageTag.objects.bulk_create(ImageTag(image=image, name=name) for name in ["all", f"tag{number}"])
    facts = {"min_disk": 7, "os_family": "Debian", "protected": True, "properties": {"a": "3"}}
    new = NewImage("coming", cast.iad, visibility="shared", facts=facts, tags=["all", "new"], disk_format="qcow2")
    queued = start_queued(by=cast.consumer, new=new)
    Upload.objects.filter(pk=queued.pk).update(created_at=now + timedelta(hours=1))


ALL = ["coming", "alpha", 'be,t"a', "in:gamma"]


FILTERS = {
    "name=alpha": ["alpha"],
    "name=coming": ["coming"],
    "name=in:alpha,coming,nothing": ["coming", "alpha"],
    'name=in:"be,t\\"a",alpha': ["alpha"],
    "name=eq:in:gamma": ["in:gamma"],
    "name=gamma:x": [],
    "name=": [],
    "status=queued": ["coming"],
    "status=active": ALL[1:],
    "status=in:queued,active": ALL,
    "disk_format=qcow2": ["coming"],
    "disk_format=in:raw,qcow2": ALL,
    "container_format=bare": ALL[1:],
    "size_min=8000": ["alpha"],
    "size_max=8000": ALL[2:],
    "size_min=99999999999999999999999999": [],
    "size=8192": ["alpha"],
    "virtual_size_min=8192": ["alpha"],
    "min_disk=7": ["coming"],
    "min_disk_min=1": ["coming", "alpha"],
    "min_ram=512": ['be,t"a'],
    "min_ram_max=0": ["coming", "alpha", "in:gamma"],
    "protected=true": ["coming", 'be,t"a'],
    "protected=0": ["alpha", "in:gamma"],
    "visibility=shared": ["coming", 'be,t"a'],
    "visibility=private": ["alpha", "in:gamma"],
    "tag=all": ALL,
    "tag=all&tag=new": ["coming"],
    "tag=all&tag=tag1": ['be,t"a'],
    "tag=tag0&tag=tag1": [],
    "os_distro=ubuntu": ["alpha"],
    "os_distro=debian": ["coming"],
    "os_version=24.04": ["alpha"],
    "os_admin_user=root": ['be,t"a'],
    "architecture=aarch64": ["in:gamma"],
    "a=1": ["alpha"],
    "a=3": ["coming"],
    "a=1&a=2": ["in:gamma"],
    "x%22%5Dy=%24": ["in:gamma"],
    "nothing=1": [],
    "stockroom_source=import": ["in:gamma"],
    "stockroom_source=upload": ALL[:3],
    "stockroom_family=x": [],
    "checksum=" + "0" * 32: [],
    "os_hash_algo=sha512": ALL[1:],
    "id=nonsense": [],
    "id=in:nonsense": [],
    "visibility=": ALL,
}


@pytest.mark.usefixtures("varied")
def test_every_filter_finds_what_it_says(cast: Cast, names: Names) -> None:
    assert {query: names(cast.consumer, query) for query in FILTERS} == FILTERS


@pytest.mark.usefixtures("varied")
def test_a_common_property_is_found_wherever_it_is_kept(cast: Cast, names: Names) -> None:
    Image.objects.filter(name="alpha").update(os_family="", properties={"os_distro": "ubuntu"})
    assert names(cast.consumer, "os_distro=ubuntu") == ["alpha"]


TIMES = {
    "gt": ["coming"],
    "gte": ["coming", "alpha"],
    "lt": ALL[2:],
    "lte": ALL[1:],
    "eq": ["alpha"],
    "neq": ["coming", *ALL[2:]],
}


@pytest.mark.usefixtures("varied")
def test_times_compare_as_they_are_shown(cast: Cast, api: MakeProgram, names: Names) -> None:
    [alpha] = api(cast.consumer).get("/image/v2/images?name=alpha").json()["images"]
    shown = alpha["created_at"]
    assert {op: names(cast.consumer, f"created_at={op}:{shown}") for op in TIMES} == TIMES
    assert {op: names(cast.consumer, f"updated_at={op}:{shown[:-1]}%2B00:00") for op in TIMES} == TIMES


@pytest.mark.usefixtures("varied")
def test_times_between_two_seconds_are_nobodys(cast: Cast, names: Names) -> None:
    assert names(cast.consumer, "created_at=2020-01-01T00:00:00.5Z") == []
    assert names(cast.consumer, "created_at=neq:2020-01-01T00:00:00.5Z") == ALL
    assert names(cast.consumer, "created_at=lt:2020-01-01") == []


BAD_TIME = 'Bad "created_at" query filter format. Use ISO 8601 DateTime notation.'
WRONG = {
    "limit=x": "limit param must be an integer",
    "limit=1.5": "limit param must be an integer",
    "limit=-1": "limit param must be positive",
    f"marker={UNKNOWN}": f"No image found with ID {UNKNOWN}",
    "marker=x": "No image found with ID x",
    "sort_key=zzz": (
        "Invalid sort key: zzz. It must be one of the following: name, status, container_format, disk_format, "
        "size, id, created_at, updated_at."
    ),
    "sort=name:up": "Invalid sort direction: up",
    "sort_dir=up": "Invalid sort direction: up",
    "sort_key=name&sort_dir=asc&sort_dir=desc": "Number of sort dirs does not match the number of sort keys",
    "sort=name&sort_key=name": "Old and new sorting syntax cannot be combined",
    "member_status=bogus": "Invalid status: bogus",
    "visibility=bogus": "Invalid visibility value: bogus",
    "size_min=x": "Unable to filter on a range with a non-numeric value.",
    "min_ram=x": "Images are filtered by min_ram with a whole number.",
    "created_at=gt:yesterday": BAD_TIME,
    "created_at=9999-12-31T23:59:59Z": BAD_TIME,
    "created_at=0001-01-01T00:00:00%2B23:59": BAD_TIME,
    "protected=maybe": "Invalid value 'maybe' for 'protected' filter. Valid values are 'true' and 'false'.",
    'name=in:"a': 'Invalid filter value "a. A quote is not closed, or has no comma beside it.',
    'name=in:a"b",c': 'Invalid filter value a"b",c. A quote is not closed, or has no comma beside it.',
    'name=in:"a"b': 'Invalid filter value "a"b. A quote is not closed, or has no comma beside it.',
    "locations=x": "Images cannot be filtered by locations.",
    "stockroom_notes=x": "Images cannot be filtered by stockroom_notes.",
    "a=%00": "A query cannot hold the character NUL.",
    "%00=a": "A query cannot hold the character NUL.",
    "&".join(f"tag={n}" for n in range(60)): "Give at most 16 filters.",
}


def test_a_wrong_question_is_refused(cast: Cast, api: MakeProgram) -> None:
    program = api(cast.consumer)
    for query, complaint in WRONG.items():
        answer = program.get(f"/image/v2/images?{query}")
        assert answer.status_code == 400
        assert answer.content.decode() == f"400 Bad Request\n\n{complaint}\n\n   "


@pytest.mark.parametrize(
    "query", ["&".join(f"a{n}=1" for n in range(1200)), "limit=99999999999999999999", "%FF=%FE", "name=%ED%A0%80"]
)
def test_no_question_breaks_the_list(cast: Cast, api: MakeProgram, query: str) -> None:
    assert api(cast.consumer).get(f"/image/v2/images?{query}").status_code in (200, 400)


def test_links_keep_the_question(cast: Cast, api: MakeProgram, data: ImageData) -> None:
    images = [make_image(cast.beta, cast.bob, name="a b", data=data) for _ in range(3)]
    said = api(cast.consumer).get("/image/v2/images?name=a%20b&limit=2").json()
    link = "/v2/images?name=a+b&limit=2"
    assert said["first"] == link
    assert said["schema"] == "/v2/schemas/images"
    assert said["next"] == f"{link}&marker={images[1].pk}"
    said = api(cast.consumer).get(f"/image{said['next']}").json()
    assert [image["id"] for image in said["images"]] == [str(images[0].pk)]
    assert said["first"] == link
    assert "next" not in said


def test_without_a_question_there_is_no_question_mark(cast: Cast, api: MakeProgram) -> None:
    said = api(cast.trudy, cast.trudy.personal_account).get("/image/v2/images").json()
    assert said == {"images": [], "first": "/v2/images", "schema": "/v2/schemas/images"}


def test_a_page_of_nothing_is_empty(cast: Cast, api: MakeProgram, panel: dict[str, Image]) -> None:
    said = api(cast.consumer).get("/image/v2/images?limit=0").json()
    assert said == {"images": [], "first": "/v2/images?limit=0", "schema": "/v2/schemas/images"}


def test_a_page_has_25_images_unless_more_are_asked_for(cast: Cast, api: MakeProgram, data: ImageData) -> None:
    for _ in range(27):
        make_image(cast.beta, cast.bob, data=data)
    assert len(api(cast.consumer).get("/image/v2/images").json()["images"]) == 25
    assert len(api(cast.consumer).get("/image/v2/images?limit=26").json()["images"]) == 26


@pytest.fixture
def ties(cast: Cast, data: ImageData) -> None:
    """Own, granted, public and queued images, many of the same name, time and size, and two that were rejected."""
    now = timezone.now()
    for number in range(4):
        moment = now - timedelta(minutes=number // 2)
        name = f"name-{number % 2}"
        make_image(cast.beta, cast.bob, name=name, data=data, created_at=moment)
        make_image(cast.acme, cast.alice, name=name, data=data, created_at=moment, visibility="public")
        shared = make_image(cast.acme, cast.alice, name=name, data=data, created_at=moment, visibility="shared")
        share = offer_one(shared, cast.producer, cast.beta.number)
        (accept if number < 2 else reject)(share.pk, by=cast.consumer)
    for _ in range(2):
        queued = start_queued(by=cast.consumer, new=NewImage("name-0", cast.iad))
        Upload.objects.filter(pk=queued.pk).update(created_at=now)


ORDERS: dict[str, list[tuple[str, bool]]] = {
    "": [("created_at", True), ("id", True)],
    "sort_dir=asc": [("created_at", False), ("id", False)],
    "sort=name:asc": [("name", False), ("created_at", False), ("id", False)],
    "sort=name:asc,size:desc": [("name", False), ("size", True), ("created_at", True), ("id", True)],
    "sort=size": [("size", True), ("created_at", True), ("id", True)],
    "sort=status:desc,name": [("status", True), ("name", True), ("created_at", True), ("id", True)],
    "sort_key=disk_format&sort_key=name&sort_dir=asc": [("disk_format", False), ("name", False), ("id", False)],
    "sort_key=container_format&sort_dir=desc": [("container_format", True), ("id", True)],
    "sort=updated_at:asc,id:desc,name:asc": [("updated_at", False), ("id", True)],
    "sort=id:asc": [("id", False)],
}


@pytest.mark.usefixtures("ties")
def test_pages_follow_each_other_without_a_gap(cast: Cast, api: MakeProgram) -> None:
    program = api(cast.consumer)
    for query, keys in ORDERS.items():
        base = f"/v2/images?member_status=all&{query}"
        whole = program.get(f"/image{base}&limit=100").json()["images"]
        assert len(whole) == 14
        assert all(_comes_first(one, other, keys) for one, other in pairwise(whole)), query
        link, pages = f"{base}&limit=4", []
        while link:
            said = program.get(f"/image{link}").json()
            pages += said["images"]
            link = said.get("next", "")
        assert pages == whole


def _comes_first(one: dict[str, Any], other: dict[str, Any], keys: list[tuple[str, bool]]) -> bool:
    """As far as the seconds of the records tell."""
    for key, descends in keys:
        usual: Any = -1 if key == "size" else ""
        first, second = (usual if image.get(key) is None else image[key] for image in (one, other))
        if first != second:
            return bool(first > second) is descends or key == "id"
    return True


def test_a_marker_is_an_image_that_one_may_see(cast: Cast, api: MakeProgram, panel: dict[str, Image]) -> None:
    program = api(cast.consumer)
    assert program.get(f"/image/v2/images?marker={panel['shared'].pk}").status_code == 200
    hidden = program.get(f"/image/v2/images?marker={panel['private'].pk}")
    unknown = program.get(f"/image/v2/images?marker={UNKNOWN}")
    assert hidden.status_code == 400
    assert hidden.content.decode() == unknown.content.decode().replace(UNKNOWN, str(panel["private"].pk))


def test_queued_images_are_listed_for_creators_and_admins(cast: Cast, names: Names) -> None:
    start_queued(by=cast.creator, new=NewImage("carols", cast.iad))
    start_queued(by=cast.producer, new=NewImage("alices", cast.iad, visibility="shared"))
    start_queued(by=cast.consumer, new=NewImage("bobs", cast.iad))
    Upload.objects.create(account=cast.acme, created_by=cast.alice, expires_at=timezone.now() + timedelta(hours=1))
    assert names(cast.producer) == ["alices", "carols"]
    assert names(cast.creator) == ["carols"]
    assert names(cast.consumer) == ["bobs"]
    assert names(cast.observer) == []


def test_queued_images_that_ran_out_are_gone(cast: Cast, names: Names) -> None:
    start_queued(by=cast.producer, new=NewImage("late", cast.iad))
    Upload.objects.update(expires_at=timezone.now())
    assert names(cast.producer) == []


STATUSES: list[tuple[dict[str, Any], str]] = [
    ({}, "queued"),
    ({"status": "failed"}, "queued"),
    ({"status": "receiving", "claim": UUID(int=1)}, "saving"),
    ({"status": "receiving", "claim": UUID(int=1), "staged": True}, "uploading"),
    ({"status": "processing"}, "importing"),
    ({"origin": "import", "status": "waiting"}, "importing"),
    ({"origin": "import", "status": "receiving", "claim": UUID(int=1)}, "importing"),
]


def test_the_status_of_what_is_on_its_way_is_found_as_it_is_shown(cast: Cast, api: MakeProgram) -> None:
    usual = {"origin": "upload", "staged": False, "claim": None}
    start_queued(by=cast.producer, new=NewImage("coming", cast.iad))
    for columns, status in STATUSES:
        Upload.objects.update(seen_at=timezone.now(), **usual | columns)
        [image] = api(cast.producer).get(f"/image/v2/images?status={status}").json()["images"]
        assert image["status"] == status


def test_the_number_of_queries_does_not_grow(cast: Cast, api: MakeProgram, data: ImageData) -> None:
    program = api(cast.consumer)

    def queries(query: str = "") -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            program.get(f"/image/v2/images?limit=1000{query}")
        return len(asked)

    make_image(cast.beta, cast.bob, data=data)
    queries()
    before = queries()
    assert before == 3  # who asks, which images, and what they are
    Image.objects.bulk_create(
        Image(
            account=cast.beta, created_by=cast.bob, region=cast.iad, data=data, name=f"{n}", created_at=timezone.now()
        )
        for n in range(199)
    )
    assert queries() == before
    newest = Image.objects.order_by("created_at").last()
    assert newest is not None
    assert queries(f"&marker={newest.pk}") == before + 1
    start_queued(by=cast.consumer, new=NewImage("coming", cast.iad))
    assert queries() == before + 1


def test_a_question_with_many_filters_is_answered_and_not_kept(
    cast: Cast, names: Names, monkeypatch: pytest.MonkeyPatch, data: ImageData
) -> None:
    make_image(cast.beta, cast.bob, name="one", data=data, properties={f"p{n}": "1" for n in range(9)})
    shapes: list[questions.Shape] = []

    class Counted(questions._Branches):
        def __init__(self, shape: questions.Shape) -> None:
            super().__init__(shape)
            shapes.append(shape)

    monkeypatch.setattr(questions, "_Branches", Counted)
    few, many = ("&".join(f"p{n}=1" for n in range(most)) for most in (7, 9))
    for query, written in ((few, 1), (few, 1), (many, 2), (many, 3)):
        assert names(cast.consumer, f"{query}&sort=size,name") == ["one"]
        assert len(shapes) == written
