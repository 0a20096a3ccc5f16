"""Shares that end: by the clock everywhere, told to both sides once, and put off with one click."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.errors import Conflict
from accounts.models import Event, Membership, Notification, User
from images.models import Image
from sharing import actions
from sharing.grants import expected_rights
from sharing.models import Rules, Share
from tests.conftest import MoveClock, WorkThrough
from tests.factories import make_image, signed_in, viewer
from tests.people import Cast
from tests.sharing.conftest import offer_all, offer_one
from tests.sharing.test_views import url

DAY = timedelta(days=1)


def in_days(days: float) -> datetime:
    return timezone.now() + timedelta(days=days)


@pytest.fixture
def ending(cast: Cast, golden: Image) -> Share:
    """golden, which Beta Consumers has for 30 days."""
    share = offer_one(golden, cast.producer, cast.beta.number, access_until=in_days(30))
    return actions.accept(share.pk, by=cast.consumer)


def until(share: Share) -> datetime | None:
    return Share.objects.values_list("access_until", flat=True).get(pk=share.pk)


def subjects(user: User, work_through: WorkThrough) -> list[str]:
    """What a person was told of ends, in order."""
    work_through()
    told = Notification.objects.filter(user=user).order_by("pk").values_list("subject", flat=True)
    return [subject for subject in told if "offers you" not in subject and "accepted" not in subject]


class TestTheClock:
    def test_access_ends_everywhere_at_that_moment(
        self, cast: Cast, golden: Image, ending: Share, move_clock: MoveClock
    ) -> None:
        pages = [url(name, cast.beta, golden.pk) for name in ("image_detail", "image_download")]
        for days, status in ((29.9, 200), (30.1, 404)):
            move_clock(timedelta(days=days))
            client = signed_in(cast.bob)
            answers = [client.get(page) for page in pages]
            assert [answer.status_code for answer in answers] == [status, status]
            for answer in answers:
                assert b"".join(answer) is not None
            listed = client.get(url("image_list", cast.beta)).content.decode()
            assert ("debian-12-golden" in listed) is (status == 200)

    def test_grants_follow_a_new_end(self, cast: Cast, golden: Image, ending: Share, move_clock: MoveClock) -> None:
        actions.set_end(golden.pk, ending.pk, by=cast.producer, until=in_days(60))
        assert set(expected_rights(golden, ending.recipient).values()) == {until(ending)}
        move_clock(timedelta(days=59))
        assert signed_in(cast.bob).get(url("image_detail", cast.beta, golden.pk)).status_code == 200
        move_clock(timedelta(days=61))
        assert signed_in(cast.bob).get(url("image_detail", cast.beta, golden.pk)).status_code == 404

    def test_an_offer_runs_out_with_what_it_offers(self, cast: Cast, golden: Image) -> None:
        share = offer_one(golden, cast.producer, cast.beta.number)
        shortened = actions.set_end(golden.pk, share.pk, by=cast.producer, until=in_days(3))
        assert shortened.offer_expires_at == shortened.access_until
        expires = actions.set_end(golden.pk, share.pk, by=cast.producer, until=None).offer_expires_at
        assert expires
        assert expires > in_days(29)


class TestSetEnd:
    def test_creators_extend_and_only_admins_shorten(self, cast: Cast, golden: Image, ending: Share) -> None:
        actions.set_end(golden.pk, ending.pk, by=cast.creator, until=in_days(90))
        with pytest.raises(PermissionDenied, match="Only an admin of Acme Producers can remove a share"):
            actions.set_end(golden.pk, ending.pk, by=cast.creator, until=in_days(10))
        actions.set_end(golden.pk, ending.pk, by=cast.creator, until=None)
        with pytest.raises(PermissionDenied):
            actions.set_end(golden.pk, ending.pk, by=cast.creator, until=in_days(900))
        actions.set_end(golden.pk, ending.pk, by=cast.producer, until=in_days(10))
        verbs = list(Event.objects.of("image", golden.pk).values_list("verb", flat=True)[:3])
        assert verbs == ["shortened", "extended", "extended"]

    def test_nobody_on_the_other_side_sets_it(self, cast: Cast, golden: Image, ending: Share) -> None:
        with pytest.raises(PermissionDenied):
            actions.set_end(golden.pk, ending.pk, by=cast.consumer, until=None)
        with pytest.raises(Http404):
            actions.set_end(golden.pk, ending.pk, by=viewer(cast.rhea, cast.rival), until=None)

    def test_no_longer_than_the_rules_allow(self, cast: Cast, golden: Image, ending: Share, settings: Settings) -> None:
        settings.SHARE_MAX_DAYS = 60
        with pytest.raises(ValidationError, match="60 days at most"):
            actions.set_end(golden.pk, ending.pk, by=cast.producer, until=in_days(90))
        longest = actions.set_end(golden.pk, ending.pk, by=cast.producer, until=None).access_until
        assert longest is not None
        assert abs(longest - in_days(60)) < DAY

    @pytest.mark.parametrize(("outside", "refused"), [("approval", Conflict), ("forbidden", ValidationError)])
    def test_rules_about_sharing_outside_hold_for_more_time_too(
        self, cast: Cast, golden: Image, ending: Share, outside: str, refused: type[Exception]
    ) -> None:
        Rules.objects.create(organization=cast.acme_group, outside=outside)
        with pytest.raises(refused, match="outside"):
            actions.set_end(golden.pk, ending.pk, by=cast.producer, until=in_days(60))
        actions.set_end(golden.pk, ending.pk, by=cast.producer, until=in_days(10))

    def test_what_is_over_is_offered_again_instead(
        self, cast: Cast, golden: Image, ending: Share, move_clock: MoveClock
    ) -> None:
        move_clock(timedelta(days=31))
        with pytest.raises(Conflict, match="share the image again instead"):
            actions.set_end(golden.pk, ending.pk, by=cast.producer, until=None)

    def test_the_recipient_is_told_of_what_it_comes_to(
        self, cast: Cast, golden: Image, ending: Share, work_through: WorkThrough
    ) -> None:
        subjects(cast.bob, work_through)
        for days in (60, 90, 10):  # within a moment
            actions.set_end(golden.pk, ending.pk, by=cast.producer, until=in_days(days))
        day = until(ending)
        assert day
        assert subjects(cast.bob, work_through) == [
            f"“debian-12-golden” is shared with you until {day.day} {day:%B %Y}"
        ]


class TestWarnings:
    def test_both_sides_are_told_7_days_and_1_day_before_and_at_the_end_each_time_once(
        self, cast: Cast, ending: Share, move_clock: MoveClock, work_through: WorkThrough
    ) -> None:
        for days, told in ((20, 0), (24, 1), (25, 1), (29.5, 2), (30.5, 3), (40, 3)):
            move_clock(timedelta(days=days))
            actions.attend_to_ends()
            actions.attend_to_ends()
            assert [len(subjects(who, work_through)) for who in (cast.bob, cast.alice)] == [told, told], days
        assert "no longer shared with you" in subjects(cast.bob, work_through)[-1]
        assert "no longer has" in subjects(cast.alice, work_through)[-1]

    def test_a_task_that_missed_days_tells_once_what_is_true_now(
        self, cast: Cast, ending: Share, move_clock: MoveClock, work_through: WorkThrough
    ) -> None:
        move_clock(timedelta(days=35))
        actions.attend_to_ends()
        assert len(subjects(cast.bob, work_through)) == 1

    def test_what_is_extended_is_warned_of_anew(
        self, cast: Cast, golden: Image, ending: Share, move_clock: MoveClock, work_through: WorkThrough
    ) -> None:
        move_clock(timedelta(days=24))
        actions.attend_to_ends()
        actions.set_end(golden.pk, ending.pk, by=cast.producer, until=in_days(30))
        assert Share.objects.get(pk=ending.pk).warned_days is None
        before = len(subjects(cast.alice, work_through))
        move_clock(timedelta(days=24 + 24))
        actions.attend_to_ends()
        assert len(subjects(cast.alice, work_through)) == before + 1

    def test_what_was_for_a_short_time_from_the_beginning_is_not_warned_of_a_week_before(
        self, cast: Cast, golden: Image, work_through: WorkThrough
    ) -> None:
        share = offer_one(golden, cast.producer, cast.beta.number, access_until=in_days(3))
        actions.accept(share.pk, by=cast.consumer)
        assert actions.attend_to_ends() == 0

    def test_the_producer_is_told_of_addresses_only(
        self, cast: Cast, golden: Image, move_clock: MoveClock, work_through: WorkThrough
    ) -> None:
        share = offer_one(golden, cast.producer, "bob@example.org", access_until=in_days(30))
        actions.accept(share.pk, by=viewer(cast.bob), into=cast.beta)
        for days in (24, 31):
            move_clock(timedelta(days=days))
            actions.attend_to_ends()
        work_through()
        for told in Notification.objects.filter(user=cast.alice):
            assert "bob@example.org" in told.subject
            assert "Beta" not in told.subject + told.body
            assert "Baker" not in told.subject + told.body

    def test_an_offer_that_nobody_answered_is_told_once_and_the_same_for_everybody(
        self, cast: Cast, golden: Image, move_clock: MoveClock, work_through: WorkThrough
    ) -> None:
        offer_all(golden, cast.producer, f"{cast.beta.number}, nobody-knows")
        work_through()
        move_clock(timedelta(days=31))
        assert [actions.attend_to_ends(), actions.attend_to_ends()] == [2, 0]
        [told] = Notification.objects.filter(user=cast.alice)
        assert told.subject == "2 of your offers were never answered"
        assert f"to {cast.beta.grouped_number}: open" in told.body
        assert "to nobody-knows: open" in told.body

    def test_the_admins_are_told_where_the_person_has_left(
        self, cast: Cast, golden: Image, move_clock: MoveClock, work_through: WorkThrough
    ) -> None:
        share = offer_one(golden, cast.creator, cast.beta.number, access_until=in_days(30))
        actions.accept(share.pk, by=cast.consumer)
        Membership.objects.filter(user=cast.carol, group=cast.acme.pk).delete()
        move_clock(timedelta(days=24))
        actions.attend_to_ends()
        assert len(subjects(cast.alice, work_through)) == 1
        assert not Notification.objects.filter(user=cast.carol, subject__contains="until").exists()

    def test_nothing_is_said_of_what_is_not_shared_now(
        self, cast: Cast, golden: Image, ending: Share, move_clock: MoveClock, work_through: WorkThrough
    ) -> None:
        Image.objects.update(visibility="private")
        move_clock(timedelta(days=24))
        actions.attend_to_ends()
        assert subjects(cast.bob, work_through) == []

    def test_many_shares_cost_as_many_queries_as_one(
        self, cast: Cast, move_clock: MoveClock, work_through: WorkThrough, django_assert_num_queries: Any
    ) -> None:
        from django.db import connection

        counts: list[int] = []
        for number in (1, 30):
            image = make_image(cast.acme, cast.alice)
            addresses = ",".join(f"person-{number}-{n}" for n in range(number))
            offer_all(image, cast.producer, addresses)
            move_clock(timedelta(days=31 * len(counts) + 31))
            with CaptureQueriesContext(connection) as queries:
                assert actions.attend_to_ends() == number
            counts.append(len(queries))
        assert counts[0] == counts[1]


class TestAskingForLonger:
    def test_the_producer_is_told_once_a_day_by_the_address_alone(
        self, cast: Cast, golden: Image, ending: Share, move_clock: MoveClock, work_through: WorkThrough
    ) -> None:
        actions.ask_for_longer(golden.pk, by=cast.consumer)
        with pytest.raises(Conflict, match="less than a day ago"):
            actions.ask_for_longer(golden.pk, by=cast.consumer)
        [told] = subjects(cast.alice, work_through)
        assert told == f"{cast.beta.grouped_number} would like to have “debian-12-golden” for longer"
        letter = Notification.objects.get(user=cast.alice, subject=told)
        assert letter.path == url("share_until", cast.acme, golden.pk, ending.pk)
        assert "Bob" not in letter.body
        event = Event.objects.get(account=cast.acme, verb="asked for longer")
        assert (event.actor, event.counterpart) == (None, None)
        move_clock(timedelta(days=2))
        actions.ask_for_longer(golden.pk, by=cast.consumer)

    def test_only_who_decides_asks(self, cast: Cast, golden: Image, ending: Share) -> None:
        with pytest.raises(PermissionDenied):
            actions.ask_for_longer(golden.pk, by=cast.observer)
        with pytest.raises(Http404):
            actions.ask_for_longer(golden.pk, by=viewer(cast.rhea, cast.rival))

    def test_there_has_to_be_an_end(self, cast: Cast, golden: Image, accepted: Share) -> None:
        with pytest.raises(Conflict, match="without an end"):
            actions.ask_for_longer(golden.pk, by=cast.consumer)


class TestPages:
    def test_one_click_extends(self, cast: Cast, golden: Image, ending: Share) -> None:
        before = until(ending)
        assert before
        page = url("share_until", cast.acme, golden.pk, ending.pk)
        client = signed_in(cast.carol)
        assert "30 more days" in client.get(page).content.decode()
        back = url("image_access", cast.acme, golden.pk)
        assert client.post(page, {"until": "30", "next": back})["Location"] == back
        assert until(ending) == before + timedelta(days=30)
        client.post(page, {"until": "none"})
        assert until(ending) is None

    @pytest.mark.parametrize("data", [{}, {"on": "2020-01-01"}, {"on": "not a day"}, {"until": "31"}])
    def test_wrong_input_comes_back(self, cast: Cast, golden: Image, ending: Share, data: dict[str, str]) -> None:
        page = url("share_until", cast.acme, golden.pk, ending.pk)
        assert signed_in(cast.alice).post(page, data).status_code == 422

    def test_what_rules_forbid_is_disabled_with_the_reason(
        self, cast: Cast, golden: Image, ending: Share, settings: Settings
    ) -> None:
        settings.SHARE_MAX_DAYS = 61
        page = signed_in(cast.alice).get(url("share_until", cast.acme, golden.pk, ending.pk)).content.decode()
        assert page.count("Shares may last 61 days at most.") == 2

    def test_removing_on_a_day_is_an_end(self, cast: Cast, golden: Image, accepted: Share) -> None:
        day = timezone.localdate() + timedelta(days=5)
        page = url("share_remove", cast.acme, golden.pk, accepted.pk)
        client = signed_in(cast.alice)
        assert client.post(page, {"when": "later", "on": ""}).status_code == 422
        assert client.post(page, {"when": "later", "on": f"{day}"}).status_code == 302
        end = until(accepted)
        assert end
        assert (end.date(), end.hour) == (day, 23)

    def test_a_consumer_sees_the_end_and_asks(self, cast: Cast, golden: Image, ending: Share) -> None:
        client = signed_in(cast.bob)
        page = client.get(url("image_detail", cast.beta, golden.pk)).content.decode()
        assert "Ask to extend" in page
        assert "until " in client.get(url("image_list", cast.beta)).content.decode()
        answer = client.post(url("share_ask", cast.beta, golden.pk), follow=True).content.decode()
        assert "Acme Producers is asked" in answer
        assert "Asked less than a day ago" in answer
