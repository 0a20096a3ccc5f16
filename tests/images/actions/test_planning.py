"""Changes on a day to come: who may plan them, and what the clock does."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.utils import timezone

from accounts.errors import Conflict
from accounts.models import Event, Membership, Notification
from images import actions
from images.models import Image, PlannedChange
from tests.conftest import MoveClock, WorkThrough
from tests.factories import make_image
from tests.people import Cast
from tests.sharing.conftest import offer_one

pytestmark = pytest.mark.django_db

WEEK = timedelta(days=7)
KINDS = [("delete", ""), ("deactivate", ""), ("visibility", "community")]


def plan(image: Image, cast: Cast, change: str = "delete", visibility: str = "", **more: Any) -> PlannedChange:
    at: datetime = timezone.now() + more.pop("within", WEEK)
    return actions.plan_change(
        image.pk, by=more.pop("by", cast.producer), change=change, at=at, visibility=visibility, **more
    )


def state(image: Image) -> tuple[str, str]:
    return Image.objects.values_list("status", "visibility").get(pk=image.pk)


class TestPlanning:
    @pytest.mark.parametrize(("change", "visibility"), KINDS)
    def test_nothing_happens_before_its_time(
        self, cast: Cast, golden: Image, move_clock: MoveClock, change: str, visibility: str
    ) -> None:
        plan(golden, cast, change, visibility)
        move_clock(WEEK - timedelta(minutes=1))
        assert actions.carry_out_due() == 0
        assert state(golden) == ("active", "private")

    @pytest.mark.parametrize(
        ("change", "visibility", "after"),
        [
            ("delete", "", ("deleted", "private")),
            ("deactivate", "", ("deactivated", "private")),
            ("visibility", "community", ("active", "community")),
        ],
    )
    def test_it_happens_once_however_often_the_task_runs(
        self, cast: Cast, golden: Image, move_clock: MoveClock, change: str, visibility: str, after: tuple[str, str]
    ) -> None:
        plan(golden, cast, change, visibility)
        move_clock(WEEK)
        assert [actions.carry_out_due(), actions.carry_out_due()] == [1, 0]
        assert state(golden) == after
        done = PlannedChange.objects.get()
        assert (done.is_open, done.problem, done.cancelled_at) == (False, "", None)
        assert Event.objects.of("image", golden.pk).first().actor == cast.alice  # type: ignore[union-attr]

    @pytest.mark.parametrize(("change", "visibility"), KINDS)
    def test_only_who_may_do_it_now_plans_and_cancels_it(
        self, cast: Cast, golden: Image, change: str, visibility: str
    ) -> None:
        with pytest.raises(PermissionDenied, match="Only an admin of Acme Producers"):
            plan(golden, cast, change, visibility, by=cast.creator)
        planned = plan(golden, cast, change, visibility)
        with pytest.raises(PermissionDenied, match="Only an admin of Acme Producers"):
            actions.cancel_planned_change(golden.pk, planned.pk, by=cast.creator)
        with pytest.raises(Http404):
            actions.cancel_planned_change(golden.pk, planned.pk, by=cast.consumer)

    def test_a_second_plan_of_the_kind_takes_the_place_of_the_first(self, cast: Cast, golden: Image) -> None:
        first = plan(golden, cast)
        second = plan(golden, cast, within=2 * WEEK)
        plan(golden, cast, "deactivate")
        first.refresh_from_db()
        assert (first.cancelled_by, second.is_open) == (cast.alice, True)
        assert golden.planned_changes.open().count() == 2

    @pytest.mark.parametrize("within", [timedelta(0), -WEEK, timedelta(days=4000)])
    def test_only_a_day_to_come(self, cast: Cast, golden: Image, within: timedelta) -> None:
        with pytest.raises(ValidationError):
            plan(golden, cast, within=within)

    def test_what_is_so_already_and_what_is_protected_cannot_be_planned(self, cast: Cast, golden: Image) -> None:
        protected = make_image(cast.acme, cast.alice, protected=True)
        for image, change, visibility in ((protected, "delete", ""), (golden, "visibility", "private")):
            with pytest.raises(Conflict):
                plan(image, cast, change, visibility)
        actions.deactivate(golden.pk, by=cast.producer)
        with pytest.raises(Conflict, match="already"):
            plan(golden, cast, "deactivate")

    def test_nobody_plans_to_make_an_image_public(self, cast: Cast, golden: Image) -> None:
        with pytest.raises(PermissionDenied, match="Only staff"):
            plan(golden, cast, "visibility", "public")

    def test_what_happens_before_ends_the_plan(self, cast: Cast, golden: Image) -> None:
        plan(golden, cast, "deactivate")
        actions.deactivate(golden.pk, by=cast.producer)
        assert not golden.planned_changes.open().exists()
        plan(golden, cast)
        plan(golden, cast, "visibility", "community")
        actions.set_visibility(golden.pk, by=cast.producer, visibility="community")
        assert [one.change for one in golden.planned_changes.open()] == ["delete"]
        actions.delete(golden.pk, by=cast.producer)
        assert not golden.planned_changes.open().exists()


class TestWhenItsTimeHasCome:
    def letters(self, cast: Cast) -> list[str]:
        return list(Notification.objects.filter(user=cast.alice).values_list("body", flat=True))

    def test_a_protected_image_stays_and_the_admins_are_told(
        self, cast: Cast, golden: Image, move_clock: MoveClock
    ) -> None:
        plan(golden, cast)
        actions.protect(golden.pk, by=cast.producer)
        move_clock(WEEK)
        assert [actions.carry_out_due(), actions.carry_out_due()] == [1, 0]
        assert state(golden)[0] == "active"
        assert "protected against deletion" in PlannedChange.objects.get().problem
        [told] = self.letters(cast)
        assert "It did not happen: “debian-12-golden” is protected" in told
        assert Event.objects.of("image", golden.pk).filter(verb="plan dropped", actor=None).exists()

    def test_whoever_may_not_do_it_any_more_does_not_do_it(
        self, cast: Cast, golden: Image, move_clock: MoveClock
    ) -> None:
        plan(golden, cast)
        Membership.objects.filter(user=cast.alice, group=cast.acme.pk).update(role="creator")
        Membership.objects.filter(user=cast.carol, group=cast.acme.pk).update(role="admin")
        move_clock(WEEK)
        actions.carry_out_due()
        assert state(golden)[0] == "active"
        assert "Only an admin" in Notification.objects.get(user=cast.carol).body

    @pytest.mark.parametrize("how", ["left", "closed"])
    def test_nor_whoever_has_left(self, cast: Cast, golden: Image, move_clock: MoveClock, how: str) -> None:
        plan(golden, cast)
        if how == "left":
            Membership.objects.filter(user=cast.alice, group=cast.acme.pk).delete()
        else:
            type(cast.alice).objects.filter(pk=cast.alice.pk).update(is_active=False)
        move_clock(WEEK)
        actions.carry_out_due()
        assert state(golden)[0] == "active"
        assert PlannedChange.objects.get().problem == "Alice Archer is no longer in the account."

    def test_what_was_cancelled_does_not_happen(self, cast: Cast, golden: Image, move_clock: MoveClock) -> None:
        actions.cancel_planned_change(golden.pk, plan(golden, cast).pk, by=cast.producer)
        move_clock(WEEK)
        assert actions.carry_out_due() == 0
        assert state(golden)[0] == "active"


class TestConsumersAreTold:
    @pytest.fixture
    def shared(self, cast: Cast, golden: Image) -> Image:
        offer_one(golden, cast.producer, cast.beta.number)
        offer_one(golden, cast.producer, "rhea")
        return golden

    def subjects(self, cast: Cast, work_through: WorkThrough) -> list[str]:
        """What Bob was told, without the offer itself."""
        work_through()
        told = Notification.objects.filter(user=cast.bob).order_by("pk").values_list("subject", flat=True)
        return [subject for subject in told if "offers you" not in subject]

    def test_at_once_and_a_day_before_and_each_time_once(
        self, cast: Cast, shared: Image, move_clock: MoveClock, work_through: WorkThrough
    ) -> None:
        plan(shared, cast)
        assert len(self.subjects(cast, work_through)) == 1
        move_clock(WEEK - timedelta(hours=20))
        assert [actions.warn_of_planned(), actions.warn_of_planned()] == [1, 0]
        first, second = self.subjects(cast, work_through)
        assert "will be deleted on" in first
        assert second.endswith("will be deleted within a day")
        assert Notification.objects.filter(user=cast.rhea, subject=second).exists()

    def test_nothing_of_the_people_of_the_producer(self, cast: Cast, shared: Image, work_through: WorkThrough) -> None:
        plan(shared, cast)
        work_through()
        told = Notification.objects.filter(user=cast.bob).latest("pk")
        assert "Alice" not in told.subject + told.body
        assert told.path == f"/a/{cast.beta.number}/images/{shared.pk}/"

    def test_what_is_cancelled_within_the_minute_is_never_heard_of(
        self, cast: Cast, shared: Image, work_through: WorkThrough
    ) -> None:
        actions.cancel_planned_change(shared.pk, plan(shared, cast).pk, by=cast.producer)
        assert self.subjects(cast, work_through) == []

    def test_later_they_are_told_that_it_stays(
        self, cast: Cast, shared: Image, move_clock: MoveClock, work_through: WorkThrough
    ) -> None:
        planned = plan(shared, cast)
        self.subjects(cast, work_through)
        move_clock(timedelta(hours=2))
        actions.cancel_planned_change(shared.pk, planned.pk, by=cast.producer)
        assert "will not be deleted" in self.subjects(cast, work_through)[-1]

    def test_planning_over_and_over_fills_no_mailbox(
        self, cast: Cast, shared: Image, work_through: WorkThrough
    ) -> None:
        for days in range(2, 9):
            plan(shared, cast, within=timedelta(days=days))
            work_through()
        assert len(self.subjects(cast, work_through)) == 3

    def test_nobody_is_told_of_what_nobody_loses_by(self, cast: Cast, shared: Image, work_through: WorkThrough) -> None:
        plan(shared, cast, "visibility", "community")
        assert self.subjects(cast, work_through) == []
