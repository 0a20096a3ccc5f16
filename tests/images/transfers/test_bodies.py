"""Bodies of uploads: raw and multipart, in Django's test client and through a real server."""

import json
import os
import socket
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as panel_settings
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.test import RequestFactory
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from pytest_django.fixtures import Settings

from images.demo_disks import MIB, bootable_raw
from images.problems import BrokenUpload, LengthRequired, TooLarge, UnreadableForm
from images.stores import FileStore
from images.streams import Intake
from images.transfers import bodies
from images.transfers.bodies import check_origin, checked_multipart, declared_length, discard_rest, raw_chunks
from tests.bench.upload import FORM_END, FORM_HEAD, peak, sent
from tests.images.served import gunicorn
from tests.images.sinks import StoreSink

DISK = bootable_raw("A disk in a form", size=3 * MIB)
LIMIT = 4 * MIB
KIB = 1024
SITE = "http://testserver"

MakeSink = Callable[[str], StoreSink]


# --- Raw bodies -------------------------------------------------------------------------------------


class Line:
    """The stream of a request, which counts what is read from it and may break."""

    def __init__(self, data: bytes, *, error: Exception | None = None) -> None:
        self._data = data
        self._error = error
        self.read_bytes = 0

    def read(self, size: int = -1, /) -> bytes:
        chunk = self._data[self.read_bytes :][: size if size >= 0 else None]
        if not chunk and self._error:
            raise self._error
        self.read_bytes += len(chunk)
        return chunk

    readline = read


def put(line: Line, **meta: object) -> HttpRequest:
    request = RequestFactory().put("/")
    request.environ.update({"wsgi.input": line} | meta)
    return type(request)(request.environ)


def test_a_body_of_known_length_comes_in_large_chunks() -> None:
    chunks = list(raw_chunks(put(Line(DISK + b"next request"), CONTENT_LENGTH=str(len(DISK))), max_bytes=LIMIT))
    assert [len(chunk) for chunk in chunks[-2:]] == [MIB] * 2
    assert sum(len(chunk) for chunk in chunks[:-2]) == MIB  # smaller ones first, until the speed of the line is known
    assert b"".join(chunks) == DISK


class SlowLine(Line):
    """A line of so many bytes a second, on a clock of its own."""

    def __init__(self, data: bytes, speed: int) -> None:
        super().__init__(data)
        self.now = 0.0
        self.speed = speed

    def read(self, size: int = -1, /) -> bytes:
        chunk = super().read(size)
        self.now += len(chunk) / self.speed
        return chunk


