"""Damaged data: noticed where it is read, found by the clock, told to its owners, and good again when it is right."""

import os
from contextlib import closing
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.errors import Conflict
from accounts.models import Event, Notification
from images import actions
from images.management.commands.verify_image_data import LOWEST_PRIORITY
from images.models import Image, ImageData
from images.permissions import Verb, get_image, refusal
from images.problems import DamagedData, NoSuchData, StoreProblem
from images.stores import FileStore
from images.tasks import verify_next
from tests.conftest import WorkThrough
from tests.factories import SMALL_DISK, make_data, make_image
from tests.images.stored import content_of, file_of, overwrite, rot
from tests.people import Cast

pytestmark = pytest.mark.django_db
LONG_AGO = timedelta(days=8)


def read(data: ImageData) -> bytes:
    with closing(actions.open_data(data)) as stored:
        return stored.read()


def verified(data: ImageData) -> bool:
    verdict = actions.verify_data(data.pk)
    assert verdict
    data.refresh_from_db()
    return verdict.is_right


class TestReading:
    def test_what_is_right_is_read(self, golden: Image) -> None:
        assert read(golden.data) == content_of(golden.data)
        assert not golden.data.is_damaged

    @pytest.mark.parametrize(
        ("harm", "damage"),
        [
            (lambda data: overwrite(data, b"x" * SMALL_DISK), "The stored data was changed after it was checked."),
            (lambda data: os.truncate(file_of(data), 10), "The stored data was changed after it was checked."),
            (lambda data: file_of(data).unlink(), "It is missing from its store."),
        ],
    )
    def test_what_was_touched_is_flagged_and_not_given(self, golden: Image, harm: object, damage: str) -> None:
        harm(golden.data)  # type: ignore[operator]
        with pytest.raises(DamagedData, match="put back a backup"):
            read(golden.data)
        golden.data.refresh_from_db()
        assert (golden.data.is_damaged, golden.data.damage) == (True, damage)

    def test_data_that_is_flagged_is_not_even_opened(self, golden: Image) -> None:
        golden.data.damaged_at, golden.data.damage = timezone.now(), "It is wrong."
        with pytest.raises(DamagedData):
            read(golden.data)
        assert not Event.objects.filter(verb="found damaged").exists()

    def test_data_that_was_just_deleted_is_gone_and_not_damaged(self, cast: Cast, golden: Image) -> None:
        before = ImageData.objects.get()
        actions.delete(golden.pk, by=cast.producer)
        assert [find.kind for find in actions.collect(remove=True)] == ["image data"]
        with pytest.raises(NoSuchData):
            read(before)
        assert not ImageData.objects.get().is_damaged

    def test_data_that_was_moved_meanwhile_is_read_where_it_is(self, golden: Image, archive: FileStore) -> None:
        before = ImageData.objects.get()
        expected = content_of(before)
        actions.move_data(before.pk, "archive")
        file_of(before).unlink()
        assert read(before) == expected

    def test_a_store_that_does_not_work_says_nothing_about_the_data(
        self, golden: Image, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_args: object, **_options: object) -> None:
            raise StoreProblem("The image store does not work.")

        monkeypatch.setattr(FileStore, "read", fail)
        with pytest.raises(StoreProblem):
            read(golden.data)
        golden.data.refresh_from_db()
        assert not golden.data.is_damaged

    def test_programs_get_a_file_of_right_data_only(self, golden: Image) -> None:
        with actions.local_file(golden.data) as path:
            assert path.read_bytes() == content_of(golden.data)
        file_of(golden.data).unlink()
        with pytest.raises(DamagedData), actions.local_file(golden.data):
            pass


