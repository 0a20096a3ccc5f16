"""Who has access: every recipient, how it came, until when, what was done with it; and nothing of the other side."""

import csv
import re
from datetime import UTC, timedelta
from io import StringIO
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

import images.actions
import images.hooks
from accounts.models import Event
from accounts.viewer import Viewer
from images.hooks import Usage
from images.models import Image
from sharing import actions
from sharing.access import ROWS_ON_A_PAGE, Wanted, all_rows, page_of
from sharing.models import Share
from sharing.rows import explain
from tests.factories import make_image, signed_in, viewer
from tests.people import Cast
from tests.sharing.conftest import offer_all, offer_one
from tests.sharing.test_views import url


def take(image: Image, by: Viewer) -> None:
    """Download an image, as its page does."""
    images.actions.record_download(image, by=by, begins=True)


def shown(client: Client, page: str) -> str:
    answer = client.get(page)
    assert answer.status_code == 200
    return answer.content.decode()


def lines(client: Client, page: str) -> list[dict[str, str]]:
    answer = client.get(page)
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    return list(csv.DictReader(StringIO(text)))


@pytest.fixture
def access(cast: Cast, golden: Image) -> str:
    return url("image_access", cast.acme, golden.pk)


@pytest.fixture
def client(cast: Cast) -> Client:
    return signed_in(cast.alice)


class TestRows:
    def test_how_it_came_and_how_many_people_that_is(
        self, cast: Cast, golden: Image, access: str, client: Client
    ) -> None:
        offer_all(golden, cast.producer, f"{cast.beta.number}, rhea", cast.golden_testers)
        actions.trust(cast.acme.group_ptr, recipient=cast.rival, by=viewer(cast.rhea, cast.rival))
        offer_one(golden, cast.producer, cast.rival.number)
        html = shown(client, access)
        for words in ("group · 2 people", "At once: by our own authority", "At once: they trust us", "Asked"):
            assert words in html
        assert url("team_detail", cast.acme, cast.golden_testers.pk) in html

    def test_nobody_is_behind_a_claim_code_who_could_be_reminded(
        self, cast: Cast, golden: Image, access: str, client: Client
    ) -> None:
        actions.make_claim_code(golden.pk, by=cast.producer, whom="Jane", terms=actions.Terms())
        html = shown(client, access)
        assert "Jane" in html
        assert "Nobody has used the code yet." in html
        assert "Remind" not in html

    def test_what_was_taken_and_when_by_the_address_alone(
        self, cast: Cast, golden: Image, access: str, client: Client
    ) -> None:
        share = offer_one(golden, cast.producer, "bob@example.org")
        actions.accept(share.pk, by=viewer(cast.bob), into=cast.beta)
        assert "never" in shown(client, access)
        take(golden, cast.consumer)
        take(golden, cast.observer)
        html = shown(client, access)
        assert "taken 2 times" in html
        for word in ("Beta", "Bob", "Dave", cast.beta.number, cast.beta.grouped_number):
            assert word not in html

    def test_it_stays_with_the_share_when_a_group_gets_another_name(self, cast: Cast, golden: Image) -> None:
        offer_all(golden, cast.producer, "", cast.golden_testers)
        take(golden, viewer(cast.erin))
        cast.golden_testers.title = "Platinum Testers"
        cast.golden_testers.save()
        [row] = all_rows(cast.producer, Wanted(golden))
        assert (row.share.address_text, row.uses.taken) == ("Platinum Testers", 1)

    def test_servers_are_told_as_soon_as_somebody_counts_them(
        self, cast: Cast, golden: Image, accepted: Share, access: str, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert "servers run" not in shown(client, access)
        assert "3 servers" not in shown(client, access)
        counted = {accepted.pk: Usage(running=3, last_at=timezone.now())}
        monkeypatch.setattr(images.hooks.usage, "_answers", [lambda *_asked: counted])
        assert "3 servers" in shown(client, access)
        remove = shown(client, url("share_remove", cast.acme, golden.pk, accepted.pk))
        assert "3 servers run from it at this moment" in remove

    def test_own_people_have_it_without_a_share(self, cast: Cast, golden: Image, access: str, client: Client) -> None:
        assert "1 creator, 1 admin" in " ".join(shown(client, access).split())

    def test_nobody_else_sees_it(self, cast: Cast, golden: Image, accepted: Share, access: str) -> None:
        for user, account, status in ((cast.rhea, cast.rival, 404), (cast.bob, cast.beta, 403)):
            for name in ("image_access", "image_access_csv"):
                assert signed_in(user).get(url(name, account, golden.pk)).status_code == status


class TestExplanations:
    @pytest.mark.parametrize(
        ("fields", "words"),
        [
            ({}, "They can boot servers from it, download it and copy it."),
            ({"visibility": "private"}, "because it is private now"),
            ({"visibility": "community"}, "Everybody can use it, because it is community"),
            ({"status": "deactivated"}, "because it is deactivated"),
        ],
    )
    def test_what_the_image_is(
        self, cast: Cast, golden: Image, accepted: Share, fields: dict[str, Any], words: str
    ) -> None:
        golden.refresh_from_db()
        for name, value in fields.items():
            setattr(golden, name, value)
        assert words in explain(accepted, golden)

    def test_damaged_data_and_what_is_obsolete(self, cast: Cast, golden: Image, accepted: Share) -> None:
        golden.refresh_from_db()
        golden.obsolete_at = timezone.now()
        assert "because it is obsolete" in explain(accepted, golden)
        golden.data.damaged_at = timezone.now()
        assert "its data is damaged" in explain(accepted, golden)

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({}, "until they accept"),
            ({"offer_expires_at": timezone.now() - timedelta(days=1)}, "nobody answered in time"),
        ],
    )
    def test_an_open_offer_says_the_same_of_everybody(
        self, cast: Cast, golden: Image, access: str, client: Client, changes: dict[str, Any], words: str
    ) -> None:
        offer_all(golden, cast.producer, "bob, nobody-knows")
        Share.objects.update(**changes)
        assert shown(client, access).count(words) == 2

    def test_booting_only(self, cast: Cast, golden: Image) -> None:
        share = offer_one(golden, cast.producer, cast.beta.number, export=False)
        accepted = actions.accept(share.pk, by=cast.consumer)
        assert explain(accepted, accepted.image) == "They can boot servers from it."

    def test_rejected_and_ended(self, cast: Cast, golden: Image, accepted: Share) -> None:
        golden.refresh_from_db()
        accepted.access_until = timezone.now()
        assert "the time for which it was shared is over" in explain(accepted, golden)
        actions.leave(golden.pk, by=cast.consumer)
        assert "they said no" in explain(Share.objects.get(), golden)


