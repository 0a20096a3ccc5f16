"""What counts for an account, and what no longer fits."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from images import actions
from images.actions import NewImage
from images.actions.claims import claim
from images.actions.reception import Reception
from images.demo_disks import bootable_raw
from images.models import Image, Quota, Upload
from images.problems import QuotaExceeded
from images.quotas import Counted, Level, levels_of, most_pressing_first, reserve, room
from sharing import actions as sharing_actions
from sharing.addresses import parse
from tests.factories import SMALL_DISK, make_data, make_image
from tests.people import Cast

pytestmark = pytest.mark.django_db

DISK = bootable_raw("Hello")
GIB = 1024**3


@pytest.fixture
def quota(settings: Settings) -> dict[str, int | None]:
    """What everybody may have; a test changes it."""
    limits: dict[str, int | None] = {"bytes": 10 * len(DISK), "images": 10, "uploads": 10, "imports": 10}
    settings.QUOTA = limits
    return limits


def used(cast: Cast) -> tuple[int, int, int, int]:
    """Bytes, images, uploads and imports of Acme Producers."""
    levels = levels_of(cast.acme)
    return tuple(levels[counted].used for counted in Counted)  # type: ignore[return-value]  # there are four


def begin(cast: Cast, **fields: Any) -> Upload:
    defaults = {"created_by": cast.carol, "expires_at": timezone.now() + timedelta(hours=1)}
    return Upload.objects.create(account=cast.acme, **defaults | fields)


class TestCounting:
    def test_an_account_begins_with_nothing(self, cast: Cast) -> None:
        assert used(cast) == (0, 0, 0, 0)

    def test_images_count_with_their_data(self, cast: Cast) -> None:
        make_image(cast.acme, cast.alice)
        make_image(cast.acme, cast.carol, status="deactivated", deactivated_at=timezone.now(), deactivated_by=cast.root)
        assert used(cast) == (2 * SMALL_DISK, 2, 0, 0)

    def test_data_of_two_images_counts_once(self, cast: Cast) -> None:
        data = make_data()
        make_image(cast.acme, cast.alice, data=data)
        make_image(cast.acme, cast.alice, data=data)
        assert used(cast) == (SMALL_DISK, 2, 0, 0)

    def test_a_deleted_image_counts_no_more(self, cast: Cast, golden: Image) -> None:
        actions.delete(golden.pk, by=cast.producer)
        assert used(cast) == (0, 0, 0, 0)

    def test_consumers_are_not_charged(self, cast: Cast, golden: Image) -> None:
        [offered] = sharing_actions.offer(golden.pk, by=cast.producer, addresses=parse(cast.beta.number))
        sharing_actions.accept(offered.share.pk, by=cast.consumer)
        assert Image.objects.usable_by(cast.consumer).filter(pk=golden.pk).exists()
        assert not any(level.used for level in levels_of(cast.beta).values())

    def test_an_upload_counts_with_what_was_announced_or_has_come(self, cast: Cast) -> None:
        begin(cast, size=100, offset=40)
        begin(cast, offset=30)
        begin(cast)
        assert used(cast) == (130, 0, 3, 0)

    def test_uploads_that_become_images_by_themselves_count_as_images(self, cast: Cast) -> None:
        begin(cast, origin="import", plan={"name": "a"})
        begin(cast, origin="conversion", plan={"name": "b"})
        begin(cast)
        assert used(cast) == (0, 2, 2, 1)

    def test_what_was_refused_or_is_over_counts_no_more(self, cast: Cast) -> None:
        begin(cast, size=100, status="failed", plan={"name": "a"})
        begin(cast, size=100, expires_at=timezone.now())
        assert used(cast) == (0, 0, 0, 0)

    def test_from_the_start_to_the_image_nothing_counts_twice(self, cast: Cast) -> None:
        upload = actions.start_upload(by=cast.creator, filename="disk.img", size=len(DISK))
        assert used(cast) == (len(DISK), 0, 1, 0)
        actions.receive_upload(upload.pk, by=cast.creator, chunks=[DISK])
        assert used(cast) == (len(DISK), 0, 1, 0)
        actions.create_image(upload.pk, by=cast.creator, new=NewImage(name="new", region=cast.iad))
        assert used(cast) == (len(DISK), 1, 0, 0)

    @pytest.mark.database
    def test_the_queries_do_not_grow(self, cast: Cast, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        for _ in range(3):
            make_image(cast.acme, cast.alice)
            begin(cast, size=100)
        with django_assert_num_queries(3):
            assert used(cast) == (3 * SMALL_DISK + 300, 3, 3, 0)


class TestLimits:
    def test_what_staff_set_comes_before_what_holds_for_everybody(self, cast: Cast, quota: dict[str, int]) -> None:
        actions.set_quota(cast.acme, by=cast.root, limits={Counted.BYTES: 5 * GIB, Counted.IMPORTS: 0})
        levels = levels_of(cast.acme)
        assert [levels[counted].limit for counted in Counted] == [5 * GIB, 10, 10, 0]
        assert levels_of(cast.beta)[Counted.BYTES].limit == quota["bytes"]

    def test_nothing_is_refused_without_a_limit(self, cast: Cast, quota: dict[str, int | None]) -> None:
        quota.update(dict.fromkeys(Counted))
        with transaction.atomic():
            reserve(cast.acme, size=2**60, images=10**6, uploads=10**6, imports=10**6)
        assert levels_of(cast.acme)[Counted.BYTES].text == "0 bytes, without a limit"

    @pytest.mark.parametrize("counted", list(Counted))
    def test_exactly_as_much_as_allowed_fits(self, cast: Cast, quota: dict[str, int], counted: Counted) -> None:
        name = "size" if counted is Counted.BYTES else counted.value
        with transaction.atomic():
            reserve(cast.acme, **{name: quota[counted]})
            with pytest.raises(QuotaExceeded):
                reserve(cast.acme, **{name: quota[counted] + 1})

    def test_what_is_full_already_refuses_only_more_of_itself(self, cast: Cast, golden: Image) -> None:
        actions.set_quota(cast.acme, by=cast.root, limits={Counted.IMAGES: 0})
        with transaction.atomic():
            reserve(cast.acme, size=1, uploads=1)
            with pytest.raises(QuotaExceeded, match="has 1 of 0 images"):
                reserve(cast.acme, images=1)

    def test_the_refusal_has_the_numbers_and_what_to_do(self, cast: Cast) -> None:
        Quota.objects.create(account=cast.acme, bytes=1024 * GIB, images=1000, uploads=20, imports=5)
        begin(cast, size=990 * GIB)
        with transaction.atomic(), pytest.raises(QuotaExceeded) as refused:
            reserve(cast.acme, size=60 * GIB)
        assert str(refused.value) == (
            "Acme Producers has 990 GiB of 1 TiB, and this needs 60 GiB more. "
            "Delete images, or ask for more on the account page."
        )


class TestLevel:
    @pytest.mark.parametrize(
        ("used", "limit", "percent", "is_high", "is_full"),
        [
            (0, 10, 0, False, False),
            (79, 100, 79, False, False),
            (80, 100, 80, True, False),
            (999, 1000, 99, True, False),
            (10, 10, 100, True, True),
            (12, 10, 120, True, True),
            (0, 0, 100, True, True),
            (5, None, None, False, False),
        ],
    )
    def test_it_warns_from_eighty_percent(
        self, used: int, limit: int | None, percent: int | None, is_high: bool, is_full: bool
    ) -> None:
        level = Level(Counted.IMAGES, used, limit)
        assert (level.percent, level.is_high, level.is_full) == (percent, is_high, is_full)

    def test_what_presses_most_comes_first(self) -> None:
        filled = {Counted.BYTES: 50, Counted.IMAGES: 85, Counted.UPLOADS: 10, Counted.IMPORTS: 100}
        levels = {counted: Level(counted, used, 100) for counted, used in filled.items()}
        assert [level.counted for level in most_pressing_first(levels)] == ["imports", "images", "bytes", "uploads"]


class TestUploads:
    def test_a_start_without_room_is_refused(self, cast: Cast, quota: dict[str, int]) -> None:
        quota["bytes"] = len(DISK) + 10
        actions.start_upload(by=cast.creator, filename="a.img", size=len(DISK))
        with pytest.raises(QuotaExceeded, match="Acme Producers has 1 MiB of"):
            actions.start_upload(by=cast.creator, filename="b.img", size=len(DISK))
        assert Upload.objects.count() == 1

    def test_one_upload_too_many_is_refused(self, cast: Cast, quota: dict[str, int]) -> None:
        quota["uploads"] = 1
        first = actions.start_upload(by=cast.creator, filename="a.img")
        with pytest.raises(QuotaExceeded, match="has 1 of 1 unfinished uploads"):
            actions.start_upload(by=cast.creator, filename="b.img")
        actions.discard_upload(first.pk, by=cast.creator)
        actions.start_upload(by=cast.creator, filename="b.img")

    def test_the_room_is_what_others_leave(self, cast: Cast, quota: dict[str, int]) -> None:
        upload = begin(cast, offset=5)
        begin(cast, size=100)
        assert room(upload) == quota["bytes"] - 100
        quota["bytes"] = 50
        with pytest.raises(QuotaExceeded):
            room(upload)

    def test_a_file_of_unknown_size_stops_where_the_quota_ends(self, cast: Cast, quota: dict[str, int]) -> None:
        quota["bytes"] = len(DISK) - 1
        upload = actions.start_upload(by=cast.creator, filename="disk.img")
        with pytest.raises(QuotaExceeded):
            actions.receive_upload(upload.pk, by=cast.creator, chunks=[DISK[:1000], DISK[1000:]])
        upload.refresh_from_db()
        assert (upload.status, upload.offset) == ("waiting", 1000)
        assert upload.problem.startswith("Acme Producers has 0 bytes of")

    def test_it_goes_on_when_room_is_made(self, cast: Cast, quota: dict[str, int]) -> None:
        quota["bytes"] = len(DISK) - 1
        upload = actions.start_upload(by=cast.creator, filename="disk.img")
        with pytest.raises(QuotaExceeded):
            actions.receive_upload(upload.pk, by=cast.creator, chunks=[DISK])
        quota["bytes"] = len(DISK)
        assert actions.receive_upload(upload.pk, by=cast.creator, chunks=[DISK]).data

    def test_two_of_unknown_size_do_not_share_the_last_room(self, cast: Cast, quota: dict[str, int]) -> None:
        quota["bytes"] = len(DISK) + 10
        one, other = (actions.start_upload(by=cast.creator, filename=f"{name}.img") for name in "ab")

        def chunks() -> Any:
            yield DISK
            # While the first has come but is not complete yet, the second comes and takes the room.
            actions.receive_upload(other.pk, by=cast.creator, chunks=[DISK])

        with pytest.raises(QuotaExceeded):
            actions.receive_upload(one.pk, by=cast.creator, chunks=chunks())
        assert levels_of(cast.acme)[Counted.BYTES].used == 2 * len(DISK), "what came is kept until somebody decides"
        one.refresh_from_db()
        assert one.data is None
        actions.discard_upload(other.pk, by=cast.creator)
        assert actions.receive_upload(one.pk, by=cast.creator, chunks=[DISK]).data

    def test_two_of_unknown_size_at_once_see_each_other_come(self, cast: Cast, quota: dict[str, int]) -> None:
        quota["bytes"] = len(DISK)
        uploads = [actions.start_upload(by=cast.creator, filename=f"{name}.img") for name in "ab"]
        for upload in uploads:
            claim(upload)
        one, other = (Reception(upload, save_seconds=0) for upload in uploads)
        pieces = [DISK[start : start + 10_000] for start in range(0, len(DISK), 10_000)]
        with suppress(QuotaExceeded), one, other:
            for piece in pieces:
                one.feed(piece)
                other.feed(piece)
        assert levels_of(cast.acme)[Counted.BYTES].used < 1.5 * len(DISK), "not twice: only what came between two looks"

    def test_one_image_too_many_is_refused_and_the_upload_stays(self, cast: Cast, quota: dict[str, int]) -> None:
        quota["images"] = 0
        upload = actions.start_upload(by=cast.creator, filename="disk.img", size=len(DISK))
        actions.receive_upload(upload.pk, by=cast.creator, chunks=[DISK])
        with pytest.raises(QuotaExceeded, match="Delete some, or ask for more"):
            actions.create_image(upload.pk, by=cast.creator, new=NewImage(name="new", region=cast.iad))
        assert not Image.objects.exists()
        assert Upload.objects.get(pk=upload.pk).data

    def test_a_planned_image_is_reserved(self, cast: Cast, quota: dict[str, int]) -> None:
        quota["images"] = 1
        upload = begin(cast, status="processing")
        new = NewImage(name="new", region=cast.iad)
        actions.plan_image(upload.pk, by=cast.creator, new=new)
        actions.plan_image(upload.pk, by=cast.creator, new=new)
        with pytest.raises(QuotaExceeded, match="has 1 of 1 images"):
            actions.plan_image(begin(cast, status="processing").pk, by=cast.creator, new=new)

    def test_a_planned_image_is_made_although_the_quota_was_lowered(self, cast: Cast, quota: dict[str, int]) -> None:
        upload = actions.start_upload(by=cast.creator, filename="disk.img", size=len(DISK))
        plan = NewImage(name="planned", region=cast.iad).plan()
        Upload.objects.filter(pk=upload.pk).update(plan=plan)
        actions.set_quota(cast.acme, by=cast.root, limits=dict.fromkeys(Counted, 0))
        actions.receive_upload(upload.pk, by=cast.creator, chunks=[DISK])
        assert Image.objects.get().name == "planned"
