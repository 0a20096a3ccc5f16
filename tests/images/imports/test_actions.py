"""Imports: from an address to an image, whatever happens on the way."""

import gzip
import hashlib
import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django.fixtures import DjangoCaptureOnCommitCallbacks, Settings

from accounts.errors import Conflict
from accounts.models import Event, Membership, Notification
from accounts.viewer import Viewer
from images import actions
from images.actions import NewImage, turns
from images.models import Image, Import, Upload
from images.outside import RefusedAddress, client
from images.problems import QuotaExceeded
from images.stores import get_store
from tests.conftest import WorkThrough
from tests.images.files import disk
from tests.images.outside.servers import Answering, file_of, ranged, raw, send, serving
from tests.people import Cast

pytestmark = pytest.mark.django_db

MIB = 1024 * 1024
CONTENT = disk(4 * MIB)
HALF = 2 * MIB + 1000


class Stopped(BaseException):
    """Somebody stops the worker in the middle."""


@pytest.fixture
def start(cast: Cast, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> Any:
    """Start an import for Alice: ``start(url, checksum=…)``."""

    def start(url: str, *, by: Viewer | None = None, **source: Any) -> Upload:
        new = NewImage(name="Golden", region=cast.iad)
        with django_capture_on_commit_callbacks(execute=True):
            return actions.start_import(by=by or cast.producer, url=url, new=new, **source)

    return start


def go_on(upload: Upload) -> Upload | None:
    """Let the time pass for which an import waits, and run it once."""
    Import.objects.filter(pk=upload.pk).update(next_at=None)
    return actions.run_import(upload.pk)


def bytes_of(image: Image) -> bytes:
    with closing(get_store().read(image.data.store_key)) as stored:
        return b"".join(stored)


def kept() -> list[int]:
    """The sizes of everything that lies in the store."""
    return [each.size for each in get_store().stored()]


def breaking(content: bytes, *, after: int, **headers: str) -> Answering:
    """A server that breaks the line once, and knows ranges."""
    broken = {"Content_Length": str(len(content)), "ETag": '"v1"'} | headers
    return one_after_the_other(lambda handler: send(handler, 200, content[:after], **broken), *[ranged(content)] * 9)


def one_after_the_other(*answers: Answering) -> Answering:
    """A server that answers each request in another way."""
    left = iter(answers)

    def answer(handler: BaseHTTPRequestHandler) -> None:
        next(left)(handler)

    return answer


# --- To an image ------------------------------------------------------------------------------------


def test_an_import_becomes_an_image(start: Any, work_through: WorkThrough, cast: Cast) -> None:
    with serving(file_of(CONTENT)) as server:
        upload = start(server.url("/a/disk.img"))
        assert (upload.status, upload.title, upload.filename) == ("waiting", "Golden", "disk.img")
        work_through()
    image = Image.objects.get()
    assert (image.name, image.source, image.created_by) == ("Golden", Image.Source.IMPORT, cast.alice)
    assert bytes_of(image) == CONTENT
    assert image.data.checksum == hashlib.md5(CONTENT).hexdigest()  # noqa: S324  # what an image has
    assert not Upload.objects.exists()
    assert list(Event.objects.of("import", upload.pk).values_list("verb", flat=True)) == ["import started"]


def test_an_archive_is_unpacked(
    start: Any, work_through: WorkThrough, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with serving(file_of(gzip.compress(CONTENT))) as server, django_capture_on_commit_callbacks(execute=True):
        start(server.url("/disk.img.gz"), unpack=True)
        work_through()
    assert bytes_of(Image.objects.get()) == CONTENT
    assert kept() == [len(CONTENT)]


def test_a_file_of_unknown_length_comes_in_chunks(start: Any, work_through: WorkThrough) -> None:
    chunk = b"%x\r\n%b\r\n" % (len(CONTENT), CONTENT)
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with serving(raw(head, chunk, b"0\r\n\r\n")) as server:
        start(server.url())
        work_through()
    assert bytes_of(Image.objects.get()) == CONTENT


def test_what_does_not_fit_any_more_stays_with_the_reason(start: Any, work_through: WorkThrough, cast: Cast) -> None:
    with serving(file_of(CONTENT)) as server:
        upload = start(server.url())
        Membership.objects.filter(user=cast.alice, group=cast.acme.group_ptr).delete()
        work_through()
    upload.refresh_from_db()
    assert upload.status == "received"
    assert upload.plan is not None
    assert "no longer belongs to Acme Producers" in upload.problem


# --- Going on ---------------------------------------------------------------------------------------


def test_a_broken_line_is_gone_on_with(start: Any) -> None:
    with serving(breaking(CONTENT, after=HALF)) as server:
        upload = start(server.url())
        assert actions.run_import(upload.pk) is None
        upload.refresh_from_db()
        assert (upload.status, upload.offset, upload.size) == ("waiting", HALF, len(CONTENT))
        assert upload.problem == "The line broke."
        assert go_on(upload)
    assert [request.get("range") for request in server.asked] == [None, f"bytes={HALF}-"]
    assert bytes_of(Image.objects.get()) == CONTENT


class TestTurns:
    """Two servers that send a little now and then must not hold up what everybody waits for."""

    @pytest.fixture(autouse=True)
    def no_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("TURN_SECONDS", "WHOLE_TURN_SECONDS", "LOOK_SECONDS"):
            monkeypatch.setattr(turns, name, 0)

    @pytest.fixture
    def waiting(self, start: Any) -> OrmQ:
        """A task of somebody else."""
        return OrmQ.objects.create(key="data", payload="", lock=timezone.now())

    def test_whoever_waits_comes_first_and_the_import_goes_on_behind(
        self, start: Any, waiting: OrmQ, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
    ) -> None:
        with serving(breaking(CONTENT, after=len(CONTENT), Accept_Ranges="bytes")) as server:
            upload = start(server.url())
            OrmQ.objects.exclude(pk=waiting.pk).delete()
            with django_capture_on_commit_callbacks(execute=True):
                assert actions.run_import(upload.pk) is None
            upload.refresh_from_db()
            assert (upload.status, upload.problem) == ("waiting", "")
            assert 0 < upload.offset < len(CONTENT)
            [behind] = OrmQ.objects.filter(pk__gt=waiting.pk)
            assert behind.func() == "images.tasks.run_import"
            assert behind.lock <= timezone.now()
            OrmQ.objects.all().delete()
            assert actions.run_import(upload.pk)
        assert bytes_of(Image.objects.get()) == CONTENT
        assert [request.get("range") is None for request in server.asked] == [True, False]

    def test_what_cannot_go_on_begins_anew_and_not_for_ever(self, start: Any, waiting: OrmQ) -> None:
        with serving(file_of(CONTENT)) as server:
            upload = start(server.url())
            assert actions.run_import(upload.pk) is None
            upload.refresh_from_db()
            assert (upload.status, upload.offset, upload.fetch.restarts) == ("waiting", 0, 1)
            assert "Others wait" in upload.problem
            OrmQ.objects.all().delete()
            assert go_on(upload)
        assert bytes_of(Image.objects.get()) == CONTENT

    def test_nobody_waits_and_it_goes_on(self, start: Any, waiting: OrmQ) -> None:
        with serving(file_of(CONTENT)) as server:
            upload = start(server.url())
            OrmQ.objects.update(lock=timezone.now() + timedelta(seconds=90))  # somebody works on all of them
            assert actions.run_import(upload.pk)


def test_another_version_comes_from_its_beginning(start: Any) -> None:
    with serving(breaking(CONTENT, after=HALF, ETag='"v0"')) as server:
        upload = start(server.url())
        go_on(upload)
        go_on(upload)
        upload.refresh_from_db()
        assert (upload.offset, upload.fetch.restarts, kept()) == (0, 1, [])
        assert "comes from its beginning" in upload.problem
        assert go_on(upload)
    assert bytes_of(Image.objects.get()) == CONTENT


def test_a_server_without_ranges_is_asked_for_everything_again(start: Any) -> None:
    whole, broken = file_of(CONTENT), file_of(CONTENT[:HALF], Content_Length=str(len(CONTENT)))
    with serving(one_after_the_other(broken, whole, whole)) as server:
        upload = start(server.url())
        go_on(upload)
        go_on(upload)
        assert go_on(upload)
    assert all("range" not in request for request in server.asked)
    assert bytes_of(Image.objects.get()) == CONTENT


def test_one_that_comes_from_its_beginning_too_often_stops(start: Any) -> None:
    versions = iter(range(100))

    def answer(handler: BaseHTTPRequestHandler) -> None:
        send(handler, 200, CONTENT[:HALF], Content_Length=str(len(CONTENT)), ETag=f'"v{next(versions)}"')

    with serving(answer) as server:
        upload = start(server.url())
        for _ in range(16):
            go_on(upload)
    upload.fetch.refresh_from_db()
    assert (upload.fetch.restarts, upload.fetch.next_at) == (8, None)


def test_a_stopped_worker_leaves_what_it_has_to_the_next(start: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(ranged(CONTENT)) as server:
        upload = start(server.url())
        stopping_after(monkeypatch, HALF)
        with pytest.raises(Stopped):
            actions.run_import(upload.pk)
        upload.refresh_from_db()
        assert (upload.status, upload.claim) == ("waiting", None)
        assert upload.offset >= HALF
        monkeypatch.undo()
        assert actions.run_import(upload.pk)
    assert bytes_of(Image.objects.get()) == CONTENT


def test_a_killed_worker_is_waited_for_and_then_replaced(start: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(ranged(CONTENT)) as server:
        upload = start(server.url())
        stopping_after(monkeypatch, HALF)
        with pytest.raises(Stopped):
            actions.run_import(upload.pk)
        monkeypatch.undo()
        # As a killed worker leaves the row: nobody has let it go.
        row = Upload.objects.filter(pk=upload.pk)
        row.update(status="receiving", claim=uuid.uuid4(), seen_at=timezone.now())
        assert actions.run_import(upload.pk) is None
        row.update(seen_at=timezone.now() - timedelta(seconds=60))
        assert actions.run_import(upload.pk)
    assert bytes_of(Image.objects.get()) == CONTENT


def test_a_worker_that_died_after_the_last_byte_asks_for_nothing_more(
    start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(ranged(CONTENT)) as server:
        upload = start(server.url())
        stopping_after(monkeypatch, len(CONTENT))
        with pytest.raises(Stopped):
            actions.run_import(upload.pk)
        monkeypatch.undo()
        assert actions.run_import(upload.pk)
    assert server.asked[1]["range"] == f"bytes={len(CONTENT)}-"
    assert bytes_of(Image.objects.get()) == CONTENT


def stopping_after(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    whole = client.Answer.chunks

    def chunks(self: client.Answer) -> Iterator[bytes]:
        done = self.start
        for chunk in whole(self):
            yield chunk
            done += len(chunk)
            if done >= size:
                raise Stopped

    monkeypatch.setattr(client.Answer, "chunks", chunks)


# --- Trying again -----------------------------------------------------------------------------------


def test_an_unreachable_server_is_tried_eight_times_with_longer_and_longer_waits(start: Any) -> None:
    with serving(file_of(CONTENT)) as server:
        address = server.url()
    upload, waits = start(address), []
    for _ in range(8):
        before = timezone.now()
        go_on(upload)
        upload.fetch.refresh_from_db()
        waits.append(round((upload.fetch.next_at - before).total_seconds()) if upload.fetch.next_at else None)
    assert waits == [1, 2, 4, 8, 16, 32, 60, None]
    upload.refresh_from_db()
    assert (upload.status, upload.problem[:35]) == ("waiting", "No server can be reached there. Che")
    assert Event.objects.of("import", upload.pk).first().verb == "import failed"  # type: ignore[union-attr]


def test_a_wait_is_a_task_that_begins_then(
    start: Any, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with serving(lambda handler: send(handler, 503, b"", Retry_After="600")) as server:
        upload = start(server.url())
        OrmQ.objects.all().delete()
        with django_capture_on_commit_callbacks(execute=True):
            actions.run_import(upload.pk)
        assert actions.run_import(upload.pk) is None  # its time has not come
    assert len(server.asked) == 1
    upload.fetch.refresh_from_db()
    assert 590 < (upload.fetch.next_at - timezone.now()).total_seconds() <= 600
    (task,) = OrmQ.objects.all()
    assert (task.key, task.lock) == ("data", upload.fetch.next_at)


def test_bytes_that_came_make_the_wait_short_again(start: Any) -> None:
    with serving(breaking(CONTENT, after=HALF)) as server:
        upload = start(server.url())
        Import.objects.filter(pk=upload.pk).update(attempts=6)
        go_on(upload)
    upload.fetch.refresh_from_db()
    assert upload.fetch.attempts == 0


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
def test_a_refusal_is_final_until_somebody_tries_again(start: Any, cast: Cast, status: int) -> None:
    with serving(one_after_the_other(lambda handler: send(handler, status, b""), file_of(CONTENT))) as server:
        upload = start(server.url())
        actions.run_import(upload.pk)
        upload.refresh_from_db()
        assert (upload.status, upload.fetch.next_at) == ("waiting", None)
        assert upload.problem.startswith(f"The server answers {status}")
        actions.retry_import(upload.pk, by=cast.producer)
        assert actions.run_import(upload.pk)
    assert Image.objects.exists()


def test_an_import_is_given_up_after_its_time(start: Any) -> None:
    with serving(file_of(CONTENT)) as server:
        upload = start(server.url())
        Import.objects.filter(pk=upload.pk).update(since=timezone.now() - timedelta(hours=25))
        actions.run_import(upload.pk)
    upload.refresh_from_db()
    assert upload.problem == "The import was given up after 24 hours."
    assert not server.asked


def test_a_running_import_is_not_tried_again(start: Any, cast: Cast) -> None:
    with serving(file_of(CONTENT)) as server:
        upload = start(server.url())
    Upload.objects.filter(pk=upload.pk).update(status="receiving", claim=uuid.uuid4(), seen_at=timezone.now())
    with pytest.raises(Conflict):
        actions.retry_import(upload.pk, by=cast.producer)


# --- What is refused --------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["md5", "sha256", "sha512"])
def test_a_checksum_is_compared(start: Any, algorithm: str) -> None:
    right = f"{algorithm}:{hashlib.new(algorithm, CONTENT).hexdigest()}"
    wrong = f"{algorithm}:{hashlib.new(algorithm, b'other').hexdigest()}"
    with serving(file_of(CONTENT)) as server:
        refused = start(server.url(), checksum=wrong)
        actions.run_import(refused.pk)
        assert actions.run_import(start(server.url(), checksum=right).pk)
    refused.refresh_from_db()
    assert (refused.status, refused.offset, refused.store_key) == ("failed", 0, "")
    assert refused.problem.startswith(f"This is not the file that was announced: its {algorithm}")
    assert kept() == [len(CONTENT)]


def test_one_that_was_refused_can_come_again_from_its_beginning(start: Any, cast: Cast) -> None:
    with serving(one_after_the_other(file_of(b"changed" * 1000), file_of(CONTENT))) as server:
        upload = start(server.url(), checksum=f"md5:{hashlib.md5(CONTENT).hexdigest()}")  # noqa: S324  # as above
        actions.run_import(upload.pk)
        actions.retry_import(upload.pk, by=cast.producer)
        assert actions.run_import(upload.pk)
    assert bytes_of(Image.objects.get()) == CONTENT


def serving_listing(listing: str) -> Answering:
    """A server with the file, and a file of checksums beside it."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        file_of(listing.encode() if handler.path.endswith("SUMS") else CONTENT)(handler)

    return answer


@pytest.mark.parametrize("form", ["{sum}  disk.img", "{sum} *./disk.img", "SHA256 (disk.img) = {sum}"])
def test_a_checksum_is_looked_up(start: Any, form: str) -> None:
    listing = "0" * 64 + "  other.img\n" + form.format(sum=hashlib.sha256(CONTENT).hexdigest()) + "\n"
    with serving(serving_listing(listing)) as server:
        assert actions.run_import(start(server.url(), checksum_url=server.url("/SHA256SUMS")).pk)
    assert Image.objects.exists()


@pytest.mark.parametrize(
    ("listing", "problem"),
    [
        ("0" * 64 + "  disk.img", "This is not the file that was announced"),
        ("0" * 64 + "  other.img", "The checksum file names no md5, sha256 or sha512 of “disk.img”."),
        ("x" * (MIB + 1), "This file is too large"),
    ],
)
def test_a_checksum_file_that_does_not_fit_keeps_nothing(start: Any, listing: str, problem: str) -> None:
    with serving(serving_listing(listing)) as server:
        upload = start(server.url(), checksum_url=server.url("/SHA256SUMS"))
        actions.run_import(upload.pk)
    upload.refresh_from_db()
    assert upload.problem.startswith(problem)
    assert kept() == []


def test_what_is_no_image_is_refused(start: Any, cast: Cast) -> None:
    with serving(file_of(b"<html>Sign in first</html>" * 100)) as server:
        upload = start(server.url())
        actions.run_import(upload.pk)
    upload.refresh_from_db()
    assert (upload.status, kept()) == ("failed", [])


def test_a_file_without_an_end_needs_a_checksum(start: Any) -> None:
    endless = raw(b"HTTP/1.0 200 OK\r\n\r\n" + CONTENT)
    with serving(endless) as server:
        upload = start(server.url())
        actions.run_import(upload.pk)
        checksum = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
        assert actions.run_import(start(server.url(), checksum=checksum).pk)
    upload.refresh_from_db()
    assert "Give its checksum" in upload.problem


def test_a_file_over_the_limit_is_refused_at_once(start: Any, settings: Settings) -> None:
    settings.IMAGE_MAX_BYTES = len(CONTENT) - 1
    with serving(file_of(CONTENT)) as server:
        upload = start(server.url())
        actions.run_import(upload.pk)
    upload.refresh_from_db()
    assert (upload.status, kept()) == ("failed", [])


def test_a_file_over_the_quota_waits_for_room(start: Any, settings: Settings, cast: Cast) -> None:
    settings.QUOTA = settings.QUOTA | {"bytes": len(CONTENT) - 1}
    with serving(file_of(CONTENT)) as server:
        upload = start(server.url())
        actions.run_import(upload.pk)
        upload.refresh_from_db()
        assert (upload.status, upload.size, upload.offset) == ("waiting", None, 0)
        assert "Delete images, or ask for more" in upload.problem
        settings.QUOTA = settings.QUOTA | {"bytes": len(CONTENT)}
        actions.retry_import(upload.pk, by=cast.producer)
        assert actions.run_import(upload.pk)


def test_imports_at_once_are_counted(start: Any, settings: Settings) -> None:
    settings.QUOTA = settings.QUOTA | {"imports": 1}
    with serving(file_of(CONTENT)) as server:
        start(server.url())
        with pytest.raises(QuotaExceeded, match="imports"):
            start(server.url())


@pytest.mark.parametrize("url", ["http://10.0.0.1/disk.img", "ftp://127.0.0.1/", "http://127.1/"])
def test_an_address_that_is_not_allowed_is_refused_at_once(start: Any, url: str) -> None:
    with pytest.raises(RefusedAddress):
        start(url)
    with pytest.raises(RefusedAddress):
        start("http://127.0.0.1/disk.img", checksum_url=url)
    assert not Upload.objects.exists()


def test_a_checksum_that_is_none_is_refused_at_once(start: Any) -> None:
    with pytest.raises(ValidationError):
        start("http://127.0.0.1/disk.img", checksum="sha256:xyz")


# --- Who --------------------------------------------------------------------------------------------


def test_an_observer_imports_nothing(start: Any, cast: Cast) -> None:
    with pytest.raises(PermissionDenied):
        start("http://127.0.0.1/disk.img", by=cast.observer)


def test_cancelling_removes_what_has_come(
    start: Any,
    cast: Cast,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    whole = client.Answer.chunks

    def cancelled_on_the_way(self: client.Answer) -> Iterator[bytes]:
        for chunk in whole(self):
            yield chunk
            if Upload.objects.exists():
                with django_capture_on_commit_callbacks(execute=True):
                    actions.discard_upload(Upload.objects.get().pk, by=cast.producer)

    monkeypatch.setattr(client.Answer, "chunks", cancelled_on_the_way)
    with serving(file_of(CONTENT)) as server:
        upload = start(server.url())
        assert actions.run_import(upload.pk) is None
    assert (kept(), Upload.objects.count(), Image.objects.count()) == ([], 0, 0)
    assert [event.verb for event in Event.objects.of("import", upload.pk)] == ["import cancelled", "import started"]


def test_creators_cancel_their_own_and_admins_all(start: Any, cast: Cast) -> None:
    upload = start("http://127.0.0.1/disk.img")
    for action in (actions.discard_upload, actions.retry_import):
        with pytest.raises(Http404):
            action(upload.pk, by=cast.creator)
        with pytest.raises(Http404):
            action(upload.pk, by=cast.consumer)
    carols = start("http://127.0.0.1/disk.img", by=cast.creator)
    actions.discard_upload(carols.pk, by=cast.producer)
    assert list(Upload.objects.all()) == [upload]


def test_an_upload_is_no_import(cast: Cast) -> None:
    upload = actions.start_upload(by=cast.producer, filename="disk.img")
    with pytest.raises(Http404):
        actions.retry_import(upload.pk, by=cast.producer)
    assert actions.run_import(upload.pk) is None


# --- Who is told ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("minutes", "told"), [(0, []), (2, ["“Golden” is in Saved Images"])])
def test_whoever_waited_long_is_told_that_the_image_is_there(
    start: Any, cast: Cast, minutes: int, told: list[str]
) -> None:
    with serving(file_of(CONTENT)) as server:
        upload = start(server.url())
        Upload.objects.update(created_at=timezone.now() - timedelta(minutes=minutes))
        actions.run_import(upload.pk)
    assert subjects(cast) == told


def test_whoever_waited_long_is_told_that_it_stopped(start: Any, cast: Cast) -> None:
    with serving(lambda handler: send(handler, 404, b"")) as server:
        upload = start(server.url())
        Upload.objects.update(created_at=timezone.now() - timedelta(minutes=2))
        actions.run_import(upload.pk)
    assert subjects(cast) == ["“Golden” did not become an image"]
    assert "The server answers 404 Not Found." in Notification.objects.get(user=cast.alice).body


def subjects(cast: Cast) -> list[str]:
    return list(Notification.objects.filter(user=cast.alice).values_list("subject", flat=True))