class TestFilters:
    @pytest.fixture
    def shares(self, cast: Cast, golden: Image) -> Image:
        """One of each state, kind and use."""
        offered = offer_all(golden, cast.producer, f"{cast.beta.number}, rhea, ivy@example.org", cast.golden_testers)
        actions.accept(offered[0].share.pk, by=cast.consumer)
        Share.objects.filter(pk=offered[0].share.pk).update(access_until=timezone.now() + timedelta(days=9))
        actions.reject(offered[1].share.pk, by=viewer(cast.rhea))
        take(golden, viewer(cast.erin))
        return golden

    @pytest.mark.database
    @pytest.mark.parametrize(
        ("query", "whom"),
        [
            ("status=accepted", {"Beta", "Golden"}),
            ("status=pending", {"ivy"}),
            ("status=rejected", {"rhea"}),
            ("status=ending", {"Beta"}),
            ("status=expired", set()),
            ("status=nonsense", {"Beta", "Golden", "ivy", "rhea"}),
            ("kind=team", {"Golden"}),
            ("kind=number", {"Beta"}),
            ("used=yes", {"Golden"}),
            ("used=no", {"Beta", "ivy", "rhea"}),
            ("q=TESTERS", {"Golden"}),
            ("q=ivy%40", {"ivy"}),
            ("q=beta", set()),
            ("q=debian", {"Beta", "Golden", "ivy", "rhea"}),
            ("q=%00", {"Beta", "Golden", "ivy", "rhea"}),
            ("after=nonsense", {"Beta", "Golden", "ivy", "rhea"}),
        ],
    )
    def test_one_sees_what_one_asks_for(
        self, cast: Cast, shares: Image, access: str, client: Client, query: str, whom: set[str]
    ) -> None:
        names = {"Beta": cast.beta.grouped_number, "Golden": "Golden Testers", "ivy": "ivy@example.org", "rhea": "rhea"}
        html = shown(client, f"{access}?{query}").partition("<tbody>")[2]
        assert {
            short for short, name in names.items() if f'row-title">{name}<' in html or f'">{name}</a>' in html
        } == whom
        listed = lines(client, f"{url('image_access_csv', cast.acme, shares.pk)}?{query}")
        assert {line["recipient"] for line in listed} == {names[short] for short in whom}

    def test_what_was_used_is_asked_for_in_the_query_itself(self, cast: Cast, shares: Image) -> None:
        """So that none of however many is left out."""
        counts, alice = [], cast.producer
        for used in ("", "yes", "no"):
            with CaptureQueriesContext(connection) as queries:
                page_of(alice, Wanted(shares, used=used))
            counts.append(len(queries))
        assert counts == [4, 4, 4]

    def test_a_number_is_found_as_it_is_written(self, cast: Cast, shares: Image, access: str, client: Client) -> None:
        for q in (cast.beta.number, cast.beta.grouped_number):
            assert cast.beta.grouped_number in shown(client, f"{access}?q={q}").partition("<tbody>")[2]

    def test_behind_an_address_nothing_is_found(self, cast: Cast, golden: Image, access: str, client: Client) -> None:
        share = offer_one(golden, cast.producer, "bob")
        actions.accept(share.pk, by=viewer(cast.bob), into=cast.beta)
        for q in ("Beta", "Baker", cast.beta.number):
            assert "No recipient matches" in shown(client, f"{access}?q={q}")

    @pytest.mark.parametrize("sort", ["newest", "oldest", "recipient", "ends"])
    def test_pages_have_every_row_once_in_every_order(
        self, cast: Cast, golden: Image, access: str, client: Client, sort: str
    ) -> None:
        for start in (0, 60):
            offer_all(golden, cast.producer, ",".join(f"person-{n:03}" for n in range(start, start + 60)))
        seen: list[str] = []
        there: str | None = f"{access}?sort={sort}"
        for _page in range(3):
            assert there, "There are fewer pages than rows ask for."
            html = shown(client, there)
            seen += [part.partition("<")[0] for part in html.split('row-title">')[1:]]
            there = _next(html, access)
        assert there is None
        assert sorted(seen) == [f"person-{n:03}" for n in range(120)]
        if sort == "recipient":
            assert seen == sorted(seen)


