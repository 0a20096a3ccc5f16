"""Archives: taken as they are, unpacked in the background, and replaced by the disk inside."""

import gzip
import hashlib
import lzma
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.errors import Conflict
from images import actions
from images.actions import NewImage
from images.actions.claims import claim
from images.actions.neglect import NEGLECTED
from images.actions.reception import Reception
from images.demo_disks import MIB
from images.models import Image, Upload
from images.problems import StoreProblem, WrongChecksum
from images.stores import FileStore, get_store
from images.stores.files import FileWriter
from tests.conftest import WorkThrough
from tests.images.files import disk
from tests.people import Cast

pytestmark = pytest.mark.django_db

OnCommit = Callable[..., AbstractContextManager[object]]

DISK = disk(3 * MIB)
ARCHIVES = {"gzip": gzip.compress(DISK), "xz": lzma.compress(DISK)}
ARCHIVE = ARCHIVES["gzip"]


def sent(cast: Cast, archive: bytes = ARCHIVE, *, checksum: str = "") -> Upload:
    """An archive that has come, in two goes."""
    upload = actions.start_upload(
        by=cast.creator, filename="disk.img.gz", size=len(archive), unpack=True, checksum=checksum
    )
    half = len(archive) // 2
    for start, part in ((0, archive[:half]), (half, archive[half:])):
        upload = actions.receive_upload(upload.pk, by=cast.creator, chunks=[part], offset=start)
    return upload


def row(upload: Upload) -> Upload:
    return Upload.objects.select_related("data").get(pk=upload.pk)


def stored() -> list[str]:
    return [each.key for each in get_store().stored()]


def fall_silent(upload: Upload, by: timedelta = timedelta(minutes=1)) -> None:
    Upload.objects.filter(pk=upload.pk).update(seen_at=timezone.now() - by)


def assert_unpacked(upload: Upload) -> None:
    data = row(upload).data
    assert data is not None
    assert (data.size, data.disk_format) == (len(DISK), "raw")
    assert data.os_hash_value == hashlib.sha512(DISK).hexdigest()
    with closing(get_store().read(data.store_key)) as opened:
        assert opened.read() == DISK
    assert row(upload).archive_key == ""


@pytest.mark.parametrize("kind", ARCHIVES)
def test_the_disk_takes_the_place_of_the_archive(
    cast: Cast, kind: str, work_through: WorkThrough, django_capture_on_commit_callbacks: OnCommit
) -> None:
    upload = sent(cast, ARCHIVES[kind])
    assert (upload.status, upload.data, upload.percent) == ("processing", None, 0)
    with django_capture_on_commit_callbacks(execute=True):
        assert work_through() == 1
    assert_unpacked(upload)
    assert len(stored()) == 1


def test_a_checksum_is_that_of_the_archive(cast: Cast, work_through: WorkThrough) -> None:
    upload = sent(cast, checksum=f"sha256:{hashlib.sha256(ARCHIVE).hexdigest()}")
    work_through()
    assert_unpacked(upload)
    with pytest.raises(WrongChecksum):
        sent(cast, checksum=f"sha256:{hashlib.sha256(DISK).hexdigest()}")


def test_nobody_sends_a_disk_in_place_of_what_is_in_the_archive(cast: Cast) -> None:
    upload = sent(cast)
    with pytest.raises(Conflict, match="being unpacked"):
        actions.receive_upload(upload.pk, by=cast.creator, chunks=[DISK])
    assert row(upload).status == "processing"


@pytest.mark.parametrize(
    ("archive", "sentence"),
    [
        (ARCHIVE[:-20], "ends too early"),
        (ARCHIVE[:-8] + bytes(8), "damaged"),
        (gzip.compress(bytes(MIB)), "nothing could start it"),
    ],
    ids=["cut off", "wrong sum", "no disk"],
)
def test_what_is_wrong_with_an_archive_is_told_on_the_row(
    cast: Cast, work_through: WorkThrough, archive: bytes, sentence: str
) -> None:
    upload = sent(cast, archive)
    work_through()
    refused = row(upload)
    assert (refused.status, refused.archive_key, stored()) == ("failed", "", [])
    assert sentence in refused.problem


