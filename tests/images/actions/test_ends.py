"""The end of an image: what is announced, what the dates do by themselves, and who is told."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.errors import Conflict
from accounts.models import Event, Notification
from images import actions, tasks
from images.actions import End
from images.models import Image
from images.permissions import Verb, get_image, refusal
from sharing.actions import accept, offer
from sharing.addresses import parse
from tests.conftest import WorkThrough
from tests.factories import make_image
from tests.people import Cast

pytestmark = pytest.mark.django_db

Life = Image.Life


@contextmanager
def days_later(days: float) -> Iterator[None]:
    """Look from so many days on."""
    then = timezone.now() + timedelta(days=days)
    with patch("django.utils.timezone.now", return_value=then):
        yield


def in_days(days: float) -> datetime:
    return timezone.now() + timedelta(days=days)


def announce(image: Image, cast: Cast, **days: float) -> Image:
    """The end of an image in so many days: ``deprecated=0, obsolete=30``."""
    moments: dict[str, Any] = {f"{name}_at": in_days(number) for name, number in days.items()}
    return actions.announce_end(image.pk, by=cast.producer, end=End(**moments))


@pytest.fixture
def shared(cast: Cast, golden: Image) -> Image:
    """golden, which Beta Consumers have."""
    [offered] = offer(golden.pk, by=cast.producer, addresses=parse(cast.beta.number))
    accept(offered.share.pk, by=cast.consumer)
    golden.refresh_from_db()
    return golden


def subjects(cast: Cast) -> list[str]:
    """What Bob has been told since."""
    return list(Notification.objects.filter(user=cast.bob).order_by("pk").values_list("subject", flat=True))


class TestTheClock:
    def test_each_stage_begins_at_its_moment(self, golden: Image, cast: Cast) -> None:
        announce(golden, cast, deprecated=1, obsolete=10, retired=20)
        golden.refresh_from_db()
        found = []
        for days in (0, 2, 11, 21):
            with days_later(days):
                found.append(golden.life)
        assert found == [Life.CURRENT, Life.DEPRECATED, Life.OBSOLETE, Life.RETIRED]

    def test_a_date_that_is_left_out_is_the_next_one(self, golden: Image, cast: Cast) -> None:
        image = actions.announce_end(golden.pk, by=cast.producer, end=End(retired_at=in_days(20)))
        assert image.obsolete_at == image.retired_at
        assert image.life == Life.DEPRECATED

    @pytest.mark.parametrize("verb", [Verb.USE, Verb.EXPORT, Verb.COPY])
    def test_deprecated_can_be_used(self, shared: Image, cast: Cast, verb: Verb) -> None:
        announce(shared, cast, deprecated=0)
        consumer = cast.consumer
        assert Image.objects.usable_by(consumer).filter(pk=shared.pk).exists()
        if verb is not Verb.COPY:
            assert not refusal(consumer, verb, shared)

    def test_obsolete_cannot_be_used_by_anybody(self, shared: Image, cast: Cast) -> None:
        announce(shared, cast, deprecated=0, obsolete=1)
        with days_later(2):
            for viewer in (cast.consumer, cast.producer):
                assert not Image.objects.usable_by(viewer).filter(pk=shared.pk).exists()
                with pytest.raises(PermissionDenied, match="The image is obsolete"):
                    get_image(viewer, shared.pk, Verb.USE)
            for verb in (Verb.EXPORT, Verb.COPY):
                with pytest.raises(PermissionDenied, match="The image is obsolete"):
                    get_image(cast.consumer, shared.pk, verb)

    def test_its_owner_can_still_download_and_copy_it(self, shared: Image, cast: Cast) -> None:
        announce(shared, cast, deprecated=0, obsolete=1)
        with days_later(2):
            for verb in (Verb.EXPORT, Verb.COPY):
                assert get_image(cast.producer, shared.pk, verb).pk == shared.pk

    def test_its_page_stays_there(self, shared: Image, cast: Cast) -> None:
        announce(shared, cast, deprecated=0, obsolete=1)
        with days_later(2):
            assert get_image(cast.consumer, shared.pk, Verb.SEE).life == Life.OBSOLETE

    def test_a_public_one_cannot_be_used_either(self, cast: Cast) -> None:
        image = make_image(cast.acme, cast.alice, visibility="public")
        announce(image, cast, deprecated=0, obsolete=1)
        with days_later(2):
            assert not Image.objects.usable_by(cast.consumer).filter(pk=image.pk).exists()

    def test_obsolete_is_offered_to_nobody(self, golden: Image, cast: Cast) -> None:
        announce(golden, cast, deprecated=0, obsolete=1)
        offer(golden.pk, by=cast.producer, addresses=parse("rhea"))
        with days_later(2), pytest.raises(Conflict, match="obsolete"):
            offer(golden.pk, by=cast.producer, addresses=parse(cast.beta.number))


class TestRefusals:
    @pytest.mark.parametrize(
        ("days", "field"),
        [
            ({}, "deprecated"),
            ({"deprecated": -1}, "deprecated"),
            ({"obsolete": -1}, "deprecated"),
            ({"retired": 0}, "retired"),
            ({"deprecated": 5, "obsolete": 3}, "obsolete"),
            ({"deprecated": 0, "obsolete": 5, "retired": 3}, "retired"),
            ({"deprecated": 4000}, "deprecated"),
        ],
    )
    def test_dates_that_make_no_sense(self, golden: Image, cast: Cast, days: dict[str, float], field: str) -> None:
        with pytest.raises(ValidationError) as refused:
            announce(golden, cast, **days)
        assert field in refused.value.message_dict

    def test_only_an_admin_announces(self, golden: Image, cast: Cast) -> None:
        with pytest.raises(PermissionDenied, match="Only an admin of Acme Producers can deprecate it"):
            actions.announce_end(golden.pk, by=cast.creator, end=End(deprecated_at=timezone.now()))

    def test_a_replacement_is_another_image_of_the_account(self, golden: Image, cast: Cast) -> None:
        strange = make_image(cast.beta, cast.bob)
        for wanted in (golden.pk, strange.pk):
            with pytest.raises(ValidationError) as refused:
                actions.announce_end(
                    golden.pk, by=cast.producer, end=End(deprecated_at=timezone.now(), replacement=wanted)
                )
            assert list(refused.value.message_dict) == ["replacement"]

    @pytest.mark.parametrize(
        "columns",
        [
            {"obsolete_at": timezone.now()},
            {"retired_at": timezone.now()},
            {"end_reason": "Because."},
            {"deprecated_at": timezone.now()},
        ],
    )
    def test_halves_of_an_end_cannot_be_stored(self, golden: Image, columns: dict[str, Any]) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            Image.objects.filter(pk=golden.pk).update(**columns)

    def test_the_order_is_held_by_the_table(self, golden: Image, cast: Cast) -> None:
        announce(golden, cast, deprecated=1, obsolete=2, retired=3)
        for name, days in {"obsolete_at": 0, "retired_at": 1.5, "deprecated_at": 2.5}.items():
            with pytest.raises(IntegrityError), transaction.atomic():
                Image.objects.filter(pk=golden.pk).update(**{name: in_days(days)})


class TestTelling:
    def test_consumers_hear_of_it_at_once(self, shared: Image, cast: Cast, work_through: WorkThrough) -> None:
        work_through()
        Notification.objects.all().delete()
        announce(shared, cast, deprecated=0, obsolete=30)
        work_through()
        assert subjects(cast) == ["The image “debian-12-golden” of Acme Producers comes to its end"]

    def test_they_hear_again_seven_days_and_one_day_before_each_once(
        self, shared: Image, cast: Cast, work_through: WorkThrough
    ) -> None:
        announce(shared, cast, deprecated=0, obsolete=30, retired=60)
        work_through()
        Notification.objects.all().delete()
        told = []
        for days in (20, 24, 24.5, 29.5, 29.6, 40, 54, 59.5):
            with days_later(days):
                tasks.follow_ends()
                tasks.follow_ends()
                work_through()
                told.append(len(subjects(cast)))
        assert told == [0, 1, 1, 2, 2, 2, 3, 4]
        assert "becomes obsolete on" in subjects(cast)[0]
        assert "is deleted on" in subjects(cast)[3]

    def test_what_is_announced_late_is_not_said_twice(
        self, shared: Image, cast: Cast, work_through: WorkThrough
    ) -> None:
        announce(shared, cast, deprecated=0, obsolete=5)
        tasks.follow_ends()
        work_through()
        assert sum("becomes obsolete" in subject for subject in subjects(cast)) == 0
        with days_later(4.5):
            tasks.follow_ends()
            work_through()
        assert sum("becomes obsolete" in subject for subject in subjects(cast)) == 1

    def test_a_new_date_is_warned_of_anew(self, shared: Image, cast: Cast, work_through: WorkThrough) -> None:
        announce(shared, cast, deprecated=0, obsolete=30)
        with days_later(29.5):
            tasks.follow_ends()
            announce(shared, cast, deprecated=1, obsolete=30)
        with days_later(53):
            tasks.follow_ends()
        work_through()
        assert sum("becomes obsolete" in subject for subject in subjects(cast)) == 2

    def test_calling_it_off_is_said_as_well(self, shared: Image, cast: Cast, work_through: WorkThrough) -> None:
        announce(shared, cast, deprecated=0, obsolete=30)
        work_through()
        actions.cancel_end(shared.pk, by=cast.producer)
        work_through()
        assert subjects(cast)[-1] == "The image “debian-12-golden” of Acme Producers has no end any more"
        shared.refresh_from_db()
        assert shared.life == Life.CURRENT

    def test_a_replacement_is_named_to_those_who_have_it(
        self, shared: Image, cast: Cast, work_through: WorkThrough
    ) -> None:
        newer = make_image(cast.acme, cast.alice, name="debian-13-golden")
        [_beta, _rhea] = offer(shared.pk, by=cast.producer, addresses=parse("rhea, erin"))
        offer(newer.pk, by=cast.producer, addresses=parse(cast.beta.number))
        actions.announce_end(
            shared.pk, by=cast.producer, end=End(deprecated_at=timezone.now(), replacement=newer.pk, reason="Old.")
        )
        work_through()
        bodies = {
            person: Notification.objects.filter(user=person, subject__contains="its end").get().body
            for person in (cast.bob, cast.rhea)
        }
        assert "debian-13-golden" in bodies[cast.bob]
        assert "debian-13-golden" not in bodies[cast.rhea]
        assert "> Old." in bodies[cast.rhea]

    def test_nobody_is_flooded(self, shared: Image, cast: Cast, work_through: WorkThrough) -> None:
        for _ in range(8):
            announce(shared, cast, deprecated=0)
            work_through()
        assert sum("its end" in subject for subject in subjects(cast)) == 3


class TestRetired:
    def test_it_is_deleted_as_if_by_hand(self, shared: Image, cast: Cast, work_through: WorkThrough) -> None:
        announce(shared, cast, deprecated=0, retired=10)
        work_through()
        with days_later(11):
            assert actions.delete_retired() == 1
            assert actions.delete_retired() == 0
            work_through()
        shared.refresh_from_db()
        assert not shared.is_live
        assert shared.deleted_by == cast.alice
        assert subjects(cast)[-1] == "The image “debian-12-golden” of Acme Producers was deleted"
        verbs = Event.objects.of("image", shared.pk).filter(account=cast.acme).order_by("pk")
        assert list(verbs.values_list("verb", flat=True))[-2:] == ["retired", "deleted"]

    def test_a_protected_one_stays(self, golden: Image, cast: Cast) -> None:
        announce(golden, cast, deprecated=0, retired=10)
        actions.protect(golden.pk, by=cast.producer)
        with days_later(11):
            assert actions.delete_retired() == 0
            actions.unprotect(golden.pk, by=cast.producer)
            assert actions.delete_retired() == 1

    def test_before_its_time_it_stays(self, golden: Image, cast: Cast) -> None:
        announce(golden, cast, deprecated=0, retired=10)
        assert actions.delete_retired() == 0
