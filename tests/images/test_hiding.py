"""Hiding for oneself what a group or organization has; and the words of an account beside the producer's."""

from uuid import UUID

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import Http404
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Account, User
from accounts.viewer import Viewer
from images import actions
from images.listing import Reason, Tab, Wanted, page_of
from images.models import HiddenImage, Image, Reference
from images.permissions import Verb, get_image
from images.references import words_beside
from sharing.actions import accept, offer
from sharing.addresses import parse
from tests.factories import make_image, signed_in, viewer
from tests.people import Cast


@pytest.fixture
def erin_views(cast: Cast) -> Viewer:
    """Erin, who has what Golden Testers have."""
    return viewer(cast.erin)


@pytest.fixture
def tested(cast: Cast, golden: Image) -> Image:
    """golden, which Golden Testers have."""
    offer(golden.pk, by=cast.producer, groups=[cast.golden_testers.group_ptr])
    return golden


def listed(by: Viewer, **wanted: object) -> list[UUID]:
    return [image.pk for image in page_of(by, Wanted(**wanted)).images]  # type: ignore[arg-type]


def browse(user: User, name: str, account: Account, image: Image, *args: object, **data: object) -> str:
    client = signed_in(user)
    return client.post(reverse(name, args=[account.number, image.pk, *args]), data, follow=True).content.decode()


class TestHiding:
    def test_it_is_out_of_the_lists_and_its_page_is_there(self, tested: Image, erin_views: Viewer) -> None:
        actions.hide(tested.pk, by=erin_views)
        for tab in (Tab.ALL, Tab.SHARED):
            assert listed(erin_views, tab=tab) == []
        assert listed(erin_views, tab=Tab.HIDDEN) == [tested.pk]
        assert listed(erin_views, q=str(tested.pk)) == [tested.pk]
        assert get_image(erin_views, tested.pk, Verb.EXPORT) == tested

    def test_others_see_it_as_before(self, cast: Cast, tested: Image, erin_views: Viewer) -> None:
        actions.hide(tested.pk, by=erin_views)
        assert listed(viewer(cast.alice)) == [tested.pk]
        assert listed(cast.producer) == [tested.pk]

    def test_it_can_be_shown_again(self, tested: Image, erin_views: Viewer) -> None:
        actions.hide(tested.pk, by=erin_views)
        actions.unhide(tested.pk, by=erin_views)
        assert listed(erin_views) == [tested.pk]
        assert listed(erin_views, tab=Tab.HIDDEN) == []

    def test_hiding_twice_changes_nothing(self, tested: Image, erin_views: Viewer) -> None:
        for _time in range(2):
            actions.hide(tested.pk, by=erin_views)
        assert HiddenImage.objects.count() == 1
        for _time in range(2):
            actions.unhide(tested.pk, by=erin_views)
        assert not HiddenImage.objects.exists()

    def test_what_the_account_has_itself_is_removed_and_not_hidden(self, cast: Cast, golden: Image) -> None:
        [offered] = offer(golden.pk, by=cast.producer, addresses=parse(cast.beta.number))
        accept(offered.share.pk, by=cast.consumer)
        for by in (cast.producer, cast.consumer):
            with pytest.raises(PermissionDenied, match="through a group"):
                actions.hide(golden.pk, by=by)

    def test_what_one_cannot_see_is_not_found(self, cast: Cast, golden: Image, erin_views: Viewer) -> None:
        for act in (actions.hide, actions.unhide):
            with pytest.raises(Http404):
                act(golden.pk, by=erin_views)

    def test_each_branch_leaves_it_out_by_an_index(self, cast: Cast, tested: Image, erin_views: Viewer) -> None:
        actions.hide(tested.pk, by=erin_views)
        tested.visibility = "public"
        tested.save()
        assert listed(erin_views) == []
        if connection.vendor == "sqlite":
            with CaptureQueriesContext(connection) as queries:
                page_of(erin_views, Wanted())
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN QUERY PLAN {queries[0]['sql']}")
                plan = [row[3] for row in cursor.fetchall()]
            assert not [step for step in plan if step.startswith("SCAN") and "images_hiddenimage" in step]

    def test_every_reason_to_be_in_a_list_knows_of_it(self) -> None:
        assert set(Reason) == {"own", "granted", "public", "added", "community", "listed", "hidden"}

    def test_the_tab_shows_when_something_is_hidden(self, cast: Cast, tested: Image, erin_views: Viewer) -> None:
        account = erin_views.account
        page = browse(cast.erin, "image_hide", account, tested)
        assert "is hidden for you" in page
        assert "Hidden for me" in page
        page = browse(cast.erin, "image_unhide", account, tested)
        assert "Hidden for me" not in page


