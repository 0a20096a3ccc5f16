"""Goes of bytes that break, die, collide and come at the wrong time: what has come is kept, and never mixed."""

import errno
import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import AbstractContextManager, closing, suppress
from datetime import timedelta
from itertools import pairwise
from types import MethodType

import pytest
from django.test import override_settings
from django.utils import timezone
from django_q.models import OrmQ
from django_q.signing import SignedPackage
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.errors import Conflict
from images import actions
from images.actions import NewImage, imports, reception
from images.actions.claims import InUse, TakenOver, claim, is_alive
from images.actions.neglect import NEGLECTED, complete_upload
from images.actions.reception import Reception
from images.actions.removal import discard_expired
from images.demo_disks import MIB
from images.formats import RefusedImage
from images.models import ImageData, Upload
from images.problems import BrokenUpload, CannotContinue, StoreFull, StoreProblem, WrongChecksum, WrongOffset, WrongPart
from images.stores import FileStore, get_store
from images.stores.files import FileWriter
from tests.conftest import WorkThrough
from tests.images.files import disk
from tests.people import Cast

pytestmark = pytest.mark.django_db

OnCommit = Callable[..., AbstractContextManager[object]]

DISK = disk(3 * MIB)
PIECE = 100_000  # bytes


def start(cast: Cast, **more: object) -> Upload:
    return actions.start_upload(by=cast.creator, filename="disk.img", size=len(DISK), **more)  # type: ignore[arg-type]


def send(upload: Upload, cast: Cast, chunks: Iterator[bytes] | None = None, *, offset: int = -1) -> Upload:
    """A go of all that is missing, or of these chunks."""
    offset = row(upload).offset if offset < 0 else offset
    chunks = pieces(offset) if chunks is None else chunks
    return actions.receive_upload(upload.pk, by=cast.creator, chunks=chunks, offset=offset)


def pieces(start: int = 0, stop: int = len(DISK), *, error: BaseException | None = None) -> Iterator[bytes]:
    """A part of the disk as it comes, and what happens then."""
    for first, last in pairwise([*range(start, stop, PIECE), stop]):
        yield DISK[first:last]
    if error:
        raise error


def row(upload: Upload) -> Upload:
    return Upload.objects.select_related("data").get(pk=upload.pk)


def stored() -> list[str]:
    return [each.key for each in get_store().stored()]


def assert_right(upload: Upload) -> None:
    """All of the disk is there, known to be right, and nothing else."""
    data = row(upload).data
    assert data is not None
    with closing(get_store().read(data.store_key, stamp=data.stamp)) as opened:
        assert opened.read() == DISK
    assert data.size == len(DISK)
    assert data.checksum == hashlib.md5(DISK, usedforsecurity=False).hexdigest()
    assert data.os_hash_value == hashlib.sha512(DISK).hexdigest()
    assert stored() == [data.store_key]


def die(upload: Upload, stop: int, *, save_seconds: float = 0, start: int = 0) -> None:
    """A process that takes some bytes and is killed."""
    go = Reception(claimed(upload), save_seconds=save_seconds).__enter__()
    for chunk in pieces(start, stop):
        go.feed(chunk)
    go._receiver.close()
    fall_silent(upload)


def claimed(upload: Upload) -> Upload:
    found = row(upload)
    claim(found)
    return found


def fall_silent(upload: Upload, by: timedelta = timedelta(minutes=1)) -> None:
    Upload.objects.filter(pk=upload.pk).update(seen_at=timezone.now() - by)