class TestTelling:
    def test_every_owner_is_told_once(self, cast: Cast, golden: Image) -> None:
        twin = make_image(cast.beta, cast.bob, data=golden.data, name="twin")
        overwrite(golden.data, b"else")
        for _time in range(2):
            with pytest.raises(DamagedData):
                read(ImageData.objects.get())
        events = Event.objects.filter(verb="found damaged")
        assert {(event.account, event.subject_id) for event in events} == {
            (cast.acme, str(golden.pk)),
            (cast.beta, str(twin.pk)),
        }
        told = Notification.objects.filter(subject__contains="is damaged")
        assert {note.user for note in told} == {cast.alice, cast.bob}
        assert "upload it again" in told[0].body

    def test_reading_all_of_it_is_started(self, golden: Image, work_through: WorkThrough) -> None:
        path, content = file_of(golden.data), content_of(golden.data)
        path.unlink()
        with pytest.raises(DamagedData):
            read(golden.data)
        path.write_bytes(content)
        work_through()
        golden.data.refresh_from_db()
        assert not golden.data.is_damaged
        assert read(golden.data) == content

    def test_nobody_uses_or_copies_it_and_each_hears_why(self, cast: Cast, golden: Image) -> None:
        overwrite(golden.data, b"else")
        assert not verified(golden.data)
        golden.refresh_from_db()
        for verb in (Verb.USE, Verb.EXPORT):
            assert "damaged" in refusal(cast.producer, verb, golden)
            with pytest.raises(Conflict, match="instead of"):
                get_image(cast.producer, golden.pk, verb)
        assert not Image.objects.usable_by(cast.producer).exists()
        assert not Image.objects.exportable_by(cast.producer).exists()
        assert get_image(cast.producer, golden.pk, Verb.SEE) == golden