@pytest.mark.parametrize("speed", [4 * KIB, 64 * KIB, 512 * KIB, 100 * MIB])
def test_no_chunk_takes_long_on_a_slow_line(speed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    line = SlowLine(DISK, speed)
    monkeypatch.setattr("images.transfers.bodies.time.monotonic", lambda: line.now)
    chunks = list(raw_chunks(put(line, CONTENT_LENGTH=str(len(DISK))), max_bytes=LIMIT))
    longest = max(len(chunk) for chunk in chunks)
    assert longest / speed <= max(2, bodies.SMALLEST_CHUNK / speed)
    assert longest == MIB or longest / speed >= bodies.CHUNK_SECONDS / 4 / 2
    assert b"".join(chunks) == DISK


@pytest.mark.parametrize("error", [None, ConnectionResetError(), BlockingIOError(), ValueError("malformed chunk")])
def test_a_line_that_breaks_is_told(error: Exception | None) -> None:
    line = Line(DISK[: 2 * MIB], error=error)
    with pytest.raises(BrokenUpload, match="The line broke"):
        list(raw_chunks(put(line, CONTENT_LENGTH=str(len(DISK))), max_bytes=LIMIT))


def test_a_body_that_is_short_is_told() -> None:
    with pytest.raises(BrokenUpload, match="before the whole file had come"):
        list(raw_chunks(put(Line(DISK[: 2 * MIB]), CONTENT_LENGTH=str(len(DISK))), max_bytes=LIMIT))


def test_a_declared_length_over_the_limit_is_refused_before_a_byte_is_read() -> None:
    line = Line(DISK)
    with pytest.raises(TooLarge, match=r"at most 2\.0 MiB"):
        raw_chunks(put(line, CONTENT_LENGTH=str(len(DISK))), max_bytes=2 * MIB)
    assert line.read_bytes == 0


def test_a_body_in_chunks_has_no_length_and_is_read_to_its_end() -> None:
    request = put(Line(DISK), HTTP_TRANSFER_ENCODING="chunked", CONTENT_LENGTH="", **{"wsgi.input_terminated": True})
    assert declared_length(request) is None
    assert b"".join(raw_chunks(request, max_bytes=LIMIT)) == DISK


@pytest.mark.parametrize(
    "meta",
    [
        {"CONTENT_LENGTH": ""},
        {"CONTENT_LENGTH": "many"},
        {"CONTENT_LENGTH": "-1"},
        {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked"},
    ],
    ids=["nothing", "words", "negative", "chunks from a server that does not end them"],
)
def test_a_body_without_a_length_is_refused(meta: dict[str, str]) -> None:
    with pytest.raises(LengthRequired):
        raw_chunks(put(Line(DISK), **meta), max_bytes=LIMIT)


def test_the_rest_of_a_refused_body_is_read_up_to_a_limit() -> None:
    line = Line(DISK)
    discard_rest(put(line, **{"wsgi.input_terminated": True}), max_bytes=2 * MIB)
    assert line.read_bytes == 2 * MIB
    discard_rest(put(Line(b"", error=ConnectionResetError()), **{"wsgi.input_terminated": True}))


# --- Where a form comes from ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": SITE},
        {"Referer": f"{SITE}/a/1/images/upload/"},
        {"Origin": SITE, "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://trusted.example", "Sec-Fetch-Site": "cross-site"},
    ],
)
def test_a_form_of_this_site_is_read(headers: dict[str, str], settings: Settings) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://trusted.example"]
    check_origin(RequestFactory().post("/", headers=headers))


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://testserver"},
        {"Referer": "http://evil.example/?http://testserver/"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_of_another_site_is_refused_before_a_byte_is_read(headers: dict[str, str]) -> None:
    line = Line(b"x" * 100)
    request = RequestFactory().post("/", headers=headers)
    request.environ["wsgi.input"] = line
    with pytest.raises(PermissionDenied, match="another site"):
        checked_multipart(request, unexpected, max_bytes=LIMIT)
    assert line.read_bytes == 0


def unexpected(_filename: str) -> StoreSink:
    raise AssertionError("nothing should have been received")


# --- Multipart forms --------------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "images")


@pytest.fixture
def sink(store: FileStore) -> MakeSink:
    return lambda _filename: StoreSink(store, Intake(max_bytes=LIMIT, max_virtual_bytes=LIMIT))


def held(store: FileStore) -> list[Path]:
    return [path for path in store.root.rglob("*") if path.is_file()]


def disk(data: bytes = DISK, *, name: str = "Größe.img") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def post(fields: dict[str, Any], *, token: bool = True, cut: int | None = None) -> HttpRequest:
    """A form as a browser sends it, with or without this site's token, whole or only the first bytes."""
    page = RequestFactory().get("/")
    masked = get_token(page)
    body = encode_multipart(BOUNDARY, ({"csrfmiddlewaretoken": masked} if token else {}) | fields)
    request = RequestFactory().generic("POST", "/", body[:cut], content_type=MULTIPART_CONTENT)
    request.COOKIES[panel_settings.CSRF_COOKIE_NAME] = page.META["CSRF_COOKIE"]
    return request


def test_a_file_goes_into_the_store_and_the_fields_around_it_are_kept(store: FileStore, sink: MakeSink) -> None:
    form = checked_multipart(post({"before": "1", "file": disk(), "after": "2"}), sink, max_bytes=LIMIT)
    assert form.file is not None
    with store.local_file(form.file[0]) as path:
        assert path.read_bytes() == DISK
    assert (form.fields["before"], form.fields["after"], form.filename) == ("1", "2", "Größe.img")
    assert form.problem is None


@pytest.mark.parametrize("fields", [{"name": "x"}, {"name": "x", "file": disk(b"")}], ids=["no file", "empty file"])
def test_a_form_without_a_file_is_a_form(store: FileStore, sink: MakeSink, fields: dict[str, Any]) -> None:
    form = checked_multipart(post(fields), sink, max_bytes=LIMIT)
    assert (form.file, form.filename, form.problem) == (None, None, None)
    assert form.fields["name"] == "x"
    assert held(store) == []


@pytest.mark.parametrize(
    "data", [b"PK\x03\x04" * MIB, bytes(MIB), DISK + bytes(2 * MIB)], ids=["zip", "zeros", "too large"]
)
def test_a_refused_file_leaves_the_form_as_it_was_typed(store: FileStore, sink: MakeSink, data: bytes) -> None:
    request = post({"before": "1", "file": disk(data, name="x.img"), "after": "2"})
    form = checked_multipart(request, sink, max_bytes=len(data))
    assert form.problem is not None
    assert (form.file, form.filename) == (None, "x.img")
    assert (form.fields["before"], form.fields["after"]) == ("1", "2")
    assert held(store) == []


def test_without_this_sites_token_nothing_is_kept(store: FileStore, sink: MakeSink) -> None:
    with pytest.raises(PermissionDenied, match="too old"):
        checked_multipart(post({"file": disk()}, token=False), sink, max_bytes=LIMIT)
    assert held(store) == []


@pytest.mark.parametrize(
    "fields",
    [{"file": [disk(), disk()]}, {"file": disk(), "other": disk()}, {"other": disk()}],
    ids=["two files", "a file in another field too", "a file in another field"],
)
def test_more_than_one_file_is_refused(store: FileStore, sink: MakeSink, fields: dict[str, Any]) -> None:
    with pytest.raises(UnreadableForm):
        checked_multipart(post(fields), sink, max_bytes=2 * LIMIT)
    assert held(store) == []


def test_a_form_that_says_it_is_too_long_is_not_read() -> None:
    request = post({})
    request.META["CONTENT_LENGTH"] = str(LIMIT + 2 * MIB)
    with pytest.raises(TooLarge):
        checked_multipart(request, unexpected, max_bytes=LIMIT)


def test_a_form_without_a_length_is_not_read() -> None:
    request = post({})
    request.META |= {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    with pytest.raises(LengthRequired):
        checked_multipart(request, unexpected, max_bytes=LIMIT)


def test_a_form_that_is_none_is_told(sink: MakeSink) -> None:
    request = RequestFactory().generic("POST", "/", b"x" * 100, content_type="multipart/form-data; boundary=")
    with pytest.raises(UnreadableForm):
        checked_multipart(request, sink, max_bytes=LIMIT)


def test_a_form_that_breaks_inside_of_the_file_leaves_nothing_behind(store: FileStore, sink: MakeSink) -> None:
    with pytest.raises(BrokenUpload):
        checked_multipart(post({"file": disk()}, cut=2 * MIB), sink, max_bytes=LIMIT)
    assert held(store) == []


# --- Through a real server --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="module")
def port(folder: Path) -> Iterator[int]:
    with gunicorn(folder) as port:
        yield port


def ask(port: int, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): headers[name] for name in headers})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_a_server_takes_a_body_of_known_length_and_gives_it_back(port: int) -> None:
    status, answer = ask(port, "PUT", "/put", DISK)
    assert (status, json.loads(answer)["size"]) == (200, len(DISK))
    key = json.loads(answer)["key"]
    assert ask(port, "GET", f"/data/{key}") == (200, DISK)
    assert ask(port, "GET", f"/data/{key}", Range="bytes=1000-2000000") == (206, DISK[1000:2000001])


