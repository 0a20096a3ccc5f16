"""A store that fails says what to do, soon, and loses nothing. A tiny server plays the failing one."""

import re
import socket
import time
from collections.abc import Callable
from contextlib import closing
from http.server import BaseHTTPRequestHandler
from itertools import count
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext

import pytest
import trustme

from images.problems import DamagedData, StoreFull, StoreProblem
from images.stores.s3 import S3Store, reading
from tests.images.stores.bytes_of_images import content
from tests.images.stores.faulty import ACCESS, BUCKET, SECRET, Answer, error, silence, store_at, store_that

KEY = "0" * 32
USES: list[Callable[[S3Store], object]] = [
    S3Store.begin,
    lambda store: store.write(KEY),
    lambda store: store.abort(KEY),
    lambda store: store.delete(KEY),
    lambda store: store.exists(KEY),
    lambda store: store.size(KEY),
    lambda store: store.read(KEY),
    lambda store: list(store.stored()),
]


@pytest.mark.parametrize(
    ("status", "code", "kind", "sentence"),
    [
        (500, "InternalError", StoreProblem, "does not work at the moment"),
        (503, "SlowDown", StoreProblem, "does not work at the moment"),
        (403, "AccessDenied", StoreProblem, "refuses this panel"),
        (403, "RequestTimeTooSkewed", StoreProblem, "clocks"),
        (507, "InsufficientStorage", StoreFull, "no room left"),
        (403, "QuotaExceeded", StoreFull, "no room left"),
        (404, "NoSuchBucket", StoreProblem, "no such place"),
    ],
)
def test_an_error_of_the_server_becomes_a_sentence_for_a_person(
    status: int, code: str, kind: type[StoreProblem], sentence: str
) -> None:
    with store_that(error(status, code)) as store, pytest.raises(StoreProblem, match=sentence) as problem:
        store.begin()
    assert type(problem.value) is kind
    assert_that_nothing_leaks(problem.value)


def test_a_server_that_hangs_is_given_up_soon() -> None:
    with silence() as answer, store_that(answer) as store:
        for use in USES:
            started = time.monotonic()
            with pytest.raises(StoreProblem, match="does not answer") as problem:
                use(store)
            assert time.monotonic() - started < 5
            assert_that_nothing_leaks(problem.value)


def test_a_server_that_is_not_there_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(StoreProblem, match="does not answer") as problem:
        store_at(port).begin()
    assert_that_nothing_leaks(problem.value)


def test_only_a_server_with_a_known_certificate_is_trusted(tmp_path: Path) -> None:
    authority, tls = trustme.CA(), SSLContext(PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with store_that(error(404, "NoSuchKey"), tls) as store, pytest.raises(StoreProblem, match="certificate") as problem:
        store.exists(KEY)
    assert_that_nothing_leaks(problem.value)
    with store_that(error(404, "NoSuchKey"), tls, ca=str(tmp_path / "ca.pem")) as store:
        assert not store.exists(KEY)


def test_what_was_written_when_the_store_failed_is_not_said_to_be_safe(s3: S3Store) -> None:
    key = s3.begin()
    with closing(s3.write(key)) as writer:
        writer.write(b"safe")
        writer.sync().result()
        with store_that(error(500, "InternalError")) as failing:
            writer.write(b", and lost")
            object.__setattr__(writer._unfinished, "bucket", failing._bucket)
            with pytest.raises(StoreProblem, match="does not work"):
                writer.sync().result()
            with pytest.raises(StoreProblem, match="does not work"):
                writer.write(b"more")
            with pytest.raises(StoreProblem, match="does not work"):
                writer.finish()
    with closing(s3.write(key, offset=4)) as writer:
        writer.write(b" and sound")
        writer.finish()
    assert content(s3, key) == b"safe and sound"


class TestBrokenReads:
    @pytest.fixture(autouse=True)
    def without_pauses(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(reading, "PAUSE", 0.01)

    def test_a_read_goes_on_at_the_byte_where_it_broke(self) -> None:
        data = bytes(range(256)) * 20
        with store_that(a_little_of(data, 700)) as store:
            assert content(store, KEY) == data
            assert content(store, KEY, start=100, stop=3000) == data[100:3000]

    def test_an_object_that_was_replaced_meanwhile_is_not_mixed_with_the_old_one(self) -> None:
        tags = count()
        with (
            store_that(a_little_of(b"x" * 5000, 700, tag=lambda: f"version-{next(tags)}")) as store,
            pytest.raises(DamagedData),
        ):
            content(store, KEY)

    def test_a_line_that_breaks_again_and_again_is_given_up(self) -> None:
        with store_that(a_little_of(b"x" * 5000, 0)) as store, pytest.raises(StoreProblem, match="does not answer"):
            content(store, KEY)


def a_little_of(data: bytes, most: int, tag: Callable[[], str] = lambda: "tag") -> Answer:
    """An answer that promises what was asked for, and breaks off after a few bytes."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        now = f'"{tag()}"'
        if request.headers.get("If-Match", now) != now:
            error(412, "PreconditionFailed")(request)
            return
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("Range", "bytes=0-"))
        assert wanted
        start, stop = int(wanted[1]), int(wanted[2] or len(data) - 1) + 1
        request.send_response(206)
        request.send_header("Content-Length", str(stop - start))
        request.send_header("ETag", now)
        request.end_headers()
        request.wfile.write(data[start : min(stop, start + most)])

    return answer


def assert_that_nothing_leaks(problem: StoreProblem) -> None:
    assert not any(each in str(problem) for each in (ACCESS, SECRET, BUCKET, "127.0.0.1"))
