"""Downloads: ranges, conditions and names as RFC 9110 and RFC 6266 have them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.signals import request_finished
from django.db import close_old_connections
from django.http import FileResponse
from django.http.response import HttpResponseBase
from django.test import RequestFactory
from django.utils.http import http_date
from hypothesis import given
from hypothesis import strategies as st

from images.downloads import Download, attachment, parsed_range, serve
from images.stores import FileStore

DATA = bytes(range(200)) * 3
SIZE = len(DATA)
MODIFIED = datetime(2026, 11, 21, 3, 0, 0, 500, tzinfo=UTC)
ETAG = "0123abcd"
DATE = http_date(MODIFIED.timestamp())
EARLIER = http_date(MODIFIED.timestamp() - 1)


@pytest.fixture
def download(tmp_path: Path) -> Download:
    store = FileStore(tmp_path / "images")
    key = store.begin()
    store.append(key, offset=0, chunk=DATA)
    store.finish(key)
    return Download(store=store, key=key, size=SIZE, filename="Disk.qcow2", etag=ETAG, last_modified=MODIFIED)


def ask(download: Download, *, method: str = "GET", **headers: str) -> tuple[HttpResponseBase, bytes]:
    """The answer and its body; the file is closed as a server would close it."""
    request = RequestFactory().generic(method, "/", headers={name.replace("_", "-"): headers[name] for name in headers})
    response = serve(request, download)
    body = b"".join(map(bytes, response))
    close(response)
    return response, body


def close(response: HttpResponseBase) -> None:
    """As Django's own test client does it: the end of a request would look at the connection to the database."""
    request_finished.disconnect(close_old_connections)
    try:
        response.close()
    finally:
        request_finished.connect(close_old_connections)


def test_the_whole_is_given_as_an_attachment_that_nobody_caches(download: Download) -> None:
    response, body = ask(download)
    assert (response.status_code, body) == (200, DATA)
    assert dict(response.items()) == {
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
        "Content-Disposition": 'attachment; filename="Disk.qcow2"',
        "Content-Length": str(SIZE),
        "Content-Type": "application/octet-stream",
        "ETag": f'"{ETAG}"',
        "Last-Modified": DATE,
        "X-Content-Type-Options": "nosniff",
    }


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=100-199", 100, 200),
        ("bytes=590-", 590, SIZE),
        ("bytes=590-99999", 590, SIZE),
        ("bytes=-10", SIZE - 10, SIZE),
        ("bytes=-99999", 0, SIZE),
        ("BYTES=5-9", 5, 10),
    ],
)
def test_a_range_is_given_as_a_part(download: Download, asked: str, start: int, stop: int) -> None:
    response, body = ask(download, Range=asked)
    assert (response.status_code, body) == (206, DATA[start:stop])
    assert response["Content-Range"] == f"bytes {start}-{stop - 1}/{SIZE}"
    assert response["Content-Length"] == str(stop - start)


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", f"bytes={SIZE}-{SIZE + 5}", "bytes=-0"])
def test_a_range_behind_the_end_is_answered_with_the_true_length(download: Download, asked: str) -> None:
    response, body = ask(download, Range=asked)
    assert (response.status_code, body) == (416, b"")
    assert response["Content-Range"] == f"bytes */{SIZE}"
    assert "Content-Disposition" not in response


@pytest.mark.parametrize(
    "asked",
    [
        "bytes=0-4,8-9",
        "bytes=9-5",
        "bytes=-",
        "bytes=a-b",
        "lines=1-2",
        "bytes 0-4",
        "bytes=٣-٤",
        "bytes=1-" + "9" * 50,
        "",
    ],
)
def test_what_is_malformed_or_several_ranges_gets_the_whole(download: Download, asked: str) -> None:
    response, body = ask(download, Range=asked)
    assert (response.status_code, body) == (200, DATA)


@pytest.mark.parametrize(
    ("condition", "status"),
    [(f'"{ETAG}"', 206), (DATE, 206), ('"other"', 200), (f'W/"{ETAG}"', 200), (EARLIER, 200), ("nonsense", 200)],
)
def test_a_download_goes_on_only_if_the_data_is_still_the_same(download: Download, condition: str, status: int) -> None:
    response, _ = ask(download, Range="bytes=5-", If_Range=condition)
    assert response.status_code == status


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("If_None_Match", f'"{ETAG}"', 304),
        ("If_None_Match", f'"other", W/"{ETAG}"', 304),
        ("If_None_Match", "*", 304),
        ("If_None_Match", '"other"', 200),
        ("If_Modified_Since", DATE, 304),
        ("If_Modified_Since", EARLIER, 200),
        ("If_Match", '"other"', 412),
        ("If_Unmodified_Since", EARLIER, 412),
    ],
)
def test_conditions_are_heard(download: Download, header: str, value: str, status: int) -> None:
    response, body = ask(download, **{header: value})
    assert response.status_code == status
    assert response["ETag"] == f'"{ETAG}"'
    assert body == (DATA if status == 200 else b"")


def test_head_tells_the_length_and_sends_nothing(download: Download) -> None:
    response, body = ask(download, method="HEAD", Range="bytes=0-4")
    assert (response.status_code, body) == (200, b"")
    assert response["Content-Length"] == str(SIZE)


def test_a_server_gets_the_file_itself_so_that_it_can_use_sendfile(download: Download) -> None:
    response = serve(RequestFactory().get("/"), download)
    assert isinstance(response, FileResponse)
    assert response.file_to_stream is not None
    assert response.file_to_stream.fileno() > 0
    close(response)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Ubuntu 24.04.qcow2", 'attachment; filename="Ubuntu 24.04.qcow2"'),
        ('say "hi".img', 'attachment; filename="say \\"hi\\".img"'),
        ("Größe.img", "attachment; filename*=utf-8''Gr%C3%B6%C3%9Fe.img"),
        ("镜像.raw", "attachment; filename*=utf-8''%E9%95%9C%E5%83%8F.raw"),
        ("../../etc/passwd", 'attachment; filename="_.._etc_passwd"'),
        ("a\r\nSet-Cookie: x=1", 'attachment; filename="a__Set-Cookie: x=1"'),
        ("exe\u202egpj.img", 'attachment; filename="exe_gpj.img"'),
        (" .. ", 'attachment; filename="image"'),
        ("", 'attachment; filename="image"'),
    ],
)
def test_a_name_is_safe_and_in_any_script(name: str, expected: str) -> None:
    assert attachment(name) == expected


@given(st.text(max_size=60))
def test_no_name_breaks_the_header(name: str) -> None:
    header = attachment(name)
    assert header.isascii()
    assert header.isprintable()


@given(first=st.integers(0, 50), last=st.integers(0, 50), size=st.integers(0, 40))
def test_a_parsed_range_never_leaves_the_data(first: int, last: int, size: int) -> None:
    for span in (parsed_range(str(first), str(last), size=size), parsed_range("", str(last), size=size)):
        assert span is None or (0 <= span.start <= span.stop and (not span or span.stop <= size))