def test_more_than_an_account_may_keep_is_told_on_the_row(
    cast: Cast, work_through: WorkThrough, settings: Settings
) -> None:
    upload = sent(cast)
    settings.QUOTA = settings.QUOTA | {"bytes": 2 * MIB}
    work_through()
    assert (row(upload).status, stored()) == ("failed", [])
    assert "2 MiB" in row(upload).problem


def test_a_worker_that_dies_is_followed_by_another(cast: Cast, work_through: WorkThrough) -> None:
    upload = sent(cast)
    begun = row(upload)
    claim(begun, to_unpack=True)
    go = Reception(begun, resumable=False, save_seconds=0).__enter__()
    go.feed(DISK[: 2 * MIB])
    go._receiver.close()
    assert actions.unpack_upload(upload.pk) is None  # the first one may still be at it
    assert work_through() == 1
    fall_silent(upload, 2 * NEGLECTED)
    assert (actions.attend_to_uploads(), actions.attend_to_uploads()) == (1, 0)
    fall_silent(upload)
    assert work_through() == 1
    assert_unpacked(upload)
    assert len(stored()) == 2  # the archive goes when the transaction is through


def test_a_worker_that_dies_at_the_end_leaves_nothing(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: OnCommit
) -> None:
    def killed(*_arguments: object) -> None:
        raise SystemExit

    upload = sent(cast)
    with monkeypatch.context() as patched, pytest.raises(SystemExit):
        patched.setattr(Reception, "_take", killed)
        actions.unpack_upload(upload.pk)
    fall_silent(upload)
    with django_capture_on_commit_callbacks(execute=True):
        assert actions.unpack_upload(upload.pk)
    assert_unpacked(upload)
    assert len(stored()) == 1


def broken(*_arguments: object, **_options: object) -> None:
    raise StoreProblem("The image store does not work.")


@pytest.mark.parametrize("target", [(FileWriter, "write"), (FileWriter, "finish"), (FileStore, "read")])
def test_a_store_that_fails_makes_the_task_come_back(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, target: tuple[type, str]
) -> None:
    upload = sent(cast)
    with monkeypatch.context() as patched, pytest.raises(StoreProblem):
        patched.setattr(*target, broken)
        actions.unpack_upload(upload.pk)
    assert (row(upload).status, row(upload).claim) == ("processing", None)
    assert stored() == [row(upload).archive_key]  # what was unpacked so far is worth nothing
    actions.unpack_upload(upload.pk)
    assert_unpacked(upload)


def test_an_archive_that_is_gone_has_to_come_again(cast: Cast) -> None:
    upload = sent(cast)
    get_store().delete(row(upload).archive_key)
    assert actions.unpack_upload(upload.pk) is None
    assert (row(upload).status, row(upload).offset) == ("waiting", 0)
    assert "from its beginning" in row(upload).problem


def test_discarding_ends_it(cast: Cast, django_capture_on_commit_callbacks: OnCommit) -> None:
    upload = sent(cast)
    with django_capture_on_commit_callbacks(execute=True):
        actions.discard_upload(upload.pk, by=cast.creator)
    assert actions.unpack_upload(upload.pk) is None
    assert stored() == []


def test_a_planned_image_is_made_by_itself(cast: Cast, work_through: WorkThrough) -> None:
    upload = sent(cast)
    planned = actions.plan_image(
        upload.pk, by=cast.creator, new=NewImage("Golden", cast.iad, facts={"os_family": "linux"}, tags=["a", "b"])
    )
    assert planned == upload
    work_through()
    image = Image.objects.get()
    assert (image.name, image.created_by, image.os_family, image.data.size) == (
        "Golden",
        cast.carol,
        "linux",
        len(DISK),
    )
    assert sorted(tag.name for tag in image.tags.all()) == ["a", "b"]
    assert not Upload.objects.exists()
