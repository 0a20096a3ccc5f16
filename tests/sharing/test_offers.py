"""What producers do, every refusal, and what they cannot find out by doing it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.http import Http404
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts import numbers
from accounts.errors import Conflict
from accounts.models import Event
from images.actions import create_family, put_into_family, set_visibility, take_out_of_family
from images.models import Image, ImageGroupObjectPermission
from sharing import actions
from sharing.models import Rules, Share
from tests.factories import make_account, make_image, viewer
from tests.people import Cast
from tests.sharing.conftest import grants, offer_all, offer_one

VIEW, FULL = {"VIEW"}, {"VIEW", "USE", "EXPORT"}


def test_an_account_that_is_asked_sees_the_page_and_no_more(cast: Cast, golden: Image, pending: Share) -> None:
    assert pending.state == "pending"
    assert grants(golden) == {cast.beta.pk: VIEW}


def test_offering_a_private_image_makes_it_shared(golden: Image, pending: Share) -> None:
    golden.refresh_from_db()
    assert golden.visibility == Image.Visibility.SHARED


def test_a_managed_group_and_an_administered_account_have_it_at_once(cast: Cast, golden: Image) -> None:
    own = cast.alice.personal_account
    results = offer_all(golden, cast.producer, "", cast.golden_testers, own)
    assert [result.text for result in results] == ["Accepted: they can use it now."] * 2
    assert grants(golden) == {cast.golden_testers.pk: FULL, own.pk: FULL}


def test_boot_only_gives_no_right_to_the_data(cast: Cast, golden: Image) -> None:
    offer_all(golden, cast.producer, "", cast.golden_testers, export=False)
    assert grants(golden) == {cast.golden_testers.pk: {"VIEW", "USE"}}


def test_offers_of_a_trusted_producer_are_accepted_by_who_said_so(cast: Cast, golden: Image) -> None:
    actions.trust(cast.acme, recipient=cast.beta, by=cast.consumer)
    share = offer_one(golden, cast.creator, cast.beta.number)
    assert (share.state, share.decided_by) == ("accepted", cast.bob)


def test_trusting_an_organization_covers_its_accounts(cast: Cast, golden: Image) -> None:
    actions.trust(cast.acme_group, recipient=cast.beta, by=cast.consumer)
    assert offer_one(golden, cast.producer, cast.beta.number).state == "accepted"


def test_repeating_an_offer_says_so_and_changes_nothing(cast: Cast, golden: Image, pending: Share) -> None:
    [again] = offer_all(golden, cast.producer, cast.beta.number, message="Other words.")
    assert again.text == "Was asked already and has not decided yet."
    pending.refresh_from_db()
    assert pending.message == "Hardened base, please use."
    assert Event.objects.filter(verb="offered").count() == 1


def test_two_addresses_of_one_person_are_two_shares_and_removing_one_leaves_the_other(
    cast: Cast, golden: Image
) -> None:
    by_login, by_mail = offer_all(golden, cast.producer, "bob, bob@example.org")
    me = viewer(cast.bob)
    actions.accept(by_login.share.pk, by=me)
    actions.accept(by_mail.share.pk, by=me)
    actions.remove(golden.pk, by_login.share.pk, by=cast.producer)
    assert grants(golden) == {me.account.pk: FULL}
    actions.remove(golden.pk, by_mail.share.pk, by=cast.producer)
    assert grants(golden) == {}


@pytest.mark.parametrize("who", ["observer", "rival"])
def test_only_creators_and_admins_of_the_owner_offer(cast: Cast, golden: Image, who: str) -> None:
    if who == "rival":
        with pytest.raises(Http404):
            offer_one(golden, viewer(cast.rhea, cast.rival), "erin")
    else:
        own = make_image(cast.beta, cast.bob)
        with pytest.raises(PermissionDenied, match="Only a creator or an admin of Beta Consumers can share it"):
            offer_one(own, cast.observer, "erin")
    assert not Share.objects.exists()


def test_a_consumer_cannot_pass_an_image_on(cast: Cast, golden: Image, accepted: Share) -> None:
    with pytest.raises(PermissionDenied, match="Only Acme Producers, which owns the image"):
        offer_one(golden, cast.consumer, "erin")


def test_a_group_that_somebody_else_manages_is_refused(cast: Cast, golden: Image) -> None:
    with pytest.raises(PermissionDenied, match="that you manage"):
        offer_all(golden, cast.producer, "", cast.night_shift)
    assert not Share.objects.exists()
    golden.refresh_from_db()
    assert golden.visibility == Image.Visibility.PRIVATE


def test_nobody_named_and_the_own_account_are_refused(cast: Cast, golden: Image) -> None:
    with pytest.raises(ValidationError, match="at least one recipient"):
        offer_all(golden, cast.producer)
    with pytest.raises(ValidationError, match="owns this image"):
        offer_all(golden, cast.producer, cast.acme.number)


@pytest.mark.parametrize("visibility", [Image.Visibility.PUBLIC, Image.Visibility.COMMUNITY])
def test_what_everybody_can_use_needs_no_offer(cast: Cast, visibility: str) -> None:
    image = make_image(cast.acme, cast.alice, visibility=visibility)
    with pytest.raises(Conflict, match="everybody can use it"):
        offer_one(image, cast.producer, "bob")


def test_offers_that_were_removed_count_for_the_day(cast: Cast, golden: Image, settings: Settings) -> None:
    settings.OFFERS_PER_DAY = 2
    for _time in range(2):
        share = offer_one(golden, cast.producer, "bob")
        actions.remove(golden.pk, share.pk, by=cast.producer)
    with pytest.raises(ValidationError, match="have made 2 offers today; 2 are allowed"):
        offer_one(golden, cast.producer, "bob")


def test_another_account_does_not_begin_the_day_anew(cast: Cast, golden: Image, settings: Settings) -> None:
    settings.OFFERS_PER_DAY = 1
    offer_one(golden, cast.producer, "bob")
    another = make_account("Another", cast.alice)
    image = make_image(another, cast.alice)
    with pytest.raises(ValidationError, match="1 are allowed"):
        offer_one(image, viewer(cast.alice, another), "erin")


class TestNobodyFindsOutWhoExists:
    """The same words, statements and events, whether or not there is somebody."""

    PAIRS = (("dave", "nobody-knows"), ("dave@example.org", "who@example.org"), ("number", "unknown number"))

    def texts(self, cast: Cast, pair: tuple[str, str]) -> tuple[str, str]:
        real = {"number": cast.beta.number, "unknown number": numbers.new_number()}
        return real.get(pair[0], pair[0]), real.get(pair[1], pair[1])

    def run(self, cast: Cast, text: str) -> list[object]:
        image = make_image(cast.acme, cast.alice)
        costs: list[object] = []
        with CaptureQueriesContext(connection) as queries:
            [offered] = offer_all(image, cast.producer, text)
        costs.append(len(queries))
        Share.objects.filter(pk=offered.share.pk).update(offered_at=timezone.now() - timedelta(days=2))
        with CaptureQueriesContext(connection) as queries:
            actions.remind(image.pk, offered.share.pk, by=cast.producer)
        costs.append(len(queries))
        with CaptureQueriesContext(connection) as queries:
            actions.remove(image.pk, offered.share.pk, by=cast.producer)
        costs.append(len(queries))
        verbs = Event.objects.of("image", image.pk).order_by("pk").values_list("verb", "account", "actor")
        return [*costs, offered.text, offered.share.state, *verbs]

    @pytest.mark.parametrize("pair", PAIRS)
    def test_offer_remind_and_remove_look_alike(self, cast: Cast, pair: tuple[str, str]) -> None:
        known, unknown = self.texts(cast, pair)
        assert self.run(cast, known) == self.run(cast, unknown)

    def test_an_offer_costs_this_many_statements(self, cast: Cast) -> None:
        assert self.run(cast, "dave")[:3] == [34, 10, 18]

    def test_a_closed_account_stays_pending_like_one_that_never_was(self, cast: Cast, pending: Share) -> None:
        actions.end_shares_of(cast.beta.group_ptr, cast.consumer)
        pending.refresh_from_db()
        assert (pending.state, pending.recipient) == ("pending", None)
        assert not Event.objects.filter(account=cast.acme, verb="left").exists()

    def test_a_rejection_tells_the_producer_no_account_and_no_person(self, cast: Cast, golden: Image) -> None:
        share = offer_one(golden, cast.producer, "dave@example.org")
        actions.reject(share.pk, by=viewer(cast.dave, cast.beta), reason="No.")
        [seen] = Event.objects.visible_to(cast.producer).filter(verb="rejected")
        assert (seen.account, seen.address, seen.actor, seen.network_address) == (
            cast.acme,
            "dave@example.org",
            None,
            None,
        )
        assert not Event.objects.visible_to(cast.consumer).filter(verb="rejected").exists()


class TestOfferAgain:
    """Over a rejected or expired share: the same row, as if the recipient were named once more."""

    def test_a_rejected_share_is_pending_again(self, cast: Cast, golden: Image, pending: Share) -> None:
        actions.reject(pending.pk, by=cast.consumer, reason="Not now.")
        again = actions.offer_again(golden.pk, pending.pk, by=cast.creator).share
        assert (again.pk, again.state, again.reason, again.offered_by) == (pending.pk, "pending", "", cast.carol)
        assert grants(golden) == {cast.beta.pk: VIEW}

    def test_what_went_into_another_account_is_offered_to_the_person_again(self, cast: Cast, golden: Image) -> None:
        share = offer_one(golden, cast.producer, "bob")
        actions.accept(share.pk, by=cast.consumer, into=cast.beta)
        actions.leave(golden.pk, by=cast.consumer)
        actions.offer_again(golden.pk, share.pk, by=cast.producer)
        assert grants(golden) == {cast.bob.personal_account.pk: VIEW}

    def test_a_group_that_left_is_decided_by_its_manager(self, cast: Cast, golden: Image) -> None:
        [given] = offer_all(golden, cast.producer, "", cast.golden_testers)
        Share.objects.filter(pk=given.share.pk).update(status="rejected")
        with pytest.raises(PermissionDenied, match="that you manage"):
            actions.offer_again(golden.pk, given.share.pk, by=cast.creator)
        assert actions.offer_again(golden.pk, given.share.pk, by=cast.producer).share.state == "accepted"

    def test_not_while_it_waits_or_gives_access(self, cast: Cast, golden: Image, pending: Share) -> None:
        with pytest.raises(Conflict, match="pending acceptance"):
            actions.offer_again(golden.pk, pending.pk, by=cast.producer)
        actions.accept(pending.pk, by=cast.consumer)
        with pytest.raises(Conflict, match="accepted"):
            actions.offer_again(golden.pk, pending.pk, by=cast.producer)

    def test_a_share_of_another_image_is_not_found(self, cast: Cast, pending: Share) -> None:
        other = make_image(cast.acme, cast.alice)
        for act in (actions.offer_again, actions.remind, actions.remove):
            with pytest.raises(Http404):
                act(other.pk, pending.pk, by=cast.producer)


class TestRemind:
    def test_not_on_the_day_of_the_offer(self, cast: Cast, golden: Image, pending: Share) -> None:
        with pytest.raises(Conflict, match="less than a day ago"):
            actions.remind(golden.pk, pending.pk, by=cast.producer)

    def test_once_a_day(self, cast: Cast, golden: Image, pending: Share) -> None:
        Share.objects.update(offered_at=timezone.now() - timedelta(hours=25))
        assert actions.remind(golden.pk, pending.pk, by=cast.creator).reminded_at
        with pytest.raises(Conflict):
            actions.remind(golden.pk, pending.pk, by=cast.producer)

    def test_nobody_to_remind_after_a_decision(self, cast: Cast, golden: Image, accepted: Share) -> None:
        with pytest.raises(Conflict, match="nobody to remind"):
            actions.remind(golden.pk, accepted.pk, by=cast.producer)

    def test_not_while_the_image_is_private(self, cast: Cast, golden: Image, pending: Share) -> None:
        Image.objects.update(visibility=Image.Visibility.PRIVATE)
        with pytest.raises(Conflict, match="Make it shared first"):
            actions.remind(golden.pk, pending.pk, by=cast.producer)


class TestRemove:
    def test_access_ends_at_once(self, cast: Cast, golden: Image, accepted: Share) -> None:
        actions.remove(golden.pk, accepted.pk, by=cast.producer)
        assert not Image.objects.visible_to(cast.consumer).filter(pk=golden.pk).exists()
        assert grants(golden) == {}

    def test_only_admins_remove(self, cast: Cast, golden: Image, accepted: Share) -> None:
        with pytest.raises(PermissionDenied, match="Only an admin of Acme Producers can remove a share"):
            actions.remove(golden.pk, accepted.pk, by=cast.creator)

    def test_a_second_removal_finds_nothing(self, cast: Cast, golden: Image, accepted: Share) -> None:
        actions.remove(golden.pk, accepted.pk, by=cast.producer)
        with pytest.raises(Http404):
            actions.remove(golden.pk, accepted.pk, by=cast.producer)

    def test_an_image_that_never_was(self, cast: Cast, nobody_has: UUID) -> None:
        with pytest.raises(Http404):
            actions.remove(nobody_has, 1, by=cast.producer)


class TestUndo:
    """Within the minute in which nobody has been told."""

    def test_a_first_offer_is_gone_with_its_grants(self, cast: Cast, golden: Image, pending: Share) -> None:
        actions.undo_offers([pending.pk], by=cast.producer)
        assert not Share.objects.exists()
        assert grants(golden) == {}

    def test_a_creator_undoes_what_they_offered_although_only_admins_remove(self, cast: Cast, golden: Image) -> None:
        share = offer_one(golden, cast.creator, "bob")
        actions.undo_offers([share.pk], by=cast.creator)
        assert not Share.objects.exists()

    def test_what_was_offered_again_is_rejected_as_before(self, cast: Cast, golden: Image, pending: Share) -> None:
        actions.reject(pending.pk, by=cast.consumer, reason="Too old.")
        before = Share.objects.values().get()
        actions.offer_again(golden.pk, pending.pk, by=cast.producer)
        actions.undo_offers([pending.pk], by=cast.producer)
        assert Share.objects.values().get() == before | {"before": None}
        assert grants(golden) == {}

    def test_a_group_that_had_it_at_once_has_it_no_more(self, cast: Cast, golden: Image) -> None:
        [offered] = offer_all(golden, cast.producer, "", cast.golden_testers)
        actions.undo_offers([offered.share.pk], by=cast.producer)
        assert grants(golden) == {}

    def test_after_the_minute_it_is_too_late(
        self, cast: Cast, golden: Image, pending: Share, settings: Settings
    ) -> None:
        settings.UNDO_SECONDS = 0
        with pytest.raises(Conflict, match="too late"):
            actions.undo_offers([pending.pk], by=cast.producer)

    def test_a_decision_stays_and_what_was_offered_with_it_is_undone(
        self, cast: Cast, golden: Image, pending: Share
    ) -> None:
        other = offer_one(golden, cast.producer, "erin")
        actions.accept(pending.pk, by=cast.consumer)
        assert len(actions.undo_offers([other.pk, pending.pk], by=cast.producer)) == 1
        assert Share.objects.get() == pending
        with pytest.raises(Conflict, match="has decided"):
            actions.undo_offers([pending.pk], by=cast.producer)

    def test_an_image_that_the_offer_made_shared_is_private_again(self, cast: Cast, golden: Image) -> None:
        offered = offer_all(golden, cast.producer, "bob, erin", cast.golden_testers)
        actions.undo_offers([each.share.pk for each in offered], by=cast.producer)
        golden.refresh_from_db()
        assert golden.visibility == "private"
        assert grants(golden) == {}

    def test_it_stays_shared_when_something_was_agreed_since(self, cast: Cast, golden: Image, pending: Share) -> None:
        offer_one(golden, cast.creator, "erin")
        actions.undo_offers([pending.pk], by=cast.producer)
        golden.refresh_from_db()
        assert golden.visibility == "shared"

    def test_it_stays_shared_when_it_was_shared_before(self, cast: Cast, golden: Image, accepted: Share) -> None:
        share = offer_one(golden, cast.producer, "erin")
        actions.undo_offers([share.pk], by=cast.producer)
        golden.refresh_from_db()
        assert golden.visibility == "shared"

    def test_old_shares_of_a_private_image_sleep_again(self, cast: Cast, golden: Image, accepted: Share) -> None:
        set_visibility(golden.pk, by=cast.producer, visibility="private")
        share = offer_one(golden, cast.producer, "erin")
        actions.undo_offers([share.pk], by=cast.producer)
        golden.refresh_from_db()
        assert golden.visibility == "private"
        assert not ImageGroupObjectPermission.objects.filter(active=True).exists()

    @pytest.fixture
    def followed(self, cast: Cast, golden: Image) -> Share:
        """What Beta Consumers had with later versions, until yesterday."""
        family = create_family(by=cast.producer, name="debian")
        put_into_family(golden.pk, family.pk, by=cast.producer, version="1")
        share = offer_one(golden, cast.producer, cast.beta.number, offers_future=True, export=False)
        actions.accept(share.pk, by=cast.consumer, future=True)
        Share.objects.update(access_until=timezone.now() - timedelta(days=1))
        return Share.objects.get()

    def test_everything_that_an_offer_changes_is_kept(self, followed: Share, cast: Cast) -> None:
        before = dict[str, Any](Share.objects.values().get())
        actions.trust(cast.acme, recipient=cast.beta, by=cast.consumer)
        again = actions.offer_again(followed.image_id, followed.pk, by=cast.producer).share
        assert again.before
        changed = {name for name, value in Share.objects.values().get().items() if value != before[name]}
        assert changed - {"before"} <= set(again.before["row"])
        assert (again.before["row"]["offers_future"], again.before["row"]["takes_future"]) == (True, True)
        actions.take_later_versions(followed.pk, by=cast.consumer)
        actions.undo_offers([followed.pk], by=cast.producer)
        assert Share.objects.values().get() == before | {"before": None}

    def test_later_versions_do_not_come_back_to_an_image_that_has_left_its_family(
        self, followed: Share, cast: Cast
    ) -> None:
        actions.offer_again(followed.image_id, followed.pk, by=cast.producer)
        take_out_of_family(followed.image_id, by=cast.producer)
        other = create_family(by=cast.producer, name="other")
        put_into_family(followed.image_id, other.pk, by=cast.producer, version="1")
        actions.undo_offers([followed.pk], by=cast.producer)
        followed.refresh_from_db()
        assert (followed.status, followed.offers_future, followed.takes_future) == ("accepted", False, False)

    def test_other_peoples_offers_are_left_alone(self, cast: Cast, golden: Image, pending: Share) -> None:
        assert actions.undo_offers([pending.pk], by=cast.creator) == []
        assert actions.undo_offers([pending.pk], by=cast.consumer) == []
        assert Share.objects.count() == 1


class TestTheEnd:
    """Shares end on a date by themselves: the producer's, the panel's, the organization's."""

    def test_it_ends_on_the_date_that_was_said(self, cast: Cast, golden: Image) -> None:
        until = timezone.now() + timedelta(days=3)
        share = offer_one(golden, cast.producer, "bob", access_until=until)
        assert (share.access_until, share.offer_expires_at) == (until, until)

    def test_a_past_date_is_refused(self, cast: Cast, golden: Image) -> None:
        with pytest.raises(ValidationError, match="not past"):
            offer_one(golden, cast.producer, "bob", access_until=timezone.now())
        assert not Share.objects.exists()

    def test_no_end_becomes_the_latest_one_of_the_panel(self, cast: Cast, golden: Image, settings: Settings) -> None:
        settings.SHARE_MAX_DAYS = 90
        until = offer_one(golden, cast.producer, "bob").access_until
        assert until
        assert timedelta(days=89) < until - timezone.now() <= timedelta(days=90)

    def test_the_organization_may_be_stricter(self, cast: Cast, golden: Image, settings: Settings) -> None:
        settings.SHARE_MAX_DAYS = 90
        Rules.objects.create(organization=cast.acme_group, max_days=10)
        with pytest.raises(ValidationError, match="10 days at most"):
            offer_one(golden, cast.producer, "bob", access_until=timezone.now() + timedelta(days=20))
