"""Activity: what each side sees, its filters, and the files that are taken out of it."""

import csv
import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.asserts import assertContains, assertNotContains

from accounts import history
from accounts.exports import safe_cell
from accounts.history import COLUMNS
from accounts.models import Account, Event
from accounts.records import record
from accounts.viewer import Viewer
from tests.accounts.conftest import Browse
from tests.people import Cast

QUERIES = 6  # session, person, viewer, people to choose from, events, feeds; and see below
NUMBER_OF_COUNTERS = 3  # unread messages, open offers and hand-overs, in the frame


def url(account: Account, name: str = "activity") -> str:
    return reverse(name, kwargs={"number": account.number})


def offer(cast: Cast, name: str = "web-base", verb: str = "offered", by: Viewer | None = None, **more: Any) -> Event:
    """Something that Alice did for Acme Producers and that reaches Beta Consumers."""
    told: dict[str, Any] = {
        "counterpart": cast.beta.group_ptr,
        "address": cast.beta.grouped_number,
        "message": "For you",
    } | more
    return record(verb, subject_kind="image", subject_id=name, subject_name=name, by=by or cast.producer, **told)


def moved(event: Event, **columns: Any) -> Event:
    """The event with other columns: what no action can do."""
    Event._base_manager.filter(pk=event.pk).update(**columns)
    return event


def names(client: Client, owner: Account, /, **asked: str) -> list[str]:
    lines = client.get(url(owner), asked).context["lines"]
    return [line.event.subject_name for line in lines if line.event.subject_kind == "image"]


def body(answer: Any) -> str:
    return b"".join(answer.streaming_content).decode()


def cells(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(body(answer).removeprefix("\ufeff"), newline="")))


def objects(answer: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in body(answer).splitlines()]


class TestThePage:
    def test_the_other_side_sees_the_shared_part_alone(self, cast: Cast, browse: Browse) -> None:
        moved(offer(cast), network_address="192.0.2.7")
        page = browse(cast.bob).get(url(cast.beta))
        assertContains(page, "web-base")
        assertContains(page, "Acme Producers")
        for private in ("alice", "192.0.2.7", "For you"):
            assertNotContains(page, private)
        own = browse(cast.alice).get(url(cast.acme))
        for private in ("alice", "192.0.2.7", "For you"):
            assertContains(own, private)

    def test_only_admins_see_where_requests_came_from(self, cast: Cast, browse: Browse) -> None:
        moved(offer(cast), network_address="192.0.2.7")
        assertNotContains(browse(cast.carol).get(url(cast.acme)), "192.0.2.7")

    def test_it_is_paged(self, cast: Cast, browse: Browse) -> None:
        for number in range(60):
            offer(cast, name=f"image-{number:02}")
        bob = browse(cast.bob)
        first = bob.get(url(cast.beta))
        second = bob.get(url(cast.beta) + first.context["older"])
        seen = [line.event.pk for page in (first, second) for line in page.context["lines"]]
        assert len(seen) == len(set(seen)) >= 60
        assert seen == sorted(seen, reverse=True)
        assert bob.get(url(cast.beta), {"before": "x"}).status_code == 200

    @pytest.mark.parametrize("number", [1, 120])
    def test_it_costs_the_same_for_one_event_and_for_many(
        self, cast: Cast, browse: Browse, django_assert_num_queries: DjangoAssertNumQueries, number: int
    ) -> None:
        for _ in range(number):
            offer(cast)
        client = browse(cast.alice)
        client.get(url(cast.acme))
        with django_assert_num_queries(QUERIES + NUMBER_OF_COUNTERS):
            client.get(url(cast.acme), {"image": "web", "verb": "offered", "account": "55", "since": "2020-01-01"})