class TestGoingOn:
    def test_a_broken_line_costs_nothing(self, cast: Cast) -> None:
        upload = start(cast)
        with pytest.raises(BrokenUpload):
            send(upload, cast, pieces(stop=1_234_567, error=BrokenUpload("The line broke.")))
        kept = row(upload)
        assert (kept.status, kept.offset, kept.claim, kept.problem) == ("waiting", 1_234_567, None, "The line broke.")
        send(upload, cast)
        assert_right(upload)
        assert (row(upload).status, row(upload).problem, row(upload).state) == ("received", "", None)

    @settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        st.lists(
            st.tuples(st.integers(0, 2 * MIB), st.sampled_from(["breaks", "dies", "dies unsaved", "other key"])),
            max_size=4,
        )
    )
    def test_whatever_happens_on_the_way(self, cast: Cast, goes: list[tuple[int, str]]) -> None:
        clear()
        upload = start(cast)
        for more, what in goes:
            offset = row(upload).offset
            stop = min(len(DISK), offset + more)
            if what == "breaks" and stop < len(DISK):
                send(upload, cast, pieces(offset, stop))
            elif what == "other key" and offset < len(DISK):
                with override_settings(SECRET_KEY="another"):
                    go_on_from_less(upload, cast)
            elif what.startswith("dies"):
                die(upload, stop, start=offset, save_seconds=0 if what == "dies" else 60)
        send(upload, cast)
        assert_right(upload)

    def test_the_row_follows_and_lives_on(self, cast: Cast) -> None:
        upload = start(cast)
        Upload.objects.update(expires_at=timezone.now() + timedelta(minutes=1))
        die(upload, 2 * MIB)
        kept = row(upload)
        assert 0 < kept.offset <= 2 * MIB
        assert kept.expires_at > timezone.now() + timedelta(hours=23)
        assert kept.rate > 0

    def test_a_sender_who_is_wrong_about_the_offset_is_told_and_holds_up_nobody(self, cast: Cast) -> None:
        upload = start(cast)
        send(upload, cast, pieces(stop=MIB))
        with pytest.raises(WrongOffset, match="has 1048576 bytes so far"):
            send(upload, cast, offset=0)
        assert row(upload).claim is None
        send(upload, cast)
        assert_right(upload)

    def test_after_the_secret_key_has_changed_a_little_comes_again(self, cast: Cast) -> None:
        upload = start(cast)
        send(upload, cast, pieces(stop=MIB + 5))
        with override_settings(SECRET_KEY="another"):
            with pytest.raises(WrongOffset, match="has 1048576 bytes so far"):
                send(upload, cast)
            assert row(upload).offset == MIB
            send(upload, cast)
        assert_right(upload)

    def test_bytes_that_are_gone_have_to_come_again(self, cast: Cast) -> None:
        upload = start(cast)
        send(upload, cast, pieces(stop=MIB))
        get_store().abort(row(upload).store_key)
        with pytest.raises(CannotContinue):
            send(upload, cast)
        assert (row(upload).status, row(upload).offset, stored()) == ("waiting", 0, [])
        send(upload, cast)
        assert_right(upload)

    def test_a_file_that_comes_as_a_whole_begins_anew(self, cast: Cast) -> None:
        upload = start(cast)
        send(upload, cast, pieces(stop=MIB))
        actions.receive_upload(upload.pk, by=cast.creator, chunks=pieces())
        assert_right(upload)

    @pytest.mark.parametrize(("stop", "extra", "sentence"), [(MIB, b"", "Less came"), (len(DISK), b"x", "More came")])
    def test_another_size_than_announced_is_told(self, cast: Cast, stop: int, extra: bytes, sentence: str) -> None:
        upload = start(cast)
        with pytest.raises(BrokenUpload, match=sentence):
            actions.receive_upload(upload.pk, by=cast.creator, chunks=[*pieces(stop=stop), extra])
        assert row(upload).status == "waiting"


def clear() -> None:
    """Forget the last example of a property."""
    Upload.objects.all().delete()
    for key in stored():
        get_store().abort(key)
        get_store().delete(key)


def go_on_from_less(upload: Upload, cast: Cast) -> None:
    """Send nothing; maybe hear that the last bytes have to come again, because they were only in the state."""
    with suppress(WrongOffset):
        send(upload, cast, iter(()))


