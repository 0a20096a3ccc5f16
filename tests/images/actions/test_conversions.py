"""Converting an image: a new one is made in the background, whatever happens on the way."""

import os
import random
import signal
import time
import uuid
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connections
from django.http import Http404
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django.fixtures import Settings

from accounts.errors import Conflict
from accounts.models import Event
from images import sandbox
from images.actions import collect, conversions, delete, discard_upload, run_conversion, start_conversion
from images.demo_disks import bootable_raw
from images.models import DataHold, Image, ImageData, Upload
from images.problems import QuotaExceeded, TooLarge
from images.stores import get_store
from sharing.actions import Terms, accept, offer, remove
from sharing.addresses import parse
from tests import factories
from tests.conftest import WorkThrough
from tests.people import Cast

pytestmark = pytest.mark.django_db
SIZE = 48 * 1024 * 1024  # bytes: long enough to be killed in the middle
DISK = bootable_raw("A disk to convert.", size=1024 * 1024)


@pytest.fixture(autouse=True)
def conversion_dir(settings: Settings, tmp_path: Path) -> Path:
    settings.CONVERSION_DIR = tmp_path / "conversions"
    return tmp_path / "conversions"


@pytest.fixture
def disk(cast: Cast) -> Image:
    return factories.make_image(cast.acme, cast.alice, content=DISK, os_family="Debian", min_ram=512)


def as_bytes(data: ImageData) -> bytes:
    with closing(get_store(data.store).read(data.store_key)) as opened:
        return opened.read()


def start(cast: Cast, disk: Image, disk_format: str = "qcow2", **options: Any) -> Upload:
    return start_conversion(disk.pk, by=cast.creator, disk_format=disk_format, name="converted", **options)


@pytest.mark.parametrize("disk_format", ["qcow2", "vmdk"])
def test_it_becomes_an_image_of_its_own(
    cast: Cast, disk: Image, work_through: WorkThrough, django_capture_on_commit_callbacks: Callable[..., Any],
    disk_format: str, conversion_dir: Path,
) -> None:  # fmt: skip
    with django_capture_on_commit_callbacks(execute=True):
        start(cast, disk, disk_format, region=cast.dfw)
    work_through()
    made = Image.objects.get(name="converted")
    assert (made.parent, made.account, made.created_by, made.region) == (disk, cast.acme, cast.carol, cast.dfw)
    assert (made.source, made.visibility) == ("conversion", "private")
    assert (made.data.disk_format, made.data.virtual_size) == (disk_format, disk.data.virtual_size)
    assert (made.os_family, made.min_ram) == ("Debian", 512)
    assert not Upload.objects.exists()
    assert not DataHold.objects.exists()
    assert not list(conversion_dir.iterdir())


def test_there_and_back_gives_the_same_bytes(cast: Cast, disk: Image) -> None:
    run_conversion(start(cast, disk).pk)
    run_conversion(start(cast, Image.objects.get(name="converted"), "raw").pk)
    back = Image.objects.order_by("-created_at").first()
    assert back
    assert back.data.disk_format == "raw"
    assert as_bytes(back.data) == DISK


def test_the_bytes_stay_while_they_are_needed(cast: Cast, disk: Image) -> None:
    upload = start(cast, disk)
    delete(disk.pk, by=cast.producer)
    assert not list(collect(remove=True, look_into_stores=False))
    run_conversion(upload.pk)
    assert Image.objects.get(name="converted").parent == disk
    assert [find.kind for find in collect(remove=True, look_into_stores=False)] == ["image data"]


def test_whoever_may_copy_it_may_convert_it_and_the_producer_hears_of_it(cast: Cast, disk: Image) -> None:
    [offered] = offer(disk.pk, by=cast.producer, addresses=parse(cast.beta.number))
    with pytest.raises(PermissionDenied, match="Accept the offer first"):
        start_conversion(disk.pk, by=cast.consumer, disk_format="qcow2", name="ours")
    accept(offered.share.pk, by=cast.consumer)
    run_conversion(start_conversion(disk.pk, by=cast.consumer, disk_format="qcow2", name="ours").pk)
    made = Image.objects.get(name="ours")
    assert (made.account, made.parent) == (cast.beta, disk)
    told = Event.objects.get(verb="converted", account=cast.acme)
    assert (told.actor, told.address.replace(" ", "")) == (None, cast.beta.number)


def test_what_is_no_longer_shared_when_its_turn_comes_is_not_copied(cast: Cast, disk: Image) -> None:
    [offered] = offer(disk.pk, by=cast.producer, addresses=parse(cast.beta.number))
    accept(offered.share.pk, by=cast.consumer)
    upload = start_conversion(disk.pk, by=cast.consumer, disk_format="qcow2", name="ours")
    remove(disk.pk, offered.share.pk, by=cast.producer)
    run_conversion(upload.pk)
    upload.refresh_from_db()
    assert (upload.status, upload.problem) == ("failed", "This image is no longer shared with you for copying.")
    assert not Image.objects.filter(name="ours").exists()
    assert not DataHold.objects.exists()