def test_a_server_takes_a_body_in_chunks(port: int) -> None:
    pieces = (DISK[start : start + 70_000] for start in range(0, len(DISK), 70_000))
    status, answer = ask(port, "PUT", "/put", pieces)
    assert (status, json.loads(answer)["size"]) == (200, len(DISK))


def test_a_server_takes_a_form(port: int) -> None:
    body = encode_multipart(BOUNDARY, {"name": "x", "file": disk(name="disk.img")})
    status, answer = ask(port, "POST", "/form", body, Content_Type=MULTIPART_CONTENT)
    assert status == 200
    assert json.loads(answer)["fields"] == {"name": "x"}
    assert json.loads(answer)["size"] == len(DISK)


def test_a_client_hears_why_its_large_file_is_refused(port: int) -> None:
    status, answer = ask(port, "PUT", "/put", b"PK\x03\x04" * (8 * MIB))
    assert (status, json.loads(answer)["code"]) == (422, "archive")


BROKEN = {
    "known length": b"Content-Length: 3145728\r\n\r\n" + DISK[: 2 * MIB],
    "chunks": b"Transfer-Encoding: chunked\r\n\r\n300000\r\n" + DISK[: 2 * MIB],
    # No more than this: a server that cannot know where the body ends closes, and resets what still comes.
    "malformed chunks": b"Transfer-Encoding: chunked\r\n\r\n400\r\n" + DISK[:1024] + b"\r\nzz\r\n",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_server_keeps_nothing_of_a_line_that_breaks(port: int, folder: Path, name: str) -> None:
    before = {path for path in folder.rglob("*") if path.is_file()}
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        line.sendall(b"PUT /put HTTP/1.1\r\nHost: 127.0.0.1\r\n" + BROKEN[name])
        line.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: line.recv(65536), b""))
    assert b"broken-upload" in answer
    assert {path for path in folder.rglob("*") if path.is_file()} == before


@pytest.mark.long
@pytest.mark.parametrize(
    ("method", "path", "head", "end"),
    [("PUT", "/put", b"", b""), ("POST", "/form", FORM_HEAD, FORM_END)],
    ids=["raw body", "form"],
)
def test_four_gibibytes_take_no_more_memory_than_one_mebibyte(
    port: int, tmp_path: Path, method: str, path: str, head: bytes, end: bytes
) -> None:
    source = tmp_path / "disk.img"
    source.write_bytes(DISK)
    sent(port, method, path, source, head=head, end=end)
    before = peak(port)
    os.truncate(source, 4096 * MIB)  # a sparse file: only the server writes it out
    sent(port, method, path, source, head=head, end=end)
    assert peak(port) - before < 64 * MIB