class TestParts:
    def part(self, upload: Upload, cast: Cast, chunks: Iterator[bytes], offset: int = 0) -> None:
        actions.receive_upload(upload.pk, by=cast.creator, chunks=chunks, offset=offset, trusted=False)

    def test_a_part_with_another_checksum_leaves_no_trace(self, cast: Cast) -> None:
        upload = start(cast)
        self.part(upload, cast, pieces(stop=MIB))
        with pytest.raises(WrongPart):
            self.part(upload, cast, pieces(MIB, 2 * MIB, error=WrongPart("The part is damaged.")), MIB)
        assert row(upload).offset == MIB
        self.part(upload, cast, pieces(MIB), MIB)
        assert_right(upload)

    def test_a_part_that_breaks_is_not_kept(self, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(reception, "SAVE_SECONDS", 0)
        upload = start(cast)
        with pytest.raises(BrokenUpload):
            self.part(upload, cast, pieces(stop=2 * MIB, error=BrokenUpload("The line broke.")))
        assert row(upload).offset == 0

    def test_a_source_that_cannot_go_on_keeps_nothing(self, cast: Cast) -> None:
        upload = start(cast)
        with pytest.raises(BrokenUpload), Reception(claimed(upload), resumable=False, save_seconds=0) as go:
            for chunk in pieces(stop=2 * MIB, error=BrokenUpload("The line broke.")):
                go.feed(chunk)
        assert (row(upload).status, row(upload).offset, row(upload).store_key, stored()) == ("waiting", 0, "", [])


class TestTwoAtOnce:
    def test_who_is_alive_keeps_it(self, cast: Cast) -> None:
        upload = start(cast)
        with Reception(claimed(upload)), pytest.raises(InUse):
            send(upload, cast)
        send(upload, cast)
        assert_right(upload)

    @pytest.mark.parametrize("ahead", [timedelta(seconds=-16), timedelta(hours=1)], ids=["silent", "clock set back"])
    def test_who_is_silent_loses_it_and_spoils_nothing(self, cast: Cast, ahead: timedelta) -> None:
        upload = start(cast)
        old = Reception(claimed(upload)).__enter__()
        old.feed(DISK[: MIB + 7])
        fall_silent(upload, -ahead)
        new = Reception(claimed(upload)).__enter__()
        with pytest.raises((TakenOver, StoreProblem)) as lost:
            old.feed(bytes(MIB))
        old.__exit__(lost.type, lost.value, None)
        for chunk in pieces():
            new.feed(chunk)
        new.complete()
        new.__exit__(None, None, None)
        assert_right(upload)

    def test_who_finishes_too_late_leaves_what_the_next_one_takes_up(self, cast: Cast) -> None:
        upload = start(cast)
        old = Reception(claimed(upload)).__enter__()
        for chunk in pieces():
            old.feed(chunk)
        finish = old._receiver.finish

        def finish_late() -> object:
            fall_silent(upload)
            claimed(upload)
            return finish()

        old._receiver.finish = finish_late  # type: ignore[assignment,method-assign]
        with pytest.raises(TakenOver):
            old.complete()
        old.__exit__(None, None, None)
        fall_silent(upload)
        complete_upload(upload.pk)
        assert_right(upload)

    def test_discarding_ends_a_go(self, cast: Cast, django_capture_on_commit_callbacks: OnCommit) -> None:
        upload = start(cast)

        def chunks() -> Iterator[bytes]:
            yield DISK[: 2 * MIB]
            with django_capture_on_commit_callbacks(execute=True):
                actions.discard_upload(upload.pk, by=cast.creator)
            yield DISK[2 * MIB :]

        with pytest.raises(TakenOver, match="discarded"):
            send(upload, cast, chunks(), offset=0)
        assert stored() == []

    @pytest.mark.parametrize("moment", ["before it is opened", "after the last byte"])
    def test_discarding_at_a_bad_moment_is_told(self, cast: Cast, monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
        upload = start(cast)
        method = {"before it is opened": "_opened", "after the last byte": "_take"}[moment]
        original = getattr(Reception, method)

        def late(self: Reception, *arguments: object) -> object:
            Upload.objects.all().delete()
            return original(self, *arguments)

        monkeypatch.setattr(Reception, method, late)
        with pytest.raises(TakenOver):
            send(upload, cast, offset=0)
        assert not ImageData.objects.exists()

    def test_discarding_just_after_a_go_is_told(self, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
        upload = start(cast)
        leave = Reception.__exit__

        def leave_and_discard(self: Reception, *error: object) -> None:
            leave(self, *error)  # type: ignore[arg-type]
            Upload.objects.all().delete()

        monkeypatch.setattr(Reception, "__exit__", leave_and_discard)
        with pytest.raises(TakenOver):
            send(upload, cast, pieces(stop=MIB), offset=0)

    def test_what_is_being_sent_does_not_expire_when_the_clock_jumps(self, cast: Cast) -> None:
        upload = start(cast)
        with Reception(claimed(upload)):
            Upload.objects.update(expires_at=timezone.now() - timedelta(days=1))
            assert not discard_expired(upload)
        Upload.objects.update(expires_at=timezone.now())
        assert discard_expired(upload)


class TestRefusals:
    @pytest.mark.parametrize(
        ("content", "error"),
        [(b"PK\x03\x04".ljust(len(DISK), b"x"), RefusedImage), (bytes(len(DISK)), RefusedImage)],
        ids=["at once", "at the end"],
    )
    def test_a_refused_file_is_told_and_leaves_nothing(
        self, cast: Cast, content: bytes, error: type[Exception]
    ) -> None:
        upload = start(cast)
        with pytest.raises(error):
            send(upload, cast, iter([content[:MIB], content[MIB:]]))
        refused = row(upload)
        assert (refused.status, refused.offset, refused.state, stored()) == ("failed", 0, None, [])
        assert refused.problem
        with pytest.raises(Conflict, match="start another one"):
            send(upload, cast)

    def test_what_is_not_what_was_promised_leaves_nothing(self, cast: Cast) -> None:
        upload = start(cast, checksum=f"sha256:{'0' * 64}")
        with pytest.raises(WrongChecksum):
            send(upload, cast)
        assert (row(upload).status, stored()) == ("failed", [])

    def test_what_was_promised_is_taken_in_several_goes(self, cast: Cast) -> None:
        upload = start(cast, checksum=f"SHA256:{hashlib.sha256(DISK).hexdigest().upper()}")
        send(upload, cast, pieces(stop=1_500_000))
        send(upload, cast)
        assert_right(upload)

    def test_what_has_come_takes_no_more_bytes(self, cast: Cast) -> None:
        upload = start(cast)
        send(upload, cast)
        with pytest.raises(Conflict, match="come already"):
            send(upload, cast)


def failing(times: int, error: Exception, method: Callable[..., object]) -> Callable[..., object]:
    """A method that fails so many times, from its second call on."""
    calls = 0

    def fail(self: object, *arguments: object) -> object:
        nonlocal calls
        calls += 1
        if 1 < calls <= 1 + times:
            raise error
        return MethodType(method, self)(*arguments)

    return fail


class TestStoresThatFail:
    def test_a_full_disk_loses_nothing_that_was_saved(self, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
        upload = start(cast)
        send(upload, cast, pieces(stop=MIB + 5))
        monkeypatch.setattr(FileWriter, "write", failing(1, StoreFull("There is no room left."), FileWriter.write))
        with pytest.raises(StoreFull):
            send(upload, cast)
        assert (row(upload).status, row(upload).offset, row(upload).problem) == (
            "waiting",
            MIB + 5,
            "There is no room left.",
        )
        send(upload, cast)
        assert_right(upload)

    def test_a_disk_that_takes_half_of_a_block_keeps_none_of_it(
        self, cast: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def write_half(descriptor: int, block: memoryview, offset: int) -> int:
            if offset >= MIB:
                pwrite(descriptor, block[: len(block) // 2], offset)
                raise OSError(errno.ENOSPC, "No space left on device")
            return pwrite(descriptor, block, offset)

        upload, pwrite = start(cast), os.pwrite
        with monkeypatch.context() as patched, pytest.raises(StoreFull, match="no room left"):
            patched.setattr(os, "pwrite", write_half)
            send(upload, cast)
        assert [each.size for each in get_store().stored()] == [MIB]
        send(upload, cast)
        assert_right(upload)

    def test_a_store_that_fails_at_the_end_has_all_bytes(
        self, cast: Cast, monkeypatch: pytest.MonkeyPatch, work_through: WorkThrough
    ) -> None:
        upload = start(cast)
        finish = FileWriter.finish
        with monkeypatch.context() as patched, pytest.raises(StoreProblem):
            patched.setattr(FileWriter, "finish", broken)
            send(upload, cast)
        assert FileWriter.finish is finish
        assert (row(upload).status, row(upload).offset) == ("waiting", len(DISK))
        fall_silent(upload, 2 * NEGLECTED)
        assert (actions.attend_to_uploads(), work_through()) == (1, 1)
        assert_right(upload)

    def test_a_store_that_cannot_be_opened_changes_nothing(self, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
        upload = start(cast)
        send(upload, cast, pieces(stop=MIB))
        with monkeypatch.context() as patched, pytest.raises(StoreProblem):
            patched.setattr(FileStore, "write", broken)
            send(upload, cast)
        assert (row(upload).status, row(upload).offset) == ("waiting", MIB)
        send(upload, cast)
        assert_right(upload)

    def test_a_slow_disk_is_no_dead_process(self, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
        upload = start(cast)
        seen: list[bool] = []

        def slow(durable: list["Future[None]"], *, timeout: float) -> object:
            if not seen:
                fall_silent(upload)
            seen.append(is_alive(row(upload)))
            return wait(durable if seen[1:] else [], timeout=timeout)

        monkeypatch.setattr(reception, "wait", slow)
        monkeypatch.setattr(reception, "SAVE_SECONDS", 60)
        send(upload, cast)
        assert seen == [False, True]


def broken(*_arguments: object, **_options: object) -> None:
    raise StoreProblem("The image store does not work.")


def test_an_import_whose_task_is_lost_is_gone_on_with(cast: Cast) -> None:
    upload = imports.start_import(by=cast.creator, url="https://example.org/disk.img", new=NewImage("x", cast.iad))
    claimed(upload)
    assert actions.attend_to_uploads() == 0
    fall_silent(upload, 2 * NEGLECTED)
    OrmQ.objects.all().delete()
    assert actions.attend_to_uploads() == 1
    assert SignedPackage.loads(OrmQ.objects.get().payload)["func"] == "images.tasks.run_import"


class TestDeathAtTheEnd:
    """The process dies when the store has made the data visible, and before the row says so."""

    @pytest.fixture
    def upload(self, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Upload:
        def killed(*_arguments: object) -> None:
            raise SystemExit

        upload = start(cast)
        with monkeypatch.context() as patched, pytest.raises(SystemExit):
            patched.setattr(Reception, "_take", killed)
            send(upload, cast)
        assert row(upload).status == "receiving"
        return upload

    def test_somebody_attends_to_it(self, upload: Upload, work_through: WorkThrough) -> None:
        assert actions.attend_to_uploads() == 0
        fall_silent(upload, NEGLECTED + timedelta(seconds=1))
        assert actions.attend_to_uploads() == 1
        assert actions.attend_to_uploads() == 0  # while the task waits for its turn
        fall_silent(upload)
        assert work_through() == 1
        assert_right(upload)

    def test_it_is_completed_once(self, upload: Upload) -> None:
        assert complete_upload(upload.pk) is None  # somebody may still be at it
        fall_silent(upload)
        assert complete_upload(upload.pk)
        assert complete_upload(upload.pk) is None
        assert ImageData.objects.count() == 1

    def test_whoever_sends_again_takes_it_up(self, cast: Cast, upload: Upload) -> None:
        fall_silent(upload)
        send(upload, cast)
        assert_right(upload)

    def test_beginning_anew_leaves_nothing_of_it(self, cast: Cast, upload: Upload) -> None:
        fall_silent(upload)
        actions.receive_upload(upload.pk, by=cast.creator, chunks=pieces())
        assert_right(upload)

    def test_discarding_leaves_nothing_of_it(
        self, cast: Cast, upload: Upload, django_capture_on_commit_callbacks: OnCommit
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            actions.discard_upload(upload.pk, by=cast.creator)
        assert stored() == []
