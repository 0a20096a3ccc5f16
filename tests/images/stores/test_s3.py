"""What a store that speaks S3 adds to the contract, on a real server of that protocol."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Event
from typing import Any

import pytest
import urllib3
from botocore.exceptions import ClientError

from images.problems import NoSuchData, StoreProblem, TooLarge, WriterReplaced
from images.stores import ImageStore
from images.stores.s3 import S3Store
from images.stores.s3.pieces import Mark, Part, Point, Unfinished, _as_numbers, _as_runs
from images.stores.s3.store import MOST_PARTS, PART_BYTES
from images.stores.s3.writer import ObjectWriter, _whole_tag, part_size
from tests.images.stores.bytes_of_images import MIB, PART, content, keep, keys_in, send, some_bytes


def names_in(store: S3Store) -> list[str]:
    """The names of all objects below the prefix, without it."""
    bucket = store._bucket
    pages = bucket.client.get_paginator("list_objects_v2").paginate(Bucket=bucket.bucket, Prefix=bucket.prefix)
    return [each["Key"].removeprefix(bucket.prefix) for page in pages for each in page.get("Contents", [])]


class Gate:
    """Holds what a store is about to send, as a line does that hangs, until it opens."""

    def __init__(self, store: S3Store, operation: str) -> None:
        self._arrived, self._opened = Event(), Event()
        store._bucket.client.meta.events.register(f"before-call.s3.{operation}", self._hold)

    def _hold(self, **_: object) -> None:
        self._arrived.set()
        self._opened.wait(30)

    def wait(self) -> None:
        assert self._arrived.wait(30)

    def open(self) -> None:
        self._opened.set()


class TestParts:
    def test_a_tebibyte_fits_even_when_every_third_number_is_lost(self) -> None:
        sizes = [part_size(number, smallest=PART_BYTES, most=MOST_PARTS) for number in range(1, MOST_PARTS + 1)]
        assert sizes == sorted(sizes)
        assert (sizes[0], sizes[-1]) == (8 * MIB, 512 * MIB)
        assert sum(sizes) * 2 // 3 > 1024**4

    def test_numbers_are_written_short(self) -> None:
        assert _as_runs([1, 2, 3, 5, 8, 9]) == "1-3 5-5 8-9"
        assert list(_as_numbers("1-3 5-5 8-9")) == [1, 2, 3, 5, 8, 9]
        assert (_as_runs([]), list(_as_numbers(""))) == ("", [])

    def test_a_part_waits_for_the_one_before_it_so_that_memory_is_bounded(self, s3: S3Store) -> None:
        gate = Gate(s3, "UploadPart")
        writer = s3.write(s3.begin())
        with ThreadPoolExecutor(1) as sender:
            sending = sender.submit(send, writer, some_bytes(3 * PART))
            gate.wait()
            time.sleep(0.3)
            assert writer.offset == 2 * PART  # one part is on its way, one is full, and no more is taken
            assert not sending.done()
            gate.open()
            sending.result()
        writer.close()

    def test_a_file_of_more_parts_than_the_server_takes_is_refused(self, s3_options: dict[str, Any]) -> None:
        store = S3Store(**s3_options, most_parts=1)
        with closing(store.write(store.begin())) as writer, pytest.raises(TooLarge, match="no more parts"):
            send(writer, some_bytes(2 * PART))

    def test_an_upload_that_broke_off_hundreds_of_times_is_refused(self, s3: S3Store) -> None:
        parts = tuple(Part(2 * number, "", 1) for number in range(300))
        with pytest.raises(StoreProblem, match="broke off too often"):
            s3._unfinished(s3.begin()).put_checkpoint("writer", 0, Point(parts))

    def test_a_long_tail_becomes_a_part_so_that_it_is_sent_only_once(self, s3_options: dict[str, Any]) -> None:
        store = S3Store(**s3_options | {"part_bytes": 12 * MIB})
        key = store.begin()
        with closing(store.write(key)) as writer:
            send(writer, some_bytes(7 * MIB))
            writer.sync().result()
            mark, _ = store._unfinished(key).read_mark()
            assert [part.size for part in store._unfinished(key).parts(mark.upload)] == [7 * MIB]


class TestFences:
    """A writer that was thought dead still has a part under way when another one takes over."""

    @pytest.mark.parametrize("moment", ["before the newer one sends", "after the newer one has sent"])
    def test_a_part_that_arrives_late_changes_nothing(
        self, s3: S3Store, s3_options: dict[str, Any], moment: str
    ) -> None:
        data, other = some_bytes(3 * PART), some_bytes(3 * PART, seed=2)
        key = s3.begin()
        older = s3.write(key)
        send(older, data[:PART])
        older.sync().result()
        gate = Gate(s3, "UploadPart")
        send(older, other[PART : 2 * PART])
        gate.wait()
        newer = S3Store(**s3_options).write(key, offset=PART)
        if moment == "before the newer one sends":
            self.let_through(gate, older)
        send(newer, data[PART:])
        newer.sync().result()
        if moment == "after the newer one has sent":
            self.let_through(gate, older)
        newer.finish()
        assert content(s3, key) == data

    def test_three_writers_at_once_use_numbers_of_their_own(self, s3: S3Store, s3_options: dict[str, Any]) -> None:
        key = s3.begin()
        first, second, third = s3, S3Store(**s3_options), S3Store(**s3_options)
        gates = [Gate(store, "UploadPart") for store in (first, second)]
        late = []
        for store, gate in zip((first, second), gates, strict=True):
            late.append(store.write(key))
            send(late[-1], some_bytes(PART, seed=2))
            gate.wait()
        data = some_bytes(2 * PART)
        with closing(third.write(key)) as writer:
            send(writer, data)
            writer.sync().result()
            for each, gate in zip(late, gates, strict=True):
                self.let_through(gate, each)
            writer.finish()
        assert content(third, key) == data

    def test_a_mark_is_put_only_over_the_one_that_was_read(self, s3: S3Store, monkeypatch: pytest.MonkeyPatch) -> None:
        """OpenStack Swift cannot compare, so the answer of a server that can is put in its place."""
        answers = iter(["NotImplemented", "PreconditionFailed"])
        asked: list[dict[str, Any]] = []

        def put(**request: Any) -> None:
            asked.append(request)
            if "IfMatch" in request:
                raise ClientError({"Error": {"Code": next(answers)}}, "PutObject")

        monkeypatch.setattr(s3._bucket.client, "put_object", put)
        unfinished = Unfinished(s3._bucket, "0" * 32)
        assert unfinished.put_mark(Mark("upload", "writer", 1), over='"tag"')
        assert not unfinished.put_mark(Mark("upload", "writer", 1), over='"tag"')
        assert ["IfMatch" in request for request in asked] == [True, False, True]

    def test_who_never_gets_to_be_the_writer_is_told(self, s3: S3Store, monkeypatch: pytest.MonkeyPatch) -> None:
        key = s3.begin()
        monkeypatch.setattr(Unfinished, "put_mark", lambda *_arguments, **_options: False)
        with pytest.raises(WriterReplaced, match="several ways at once"):
            s3.write(key)

    @staticmethod
    def let_through(gate: Gate, writer: ObjectWriter) -> None:
        gate.open()
        writer._sending.result()  # it passed the look at the mark before somebody else took over
        writer.close()


class TestFinishing:
    def test_the_stamp_is_the_tag_that_the_server_computes(self, s3: S3Store) -> None:
        key = s3.begin()
        with closing(s3.write(key)) as writer:
            send(writer, some_bytes(PART + 1))
            stamp = writer.finish()
        assert stamp == s3.stamp(key) == _whole_tag(writer._parts)

    def test_nothing_but_the_object_is_left(self, s3: S3Store) -> None:
        key = keep(s3, some_bytes(PART + 1))
        assert names_in(s3) == [f"data/{key}"]

    def test_a_server_that_dies_right_after_finishing_leaves_finished_data(
        self, s3: S3Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as patches:
            patches.setattr(Unfinished, "forget", lambda _unfinished: None)
            key = keep(s3, some_bytes(PART + 1))
        with pytest.raises(NoSuchData, match="finished"):
            s3.write(key, offset=PART + 1)
        assert keys_in(s3, finished=True) == keys_in(s3, finished=False) == {key}
        s3.abort(key)
        assert names_in(s3) == [f"data/{key}"]
        assert content(s3, key) == some_bytes(PART + 1)

    @pytest.mark.parametrize("other", [b"", b"another object"])
    def test_an_answer_that_got_lost_is_no_reason_to_fail(
        self, s3: S3Store, monkeypatch: pytest.MonkeyPatch, other: bytes
    ) -> None:
        client, complete = s3._bucket.client, s3._bucket.client.complete_multipart_upload

        def lose_the_answer(**request: Any) -> None:
            complete(**request)
            if other:
                client.put_object(Bucket=request["Bucket"], Key=request["Key"], Body=other)
            raise ClientError({"Error": {"Code": "NoSuchUpload"}}, "CompleteMultipartUpload")

        monkeypatch.setattr(client, "complete_multipart_upload", lose_the_answer)
        if other:
            with pytest.raises(NoSuchData):
                keep(s3, b"data")
        else:
            assert content(s3, keep(s3, b"data")) == b"data"

    def test_an_object_of_another_size_is_taken_away_again(self, s3: S3Store, monkeypatch: pytest.MonkeyPatch) -> None:
        client, complete = s3._bucket.client, s3._bucket.client.complete_multipart_upload

        def lose_a_part(**request: Any) -> None:
            complete(**request | {"MultipartUpload": {"Parts": request["MultipartUpload"]["Parts"][:1]}})

        monkeypatch.setattr(client, "complete_multipart_upload", lose_a_part)
        with pytest.raises(StoreProblem, match="put the file together wrongly"):
            keep(s3, some_bytes(PART + 1))
        assert keys_in(s3, finished=True) == set()

    def test_tags_that_are_no_hashes_tell_nothing(self) -> None:
        assert not _whole_tag([Part(1, '"AABkey-of-the-server"', 1)])


class TestBucket:
    def test_what_lies_beside_our_prefix_is_left_alone(self, s3: S3Store, s3_options: dict[str, Any]) -> None:
        neighbour = S3Store(**s3_options | {"prefix": f"{s3_options['prefix']}data/other/"})
        theirs, ours = keep(neighbour, b"theirs"), keep(s3, b"ours")
        assert keys_in(s3, finished=True) == {ours}
        s3.abort(theirs)
        s3.delete(theirs)
        assert content(neighbour, theirs) == b"theirs"

    def test_the_environment_of_the_process_changes_nothing(
        self, s3_options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for variable in ("http_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(variable, "http://127.0.0.1:9")
        for variable in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_CA_BUNDLE"):
            monkeypatch.setenv(variable, "nonsense")
        store = S3Store(**s3_options)
        assert content(store, keep(store, b"data")) == b"data"

    @pytest.mark.parametrize(
        ("wrong", "sentence"),
        [
            ({"secret_key": "guessed"}, "refuses this panel"),
            ({"access_key": "nobody:known"}, "refuses this panel"),
            ({"bucket": "not-there"}, "no such place"),
        ],
    )
    def test_a_wrong_key_or_place_is_told_without_naming_it(
        self, s3_options: dict[str, Any], wrong: dict[str, str], sentence: str
    ) -> None:
        options = s3_options | wrong
        with pytest.raises(StoreProblem, match=sentence) as problem:
            S3Store(**options).begin()
        hidden = (options["bucket"], options["endpoint"], options["access_key"], options["secret_key"])
        assert not any(each in str(problem.value) for each in hidden)

    def test_the_secret_is_not_shown(self, s3: S3Store) -> None:
        assert "not-a-secret" not in repr(s3._bucket)


class TestLinks:
    def test_a_link_gives_the_data_under_the_name_of_the_image(self, s3: S3Store) -> None:
        address = s3.link(keep(s3, b"data"), filename="Größe 1.qcow2", content_type="application/x-qcow2", seconds=60)
        answer = urllib3.request("GET", address)
        assert (answer.status, answer.data) == (200, b"data")
        assert answer.headers["Content-Type"] == "application/x-qcow2"
        assert "filename*=utf-8''Gr%C3%B6%C3%9Fe%201.qcow2" in answer.headers["Content-Disposition"]

    def test_a_link_ends_and_cannot_be_used_for_something_else(self, s3: S3Store) -> None:
        first, second = keep(s3, b"first"), keep(s3, b"second")
        address = s3.link(first, filename="x", content_type="text/plain", seconds=1)
        for wrong in (address.replace(first, second), address.replace("X-Amz-Expires=1", "X-Amz-Expires=99")):
            assert urllib3.request("GET", wrong).status == 403
        time.sleep(2.1)
        assert urllib3.request("GET", address).status == 403


def test_files_of_the_panel_have_no_link(files: ImageStore) -> None:
    assert files.link(keep(files, b"data"), filename="x", content_type="text/plain", seconds=60) == ""