class TestFilters:
    @pytest.fixture(autouse=True)
    def events(self, cast: Cast) -> None:
        offer(cast, "web-base")
        offer(cast, "db-base", by=cast.creator, address="who@nowhere.example", counterpart=None)
        offer(cast, "old-base", "removed")
        moved(Event.objects.get(subject_name="old-base"), at=timezone.now() - timedelta(days=40))
        record(
            "accepted", subject_kind="image", subject_id="x", subject_name="from-beta", by=cast.consumer,
            counterpart=cast.acme.group_ptr, address="alice",
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ({"image": "WEB"}, ["web-base"]),
            ({"image": "db-base"}, ["db-base"]),
            ({"verb": "removed"}, ["old-base"]),
            ({"person": "carol"}, ["db-base"]),
            ({"account": "nowhere"}, ["db-base"]),
            ({"account": "Beta Cons"}, ["from-beta"]),
            ({"verb": "offered", "person": "alice"}, ["web-base"]),
        ],
    )
    def test_each(self, cast: Cast, browse: Browse, asked: dict[str, str], found: list[str]) -> None:
        assert names(browse(cast.alice), cast.acme, **asked) == found

    def test_a_number_is_found_as_people_type_it(self, cast: Cast, browse: Browse) -> None:
        alice = browse(cast.alice)
        expected = ["from-beta", "web-base", "old-base"]
        for typed in (cast.beta.number, cast.beta.grouped_number, f" {cast.beta.number} "):
            assert names(alice, cast.acme, account=typed) == expected

    def test_days_are_whole(self, cast: Cast, browse: Browse) -> None:
        alice, day = browse(cast.alice), timezone.now().date()
        assert "old-base" not in names(alice, cast.acme, since=str(day - timedelta(days=39)))
        assert names(alice, cast.acme, until=str(day - timedelta(days=40))) == ["old-base"]
        assert names(alice, cast.acme, since=str(day), until=str(day))[-1] == "web-base"

    def test_nobody_asks_for_people_of_the_other_side(self, cast: Cast, browse: Browse) -> None:
        answer = browse(cast.bob).get(url(cast.beta), {"person": "alice"})
        assert answer.status_code == 422
        assert not answer.context["lines"]

    def test_whom_an_address_reaches_is_not_found_by_the_account(self, cast: Cast, browse: Browse) -> None:
        offer(cast, "by-login", address="dave")
        alice = browse(cast.alice)
        assert "by-login" not in names(alice, cast.acme, account=cast.beta.number)
        assert "by-login" not in names(alice, cast.acme, account="Beta")

    @pytest.mark.parametrize(
        "asked",
        [
            {"since": "yesterday"},
            {"since": "2026-02-02", "until": "2026-02-01"},
            {"verb": "nothing"},
            {"image": "a\0b"},
        ],
    )
    def test_what_is_wrong_is_told(self, cast: Cast, browse: Browse, asked: dict[str, str]) -> None:
        alice = browse(cast.alice)
        for name in ("activity", "activity_csv", "activity_json"):
            answer = alice.get(url(cast.acme, name), asked)
            assert answer.status_code == 422
            assertContains(answer, "There is a problem", status_code=422)

    def test_nothing_found_says_so(self, cast: Cast, browse: Browse) -> None:
        assertContains(browse(cast.alice).get(url(cast.acme), {"image": "no-such"}), "Nothing for this filter")


class TestExports:
    def test_both_hold_what_the_filter_shows(self, cast: Cast, browse: Browse) -> None:
        for number in range(history.BATCH + 3):
            offer(cast, f"image-{number}")
        offer(cast, "other", "removed")
        alice = browse(cast.alice)
        rows = cells(alice.get(url(cast.acme, "activity_csv"), {"verb": "offered"}))
        assert [row["subject_name"] for row in rows] == [f"image-{n}" for n in reversed(range(history.BATCH + 3))]
        told = objects(alice.get(url(cast.acme, "activity_json"), {"verb": "offered"}))
        assert [row["id"] for row in told] == [int(row["id"]) for row in rows]

    def test_columns_are_those_of_the_page(self, cast: Cast, browse: Browse) -> None:
        offer(cast)
        alice = browse(cast.alice)
        [row, *_] = objects(alice.get(url(cast.acme, "activity_json")))
        assert list(row) == list(COLUMNS)
        assert row["at"].endswith("+00:00")
        assert (row["own"], row["person"], row["detail"]) == (True, "alice", {"message": "For you"})
        page = alice.get(url(cast.acme))
        for column in COLUMNS:
            assertContains(page, f"<code>{column}</code>")

    def test_the_other_side_gets_the_shared_part_alone(self, cast: Cast, browse: Browse) -> None:
        moved(offer(cast), network_address="192.0.2.7")
        bob = browse(cast.bob)
        for name in ("activity_csv", "activity_json"):
            text = body(bob.get(url(cast.beta, name), {"image": "web-base"}))
            assert "web-base" in text
            for private in ("alice", "192.0.2.7", "For you"):
                assert private not in text

    @pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "  =1", "＝1"])
    def test_no_cell_is_a_formula(self, cast: Cast, browse: Browse, name: str) -> None:
        offer(cast, name, reason=name)
        [row] = [
            row for row in cells(browse(cast.alice).get(url(cast.acme, "activity_csv"))) if row["verb"] == "offered"
        ]
        assert row["subject_name"] == f"'{name}"

    @pytest.mark.parametrize("name", ['a"b', "a,b", "a\r\nb", "a;b", "日本 עברית"])
    def test_a_cell_is_one_cell(self, cast: Cast, browse: Browse, name: str) -> None:
        offer(cast, name)
        answer = browse(cast.alice).get(url(cast.acme, "activity_csv"), {"verb": "offered"})
        assert [row["subject_name"] for row in cells(answer)] == [name]

    def test_a_cell_says_what_it_holds(self) -> None:
        assert [safe_cell(value) for value in (True, False, {}, {"a": "ü"}, 7)] == ["yes", "no", "", '{"a": "ü"}', "7"]

    def test_it_is_a_file(self, cast: Cast, browse: Browse) -> None:
        answer = browse(cast.dave).get(url(cast.beta, "activity_csv"))
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        today = timezone.now().date()
        assert answer["Content-Disposition"] == f'attachment; filename="activity-{cast.beta.number}-{today}.csv"'

    def test_it_costs_a_query_for_each_batch(
        self,
        cast: Cast,
        browse: Browse,
        django_assert_num_queries: DjangoAssertNumQueries,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(history, "BATCH", 10)
        for number in range(25):
            offer(cast, f"image-{number}")
        client = browse(cast.alice)
        client.get(url(cast.acme))
        with django_assert_num_queries(4 + 3):
            assert len(objects(client.get(url(cast.acme, "activity_json"), {"verb": "offered"}))) == 25
