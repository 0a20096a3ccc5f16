"""An account's own words about images of others, for programs."""

from typing import Any

import pytest

from images.models import Image, Reference
from sharing import actions
from sharing.addresses import parse
from tests.api.conftest import MakeProgram, Program
from tests.people import Cast

pytestmark = pytest.mark.django_db

WORDS = {"label": "Base", "notes": "For web servers.", "default_login": "admin", "ports": [22, 443]}


@pytest.fixture
def path(cast: Cast, image: Image) -> str:
    """Of an image that Beta Consumers has accepted."""
    [offered] = actions.offer(image.pk, by=cast.producer, addresses=parse(cast.beta.number))
    actions.accept(offered.share.pk, by=cast.consumer)
    return f"/image/v2/images/{image.pk}/reference"


def test_it_is_written_read_and_forgotten(consumer: Program, image: Image, path: str) -> None:
    assert consumer.get(path).status_code == 404

    said = consumer.put(path, json=WORDS)

    assert (said.status_code, said.json()) == (
        200,
        WORDS | {"image_id": str(image.pk), "changed_by_producer": []},
    )
    assert consumer.get(path).json() == said.json()
    assert consumer.get(path.removesuffix("/reference")).json()["stockroom_label"] == "Base"
    assert consumer.delete(path).status_code == 204
    assert consumer.delete(path).status_code == consumer.get(path).status_code == 404


def test_what_is_left_out_is_emptied(consumer: Program, path: str) -> None:
    consumer.put(path, json=WORDS)

    said = consumer.put(path, json={"label": "New"}).json()

    assert (said["label"], said["notes"], said["ports"]) == ("New", "", [])


def test_what_the_producer_has_changed_since_is_named(consumer: Program, image: Image, path: str) -> None:
    consumer.put(path, json=WORDS)
    Image.objects.filter(pk=image.pk).update(name="debian-13-golden")

    assert consumer.get(path).json()["changed_by_producer"] == ["label"]


def test_an_image_that_is_open_to_all_comes_into_the_list(consumer: Program, cast: Cast, image: Image) -> None:
    Image.objects.filter(pk=image.pk).update(visibility="community")
    path = f"/image/v2/images/{image.pk}/reference"

    assert consumer.put(path).status_code == 200
    assert Reference.objects.get(account=cast.beta).image_id == image.pk
    assert consumer.delete(path).status_code == 204
    assert not Reference.objects.exists()


def test_others_and_owners_have_none(
    api: MakeProgram, cast: Cast, consumer: Program, producer: Program, path: str
) -> None:
    assert api(cast.observer).put(path, json=WORDS).status_code == 403
    assert producer.put(path, json=WORDS).status_code == 403
    assert producer.get(path).status_code == 404
    stranger = api(cast.rhea, cast.rival)
    for method in ("GET", "PUT", "DELETE"):
        assert stranger.ask(method, path, json=WORDS if method == "PUT" else {}).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"ports": "22"}, {"ports": [0]}, {"ports": [True]}, {"ports": [22.5]}, {"ports": [10**30]},
        {"ports": list(range(1, 999))}, {"label": "a\nb"}, {"label": None}, {"notes": "x" * 4001}, {"name": "x"}, [],
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(consumer: Program, path: str, body: Any) -> None:
    assert consumer.put(path, json=body).status_code == 400
    assert not Reference.objects.exists()