@pytest.fixture
def received(cast: Cast) -> Image:
    """An image that Beta Consumers have, with a login name."""
    image = make_image(cast.acme, cast.alice, default_login="root", ports=[22], description="Hardened.")
    [offered] = offer(image.pk, by=cast.producer, addresses=parse(cast.beta.number))
    accept(offered.share.pk, by=cast.consumer)
    return image


def marked(cast: Cast, image: Image) -> list[str]:
    """What the producer has changed since Beta wrote its own words."""
    seen = get_image(cast.consumer, image.pk, Verb.SEE)
    return [words.field for words in words_beside(seen) if words.has_changed]


class TestWordsBeside:
    def test_what_the_producer_changes_later_is_marked(self, cast: Cast, received: Image) -> None:
        actions.label(received.pk, by=cast.consumer, label="Web base", default_login="admin")
        assert marked(cast, received) == []
        Image.objects.filter(pk=received.pk).update(default_login="debian", name="renamed", ports=[22, 443])
        assert marked(cast, received) == ["label", "default_login"]
        actions.label(received.pk, by=cast.consumer, label="Web base")
        assert marked(cast, received) == []

    def test_theirs_is_shown_again(self, cast: Cast, received: Image) -> None:
        actions.label(received.pk, by=cast.consumer, label="Web base", default_login="admin", ports=[80])
        for field in ("default_login", "ports"):
            actions.use_theirs(received.pk, field, by=cast.consumer)
        reference = Reference.objects.get()
        assert (reference.label, reference.default_login, reference.ports) == ("Web base", "", [])

    def test_without_own_words_there_is_nothing_to_take_back(self, cast: Cast, received: Image) -> None:
        with pytest.raises(Http404):
            actions.use_theirs(received.pk, "label", by=cast.consumer)
        assert not Reference.objects.exists()

    def test_only_an_admin_speaks_for_the_account(self, cast: Cast, received: Image) -> None:
        actions.label(received.pk, by=cast.consumer, label="Web base")
        with pytest.raises(PermissionDenied):
            actions.use_theirs(received.pk, "label", by=cast.observer)

    def test_what_is_left_out_stays(self, cast: Cast, received: Image) -> None:
        actions.label(received.pk, by=cast.consumer, label="Web base", notes="Ours.")
        actions.label(received.pk, by=cast.consumer, label="Web")
        reference = Reference.objects.get()
        assert (reference.label, reference.notes) == ("Web", "Ours.")

    def test_the_form_and_the_page_show_both(self, cast: Cast, received: Image) -> None:
        actions.label(received.pk, by=cast.consumer, default_login="admin")
        Image.objects.filter(pk=received.pk).update(default_login="debian")
        client = signed_in(cast.bob)
        for name in ("reference_edit", "image_detail"):
            page = client.get(reverse(name, args=[cast.beta.number, received.pk])).content.decode()
            assert "The producer now says" in page
            assert "debian" in page
        page = browse(cast.bob, "reference_use_theirs", cast.beta, received, "default_login")
        assert "The producer now says" not in page

    def test_a_thing_that_nobody_names_is_not_found(self, cast: Cast, received: Image) -> None:
        client = signed_in(cast.bob)
        there = reverse("reference_use_theirs", args=[cast.beta.number, received.pk, "created_by"])
        assert client.post(there).status_code == 404
