"""What nobody needs is found and explained; what somebody needs, or is writing, is left alone."""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django.fixtures import Settings

from images import actions
from images.actions import Find
from images.demo_disks import bootable_raw
from images.models import DataHold, Image, ImageData, Leftover, Upload
from images.problems import StoreProblem
from images.stores import FileStore, get_store
from images.tasks import clean_up, collect
from tests.conftest import WorkThrough
from tests.factories import make_data, make_image
from tests.images.stored import file_of
from tests.people import Cast

pytestmark = pytest.mark.django_db

DISK = bootable_raw("Hello")
DAY = timedelta(days=1)
OnCommit = Callable[..., AbstractContextManager[list[object]]]


@pytest.fixture
def received(cast: Cast) -> Upload:
    """A file of Carol's that has come."""
    upload = actions.start_upload(by=cast.creator, filename="disk.img", size=len(DISK))
    return actions.receive_upload(upload.pk, by=cast.creator, chunks=[DISK])


@pytest.fixture
def store(image_store: Path) -> FileStore:
    store = get_store()
    assert isinstance(store, FileStore)
    return store


def found(*, remove: bool = True) -> list[str]:
    return [find.kind for find in actions.collect(remove=remove)]


def is_stored(data: ImageData) -> bool:
    return get_store(data.store).exists(data.store_key)


def age(store: FileStore, by: timedelta = 2 * DAY) -> None:
    """Make everything in a store look as old as that."""
    for path in store.root.rglob("*"):
        then = path.stat().st_mtime - by.total_seconds()
        os.utime(path, (then, then))


