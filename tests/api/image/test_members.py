"""Members of an image, with the statuses and the words that were recorded of Glance (wire contract, section D)."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Event
from images.models import Image
from sharing import actions
from sharing.models import Share
from tests import factories
from tests.api.conftest import MakeProgram, Program
from tests.conftest import MoveClock
from tests.people import Cast

pytestmark = pytest.mark.django_db

NOBODY = "1000000008"  # a number that no account has


@pytest.fixture
def image(golden: Image) -> Image:
    """What every image that programs make is: shared, with nobody yet."""
    Image.objects.filter(pk=golden.pk).update(visibility="shared")
    golden.refresh_from_db()
    return golden


@pytest.fixture
def url(image: Image) -> str:
    return f"/image/v2/images/{image.pk}/members"


@pytest.fixture
def producer(api: MakeProgram, cast: Cast) -> Program:
    return api(cast.producer)


@pytest.fixture
def consumer(api: MakeProgram, cast: Cast) -> Program:
    return api(cast.consumer)


def text_of(answer: Any) -> str:
    """What an answer says, without its first line."""
    return str(answer.content.decode()).split("\n")[2]


def statuses(answer: Any) -> dict[str, str]:
    return {member["member_id"]: member["status"] for member in answer.json()["members"]}


class TestAdding:
    def test_a_new_member_is_asked_first(self, producer: Program, cast: Cast, image: Image, url: str) -> None:
        answer = producer.post(url, json={"member": cast.beta.number})

        said = answer.json()
        assert answer.status_code == 200
        assert set(said) == {"member_id", "image_id", "status", "created_at", "updated_at", "schema"}
        assert (said["member_id"], said["image_id"]) == (cast.beta.number, str(image.pk))
        assert (said["status"], said["schema"]) == ("pending", "/v2/schemas/member")
        assert said["created_at"] == said["updated_at"]
        assert Event.objects.get(verb="offered").counterpart_id == cast.beta.pk

    def test_whoever_trusts_the_producer_is_asked_too(self, producer: Program, cast: Cast, url: str) -> None:
        actions.trust(cast.acme.group_ptr, recipient=cast.beta, by=cast.consumer)

        assert producer.post(url, json={"member": cast.beta.number}).json()["status"] == "pending"

    def test_another_account_of_the_same_person_is_asked_too(self, producer: Program, cast: Cast, url: str) -> None:
        other = factories.make_account("Acme Tests", cast.alice)

        assert producer.post(url, json={"member": other.number}).json()["status"] == "pending"

    @pytest.mark.parametrize(
        "named", ["bob", "bob@example.org", "nobody-here", "nobody@example.net", NOBODY, "hubfirst"]
    )
    def test_whatever_is_named_is_shown_as_it_was_named(self, producer: Program, url: str, named: str) -> None:
        answer = producer.post(url, json={"member": named})

        assert (answer.status_code, answer.json()["member_id"], answer.json()["status"]) == (200, named, "pending")
        assert producer.get(f"{url}/{named}").json() == answer.json()
        assert producer.delete(f"{url}/{named}").status_code == 204

    def test_a_number_is_read_with_blanks(self, producer: Program, cast: Cast, url: str) -> None:
        answer = producer.post(url, json={"member": cast.beta.grouped_number})

        assert answer.json()["member_id"] == cast.beta.number

    def test_an_account_that_does_not_exist_costs_the_same_statements(
        self, producer: Program, cast: Cast, url: str
    ) -> None:
        producer.post(url, json={"member": "warm-up"})

        def statements(named: str) -> list[str]:
            with CaptureQueriesContext(connection) as queries:
                assert producer.post(url, json={"member": named}).status_code == 200
            # Where nobody is reached, a grant is not written but changed, which takes as long (images.permissions).
            said = [re.split(r" WHERE | VALUES |SAVEPOINT |SELECT id, ", query["sql"])[0] for query in queries]
            return ["a grant" if "imagegroupobjectpermission" in text else text for text in said]

        assert statements(cast.beta.number) == statements(NOBODY)
        assert statements("bob") == statements("nobody-here")
        assert statements("dave@example.org") == statements("nobody@example.net")

    def test_a_second_time_is_a_duplicate(self, producer: Program, cast: Cast, image: Image, url: str) -> None:
        producer.post(url, json={"member": cast.beta.number})

        again = producer.post(url, json={"member": cast.beta.number})

        assert again.status_code == 409
        assert text_of(again) == f"Member {cast.beta.number} is duplicated for image {image.pk}"
        assert Share.objects.count() == 1

    def test_whoever_has_rejected_is_a_member_still(
        self, producer: Program, consumer: Program, cast: Cast, url: str
    ) -> None:
        producer.post(url, json={"member": cast.beta.number})
        consumer.put(f"{url}/{cast.beta.number}", json={"status": "rejected"})

        assert producer.post(url, json={"member": cast.beta.number}).status_code == 409

    def test_after_removal_it_begins_anew(self, producer: Program, consumer: Program, cast: Cast, url: str) -> None:
        own = f"{url}/{cast.beta.number}"
        producer.post(url, json={"member": cast.beta.number})
        consumer.put(own, json={"status": "accepted"})
        producer.delete(own)

        answer = producer.post(url, json={"member": cast.beta.number})

        assert (answer.status_code, answer.json()["status"]) == (200, "pending")
        assert consumer.get(own).json()["status"] == "pending"

    def test_after_expiry_it_begins_anew(
        self, producer: Program, api: MakeProgram, cast: Cast, url: str, move_clock: MoveClock
    ) -> None:
        producer.post(url, json={"member": cast.beta.number})
        move_clock(timedelta(days=31))
        producer, consumer = api(cast.producer), api(cast.consumer)

        assert producer.get(url).json()["members"] == []
        assert consumer.get(url).status_code == 404
        assert producer.post(url, json={"member": cast.beta.number}).json()["status"] == "pending"
        assert consumer.get(url).status_code == 200

    def test_the_own_account_is_left_out(self, producer: Program, cast: Cast, url: str) -> None:
        answer = producer.post(url, json={"member": cast.acme.number})

        assert answer.status_code == 400
        assert "owns this image" in text_of(answer)

    @pytest.mark.parametrize(
        ("body", "text"),
        [
            ({"member": ""}, "Member can't be empty"),
            ({"foo": "x"}, "Member to be added not specified"),
            ({}, "Member to be added not specified"),
            ({"member": 3}, "Member has to be a text: an account number, a login or an email address."),
            ({"member": None}, "Member has to be a text: an account number, a login or an email address."),
            ({"member": ["bob"]}, "Member has to be a text: an account number, a login or an email address."),
            ({"member": {"id": "bob"}}, "Member has to be a text: an account number, a login or an email address."),
            ([1], 'Expected a member in the form: {"member": "image_id"}'),
            ("bob", 'Expected a member in the form: {"member": "image_id"}'),
            (None, 'Expected a member in the form: {"member": "image_id"}'),
        ],
    )
    def test_a_body_that_names_nobody_is_refused(self, producer: Program, url: str, body: Any, text: str) -> None:
        answer = producer.post(url, json=body)

        assert (answer.status_code, text_of(answer)) == (400, text)

    @pytest.mark.parametrize("body", [b"{oops", b"", b"\xff\xfe", b"[" * 100_000, b'{"member": NaN}'])
    def test_what_is_no_json_is_refused(self, producer: Program, url: str, body: bytes) -> None:
        assert producer.post(url, data=body).status_code == 400

    @pytest.mark.parametrize(
        "named",
        [
            "m" * 300, "a\x00b", "x", "4071385961", "407138596", "\ud800", "a@\ud800.org", "@", "group:",
            "group:x", "group:-1", "group:" + "9" * 40, "organization:³", "code:X", " ", "Bob Baker", "\u202ebob",
        ],
    )  # fmt: skip
    def test_what_is_no_name_is_refused(self, producer: Program, url: str, named: str) -> None:
        answer = producer.post(url, json={"member": named})

        assert answer.status_code == 400
        assert not Share.objects.exists()

    def test_a_mistyped_number_is_told(self, producer: Program, cast: Cast, url: str) -> None:
        wrong = cast.beta.number[:-1] + str((int(cast.beta.number[-1]) + 1) % 10)

        answer = producer.post(url, json={"member": wrong})

        assert (answer.status_code, text_of(answer)) == (
            400,
            f"“{wrong}” is mistyped: its last digit does not fit the others.",
        )