def _next(html: str, access: str) -> str | None:
    found = re.search(r'rel="next"\s+href="([^"]+)"', html)
    return access + found[1].replace("&amp;", "&") if found else None


class TestSharedByUs:
    def test_all_images_of_the_account_and_of_no_other(self, cast: Cast, golden: Image, client: Client) -> None:
        other = make_image(cast.acme, cast.alice, name="alpine-3.20")
        gone = make_image(cast.acme, cast.alice, name="deleted-one")
        foreign = make_image(cast.beta, cast.bob, name="postgres-16")
        for image, by in ((golden, cast.producer), (other, cast.producer), (gone, cast.producer)):
            offer_one(image, by, "rhea")
        offer_one(foreign, cast.consumer, cast.acme.number)
        images.actions.delete(gone.pk, by=cast.producer)
        html = shown(client, url("share_list", cast.acme))
        assert "debian-12-golden" in html
        assert "alpine-3.20" in html
        assert "deleted-one" not in html
        assert "postgres-16" not in html
        assert "2 have not decided" in " ".join(html.split())
        assert len(lines(client, url("share_list_csv", cast.acme))) == 2

    def test_empty_it_teaches(self, cast: Cast, client: Client) -> None:
        assert "Nothing is shared yet" in shown(client, url("share_list", cast.acme))


class TestCsv:
    def test_what_looks_like_a_formula_is_none(self, cast: Cast, golden: Image, client: Client) -> None:
        Image.objects.filter(pk=golden.pk).update(name="=HYPERLINK(1)")
        offer_one(golden, cast.producer, "rhea")
        [line] = lines(client, url("image_access_csv", cast.acme, golden.pk))
        assert line["image"] == "'=HYPERLINK(1)"

    def test_times_are_in_utc(self, cast: Cast, golden: Image, client: Client) -> None:
        share = offer_one(golden, cast.producer, "rhea", access_until=timezone.now() + timedelta(days=9))
        [line] = lines(client, url("image_access_csv", cast.acme, golden.pk))
        assert share.access_until
        assert line["access_until"] == f"{share.access_until.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        assert (line["status"], line["offered_by"], line["downloads"]) == ("Pending Acceptance", "alice", "0")

    def test_it_names_nobody_of_the_other_side(
        self, cast: Cast, golden: Image, accepted: Share, client: Client
    ) -> None:
        take(golden, cast.consumer)
        text = str(lines(client, url("image_access_csv", cast.acme, golden.pk)))
        assert "'downloads': '1'" in text
        assert "Bob" not in text
        assert "Beta" not in text


class TestCost:
    @pytest.mark.parametrize(("name", "cost"), [("image_access", 14), ("share_list", 13)])
    @pytest.mark.parametrize("number", [1, 1000])
    def test_of_one_share_and_of_a_thousand(
        self, cast: Cast, golden: Image, client: Client, name: str, cost: int, number: int
    ) -> None:
        offer_all(golden, cast.producer, "", cast.golden_testers)
        Share.objects.bulk_create(
            Share(image=golden, kind="login", address=f"person-{n}", offered_by=cast.alice) for n in range(number - 1)
        )
        access = url(name, cast.acme, *([golden.pk] if name == "image_access" else []))
        client.get(access)  # the first page of a session writes down the account
        with CaptureQueriesContext(connection) as queries:
            html = shown(client, access)
        assert html.count('<tr id="share-') == min(number, ROWS_ON_A_PAGE)
        assert len(queries) == cost

    def test_a_file_is_read_in_pieces(self, cast: Cast, golden: Image) -> None:
        offer_all(golden, cast.producer, "rhea")
        Share.objects.bulk_create(
            Share(image=golden, kind="login", address=f"person-{n}", offered_by=cast.alice) for n in range(1199)
        )
        producer = cast.producer
        with CaptureQueriesContext(connection) as queries:
            assert sum(1 for _row in all_rows(producer, Wanted(golden))) == 1200
        assert len(queries) == 1 + 3 * 3
        assert not Event.objects.filter(verb="downloaded").exists()