class TestData:
    def test_data_of_a_live_image_stays(self, golden: Image, store: FileStore) -> None:
        age(store)
        assert not found()
        assert is_stored(golden.data)

    def test_data_of_a_deleted_image_goes(self, cast: Cast, golden: Image) -> None:
        actions.delete(golden.pk, by=cast.producer)
        [find] = actions.collect(remove=False)
        assert find == Find("image data", str(golden.data_id), "no image names it, and nobody holds it", 4096)
        assert is_stored(golden.data)
        assert clean_up() == "1 image data"
        assert not is_stored(golden.data)
        assert clean_up() == "Nothing was left over."

    def test_data_of_two_images_goes_with_the_second(self, cast: Cast, golden: Image) -> None:
        twin = make_image(cast.acme, cast.alice, data=golden.data)
        actions.delete(golden.pk, by=cast.producer)
        assert not found()
        actions.delete(twin.pk, by=cast.producer)
        assert found() == ["image data"]

    @pytest.mark.parametrize(("hours", "kinds"), [(None, []), (1, []), (-1, ["hold", "image data"])])
    def test_data_that_somebody_holds_stays(
        self, cast: Cast, golden: Image, hours: int | None, kinds: list[str]
    ) -> None:
        until = None if hours is None else timezone.now() + timedelta(hours=hours)
        DataHold.objects.create(data=golden.data, holder="server 1", expires_at=until)
        actions.delete(golden.pk, by=cast.producer)
        assert found() == kinds

    def test_deleting_starts_the_clean_up(
        self,
        cast: Cast,
        golden: Image,
        django_capture_on_commit_callbacks: OnCommit,
        work_through: WorkThrough,
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            actions.delete(golden.pk, by=cast.producer)
        work_through()
        assert not is_stored(golden.data)


class TestUploads:
    def test_a_received_upload_keeps_its_data_until_it_expires(
        self, received: Upload, django_capture_on_commit_callbacks: OnCommit
    ) -> None:
        assert not found()
        Upload.objects.update(expires_at=timezone.now())
        with django_capture_on_commit_callbacks(execute=True):
            assert next(actions.collect(remove=True)).kind == "upload"
        assert not is_stored(ImageData.objects.get())

    def test_an_upload_that_is_gone_on_with_meanwhile_stays(self, received: Upload) -> None:
        Upload.objects.update(expires_at=timezone.now())
        for _find in actions.collect(remove=False):
            Upload.objects.update(expires_at=timezone.now() + DAY)
        assert not found()
        assert Upload.objects.exists()


class TestOrphans:
    def test_what_no_row_names_goes_after_a_day(self, store: FileStore, golden: Image) -> None:
        begun, finished = store.begin(), store.begin()
        writer = store.write(finished)
        writer.write(b"whole")
        writer.finish()
        assert not found(), "somebody may be about to name them"
        age(store)
        assert sorted(find.size for find in actions.collect(remove=False)) == [0, 5]
        assert found() == ["orphan", "orphan"]
        assert {stored.key for stored in store.stored()} == {golden.data.store_key}
        assert begun != finished

    def test_what_an_upload_is_writing_stays(self, cast: Cast, store: FileStore) -> None:
        upload = actions.start_upload(by=cast.creator, filename="disk.img", size=2 * len(DISK))
        actions.receive_upload(upload.pk, by=cast.creator, chunks=[DISK], offset=0)
        upload.refresh_from_db()
        age(store)
        assert not found()
        assert [stored.key for stored in store.stored()] == [upload.store_key]

    def test_what_is_being_moved_stays(self, store: FileStore) -> None:
        key = store.begin()
        Leftover.objects.create(store="default", store_key=key, size=1, delete_after=timezone.now() + DAY)
        age(store)
        assert not found()

    def test_what_gets_a_name_while_it_is_looked_at_stays(
        self, store: FileStore, cast: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        key = store.begin()
        age(store)
        for find in actions.collect(remove=False):
            assert find.name == f"default:{key}"
            Leftover.objects.create(store="default", store_key=key, size=1, delete_after=timezone.now() + DAY)
        assert not found()
        assert [stored.key for stored in store.stored()] == [key]

    def test_the_mark_of_a_writer_that_died_at_the_very_end_goes(self, store: FileStore) -> None:
        data = make_data()
        for name in (f"{data.store_key}.writer", f"{data.store_key}.writer.{'0' * 32}"):
            (store.root / "incoming" / name).touch()
        age(store)
        DataHold.objects.create(data=data, holder="test")
        assert set(found()) == {"orphan"}
        assert is_stored(data)
        assert not list((store.root / "incoming").iterdir())

    def test_data_that_is_marked_as_removed_but_is_there_goes(self, store: FileStore, golden: Image) -> None:
        ImageData.objects.update(removed_at=timezone.now())
        age(store)
        assert found() == ["orphan"]


class TestLeftovers:
    def test_they_go_when_their_time_has_come(self, golden: Image, archive: FileStore) -> None:
        old = file_of(golden.data)
        actions.move_data(golden.data_id, "archive")
        assert not found()
        Leftover.objects.update(delete_after=timezone.now())
        assert found() == ["leftover"]
        assert not old.exists()
        assert is_stored(ImageData.objects.get())

    def test_they_never_take_what_image_data_names(self, golden: Image) -> None:
        Leftover.objects.create(
            store="default", store_key=golden.data.store_key, size=1, delete_after=timezone.now() - DAY
        )
        assert not found()
        assert is_stored(golden.data)

    def test_folders_of_dead_conversions_go(
        self, db: None, store: FileStore, settings: Settings, tmp_path: Path
    ) -> None:
        settings.IMAGE_STORE_DIR = tmp_path / "images"
        settings.CONVERSION_DIR = tmp_path / "conversions"
        (tmp_path / "conversions" / "dead").mkdir(parents=True)
        (tmp_path / "conversions" / "dead" / "result").write_bytes(bytes(100))
        assert found(remove=False) == ["folder"]
        assert collect() == "1 folder"
        assert not list((tmp_path / "conversions").iterdir())


class TestProblems:
    def test_a_store_that_fails_holds_up_nothing_else(
        self, cast: Cast, golden: Image, archive: FileStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        other = make_image(cast.acme, cast.alice)
        actions.move_data(other.data_id, "archive")
        for image in (golden, other):
            actions.delete(image.pk, by=cast.producer)

        def fail(*_args: object) -> None:
            raise StoreProblem("It does not answer.")

        for name in ("delete", "stored"):
            monkeypatch.setattr(archive, name, fail)
        finds = {find.kind: find.problem for find in actions.collect(remove=True) if find.problem}
        assert finds == {"image data": "It does not answer.", "store": "It does not answer."}
        assert not is_stored(golden.data)
        assert ImageData.objects.get(pk=other.data_id).removed_at is None


class TestCommand:
    def test_lists_with_reasons_and_totals_and_removes_when_told(
        self, store: FileStore, db: None, capsys: pytest.CaptureFixture[str]
    ) -> None:
        data = make_data()
        call_command("collect_image_data")
        out = capsys.readouterr().out
        assert f"Would remove the image data {data.pk} (4.0 KiB): no image names it, and nobody holds it." in out
        assert "Image data: 1, 4.0 KiB." in out
        assert "4.0 KiB can be freed with --remove." in out
        assert is_stored(data)
        call_command("collect_image_data", remove=True)
        assert "4.0 KiB freed." in capsys.readouterr().out
        assert not is_stored(data)

    def test_fails_when_something_could_not_be_removed(
        self, db: None, store: FileStore, capsys: pytest.CaptureFixture[str]
    ) -> None:
        make_data()
        ImageData.objects.update(store="away")
        with pytest.raises(CommandError, match="1 could not be dealt with"):
            call_command("collect_image_data", remove=True)
        assert "'away'" in capsys.readouterr().err
