"""Image data is moved, verified, collected and deleted at once: nothing is lost, and nothing is left over."""

from contextlib import suppress

import pytest
from django.utils import timezone

from accounts.models import Event
from images import actions
from images.demo_disks import bootable_raw
from images.models import Image, ImageData, Leftover, Upload
from images.problems import StoreProblem
from images.stores import FileStore, get_store
from tests.images.stored import content_of, rot
from tests.people import Cast
from tests.races.conftest import AtOnce

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]

DISK = bootable_raw("Raced for")


def keys_in_all_stores() -> set[str]:
    return {stored.key for name in ("default", "archive") for stored in get_store(name).stored()}


def collect() -> None:
    list(actions.collect(remove=True))


def collect_everything() -> None:
    """As if the grace of what was moved were over."""
    Leftover.objects.update(delete_after=timezone.now())
    collect()


def test_moving_at_once_leaves_one_copy(golden: Image, archive: FileStore, at_once: AtOnce) -> None:
    content = content_of(golden.data)
    at_once(*[lambda: actions.move_data(golden.data_id, "archive")] * 3)
    collect_everything()
    data = ImageData.objects.get()
    assert (data.store, content_of(data)) == ("archive", content)
    assert keys_in_all_stores() == {data.store_key}


def test_moving_there_and_back_and_collecting_at_once_loses_nothing(
    golden: Image, archive: FileStore, at_once: AtOnce
) -> None:
    def move(store: str) -> None:
        # A copy that is collected while it is written, as if the clock had jumped, is a failure that people hear of.
        with suppress(StoreProblem):
            actions.move_data(golden.data_id, store)

    content = content_of(golden.data)
    for _time in range(3):
        at_once(lambda: move("archive"), lambda: move("default"), collect_everything)
    collect_everything()
    data = ImageData.objects.get()
    assert content_of(data) == content
    assert keys_in_all_stores() == {data.store_key}


def test_deleting_while_it_is_moved_and_verified_leaves_nothing(
    cast: Cast, golden: Image, archive: FileStore, at_once: AtOnce
) -> None:
    def delete() -> None:
        actions.delete(golden.pk, by=cast.producer)
        collect()

    at_once(lambda: actions.move_data(golden.data_id, "archive"), lambda: actions.verify_data(golden.data_id), delete)
    collect_everything()
    assert ImageData.objects.get().removed_at
    assert not ImageData.objects.get().is_damaged
    assert not keys_in_all_stores()


def test_damage_that_several_find_at_once_is_told_once(golden: Image, archive: FileStore, at_once: AtOnce) -> None:
    rot(golden.data)
    assert at_once(*[lambda: actions.verify_data(golden.data_id)] * 4) == ["done"] * 4
    assert Event.objects.filter(verb="found damaged").count() == 1


def test_collecting_takes_nothing_from_who_is_sending(cast: Cast, archive: FileStore, at_once: AtOnce) -> None:
    uploads = [actions.start_upload(by=cast.creator, filename="disk.img", size=len(DISK)) for _number in range(3)]

    def send(upload: Upload) -> None:
        step = len(DISK) // 16
        for offset in range(0, len(DISK), step):
            part = DISK[offset : offset + step]
            actions.receive_upload(upload.pk, by=cast.creator, chunks=[part], offset=offset)

    outcomes = at_once(*(lambda upload=upload: send(upload) for upload in uploads), *[collect] * 3)
    assert outcomes == ["done"] * 6
    found = ImageData.objects.all()
    assert [content_of(data) for data in found] == [DISK] * 3
    assert keys_in_all_stores() == {data.store_key for data in found}