class TestVerifying:
    def test_right_data_gets_a_date_and_a_stamp(self, golden: Image) -> None:
        ImageData.objects.update(stamp="", verified_at=None)
        assert verified(golden.data)
        assert golden.data.verified_at
        assert golden.data.stamp == FileStore(file_of(golden.data).parents[2]).stamp(golden.data.store_key)

    def test_one_rotten_bit_is_found(self, golden: Image) -> None:
        rot(golden.data)
        assert len(read(golden.data)) == SMALL_DISK, "a cheap check cannot see it"
        assert not verified(golden.data)
        assert golden.data.damage == "Its bytes do not match its checksum any more."

    @pytest.mark.parametrize("column", ["checksum", "os_hash_value"])
    def test_both_checksums_count(self, golden: Image, column: str) -> None:
        length = len(getattr(golden.data, column))
        ImageData.objects.update(**{column: "0" * length})
        assert not verified(golden.data)

    def test_missing_and_cut_data_is_found(self, cast: Cast, golden: Image) -> None:
        other = make_image(cast.acme, cast.alice).data
        file_of(golden.data).unlink()
        os.truncate(file_of(other), 100)
        assert [verified(golden.data), verified(other)] == [False, False]
        assert golden.data.damage == "It is missing from its store."
        assert other.damage == "It has 100 bytes instead of 4,096."

    def test_a_backup_that_is_put_back_makes_it_good(self, cast: Cast, golden: Image) -> None:
        content = content_of(golden.data)
        overwrite(golden.data, b"else")
        assert not verified(golden.data)
        overwrite(golden.data, content)
        assert verified(golden.data)
        assert read(golden.data) == content
        assert Event.objects.get(verb="found right again").account == cast.acme
        assert Notification.objects.filter(user=cast.alice, subject__contains="is right again").exists()

    def test_data_that_is_gone_gives_no_verdict(self, cast: Cast, golden: Image) -> None:
        actions.delete(golden.pk, by=cast.producer)
        list(actions.collect(remove=True))
        assert actions.verify_data(golden.data_id) is None

    def test_a_limit_takes_its_time(self, golden: Image, monkeypatch: pytest.MonkeyPatch) -> None:
        waits: list[float] = []
        monkeypatch.setattr("images.actions.health.time.sleep", waits.append)
        actions.verify_data(golden.data.pk, bytes_per_second=SMALL_DISK // 4)
        assert sum(waits) == pytest.approx(4, abs=0.5)


class TestCycle:
    def test_what_waits_longest_comes_first_and_what_was_verified_lately_not_at_all(self, cast: Cast) -> None:
        now = timezone.now()
        days = {"old": 20, "older": 30, "fresh": 2}
        data = {name: make_data() for name in days}
        for name, age in days.items():
            ImageData.objects.filter(pk=data[name].pk).update(verified_at=now - timedelta(days=age))
        assert list(actions.due_for_verification()) == [data["older"], data["old"]]

    def test_what_is_damaged_is_looked_at_again_after_a_day(self, golden: Image) -> None:
        flagged = ImageData.objects.filter(pk=golden.data_id)
        flagged.update(damaged_at=timezone.now(), damage="Wrong.", verified_at=timezone.now() - LONG_AGO)
        assert not actions.due_for_verification().exists()
        flagged.update(damaged_at=timezone.now() - timedelta(days=1))
        assert actions.due_for_verification().exists()

    def test_the_task_verifies_for_its_time(self, cast: Cast, golden: Image, settings: Settings) -> None:
        rot(make_image(cast.acme, cast.alice).data)
        ImageData.objects.update(verified_at=timezone.now() - LONG_AGO)
        settings.VERIFY_SECONDS = 0
        assert verify_next() == "0 image data verified, 0 damaged."
        settings.VERIFY_SECONDS = 60
        assert verify_next() == "2 image data verified, 1 damaged."
        assert verify_next() == "0 image data verified, 0 damaged."

    def test_a_store_that_is_away_holds_up_nothing(self, cast: Cast, golden: Image) -> None:
        other = make_image(cast.acme, cast.alice).data
        ImageData.objects.update(verified_at=timezone.now() - LONG_AGO)
        ImageData.objects.filter(pk=golden.data_id).update(store="away", verified_at=timezone.now() - 2 * LONG_AGO)
        assert [verdict.data for verdict in actions.verify_next(seconds=60)] == [other]


class TestCommand:
    @pytest.fixture(autouse=True)
    def niceness(self, monkeypatch: pytest.MonkeyPatch) -> list[int]:
        """How low the command makes its priority: not that of the tests that come after this one."""
        asked: list[int] = []
        monkeypatch.setattr(os, "nice", asked.append)
        return asked

    def test_leaves_the_processor_to_others(self, golden: Image, niceness: list[int]) -> None:
        call_command("verify_image_data")
        assert niceness == [LOWEST_PRIORITY]

    def test_tells_of_each_and_fails_if_one_is_damaged(
        self, cast: Cast, golden: Image, capsys: pytest.CaptureFixture[str]
    ) -> None:
        bad = make_image(cast.acme, cast.alice)
        call_command("verify_image_data")
        assert "2 right, none damaged." in capsys.readouterr().out
        rot(bad.data)
        with pytest.raises(CommandError, match="1 right, 1 damaged"):
            call_command("verify_image_data")
        out = capsys.readouterr().out
        assert f"Damaged: {bad.data_id} (4.0 KiB, default): Its bytes do not match" in out
        assert f"Right:   {golden.data_id}" in out

    def test_verifies_single_images_and_old_ones(
        self, cast: Cast, golden: Image, capsys: pytest.CaptureFixture[str]
    ) -> None:
        make_image(cast.acme, cast.alice)
        call_command("verify_image_data", str(golden.pk))
        assert "1 right" in capsys.readouterr().out
        call_command("verify_image_data", older_than=1)
        assert "0 right" in capsys.readouterr().out
        with pytest.raises(CommandError, match="no image"):
            call_command("verify_image_data", "00000000-0000-0000-0000-000000000000")

    def test_a_store_that_is_away_is_a_problem(self, golden: Image, capsys: pytest.CaptureFixture[str]) -> None:
        ImageData.objects.update(store="away")
        with pytest.raises(CommandError, match="1 could not be verified"):
            call_command("verify_image_data")
        assert "'away'" in capsys.readouterr().err
