"""Later versions of a family: who agreed to have them gets them, on the same terms, until somebody ends it."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils import timezone

from accounts.actions import close
from accounts.errors import Conflict
from accounts.models import Event, Notification
from images.actions import (
    create_family,
    deactivate,
    delete,
    dissolve_family,
    put_into_family,
    set_visibility,
    take_out_of_family,
)
from images.models import Family, Image
from sharing import actions
from sharing.models import Policy, Rules, Share
from tests.conftest import WorkThrough
from tests.factories import make_image
from tests.people import Cast
from tests.sharing.conftest import grants, offer_all, offer_one

pytestmark = pytest.mark.django_db


@pytest.fixture
def family(cast: Cast) -> Family:
    return create_family(by=cast.producer, name="debian-12-base")


def join(family: Family, cast: Cast, version: str, *, days_ago: int = 0) -> Image:
    image = make_image(cast.acme, cast.alice, name=f"debian-{version}")
    Image.objects.filter(pk=image.pk).update(created_at=timezone.now() - timedelta(days=days_ago))
    return put_into_family(image.pk, family.pk, by=cast.producer, version=version)


@pytest.fixture
def first(family: Family, cast: Cast) -> Image:
    return join(family, cast, "1", days_ago=9)


@pytest.fixture
def followed(first: Image, cast: Cast) -> Share:
    """Version 1, which Beta Consumers have, with later versions."""
    share = offer_one(first, cast.producer, cast.beta.number, offers_future=True, export=False)
    return actions.accept(share.pk, by=cast.consumer, future=True)


def share_of(image: Image) -> Share | None:
    return Share.objects.filter(image=image).first()


class TestComing:
    def test_the_next_version_comes_on_the_same_terms(
        self, family: Family, followed: Share, cast: Cast, work_through: WorkThrough
    ) -> None:
        second = join(family, cast, "2")
        share = share_of(second)
        assert share
        assert (share.status, share.export, share.takes_future) == ("accepted", False, True)
        assert share.decided_by == cast.bob
        assert grants(second) == {cast.beta.pk: {"VIEW", "USE"}}
        work_through()
        subjects = Notification.objects.filter(user=cast.bob).values_list("subject", flat=True)
        assert "Acme Producers has a new version of debian-12-base" in subjects

    def test_each_side_reads_of_it(self, family: Family, followed: Share, cast: Cast) -> None:
        second = join(family, cast, "2")
        [event] = Event.objects.of("image", second.pk).filter(verb="accepted")
        assert event.detail["because"] == "family"
        assert event.counterpart_id == cast.beta.pk

    def test_the_one_after_that_comes_too(self, family: Family, followed: Share, cast: Cast) -> None:
        join(family, cast, "2", days_ago=5)
        assert share_of(join(family, cast, "3"))

    def test_it_comes_also_when_the_older_ones_are_deleted(self, family: Family, followed: Share, cast: Cast) -> None:
        delete(followed.image_id, by=cast.producer)
        assert share_of(join(family, cast, "2"))

    def test_an_older_image_that_joins_does_not_come(self, family: Family, followed: Share, cast: Cast) -> None:
        assert share_of(join(family, cast, "0", days_ago=20)) is None

    def test_who_did_not_tick_it_gets_nothing(self, family: Family, first: Image, cast: Cast) -> None:
        share = offer_one(first, cast.producer, cast.beta.number, offers_future=True)
        actions.accept(share.pk, by=cast.consumer)
        assert share_of(join(family, cast, "2")) is None

    def test_who_was_not_offered_it_cannot_tick_it(self, family: Family, first: Image, cast: Cast) -> None:
        share = offer_one(first, cast.producer, cast.beta.number)
        assert not actions.accept(share.pk, by=cast.consumer, future=True).takes_future

    def test_an_image_of_no_family_offers_no_later_versions(self, golden: Image, cast: Cast) -> None:
        assert not offer_one(golden, cast.producer, cast.beta.number, offers_future=True).offers_future

    def test_a_group_that_the_producer_manages_takes_them(self, family: Family, first: Image, cast: Cast) -> None:
        offer_all(first, cast.producer, "", cast.golden_testers.group_ptr, offers_future=True)
        second = join(family, cast, "2")
        assert grants(second) == {cast.golden_testers.pk: {"VIEW", "USE", "EXPORT"}}

    def test_the_end_of_access_stays_the_end(self, family: Family, first: Image, cast: Cast) -> None:
        until = timezone.now() + timedelta(days=5)
        share = offer_one(first, cast.producer, cast.beta.number, offers_future=True, access_until=until)
        actions.accept(share.pk, by=cast.consumer, future=True)
        given = share_of(join(family, cast, "2"))
        assert given
        assert given.access_until == until

    def test_what_has_ended_brings_nothing(self, family: Family, followed: Share, cast: Cast) -> None:
        Share.objects.filter(pk=followed.pk).update(access_until=timezone.now() - timedelta(hours=1))
        assert share_of(join(family, cast, "2")) is None

    def test_a_family_whose_version_was_made_private_gives_nothing(
        self, family: Family, followed: Share, cast: Cast
    ) -> None:
        set_visibility(followed.image_id, by=cast.producer, visibility="private")
        assert share_of(join(family, cast, "2")) is None

    def test_a_private_image_becomes_shared_when_somebody_gets_it(
        self, family: Family, followed: Share, cast: Cast
    ) -> None:
        second = join(family, cast, "2")
        second.refresh_from_db()
        assert second.visibility == "shared"

    def test_without_followers_it_stays_private(self, family: Family, first: Image, cast: Cast) -> None:
        second = join(family, cast, "2")
        second.refresh_from_db()
        assert second.visibility == "private"


class TestWhatIsThere:
    def test_who_rejected_the_new_one_is_not_asked_again(self, family: Family, followed: Share, cast: Cast) -> None:
        second = make_image(cast.acme, cast.alice)
        rejected = offer_one(second, cast.producer, cast.beta.number)
        actions.reject(rejected.pk, by=cast.consumer)
        put_into_family(second.pk, family.pk, by=cast.producer, version="2")
        share = share_of(second)
        assert share
        assert share.status == "rejected"

    def test_an_offer_that_waits_goes_on_waiting(self, family: Family, followed: Share, cast: Cast) -> None:
        second = make_image(cast.acme, cast.alice)
        offer_one(second, cast.producer, cast.beta.number)
        put_into_family(second.pk, family.pk, by=cast.producer, version="2")
        share = share_of(second)
        assert share
        assert share.status == "pending"

    def test_a_new_name_of_a_version_brings_nothing(self, family: Family, followed: Share, cast: Cast) -> None:
        second = join(family, cast, "2")
        actions.leave(second.pk, by=cast.consumer)
        put_into_family(second.pk, family.pk, by=cast.producer, version="2.0")
        share = share_of(second)
        assert share
        assert share.status == "rejected"


class TestPolicies:
    def test_what_a_policy_refuses_waits_for_a_decision(self, family: Family, followed: Share, cast: Cast) -> None:
        Policy.objects.create(group=cast.beta.group_ptr, mode=Policy.Mode.ENFORCED, only_trusted=True)
        second = join(family, cast, "2")
        share = share_of(second)
        assert share
        assert (share.status, share.takes_future) == ("pending", False)
        assert grants(second) == {cast.beta.pk: {"VIEW"}}

    @pytest.mark.parametrize("outside", ["forbidden", "approval"])
    def test_new_rules_of_the_producers_organization_hold(
        self, family: Family, followed: Share, cast: Cast, outside: str
    ) -> None:
        Rules.objects.create(organization=cast.acme_group, outside=outside)
        assert share_of(join(family, cast, "2")) is None


class TestEnding:
    def test_leaving_an_older_one_ends_it(self, family: Family, followed: Share, cast: Cast) -> None:
        second = join(family, cast, "2", days_ago=5)
        actions.leave(followed.image_id, by=cast.consumer)
        assert share_of(join(family, cast, "3")) is None
        kept = share_of(second)
        assert kept
        assert kept.status == "accepted"

    def test_removing_one_ends_it(self, family: Family, followed: Share, cast: Cast) -> None:
        actions.remove(followed.image_id, followed.pk, by=cast.producer)
        assert share_of(join(family, cast, "2")) is None

    def test_an_image_that_leaves_the_family_brings_nothing(self, family: Family, followed: Share, cast: Cast) -> None:
        take_out_of_family(followed.image_id, by=cast.producer)
        assert share_of(join(family, cast, "2")) is None

    def test_dissolving_the_family_ends_it(self, family: Family, followed: Share, cast: Cast) -> None:
        dissolve_family(family.pk, by=cast.producer)
        followed.refresh_from_db()
        assert (followed.offers_future, followed.takes_future) == (False, False)

    def test_closing_the_recipient_ends_it(self, family: Family, followed: Share, cast: Cast) -> None:
        close(cast.beta, by=cast.consumer)
        assert share_of(join(family, cast, "2")) is None

    def test_a_deactivated_version_still_brings_the_next(self, family: Family, followed: Share, cast: Cast) -> None:
        deactivate(followed.image_id, by=cast.producer)
        assert share_of(join(family, cast, "2"))


class TestChangingOnesMind:
    def test_stopping_keeps_what_one_has(self, family: Family, followed: Share, cast: Cast) -> None:
        second = join(family, cast, "2", days_ago=5)
        actions.stop_later_versions(followed.pk, by=cast.consumer)
        assert share_of(join(family, cast, "3")) is None
        assert grants(second) == {cast.beta.pk: {"VIEW", "USE"}}

    def test_taking_them_later_works(self, family: Family, first: Image, cast: Cast) -> None:
        share = offer_one(first, cast.producer, cast.beta.number, offers_future=True)
        actions.accept(share.pk, by=cast.consumer)
        actions.take_later_versions(share.pk, by=cast.consumer)
        actions.take_later_versions(share.pk, by=cast.consumer)
        assert share_of(join(family, cast, "2"))

    def test_what_was_not_offered_cannot_be_taken(self, first: Image, cast: Cast) -> None:
        share = offer_one(first, cast.producer, cast.beta.number)
        actions.accept(share.pk, by=cast.consumer)
        with pytest.raises(Conflict, match="not part of this offer"):
            actions.take_later_versions(share.pk, by=cast.consumer)

    def test_only_an_admin_decides(self, followed: Share, cast: Cast) -> None:
        for act in (actions.take_later_versions, actions.stop_later_versions):
            with pytest.raises(PermissionDenied, match="Only an admin of Beta Consumers"):
                act(followed.pk, by=cast.observer)

    def test_others_know_nothing_of_it(self, followed: Share, cast: Cast) -> None:
        for act in (actions.take_later_versions, actions.stop_later_versions):
            with pytest.raises(Http404):
                act(followed.pk, by=cast.producer)
