"""Image data moves between stores: nothing is lost, nothing is doubled, and whoever reads goes on."""

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import TestCase
from django.utils import timezone

from images import actions
from images.actions import Moved, NewImage
from images.demo_disks import bootable_raw
from images.models import DataHold, Image, ImageData, Leftover, Upload
from images.problems import DamagedData, StoreFull, StoreProblem
from images.stores import FileStore
from images.stores.files import FileWriter
from tests.conftest import WorkThrough
from tests.factories import make_data, make_image
from tests.images.stored import content_of, file_of, rot
from tests.people import Cast

pytestmark = pytest.mark.django_db


def keys_in(store: FileStore) -> set[str]:
    return {stored.key for stored in store.stored()}


def die(*_args: object, **_options: object) -> None:
    """What a kill looks like from inside: nothing after it runs."""
    raise KeyboardInterrupt


class TestMove:
    def test_the_bytes_are_elsewhere_and_the_old_ones_stay_for_a_day(self, golden: Image, archive: FileStore) -> None:
        before, content = ImageData.objects.get(), content_of(golden.data)
        assert actions.move_data(before.pk, "archive") is Moved.DONE
        data = ImageData.objects.get()
        assert (data.store, content_of(data), data.size) == ("archive", content, before.size)
        assert data.stamp == archive.stamp(data.store_key)
        leftover = Leftover.objects.get()
        assert (leftover.store, leftover.store_key, leftover.size) == ("default", before.store_key, before.size)
        assert timedelta(hours=23) < leftover.delete_after - timezone.now() <= timedelta(hours=24)
        assert file_of(before).exists()

    def test_who_reads_the_old_bytes_goes_on(self, golden: Image, archive: FileStore) -> None:
        before, content = ImageData.objects.get(), content_of(golden.data)
        with closing(actions.open_data(before)) as stored:
            start = stored.read(100)
            actions.move_data(before.pk, "archive")
            assert start + stored.read() == content

    def test_moving_twice_changes_nothing(self, golden: Image, archive: FileStore) -> None:
        actions.move_data(golden.data_id, "archive")
        assert actions.move_data(golden.data_id, "archive") is Moved.THERE_ALREADY
        assert len(keys_in(archive)) == 1

    def test_there_and_back(self, golden: Image, archive: FileStore) -> None:
        content = content_of(golden.data)
        for store in ("archive", "default"):
            assert actions.move_data(golden.data_id, store) is Moved.DONE
        assert content_of(ImageData.objects.get()) == content
        Leftover.objects.update(delete_after=timezone.now())
        assert {find.kind for find in actions.collect(remove=True)} == {"leftover"}
        assert content_of(ImageData.objects.get()) == content
        assert not keys_in(archive)

    def test_damaged_bytes_are_flagged_and_stay(self, golden: Image, archive: FileStore) -> None:
        rot(golden.data)
        with pytest.raises(DamagedData):
            actions.move_data(golden.data_id, "archive")
        data = ImageData.objects.get()
        assert (data.store, data.is_damaged) == ("default", True)
        assert not keys_in(archive)
        assert not Leftover.objects.exists()

    def test_a_full_store_leaves_all_as_it_was(
        self, golden: Image, archive: FileStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fill(*_args: object) -> None:
            raise StoreFull("There is no room left.")

        monkeypatch.setattr(FileWriter, "write", fill)
        with pytest.raises(StoreFull):
            actions.move_data(golden.data_id, "archive")
        assert ImageData.objects.get().store == "default"
        assert not keys_in(archive)
        assert not Leftover.objects.exists()

    @pytest.mark.parametrize("died_at", ["images.actions.moving._copy", "images.actions.moving._switch"])
    def test_a_kill_leaves_what_is_found_and_the_next_run_moves(
        self, golden: Image, archive: FileStore, monkeypatch: pytest.MonkeyPatch, died_at: str
    ) -> None:
        with monkeypatch.context() as dying, pytest.raises(KeyboardInterrupt):
            dying.setattr(died_at, die)
            actions.move_data(golden.data_id, "archive")
        assert ImageData.objects.get().store == "default"
        assert not list(actions.collect(remove=True)), "it may be being written"
        assert actions.move_data(golden.data_id, "archive") is Moved.DONE
        Leftover.objects.update(delete_after=timezone.now())
        assert [find.kind for find in actions.collect(remove=True)] == ["leftover", "leftover"]
        assert keys_in(archive) == {ImageData.objects.get().store_key}

    def test_two_at_once_leave_one_copy(
        self, golden: Image, archive: FileStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self._meanwhile(monkeypatch, lambda: actions.move_data(golden.data_id, "archive"))
        assert actions.move_data(golden.data_id, "archive") is Moved.GONE
        assert keys_in(archive) == {ImageData.objects.get().store_key}
        assert Leftover.objects.get().store == "default"

    def test_an_image_that_is_deleted_meanwhile_leaves_nothing(
        self, cast: Cast, golden: Image, archive: FileStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def delete() -> None:
            actions.delete(golden.pk, by=cast.producer)
            list(actions.collect(remove=True))

        self._meanwhile(monkeypatch, delete)
        assert actions.move_data(golden.data_id, "archive") is Moved.GONE
        assert not keys_in(archive)
        assert not Leftover.objects.exists()

    def test_data_that_was_moved_is_removed_where_it_is(self, cast: Cast, golden: Image, archive: FileStore) -> None:
        actions.move_data(golden.data_id, "archive")
        actions.delete(golden.pk, by=cast.producer)
        assert [find.kind for find in actions.collect(remove=True)] == ["image data"]
        assert not keys_in(archive)

    def test_a_copy_that_was_collected_too_early_does_not_count(
        self, golden: Image, archive: FileStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self._meanwhile(monkeypatch, lambda: Leftover.objects.all().delete())
        with pytest.raises(StoreProblem, match="clock"):
            actions.move_data(golden.data_id, "archive")
        assert ImageData.objects.get().store == "default"

    @pytest.mark.parametrize(("hours", "moved"), [(None, Moved.HELD), (48, Moved.DONE)])
    def test_who_holds_it_keeps_it(self, golden: Image, archive: FileStore, hours: int | None, moved: Moved) -> None:
        until = timezone.now() + timedelta(hours=hours) if hours else None
        DataHold.objects.create(data=golden.data, holder="server:1", expires_at=until)
        assert actions.move_data(golden.data_id, "archive") is moved
        if until:
            assert Leftover.objects.get().delete_after == until

    @staticmethod
    def _meanwhile(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
        """Have something happen between the copy and the switch."""
        from images.actions import moving

        switch = moving._switch

        def switch_later(*args: object) -> bool:
            monkeypatch.setattr(moving, "_switch", switch)
            act()
            return switch(*args)  # type: ignore[arg-type]

        monkeypatch.setattr(moving, "_switch", switch_later)


class TestRegion:
    def test_a_new_image_is_kept_where_its_region_keeps_its_data(
        self, cast: Cast, archive: FileStore, work_through: WorkThrough
    ) -> None:
        cast.dfw.store = "archive"
        cast.dfw.save()
        data = make_data()
        upload = Upload.objects.create(
            account=cast.acme,
            created_by=cast.alice,
            status=Upload.Status.RECEIVED,
            data=data,
            size=data.size,
            offset=data.size,
            expires_at=timezone.now() + timedelta(hours=1),
        )
        with TestCase.captureOnCommitCallbacks(execute=True):
            image = actions.create_image(upload.pk, by=cast.producer, new=NewImage(name="moved", region=cast.dfw))
        work_through()
        assert ImageData.objects.get(images=image).store == "archive"


class TestCommand:
    def test_lists_then_moves_the_smallest_first(
        self, cast: Cast, archive: FileStore, capsys: pytest.CaptureFixture[str]
    ) -> None:
        large = make_image(cast.acme, cast.alice, content=bootable_raw("Larger", size=8192))
        small = make_image(cast.acme, cast.alice)
        options = {"source": "default", "target": "archive"}
        call_command("move_image_data", dry_run=True, **options)
        out = capsys.readouterr().out
        assert out.index(f"Would move {small.data_id}") < out.index(f"Would move {large.data_id}")
        assert "2, 12 KiB." in out
        assert not keys_in(archive)
        call_command("move_image_data", **options)
        assert "2 moved, 0 not." in capsys.readouterr().out
        assert len(keys_in(archive)) == 2
        call_command("move_image_data", **options)
        assert "0 moved, 0 not." in capsys.readouterr().out

    def test_moves_one_image_or_one_region(self, cast: Cast, archive: FileStore) -> None:
        images = {code: make_image(cast.acme, cast.alice, region=getattr(cast, code)) for code in ("iad", "dfw")}
        options = {"source": "default", "target": "archive"}
        call_command("move_image_data", region="DFW", **options)
        assert set(ImageData.objects.filter(store="archive")) == {images["dfw"].data}
        call_command("move_image_data", image=[images["iad"].pk], **options)
        assert not ImageData.objects.filter(store="default").exists()

    def test_what_cannot_be_moved_is_said_and_the_rest_is_moved(
        self, cast: Cast, archive: FileStore, capsys: pytest.CaptureFixture[str]
    ) -> None:
        bad, good = make_image(cast.acme, cast.alice), make_image(cast.acme, cast.alice)
        rot(bad.data)
        with pytest.raises(CommandError, match="1 moved, 1 not"):
            call_command("move_image_data", source="default", target="archive")
        assert f"Problem with {bad.data_id}" in capsys.readouterr().err
        assert set(ImageData.objects.filter(store="archive")) == {good.data}

    def test_an_unknown_store_is_refused(self, db: None) -> None:
        with pytest.raises(CommandError, match="no store 'tape'"):
            call_command("move_image_data", source="default", target="tape")
