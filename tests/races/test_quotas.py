"""Many begin at once what only some of them have room for: exactly as many pass as fit."""

import time
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from accounts.actions import close
from images import actions
from images.actions import NewImage
from images.demo_disks import bootable_raw
from images.models import Image, Quota, QuotaRequest, Upload
from images.quotas import Counted, levels_of
from tests.factories import make_data
from tests.people import Cast
from tests.races.conftest import LINGER, AtOnce

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]

GIB = 1024**3
DISK = bootable_raw("Hello")


@pytest.fixture
def quota(settings: Settings) -> dict[str, int | None]:
    """What everybody may have; a test changes it."""
    limits: dict[str, int | None] = {"bytes": 1024 * GIB, "images": 1000, "uploads": 100, "imports": 100}
    settings.QUOTA = limits
    return limits


@pytest.fixture
def slow_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """An upload begins without an event: it lingers here, between its check and its end."""
    save = Upload.save

    def save_slowly(upload: Upload, *args: Any, **kwargs: Any) -> None:
        time.sleep(LINGER)
        save(upload, *args, **kwargs)

    monkeypatch.setattr(Upload, "save", save_slowly)


@pytest.mark.usefixtures("slow_starts")
def test_of_ten_starts_for_the_last_gib_those_pass_that_fit(cast: Cast, quota: dict[str, int], at_once: AtOnce) -> None:
    quota["bytes"] = 4 * GIB
    actions.start_upload(by=cast.producer, filename="before.img", size=3 * GIB)

    def start() -> None:
        actions.start_upload(by=cast.creator, filename="disk.img", size=GIB // 4)

    outcomes = at_once(*[start] * 10)

    assert sorted(outcomes) == ["done"] * 4 + ["no room"] * 6
    assert levels_of(cast.acme)[Counted.BYTES].used == 4 * GIB


@pytest.mark.usefixtures("slow_starts")
def test_of_ten_uploads_at_once_as_many_begin_as_may(cast: Cast, quota: dict[str, int], at_once: AtOnce) -> None:
    quota["uploads"] = 3

    outcomes = at_once(*[lambda: actions.start_upload(by=cast.creator, filename="disk.img")] * 10)

    assert sorted(outcomes) == ["done"] * 3 + ["no room"] * 7
    assert Upload.objects.count() == 3


@pytest.mark.usefixtures("slow_starts")
@pytest.mark.parametrize("counted", ["imports", "images"])
def test_of_ten_imports_at_once_as_many_begin_as_may(
    cast: Cast, quota: dict[str, int], at_once: AtOnce, counted: str
) -> None:
    quota[counted] = 3

    def start() -> None:
        new = NewImage(name="new", region=cast.iad)
        actions.start_import(by=cast.creator, url="https://images.example/disk.img", new=new)

    outcomes = at_once(*[start] * 10)

    assert sorted(outcomes) == ["done"] * 3 + ["no room"] * 7
    levels = levels_of(cast.acme)
    assert (levels[Counted.IMPORTS].used, levels[Counted.IMAGES].used) == (3, 3)


def test_the_last_image_is_made_once(cast: Cast, quota: dict[str, int], at_once: AtOnce) -> None:
    quota["images"] = 2
    uploads = [_received(cast) for _ in range(5)]

    def make(upload: Upload) -> None:
        actions.create_image(upload.pk, by=cast.creator, new=NewImage(name="new", region=cast.iad))

    outcomes = at_once(*(lambda upload=upload: make(upload) for upload in uploads))

    assert sorted(outcomes) == ["done"] * 2 + ["no room"] * 3
    assert (Image.objects.count(), Upload.objects.count()) == (2, 3)


def _received(cast: Cast) -> Upload:
    upload = actions.start_upload(by=cast.creator, filename="disk.img", size=len(DISK))
    data = make_data(DISK)
    upload.data, upload.status, upload.offset = data, Upload.Status.RECEIVED, data.size
    upload.save()
    return upload


@pytest.mark.usefixtures("slow_starts")
def test_a_start_while_staff_lower_the_quota_is_before_or_after_it(
    cast: Cast, quota: dict[str, int], at_once: AtOnce
) -> None:
    started, lowered = at_once(
        lambda: actions.start_upload(by=cast.creator, filename="disk.img", size=GIB),
        lambda: actions.set_quota(cast.acme, by=cast.root, limits={Counted.BYTES: 0}),
    )

    assert (started in {"done", "no room"}, lowered) == (True, "done")
    assert Upload.objects.exists() == (started == "done")


def test_an_account_asks_once(cast: Cast, quota: dict[str, int], at_once: AtOnce) -> None:
    def ask() -> None:
        actions.request_quota(by=cast.producer, wanted={Counted.IMAGES: 2000}, reason="More.")

    assert sorted(at_once(*[ask] * 4)) == ["conflict"] * 3 + ["done"]
    assert QuotaRequest.objects.count() == 1


@pytest.mark.parametrize("answer", ["grant", "refuse", "withdraw", "close"])
def test_a_request_is_answered_once(cast: Cast, quota: dict[str, int], at_once: AtOnce, answer: str) -> None:
    asked = actions.request_quota(by=cast.producer, wanted={Counted.IMAGES: 2000}, reason="More.")
    others = {
        "grant": lambda: actions.grant_quota_request(asked.pk, by=cast.root),
        "refuse": lambda: actions.refuse_quota_request(asked.pk, by=cast.root, answer="No."),
        "withdraw": lambda: actions.withdraw_quota_request(asked.pk, by=cast.producer),
        "close": lambda: close(cast.acme, by=cast.producer),
    }

    outcomes = at_once(others["grant"], others[answer])

    assert "done" in outcomes
    assert set(outcomes) <= {"done", "conflict"}
    asked.refresh_from_db()
    assert not asked.is_open
    assert Quota.objects.filter(images=2000).exists() == (asked.status == "granted")