def test_those_of_one_account_run_one_after_the_other(
    cast: Cast, disk: Image, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    first, second = start(cast, disk), start(cast, disk, "vmdk")
    Upload.objects.filter(pk=first.pk).update(claim=uuid.uuid4(), seen_at=timezone.now(), status="receiving")
    with django_capture_on_commit_callbacks(execute=True):
        assert run_conversion(second.pk) is None
    [later] = OrmQ.objects.all()
    assert (later.func(), later.args()) == ("images.tasks.run_conversion", (str(second.pk),))
    assert later.lock > timezone.now()
    Upload.objects.filter(pk=first.pk).update(claim=None, status="waiting")
    assert run_conversion(second.pk)
    assert Image.objects.get(name="converted").data.disk_format == "vmdk"


def test_an_offer_for_booting_only_allows_no_copy(cast: Cast, disk: Image) -> None:
    [offered] = offer(disk.pk, by=cast.producer, addresses=parse(cast.beta.number), terms=Terms(export=False))
    accept(offered.share.pk, by=cast.consumer)
    with pytest.raises(PermissionDenied, match="for booting servers only"):
        start_conversion(disk.pk, by=cast.consumer, disk_format="qcow2", name="ours")


def test_observers_and_strangers_convert_nothing(cast: Cast, disk: Image) -> None:
    [offered] = offer(disk.pk, by=cast.producer, addresses=parse(cast.beta.number))
    accept(offered.share.pk, by=cast.consumer)
    with pytest.raises(PermissionDenied, match="add images"):
        start_conversion(disk.pk, by=cast.observer, disk_format="qcow2", name="ours")
    with pytest.raises(Http404):
        start_conversion(disk.pk, by=factories.viewer(cast.rhea, cast.rival), disk_format="qcow2", name="ours")


@pytest.mark.parametrize("disk_format", ["raw", "qed", ""])
def test_only_other_known_formats(cast: Cast, disk: Image, disk_format: str) -> None:
    with pytest.raises(Conflict, match="cannot be converted to"):
        start(cast, disk, disk_format)


def test_a_disc_is_not_a_disk(cast: Cast, disk: Image) -> None:
    ImageData.objects.filter(pk=disk.data_id).update(disk_format="iso")
    with pytest.raises(Conflict, match="A iso image is no disk"):
        start(cast, disk)


def test_without_the_program(cast: Cast, disk: Image, settings: Settings) -> None:
    settings.QEMU_IMG = "no-such-qemu-img"
    with pytest.raises(Conflict, match="qemu-img is not installed"):
        start(cast, disk)


def test_a_disk_that_could_not_be_kept_is_not_begun(cast: Cast, disk: Image, settings: Settings) -> None:
    run_conversion(start(cast, disk).pk)
    settings.IMAGE_MAX_BYTES = 1000
    with pytest.raises(TooLarge):
        start(cast, Image.objects.get(name="converted"), "raw")


def test_a_quota_that_is_used_up_is_told_at_once(cast: Cast, disk: Image, settings: Settings) -> None:
    settings.QUOTA = settings.QUOTA | {"images": 1}
    with pytest.raises(QuotaExceeded):
        start(cast, disk)
    assert not Upload.objects.exists()
    assert not DataHold.objects.exists()


def test_a_region_that_is_closed(cast: Cast, disk: Image) -> None:
    cast.dfw.closed_at = timezone.now()
    cast.dfw.save()
    with pytest.raises(ValidationError):
        start(cast, disk, region=cast.dfw)


def test_what_qemu_refuses_is_told_and_leaves_nothing(cast: Cast, conversion_dir: Path) -> None:
    """A qcow2 whose tables lie outside of the file, which came in before somebody looked for that."""
    broken = factories.make_image(cast.acme, cast.alice, content=DISK)
    ImageData.objects.filter(pk=broken.data_id).update(disk_format="vmdk")
    upload = start(cast, broken)
    run_conversion(upload.pk)
    upload.refresh_from_db()
    assert upload.status == Upload.Status.FAILED
    assert "The conversion failed" in upload.problem
    assert not DataHold.objects.exists()
    assert not list(conversion_dir.iterdir())
    discard_upload(upload.pk, by=cast.creator)
    assert not Upload.objects.exists()


def test_damaged_data_is_not_converted(cast: Cast, disk: Image) -> None:
    upload = start(cast, disk)
    ImageData.objects.filter(pk=disk.data_id).update(stamp="another one")
    run_conversion(upload.pk)
    upload.refresh_from_db()
    assert "damaged" in upload.problem


def test_whoever_discards_it_stops_it(
    cast: Cast, disk: Image, monkeypatch: pytest.MonkeyPatch, conversion_dir: Path
) -> None:
    upload = start(cast, disk)
    run = sandbox.run

    def discarded_meanwhile(program: Any, **how: Any) -> bytes:
        result = run(program, **how)
        discard_upload(upload.pk, by=cast.creator)
        how["on_tick"]()
        return result

    monkeypatch.setattr(sandbox, "run", discarded_meanwhile)
    assert run_conversion(upload.pk) is None
    assert not Upload.objects.exists()
    assert not DataHold.objects.exists()
    assert not Image.objects.filter(name="converted").exists()
    assert not list(conversion_dir.iterdir())


@pytest.mark.parametrize("place", ["convert", "_take_in"])
def test_a_worker_that_has_to_stop_leaves_it_to_the_next(
    cast: Cast, disk: Image, monkeypatch: pytest.MonkeyPatch, place: str, conversion_dir: Path
) -> None:
    upload = start(cast, disk)

    def stopped(*_arguments: Any, **_options: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(conversions, place, stopped)
        with pytest.raises(KeyboardInterrupt):
            run_conversion(upload.pk)
    assert not list(conversion_dir.iterdir())
    run_conversion(upload.pk)
    assert Image.objects.filter(name="converted").count() == 1


def test_one_that_was_killed_is_begun_anew_and_leaves_nothing(cast: Cast, disk: Image, conversion_dir: Path) -> None:
    """As after SIGKILL: the row is claimed, the folder is full, and nobody is there."""
    upload = start(cast, disk)
    dead = uuid.uuid4()
    Upload.objects.filter(pk=upload.pk).update(
        status="receiving", claim=dead, percent=40, seen_at=timezone.now() - timedelta(seconds=60)
    )
    (conversion_dir / dead.hex).mkdir(parents=True)
    (conversion_dir / dead.hex / "result").write_bytes(b"half")
    run_conversion(upload.pk)
    assert Image.objects.filter(name="converted").count() == 1
    assert not list(conversion_dir.iterdir())


def test_two_workers_do_it_once(cast: Cast, disk: Image, conversion_dir: Path) -> None:
    """The other one is alive: neither its row nor its folder is touched."""
    upload = start(cast, disk)
    other = uuid.uuid4()
    Upload.objects.filter(pk=upload.pk).update(status="receiving", claim=other, seen_at=timezone.now())
    (conversion_dir / other.hex).mkdir(parents=True)
    assert run_conversion(upload.pk) is None
    assert (conversion_dir / other.hex).is_dir()
    upload.refresh_from_db()
    assert upload.claim == other


def test_running_it_again_changes_nothing(cast: Cast, disk: Image) -> None:
    upload = start(cast, disk)
    run_conversion(upload.pk)
    assert run_conversion(upload.pk) is None
    assert Image.objects.filter(name="converted").count() == 1


def test_how_far_it_is_stands_on_the_row(cast: Cast, disk: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = start(cast, disk)
    seen: list[int | None] = []
    run = sandbox.run

    def watched(program: Any, **how: Any) -> bytes:
        for line in (b"    (12.50/100%)\r", b"    (50.00/100%)\r    (75.25/100%)\r"):
            how["on_output"](line)
            how["on_tick"]()
            seen.append(Upload.objects.get(pk=upload.pk).percent)
        return run(program, **how)

    monkeypatch.setattr(sandbox, "run", watched)
    run_conversion(upload.pk)
    assert seen == [9, 60]


@pytest.mark.long
@pytest.mark.database
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seconds", [0.05, 0.15, 0.3, 0.5, 0.8, 1.2])
def test_a_process_that_is_killed_leaves_one_image_and_nothing_else(
    cast: Cast, conversion_dir: Path, image_store: Path, seconds: float
) -> None:
    content = bytearray(bootable_raw("A disk to convert.", size=SIZE))
    content[1024 * 1024 :] = random.Random(seconds).randbytes(SIZE - 1024 * 1024)
    upload = start(cast, factories.make_image(cast.acme, cast.alice, content=bytes(content)))
    kill_after(seconds, lambda: run_conversion(upload.pk))
    Upload.objects.update(seen_at=timezone.now() - timedelta(seconds=60))  # a minute goes by
    run_conversion(upload.pk)
    made = Image.objects.get(name="converted")
    run_conversion(start_conversion(made.pk, by=cast.creator, disk_format="raw", name="back").pk)
    assert as_bytes(Image.objects.get(name="back").data) == content
    assert not Upload.objects.exists()
    assert not DataHold.objects.exists()
    assert not list(conversion_dir.iterdir())
    assert not list((image_store / "incoming").iterdir())


def kill_after(seconds: float, work: Callable[[], object]) -> None:
    """Do some work in a process of its own, and kill that in the middle."""
    connections.close_all()  # each process has its own
    process = os.fork()
    if not process:
        with suppress(BaseException):
            work()
        os._exit(0)
    time.sleep(seconds)
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
