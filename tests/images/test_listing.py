"""The list of Saved Images: against the law, told one by one; its queries and its indexes."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.viewer import Viewer
from images import listing
from images.listing import Sort, Tab, Wanted
from images.models import HiddenImage, Image, ImageGroupObjectPermission, Reference
from images.permissions import Right, set_grants
from tests.factories import make_account, make_image, make_team, viewer
from tests.people import Cast

pytestmark = [pytest.mark.database, pytest.mark.django_db]

NOW = timezone.now()


@pytest.fixture
def stock(cast: Cast) -> list[Image]:
    """Images of every kind, at Acme, Beta and Rival, some of them at the same moment."""
    chance = random.Random(7)
    made = []
    for number in range(48):
        account, maker = chance.choice([(cast.acme, cast.alice), (cast.beta, cast.bob), (cast.rival, cast.rhea)])
        image = make_image(
            account,
            maker,
            name=chance.choice(["Web base", "debian", "Ångström", "zulu"]) + f" {number % 5}",
            visibility=chance.choice(list(Image.Visibility.values)),
            region=chance.choice([cast.iad, cast.dfw]),
        )
        vary(image, number, chance, cast)
        made.append(image)
    return made


def vary(image: Image, number: int, chance: random.Random, cast: Cast) -> None:
    image.created_at = NOW - timedelta(hours=number // 3)
    image.hidden = number % 11 == 0
    image.os_family = chance.choice(["Debian", "Plan 9", ""])
    if number % 7 == 0:
        image.status, image.deactivated_at, image.deactivated_by = "deactivated", NOW, cast.alice
    if number % 13 == 0:
        image.listed_at, image.listed_by = NOW, cast.sam
    if number % 17 == 0:
        image.status, image.deleted_at, image.deleted_by = "deleted", NOW, cast.alice
    image.save()
    if number % 2:
        receiving = (cast.beta, cast.beta_holdings, cast.bob.personal_account, cast.night_shift, cast.rival)
        groups = Group.objects.filter(pk__in=[group.pk for group in receiving]).order_by("pk")
        group = chance.choice(groups)
        until = chance.choice([None, NOW + timedelta(days=1), NOW - timedelta(days=1)])
        rights = {Right.VIEW: until, Right.USE: until} if number % 5 else {Right.VIEW: until}
        set_grants(image, group, rights)
    if number % 4 == 0 and image.account_id != cast.beta.pk:
        label = chance.choice(["", "Our own words"])
        Reference.objects.create(account=cast.beta, image=image, label=label, created_by=cast.bob)
    if number % 6 == 1 and image.account_id != cast.beta.pk:
        HiddenImage.objects.create(user=cast.bob, image=image)


def by_law(asking: Viewer, tab: Tab) -> set[Image]:
    """The same list, one image at a time, in plain words."""
    return {image for image in Image.objects.prefetch_related("grants__permission") if belongs(image, asking, tab)}


def belongs(image: Image, asking: Viewer, tab: Tab) -> bool:
    if image.hidden or not image.is_live:
        return False
    mine = image.account_id == asking.account.pk
    shared = not mine and any(
        grant.active
        and grant.permission.codename == Right.USE
        and grant.group_id in asking.principals
        and (grant.access_until is None or grant.access_until > timezone.now())
        for grant in image.grants.all()
    )
    public = image.visibility == "public" and image.is_active
    to_be_found = image.is_active and (image.visibility == "community" or image.listed_at is not None)
    added = to_be_found and has_been_added(image, asking)
    belongs_to: dict[Tab, bool] = {
        Tab.ALL: mine or shared or public or added,
        Tab.MINE: mine,
        Tab.SHARED: shared,
        Tab.COMMUNITY: to_be_found,
        Tab.PUBLIC: public,
        Tab.HIDDEN: mine or shared or image.visibility in ("public", "community") or image.listed_at is not None,
    }
    is_hidden = image.hidden_by.filter(user=asking.user).exists()
    return belongs_to[tab] and (is_hidden if tab is Tab.HIDDEN else mine or not is_hidden)


def has_been_added(image: Image, asking: Viewer) -> bool:
    return Reference.objects.filter(account=asking.account, image=image).exists()


def all_pages(asking: Viewer, wanted: Wanted, size: int = 4) -> Iterator[list[Image]]:
    page = listing.page_of(asking, wanted, size=size)
    yield page.images
    while page.older:
        page = listing.page_of(asking, replace(wanted, after=page.older), size=size)
        yield page.images


@pytest.mark.parametrize("tab", Tab)
@pytest.mark.parametrize("most_branches", [40, 0])
def test_each_tab_holds_what_the_law_says(
    stock: list[Image], consumer: Viewer, monkeypatch: pytest.MonkeyPatch, tab: Tab, most_branches: int
) -> None:
    monkeypatch.setattr(listing, "MOST_BRANCHES", most_branches)
    found = listing.page_of(consumer, Wanted(tab=tab), size=100).images
    assert set(found) == by_law(consumer, tab)
    assert len(found) == len(set(found))


@pytest.mark.parametrize("sort", Sort)
@pytest.mark.parametrize("most_branches", [40, 0])
def test_pages_follow_each_other_without_gaps(
    stock: list[Image], consumer: Viewer, monkeypatch: pytest.MonkeyPatch, sort: Sort, most_branches: int
) -> None:
    monkeypatch.setattr(listing, "MOST_BRANCHES", most_branches)
    whole = listing.page_of(consumer, Wanted(sort=sort), size=100).images
    pages = list(all_pages(consumer, Wanted(sort=sort)))
    assert [image for page in pages for image in page] == whole
    assert all(len(page) == 4 for page in pages[:-1])


@pytest.mark.parametrize("sort", Sort)
def test_one_can_go_back_as_one_came(stock: list[Image], consumer: Viewer, sort: Sort) -> None:
    first = listing.page_of(consumer, Wanted(sort=sort), size=5)
    second = listing.page_of(consumer, Wanted(sort=sort, after=first.older), size=5)
    back = listing.page_of(consumer, Wanted(sort=sort, before=second.newer), size=5)
    assert back.images == first.images
    assert (first.newer, back.newer) == (None, None)
    assert back.older == first.older


def test_orders(stock: list[Image], consumer: Viewer) -> None:
    def keys(sort: Sort) -> list[object]:
        return [image.sort_key for image in listing.page_of(consumer, Wanted(sort=sort), size=100).images]  # type: ignore[attr-defined]

    assert keys(Sort.NEWEST) == sorted(keys(Sort.NEWEST), reverse=True)  # type: ignore[type-var]
    assert keys(Sort.OLDEST) == keys(Sort.NEWEST)[::-1]
    assert "our own words" in keys(Sort.NAME)


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        (Wanted(region="IAD"), lambda image: image.region_id == "IAD"),
        (Wanted(os="plan 9"), lambda image: image.os_family == "Plan 9"),
        (Wanted(status="deactivated"), lambda image: image.status == "deactivated"),
        (Wanted(q="DEBIAN"), lambda image: "debian" in image.name),
        (Wanted(q="own words"), lambda image: image.references.filter(label="Our own words").exists()),
        (Wanted(q="no such"), lambda _image: False),
    ],
)
def test_filters_narrow_the_list(stock: list[Image], consumer: Viewer, wanted: Wanted, fits: object) -> None:
    found = listing.page_of(consumer, wanted, size=100).images
    assert set(found) == {image for image in by_law(consumer, Tab.ALL) if fits(image)}  # type: ignore[operator]


def test_an_image_is_found_by_tag(golden: Image, producer: Viewer) -> None:
    golden.tags.create(name="Hardened")
    make_image(golden.account, golden.created_by, name="other")
    assert listing.page_of(producer, Wanted(q="hardened")).images == [golden]


def test_hidden_images_are_found_by_filter_or_id(golden: Image, producer: Viewer) -> None:
    golden.hidden = True
    golden.save()
    assert listing.page_of(producer, Wanted()).images == []
    assert listing.page_of(producer, Wanted(status="hidden")).images == [golden]
    assert listing.page_of(producer, Wanted(q=str(golden.pk))).images == [golden]


def test_a_community_image_is_found_by_its_id_alone(golden: Image, consumer: Viewer) -> None:
    golden.visibility = "community"
    golden.save()
    assert listing.page_of(consumer, Wanted(q="golden")).images == []
    assert listing.page_of(consumer, Wanted(q=str(golden.pk))).images == [golden]


def test_a_private_image_of_others_is_not_found_by_its_id(golden: Image, consumer: Viewer) -> None:
    assert listing.page_of(consumer, Wanted(q=str(golden.pk))).images == []


@pytest.mark.parametrize(("source", "tab"), [("shared", Tab.SHARED), ("upload", Tab.MINE)])
def test_the_source_tells_own_from_shared(stock: list[Image], consumer: Viewer, source: str, tab: Tab) -> None:
    assert set(listing.page_of(consumer, Wanted(source=source), size=100).images) == by_law(consumer, tab)


def test_nothing_fits_contradicting_filters(stock: list[Image], consumer: Viewer) -> None:
    assert listing.page_of(consumer, Wanted(tab=Tab.MINE, source="shared")) == listing.Page()


def test_tabs_count_what_they_hold(stock: list[Image], consumer: Viewer) -> None:
    tabs = list(Tab)
    expected = {tab: len(by_law(consumer, tab)) for tab in tabs}
    page = listing.page_of(consumer, Wanted(), size=4, counted=tabs)
    assert page.counts == expected
    second = listing.page_of(consumer, Wanted(after=page.older), size=4, counted=tabs)
    assert second.counts == expected


def test_tabs_are_counted_beside_an_empty_page(golden: Image, consumer: Viewer) -> None:
    Image.objects.update(visibility="public")
    page = listing.page_of(consumer, Wanted(tab=Tab.MINE), counted=[Tab.MINE, Tab.ALL])
    assert page == listing.Page(counts={Tab.MINE: 0, Tab.ALL: 1})


def test_counting_stops_at_the_cap(stock: list[Image], consumer: Viewer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "COUNT_CAP", 3)
    assert listing.page_of(consumer, Wanted(), counted=[Tab.ALL]).counts == {Tab.ALL: 3}


def test_a_page_is_one_query_with_one_image_and_with_many(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    asking = cast.producer
    asking.principals  # noqa: B018  # what the viewer knows is no part of the list
    for _ in range(30):
        make_image(cast.acme, cast.alice)
        with django_assert_num_queries(1):
            listing.page_of(asking, Wanted(), counted=list(Tab))


def test_images_through_several_groups_count_once(cast: Cast, golden: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    golden.visibility = "shared"
    golden.save()
    for group in (cast.beta, cast.beta_holdings, cast.night_shift):
        set_grants(golden, group.group_ptr, {Right.USE: None})
    for most_branches in (40, 0):
        monkeypatch.setattr(listing, "MOST_BRANCHES", most_branches)
        assert listing.page_of(cast.consumer, Wanted(tab=Tab.SHARED), size=1) == listing.Page([golden])


def test_the_list_reads_its_indexes(cast: Cast) -> None:
    crowd(cast)
    branches = listing.Lists(cast.consumer, Wanted()).branches(Tab.ALL)
    union, params = listing._union(branches, Wanted(), limit=listing.PAGE_SIZE + 1)
    explain = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        cursor.execute(f"{explain} {union}", params)
        plan = "\n".join(str(row) for row in cursor.fetchall())
    for index in ("image_of_account", "grant_of_group", "image_public"):
        assert index in plan, f"The list does not read the index {index}:\n{plan}"


def crowd(cast: Cast) -> None:
    """So many images that a database that can read an index does."""
    data = make_image(cast.acme, cast.alice).data
    other = make_account("Other", cast.rhea)
    team = make_team("Other team", cast.rhea)
    images = [
        Image(
            account=(cast.acme, cast.beta, other)[number % 3],
            region=cast.iad,
            data=data,
            name=f"Image {number}",
            visibility=("private", "shared", "private", "community", "shared", "public")[
                number % 40 if number % 40 < 6 else 0
            ],
            created_at=NOW - timedelta(minutes=number),
            created_by=cast.alice,
        )
        for number in range(6000)
    ]
    Image.objects.bulk_create(images)
    permission = Permission.objects.get_by_natural_key(Right.USE, "images", "image")
    ImageGroupObjectPermission.objects.bulk_create(
        ImageGroupObjectPermission(
            group_id=cast.beta.pk if image.account_id == cast.acme.pk else team.pk,
            permission=permission,
            content_object=image,
            image_created_at=image.created_at,
        )
        for image in images
        if image.visibility == "shared"
    )


def test_a_viewer_of_nothing_sees_nothing(cast: Cast) -> None:
    assert listing.page_of(viewer(cast.trudy), Wanted()) == listing.Page()
