"""Processes that are killed before any step: what is visible is right, and what is gone on with becomes complete."""

import gzip
import hashlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from itertools import count, pairwise

import pytest
from django.db.models import Q
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django.fixtures import Settings

from images import actions, tasks
from images.actions import NewImage, claims, collection, imports, neglect, reception
from images.demo_disks import MIB, bootable_raw
from images.models import DataHold, Image, ImageData, Leftover, Upload
from images.quotas import Counted, levels_of
from images.stores import FileStore, get_store
from tests.conftest import WorkThrough
from tests.factories import make_data, make_image
from tests.images.files import disk
from tests.images.kills.steps import dies
from tests.images.outside.servers import ranged, serving
from tests.people import Cast

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]

DISK = disk(2 * MIB)
ARCHIVE = gzip.compress(DISK)
PIECE = 700_000  # bytes
# How many steps lie between two kills. A prime, so that other steps are met in each scenario.
STRIDES = [pytest.param(7, id="some"), pytest.param(1, id="all", marks=pytest.mark.long)]


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A world in which every byte is saved, the dead are buried at once, and what has no name is removed."""
    monkeypatch.setattr(reception, "SAVE_SECONDS", 0)
    monkeypatch.setattr(claims, "SILENT_SECONDS", -1)
    monkeypatch.setattr(neglect, "NEGLECTED", timedelta(seconds=-1))
    monkeypatch.setattr(collection, "ORPHAN_AGE", timedelta(seconds=-1))


# --- What always has to be so -----------------------------------------------------------------------


def assert_nothing_is_half() -> None:
    """What an image or an upload says is there, is there and right."""
    images = Image.objects.live().values("data")
    uploads = Upload.objects.exclude(data=None).values("data")
    for data in ImageData.objects.filter(Q(pk__in=images) | Q(pk__in=uploads)):
        assert data.removed_at is None
        with closing(get_store(data.store).read(data.store_key, stamp=data.stamp)) as opened:
            content = opened.read()
        assert len(content) == data.size
        assert hashlib.sha512(content).hexdigest() == data.os_hash_value
        assert hashlib.md5(content, usedforsecurity=False).hexdigest() == data.checksum


def assert_nothing_is_left(cast: Cast, *stores: FileStore) -> None:
    """After collecting, the stores hold what the records say and nothing else, and the quota counts just that."""
    Leftover.objects.update(delete_after=timezone.now())
    problems = [find for find in actions.collect(remove=True) if find.problem]
    assert problems == []
    kept = ImageData.objects.filter(removed_at__isnull=True)
    for store in stores or (get_store(),):
        keys = set(kept.filter(store=store.name).values_list("store_key", flat=True))
        assert {(each.key, each.finished) for each in store.stored()} == {(key, True) for key in keys}
        assert isinstance(store, FileStore)
        assert sum(path.is_file() for path in store.root.rglob("*")) == len(keys)
    assert levels_of(cast.acme)[Counted.BYTES].used == sum(kept.values_list("size", flat=True))


# --- What is done, and how it is gone on with -------------------------------------------------------


@dataclass
class Source:
    """Where imports come from."""

    url: str = ""


SERVER = Source()


@pytest.fixture(autouse=True)
def source(settings: Settings) -> Iterator[None]:
    with serving(ranged(DISK)) as server:
        SERVER.url = server.url()
        settings.IMPORT_HOSTS, settings.IMPORT_PORTS = ["127.0.0.1"], [server.port]
        yield


@dataclass(frozen=True)
class Scenario:
    """Something that a process does.

    Attributes:
        prepare: makes what it is done with.
        act: does it; what it is done with comes from ``prepare``.
        go_on: what people and workers do after a death.
        check: whether it is done, and nothing else is.
        least: steps that it has at least: fewer would mean that steps are not counted.
    """

    prepare: Callable[[Cast], object]
    act: Callable[[Cast, object], object]
    go_on: Callable[[Cast, object, WorkThrough], object]
    check: Callable[[Cast, object], None]
    least: int = 20


def pieces(data: bytes, start: int = 0) -> Iterator[bytes]:
    for first, last in pairwise([*range(start, len(data), PIECE), len(data)]):
        yield data[first:last]


def start_upload(cast: Cast) -> Upload:
    return actions.start_upload(by=cast.creator, filename="disk.img", size=len(DISK))


def send(cast: Cast, upload: object) -> None:
    assert isinstance(upload, Upload)
    offset = Upload.objects.get(pk=upload.pk).offset
    actions.receive_upload(upload.pk, by=cast.creator, chunks=pieces(DISK, offset), offset=offset)


def go_on_sending(cast: Cast, upload: object, work_through: WorkThrough) -> None:
    assert isinstance(upload, Upload)
    row = Upload.objects.get(pk=upload.pk)
    if row.offset == row.size:
        actions.attend_to_uploads()
        work_through()
    else:
        send(cast, upload)


def check_upload(cast: Cast, upload: object) -> None:
    assert isinstance(upload, Upload)
    row = Upload.objects.select_related("data").get(pk=upload.pk)
    assert row.data is not None
    assert (row.status, row.claim, row.archive_key) == ("received", None, "")
    assert row.data.os_hash_value == hashlib.sha512(DISK).hexdigest()
    assert ImageData.objects.count() == 1


def send_archive(cast: Cast) -> Upload:
    upload = actions.start_upload(by=cast.creator, filename="disk.img.gz", size=len(ARCHIVE), unpack=True)
    return actions.receive_upload(upload.pk, by=cast.creator, chunks=[ARCHIVE])


def plan(cast: Cast) -> Upload:
    upload = send_archive(cast)
    actions.plan_image(upload.pk, by=cast.creator, new=NewImage("Golden", cast.iad, tags=["a"]))
    return upload


def unpack(_cast: Cast, upload: object) -> None:
    assert isinstance(upload, Upload)
    OrmQ.objects.all().delete()  # the task runs, and is its worker's
    actions.unpack_upload(upload.pk)


def attend(_cast: Cast, _made: object, work_through: WorkThrough) -> None:
    actions.attend_to_uploads()
    work_through()


def check_planned(_cast: Cast, _upload: object) -> None:
    image = Image.objects.select_related("data").get()
    assert image.data.os_hash_value == hashlib.sha512(DISK).hexdigest()
    assert [tag.name for tag in image.tags.all()] == ["a"]
    assert not Upload.objects.exists()


def sent(cast: Cast) -> Upload:
    upload = start_upload(cast)
    send(cast, upload)
    return upload


def discard(cast: Cast, upload: object) -> None:
    assert isinstance(upload, Upload)
    actions.discard_upload(upload.pk, by=cast.creator)


def discard_again(cast: Cast, upload: object, _work_through: WorkThrough) -> None:
    if Upload.objects.exists():
        discard(cast, upload)


def create(cast: Cast, upload: object) -> None:
    assert isinstance(upload, Upload)
    actions.create_image(upload.pk, by=cast.creator, new=NewImage("Golden", cast.iad, tags=["a"]))


def create_again(cast: Cast, upload: object, _work_through: WorkThrough) -> None:
    if Upload.objects.exists():
        create(cast, upload)


def check_nothing(_cast: Cast, _made: object) -> None:
    assert not Image.objects.live().exists()
    assert not Upload.objects.exists()
    tasks.clean_up()
    assert not ImageData.objects.filter(removed_at__isnull=True).exists()


def image_of_acme(cast: Cast) -> Image:
    return make_image(cast.acme, cast.alice, data=make_data(DISK), region=cast.iad)


def delete(cast: Cast, image: object) -> None:
    assert isinstance(image, Image)
    actions.delete(image.pk, by=cast.producer)
    tasks.clean_up()


def delete_again(cast: Cast, image: object, _work_through: WorkThrough) -> None:
    if Image.objects.live().exists():
        delete(cast, image)


def move(_cast: Cast, image: object) -> None:
    assert isinstance(image, Image)
    actions.move_data(image.data_id, "archive")


def check_moved(_cast: Cast, image: object) -> None:
    data = ImageData.objects.get()
    assert data.store == "archive"
    assert Image.objects.get().data == data


def start_conversion(cast: Cast) -> Upload:
    small = make_data(bootable_raw("Converted"))
    image = make_image(cast.acme, cast.alice, data=small, region=cast.iad)
    return actions.start_conversion(image.pk, by=cast.producer, disk_format="qcow2", name="Copy")


def convert(_cast: Cast, upload: object) -> None:
    assert isinstance(upload, Upload)
    OrmQ.objects.all().delete()
    actions.run_conversion(upload.pk)


def convert_again(cast: Cast, upload: object, _work_through: WorkThrough) -> None:
    convert(cast, upload)


def check_converted(_cast: Cast, _upload: object) -> None:
    copy = Image.objects.select_related("data").get(name="Copy")
    assert copy.data.disk_format == "qcow2"
    assert not Upload.objects.exists()
    assert not ImageData.objects.get(disk_format="raw").holds.exists()


def start_import(cast: Cast) -> Upload:
    return imports.start_import(by=cast.creator, url=SERVER.url, new=NewImage("Golden", cast.iad, tags=["a"]))


def fetch(_cast: Cast, upload: object) -> None:
    assert isinstance(upload, Upload)
    OrmQ.objects.all().delete()
    imports.run_import(upload.pk)


SCENARIOS = {
    "importing": Scenario(start_import, fetch, lambda cast, upload, _work: fetch(cast, upload), check_planned),
    "upload": Scenario(start_upload, send, go_on_sending, check_upload, least=30),
    "unpacking": Scenario(send_archive, unpack, attend, check_upload, least=40),
    "unpacking what will be an image": Scenario(plan, unpack, attend, check_planned, least=50),
    "creating": Scenario(sent, create, create_again, check_planned, least=15),
    "discarding an upload": Scenario(sent, discard, discard_again, check_nothing, least=10),
    "discarding an archive": Scenario(send_archive, discard, discard_again, check_nothing, least=8),
    "deleting": Scenario(image_of_acme, delete, delete_again, check_nothing),
    "moving": Scenario(image_of_acme, move, lambda cast, image, _work: move(cast, image), check_moved),
    "converting": Scenario(start_conversion, convert, convert_again, check_converted, least=40),
}


@pytest.mark.parametrize("stride", STRIDES)
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_process_may_die_before_any_step(
    cast: Cast, archive: FileStore, work_through: WorkThrough, name: str, stride: int
) -> None:
    scenario = SCENARIOS[name]
    for step in count(1, stride):
        made = scenario.prepare(cast)
        died = dies(lambda made=made: scenario.act(cast, made), before=step)  # type: ignore[misc]
        assert_nothing_is_half()
        if died:
            scenario.go_on(cast, made, work_through)
        assert_nothing_is_half()
        scenario.check(cast, made)
        assert_nothing_is_left(cast, get_store(), archive)  # type: ignore[arg-type]
        if not died:
            break
        forget(archive)
    assert step >= scenario.least


def forget(archive: FileStore) -> None:
    """Empty the world for the next kill."""
    Image.objects.update(parent=None)
    OrmQ.objects.all().delete()
    Upload.objects.all().delete()
    Image.objects.all().delete()
    DataHold.objects.all().delete()
    ImageData.objects.all().delete()
    for store in (get_store(), archive):
        for each in store.stored():
            store.abort(each.key)
            store.delete(each.key)
