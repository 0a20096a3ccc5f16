"""What the panel goes on with by itself, although its task is lost."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_q.models import OrmQ
from django_q.signing import SignedPackage
from django_q.tasks import async_task

from images.actions import NewImage, attend_to_uploads, start_conversion, start_import
from images.actions.conversions import run_conversion
from images.actions.neglect import NEGLECTED
from images.models import Import, Upload
from tests import factories
from tests.people import Cast

LONG_AGO = timezone.now() - timedelta(hours=1)


@pytest.fixture
def fetched(cast: Cast) -> Upload:
    """An import whose task is lost before it had begun."""
    upload = start_import(by=cast.creator, url="https://example.org/disk.img", new=NewImage("x", cast.iad))
    return changed(upload, created_at=LONG_AGO)


@pytest.fixture
def converted(cast: Cast) -> Upload:
    """A conversion whose task is lost before it had begun."""
    image = factories.make_image(cast.acme, cast.alice)
    upload = start_conversion(image.pk, by=cast.producer, disk_format="qcow2", name="converted")
    return changed(upload, created_at=LONG_AGO)


def changed(upload: Upload, **columns: Any) -> Upload:
    Upload.objects.filter(pk=upload.pk).update(**columns)
    upload.refresh_from_db()
    return upload


def queued() -> list[tuple[str, tuple[str, ...]]]:
    tasks = [SignedPackage.loads(row.payload) for row in OrmQ.objects.order_by("pk")]
    return [(task["func"], task["args"]) for task in tasks]


def test_an_import_that_has_not_begun_is_begun(fetched: Upload) -> None:
    assert attend_to_uploads() == 1
    assert queued() == [("images.tasks.run_import", (str(fetched.pk),))]


def test_a_conversion_that_has_not_begun_is_begun(converted: Upload) -> None:
    assert attend_to_uploads() == 1
    assert queued() == [("images.tasks.run_conversion", (str(converted.pk),))]


def test_one_task_is_enough_however_long_it_waits_for_its_turn(fetched: Upload) -> None:
    assert [attend_to_uploads() for _ in range(3)] == [1, 0, 0]
    OrmQ.objects.update(lock=LONG_AGO)
    assert attend_to_uploads() == 0


def test_a_task_that_failed_five_times_is_followed_by_another(fetched: Upload) -> None:
    changed(fetched, status="waiting", claim=None, seen_at=LONG_AGO)
    assert attend_to_uploads() == 1


def test_what_has_just_begun_is_left_alone(fetched: Upload, converted: Upload) -> None:
    changed(fetched, created_at=timezone.now())
    changed(converted, status="receiving", seen_at=timezone.now())
    assert attend_to_uploads() == 0


def test_an_import_that_has_stopped_waits_for_a_person(fetched: Upload) -> None:
    changed(fetched, problem="There is no such file.", seen_at=LONG_AGO)
    assert attend_to_uploads() == 0


def test_an_import_that_tries_again_later_is_waited_for(fetched: Upload) -> None:
    changed(fetched, problem="The server is busy.", seen_at=LONG_AGO)
    Import.objects.update(next_at=timezone.now() + timedelta(minutes=30))
    assert attend_to_uploads() == 0
    Import.objects.update(next_at=timezone.now() - 2 * NEGLECTED)
    assert attend_to_uploads() == 1


@pytest.mark.parametrize("status", ["failed", "received"])
def test_what_is_over_is_left_alone(fetched: Upload, status: str) -> None:
    data = factories.make_data() if status == "received" else None
    changed(fetched, status=status, data=data, seen_at=LONG_AGO)
    assert attend_to_uploads() == 0


def test_a_task_that_nobody_can_read_hides_nothing(fetched: Upload) -> None:
    async_task("images.tasks.clean_up", cluster="data")
    OrmQ.objects.update(payload="from before the secret key was changed")
    assert attend_to_uploads() == 1


def test_a_lease_from_before_the_clock_was_set_back_holds_up_nothing(fetched: Upload) -> None:
    attend_to_uploads()
    OrmQ.objects.update(lock=timezone.now() + timedelta(hours=3))
    assert attend_to_uploads() == 1


def test_a_conversion_that_can_never_be_done_is_not_tried_for_ever(
    converted: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object, **_options: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("images.actions.conversions.convert", broken)
    ends = []
    for _ in range(2):
        with pytest.raises(RuntimeError):
            run_conversion(converted.pk)
        ends.append(changed(converted, seen_at=LONG_AGO).expires_at)
        assert attend_to_uploads() == 1
        OrmQ.objects.all().delete()
    assert ends[0] == ends[1]
