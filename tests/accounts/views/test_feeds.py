"""Feeds: read by whoever has the address, for as long as its person could read the page."""

from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from accounts.actions import deactivate_person, make_feed, remove_member, revoke_feed
from accounts.models import Event, Feed, Membership
from accounts.records import record
from accounts.views import feeds
from tests.accounts.conftest import Browse
from tests.people import Cast

ATOM = {"a": "http://www.w3.org/2005/Atom"}


def happen(cast: Cast, name: str = "web-base", **more: Any) -> Event:
    return record(
        "offered", subject_kind="image", subject_id="1", subject_name=name, by=cast.producer,
        counterpart=cast.beta.group_ptr, address="bob", **more,
    )  # fmt: skip


def read(token: str, **headers: str) -> object:
    return Client().get(reverse("feed", kwargs={"token": token}), headers=headers)


@pytest.fixture
def token(cast: Cast) -> str:
    """Of Bob, for Beta Consumers."""
    return make_feed(by=cast.consumer)


def entries(token: str) -> list[ET.Element]:
    answer = Client().get(reverse("feed", kwargs={"token": token}))
    assert answer["Content-Type"] == "application/atom+xml; charset=utf-8"
    return ET.fromstring(answer.content.decode()).findall("a:entry", ATOM)  # noqa: S314  # we wrote it ourselves


def text_of(entry: ET.Element, name: str) -> str:
    return entry.findtext(f"a:{name}", "", ATOM)


def test_it_has_what_the_page_has_and_needs_no_cookie(cast: Cast, token: str, settings: Settings) -> None:
    settings.SITE_URL = "https://panel.example"
    happen(cast, message="Private words")
    first = entries(token)[0]
    assert text_of(first, "title") == "Acme Producers offered web-base to bob"
    assert "alice" not in ET.tostring(first, encoding="unicode")
    assert "Private words" not in ET.tostring(first, encoding="unicode")
    link = first.find("a:link", ATOM)
    assert link is not None
    assert link.get("href") == f"https://panel.example/a/{cast.beta.number}/activity/?image=1"


def test_it_never_says_its_own_address(cast: Cast, token: str) -> None:
    answer = Client().get(reverse("feed", kwargs={"token": token}))
    assert token not in answer.content.decode()
    assert not answer.cookies


def test_names_are_text(cast: Cast, token: str) -> None:
    happen(cast, "<b>&\x0b\x1b עברית</b>")
    assert text_of(entries(token)[0], "title") == "Acme Producers offered <b>&   עברית</b> to bob"


def test_it_has_the_newest_fifty(cast: Cast, token: str) -> None:
    for number in range(feeds.EVENTS_IN_A_FEED + 5):
        happen(cast, f"image-{number}")
    found = entries(token)
    assert len(found) == feeds.EVENTS_IN_A_FEED
    assert "image-54" in text_of(found[0], "title")


def test_the_address_is_kept_nowhere(cast: Cast, browse: Browse) -> None:
    page = browse(cast.bob).post(reverse("feed_make", args=[cast.beta.number]))
    url = page.context["url"]
    token = url.rpartition("/")[2].removesuffix(".atom")
    assert len(token) >= 43  # 32 bytes
    assert token not in str(Feed.objects.values().get()) + str(list(Event.objects.values()))
    assert "no-store" in page["Cache-Control"]
    assert entries(token)


def test_a_new_address_ends_the_old_one(cast: Cast, token: str) -> None:
    new = make_feed(by=cast.consumer)
    assert read(token).status_code == 404  # type: ignore[attr-defined]
    assert entries(new)


class TestDead:
    def test_after_it_was_revoked(self, cast: Cast, token: str, browse: Browse) -> None:
        feed = Feed.objects.get()
        assert browse(cast.bob).post(reverse("feed_revoke", args=[cast.beta.number, feed.pk])).status_code == 302
        assert read(token).status_code == 404  # type: ignore[attr-defined]

    def test_after_the_person_left_the_account(self, cast: Cast) -> None:
        token = make_feed(by=cast.observer)
        membership = Membership.objects.get(user=cast.dave, group=cast.beta.pk)
        remove_member(cast.beta, membership.pk, by=cast.consumer)
        assert read(token).status_code == 404  # type: ignore[attr-defined]

    def test_after_the_person_was_deactivated(self, cast: Cast) -> None:
        token = make_feed(by=cast.observer)
        deactivate_person(cast.dave, by=cast.root)
        assert read(token).status_code == 404  # type: ignore[attr-defined]

    def test_it_costs_what_a_wrong_address_costs(
        self, cast: Cast, token: str, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        dead = make_feed(by=cast.observer)
        Membership.objects.filter(user=cast.dave, group=cast.beta.pk).delete()
        for wrong in (dead, "x", "a" * 43, token[:-1]):
            with django_assert_num_queries(1):
                assert read(wrong).status_code == 404  # type: ignore[attr-defined]


class TestAsking:
    def test_a_reader_that_has_it_is_told_so(self, cast: Cast, token: str) -> None:
        first = Client().get(reverse("feed", kwargs={"token": token}))
        for header in ({"If-None-Match": first["ETag"]}, {"If-Modified-Since": first["Last-Modified"]}):
            again = Client().get(reverse("feed", kwargs={"token": token}), headers=header)
            assert (again.status_code, again.content) == (304, b"")
        happen(cast)
        assert read(token, **{"If-None-Match": first["ETag"]}).status_code == 200  # type: ignore[attr-defined]

    def test_it_costs_the_same_for_any_number_of_events(
        self, cast: Cast, token: str, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        for number in (1, 60):
            for _ in range(number):
                happen(cast)
            with django_assert_num_queries(3):
                read(token)

    def test_too_often_is_too_often(self, cast: Cast, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(feeds, "MOST_REQUESTS", 2)
        statuses = [read(token).status_code for _ in range(3)]  # type: ignore[attr-defined]
        assert statuses == [200, 200, 429]


class TestWhoseItIs:
    def test_an_admin_sees_and_revokes_those_of_others(self, cast: Cast, browse: Browse) -> None:
        make_feed(by=cast.observer)
        page = browse(cast.bob).get(reverse("activity", args=[cast.beta.number]))
        assert [feed.user for feed in page.context["feeds"]] == [cast.dave]
        revoke_feed(Feed.objects.get().pk, by=cast.consumer)
        assert Event.objects.filter(verb="feed revoked", detail__person="dave", actor=cast.bob).exists()

    def test_others_see_their_own_alone(self, cast: Cast, token: str, browse: Browse) -> None:
        dave = browse(cast.dave)
        assert not dave.get(reverse("activity", args=[cast.beta.number])).context["feeds"]
        assert dave.post(reverse("feed_revoke", args=[cast.beta.number, Feed.objects.get().pk])).status_code == 404
