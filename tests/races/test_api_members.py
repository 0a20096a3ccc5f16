"""Programs add, accept and remove one member at once (wire contract, rule 16: where Glance leaves two rows).

There the second row kept the access after the first was removed. Here every round ends with one row, and then none:
who was removed reads nothing, whatever happened at the same moment.
"""

import json
from collections import Counter
from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.viewer import Viewer
from api import tokens
from images.models import Image, ImageGroupObjectPermission
from sharing.models import Share
from tests.people import Cast
from tests.races.conftest import AtOnce

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]

ADDERS = 8
Send = Callable[[str, str, object], int]


@pytest.fixture(params=[3, pytest.param(200, marks=pytest.mark.long)], ids=["a few", "many"])
def rounds(request: pytest.FixtureRequest, settings: Settings) -> int:
    """How often, without the limits that so many requests would reach."""
    settings.API_CHANGES_PER_MINUTE = settings.API_READS_PER_MINUTE = None
    settings.OFFERS_PER_DAY = 10_000
    number: int = request.param
    return number


@pytest.fixture
def image(golden: Image) -> Image:
    Image.objects.filter(pk=golden.pk).update(visibility="shared")
    golden.refresh_from_db()
    return golden


def program(viewer: Viewer) -> Send:
    """Sends requests with a token of somebody, each with a client of its own, as threads need."""
    token = tokens.issue(viewer.user, number=viewer.account.number, methods=("password",)).signed()

    def send(method: str, path: str, body: object = None) -> int:
        client = Client(raise_request_exception=False)
        sent = json.dumps(body) if body else b""
        headers = {"X-Auth-Token": token}
        return client.generic(method, path, sent, content_type="application/json", headers=headers).status_code

    return send


def test_adding_one_member_at_once_leaves_one_row_and_removing_it_leaves_nothing(
    cast: Cast, image: Image, at_once: AtOnce, rounds: int
) -> None:
    url = f"/image/v2/images/{image.pk}"
    own = f"{url}/members/{cast.beta.number}"
    producers, consumer = [program(cast.producer), program(cast.creator)], program(cast.consumer)

    for _round in range(rounds):
        answers: Counter[int] = Counter()

        def add(send: Send, answers: Counter[int] = answers) -> None:
            answers[send("POST", f"{url}/members", {"member": cast.beta.number})] += 1

        at_once(*(lambda send=producers[n % 2]: add(send) for n in range(ADDERS)))

        assert answers == {200: 1, 409: ADDERS - 1}
        assert Share.objects.filter(image=image).count() == 1
        assert consumer("PUT", own, {"status": "accepted"}) == 200
        assert producers[0]("DELETE", own, None) == 204
        assert consumer("GET", url, None) == consumer("GET", f"{url}/file", None) == 404
        assert_nobody_has(image)


def test_accepting_while_it_is_removed_and_added_again_gives_nothing_without_consent(
    cast: Cast, image: Image, at_once: AtOnce, rounds: int
) -> None:
    url = f"/image/v2/images/{image.pk}"
    own = f"{url}/members/{cast.beta.number}"
    producer, consumer = program(cast.producer), program(cast.consumer)

    for _round in range(rounds):
        assert producer("POST", f"{url}/members", {"member": cast.beta.number}) == 200
        at_once(
            lambda: consumer("PUT", own, {"status": "accepted"}),
            lambda: producer("DELETE", own, None),
            lambda: producer("POST", f"{url}/members", {"member": cast.beta.number}),
            lambda: consumer("PUT", own, {"status": "rejected"}),
        )
        found = list(Share.objects.filter(image=image))
        assert len(found) <= 1
        rights = ImageGroupObjectPermission.objects.filter(content_object=image)
        granted = set(rights.values_list("permission__codename", flat=True))
        expected = {"pending": {"view_image"}, "rejected": set()}
        whole = {"view_image", "use_image", "export_image"}
        assert granted == (expected.get(found[0].status, whole) if found else set())
        if found:
            assert producer("DELETE", own, None) == 204
        assert_nobody_has(image)


def assert_nobody_has(image: Image) -> None:
    assert not Share.objects.filter(image=image).exists()
    assert not ImageGroupObjectPermission.objects.filter(content_object=image).exists()
