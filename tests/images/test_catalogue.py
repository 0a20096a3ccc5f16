"""Marketplace and community: who finds what, filtered, paged, and at what cost."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.actions import make_reviewer, verify
from accounts.models import User
from images.actions import add_reference
from images.catalogue import Catalogue, Page, Wanted, page_of
from images.forms import CatalogueForm
from images.models import Image, Reference, Region
from tests import factories
from tests.factories import signed_in
from tests.people import Cast


def listed(cast: Cast, name: str = "listed", **fields: Any) -> Image:
    """An image of Acme in the marketplace."""
    in_it: dict[str, Any] = {"visibility": "shared", "listed_at": timezone.now(), "listed_by": cast.root}
    return factories.make_image(cast.acme, cast.alice, name=name, **in_it | fields)


def opened(cast: Cast, name: str = "open", **fields: Any) -> Image:
    """A community image of Acme."""
    return factories.make_image(cast.acme, cast.alice, name=name, visibility="community", **fields)


def names(page: Page) -> list[str]:
    return [entry.image.name for entry in page.entries]


def found(cast: Cast, catalogue: Catalogue = Catalogue.COMMUNITY, **given: str) -> list[str]:
    """The names of what Bob finds."""
    wanted = CatalogueForm(given).wanted(list(Region.objects.all()))
    return names(page_of(cast.consumer, catalogue, wanted))


def url(cast: Cast, name: str) -> str:
    return reverse(name, args=[cast.beta.number])


class TestWhatIsInThem:
    def test_each_has_its_own(self, cast: Cast) -> None:
        listed(cast), opened(cast), factories.make_image(cast.acme, cast.alice, visibility="public")
        factories.make_image(cast.acme, cast.alice)
        assert found(cast, Catalogue.MARKETPLACE) == ["listed"]
        assert found(cast, Catalogue.COMMUNITY) == ["open"]

    def test_nothing_that_nobody_can_begin_to_use(self, cast: Cast) -> None:
        past = timezone.now() - timedelta(days=1)
        opened(cast, hidden=True)
        opened(cast, status="deactivated", deactivated_at=past, deactivated_by=cast.alice)
        ending: dict[str, Any] = {"end_announced_at": past, "end_announced_by": cast.alice}
        opened(cast, deprecated_at=past, obsolete_at=past, **ending)
        assert found(cast) == []


class TestLooking:
    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ({"q": "BSD"}, ["netbsd"]),
            ({"q": "courses"}, ["netbsd"]),
            ({"q": "acme prod"}, ["alpine", "netbsd"]),
            ({"os": "netbsd"}, ["netbsd"]),
            ({"architecture": "aarch64"}, ["alpine"]),
            ({"region": "DFW"}, ["alpine"]),
            ({"region": "nowhere", "sort": "nonsense", "size": "7", "after": "x"}, ["alpine", "netbsd"]),
            ({"size": "1"}, ["alpine", "netbsd"]),
            ({"verified": "on"}, []),
        ],
    )
    def test_search_and_filters(self, cast: Cast, given: dict[str, Any], expected: list[str]) -> None:
        netbsd = opened(cast, "netbsd", os_family="NetBSD", created_at=timezone.now() - timedelta(days=1))
        netbsd.tags.create(name="courses")
        opened(cast, "alpine", region=cast.dfw, architecture="aarch64")
        assert found(cast, **given) == expected

    def test_by_id(self, cast: Cast) -> None:
        image = opened(cast, "one")
        opened(cast, "other")
        assert found(cast, q=str(image.pk)) == ["one"]

    def test_verified_producers_or_those_of_verified_organizations(self, cast: Cast) -> None:
        make_reviewer(cast.sam)
        opened(cast, "acme's")
        factories.make_image(cast.rival, cast.rhea, name="rival's", visibility="community")
        verify(cast.acme_group, by=User.objects.get(pk=cast.sam.pk))
        assert found(cast, verified="on") == ["acme's"]

    @pytest.mark.parametrize("sort", ["newest", "name"])
    def test_pages_meet_without_gap_or_overlap(self, cast: Cast, sort: str) -> None:
        now = timezone.now()
        for number in range(5):
            opened(cast, f"image-{number}", created_at=now - timedelta(days=number))
        wanted = CatalogueForm({"sort": sort}).wanted([])
        first = page_of(cast.consumer, Catalogue.COMMUNITY, wanted, size=2)
        second = page_of(cast.consumer, Catalogue.COMMUNITY, Wanted(sort=wanted.sort, after=first.older), size=2)
        back = page_of(cast.consumer, Catalogue.COMMUNITY, Wanted(sort=wanted.sort, before=second.newer), size=2)
        assert names(first) + names(second) == [f"image-{number}" for number in range(4)]
        assert names(back) == names(first)
        assert (first.newer, back.newer) == (None, None)


class TestPages:
    @pytest.mark.parametrize("many", [1, 30])
    @pytest.mark.parametrize("name", ["marketplace", "community"])
    def test_queries_do_not_grow_with_the_images(self, cast: Cast, name: str, many: int) -> None:
        data = factories.make_data()
        for _ in range(many):
            (listed if name == "marketplace" else opened)(cast, data=data)
        client = signed_in(cast.bob)
        client.get(url(cast, name))
        with CaptureQueriesContext(connection) as queries:
            client.get(url(cast, name))
        assert len(queries) == 8, [query["sql"][:120] for query in queries]

    def test_adding_stays_where_one_is(self, cast: Cast) -> None:
        image, client = opened(cast, "netbsd"), signed_in(cast.bob)
        page = client.get(url(cast, "community")).content.decode()
        assert "Add netbsd to Saved Images" in page
        here = url(cast, "community")
        response = client.post(reverse("reference_add", args=[cast.beta.number, image.pk]), {"next": here})
        assert response.headers["Location"] == here
        page = client.get(here).content.decode()
        assert "In your list" in page
        assert "In the list of 1 account" in page

    def test_only_admins_add_and_the_others_are_told(self, cast: Cast) -> None:
        opened(cast)
        assert (
            "Only an admin of Beta Consumers can label it"
            in signed_in(cast.dave).get(url(cast, "community")).content.decode()
        )

    def test_ones_own_need_no_adding(self, cast: Cast) -> None:
        opened(cast)
        page = signed_in(cast.alice).get(reverse("community", args=[cast.acme.number])).content.decode()
        assert "Yours" in page
        assert "Add open to Saved Images" not in page

    def test_many_accounts_are_counted_up_to_a_hundred(self, cast: Cast) -> None:
        image = opened(cast)
        add_reference(image.pk, by=cast.consumer)
        add_reference(image.pk, by=factories.viewer(cast.rhea, cast.rival))
        assert Reference.objects.count() == 2
        [entry] = page_of(cast.consumer, Catalogue.COMMUNITY, Wanted()).entries
        assert entry.added == "In the list of 2 accounts"
        entry.image.added_count = 100  # type: ignore[attr-defined]
        assert entry.added == "In the list of 99+ accounts"

    @pytest.mark.parametrize("name", ["marketplace", "community"])
    def test_empty_pages_teach(self, cast: Cast, name: str) -> None:
        client = signed_in(cast.bob)
        assert "add it to your Saved Images" in client.get(url(cast, name)).content.decode()
        assert "Clear search" in client.get(url(cast, name), {"q": "nothing"}).content.decode()

    def test_a_stranger_opens_the_page_of_a_listed_image(self, cast: Cast) -> None:
        image = listed(cast)
        page = signed_in(cast.trudy).get(reverse("image_detail", args=[cast.trudy.personal_account.number, image.pk]))
        assert page.status_code == 200
