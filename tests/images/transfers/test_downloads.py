"""Downloads: ranges, conditions and names as RFC 9110 and RFC 6266 have them."""

import gc
import os
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import HTTP
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import request_finished
from django.db import close_old_connections
from django.http import FileResponse
from django.http.response import HttpResponseBase
from django.test import RequestFactory
from django.utils.http import http_date
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from config.sendfile import read_sendfile
from images.problems import Busy, DamagedData, NoSuchData
from images.stores import FileStore
from images.transfers.downloads import Download, begins, serve
from images.transfers.filenames import attachment
from images.transfers.ranges import parsed_range
from images.transfers.slots import slots

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
    writer = store.write(key)
    writer.write(DATA)
    stamp = writer.finish()
    return Download(
        store=store, key=key, stamp=stamp, size=SIZE, filename="Disk.qcow2", etag=ETAG, last_modified=MODIFIED
    )


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
        "bytes=0-4,4-9",
        "bytes=0-,0-",
        "bytes=" + ",".join(f"{start}-{start}" for start in range(11)),
        "bytes=0-4,9-5",
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
def test_what_is_malformed_or_asks_for_the_same_twice_gets_the_whole(download: Download, asked: str) -> None:
    response, body = ask(download, Range=asked)
    assert (response.status_code, body) == (200, DATA)


@pytest.mark.parametrize(
    ("asked", "spans"),
    [
        ("bytes=0-4,8-9", [(0, 5), (8, 10)]),
        ("bytes=-5, 0-0", [(SIZE - 5, SIZE), (0, 1)]),
        ("bytes=0-4,100-199,400-", [(0, 5), (100, 200), (400, SIZE)]),
    ],
)
def test_several_ranges_are_given_in_one_answer(download: Download, asked: str, spans: list[tuple[int, int]]) -> None:
    response, body = ask(download, Range=asked)
    assert response.status_code == 206
    assert "Content-Range" not in response
    assert response["Content-Length"] == str(len(body))
    head = f"Content-Type: {response['Content-Type']}\r\n\r\n".encode()
    parts = message_from_bytes(head + body, policy=HTTP).iter_parts()
    assert [(part["Content-Range"], part["Content-Type"]) for part in parts] == [
        (f"bytes {start}-{stop - 1}/{SIZE}", "application/octet-stream") for start, stop in spans
    ]
    boundary = response["Content-Type"].partition("boundary=")[2].encode()
    found = [part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n") for part in body.split(b"--" + boundary)[1:-1]]
    assert found == [DATA[start:stop] for start, stop in spans]


@pytest.mark.parametrize(("asked", "status"), [(f"bytes=0-4,{SIZE}-", 206), (f"bytes={SIZE}-,{SIZE + 1}-", 416)])
def test_ranges_that_do_not_exist_are_left_out(download: Download, asked: str, status: int) -> None:
    response, body = ask(download, Range=asked)
    assert (response.status_code, body) == (status, DATA[:5] if status == 206 else b"")


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
        ('say "hi".img', "attachment; filename=\"say _hi_.img\"; filename*=utf-8''say%20%22hi%22.img"),
        ("Größe.img", "attachment; filename=\"Gro_e.img\"; filename*=utf-8''Gr%C3%B6%C3%9Fe.img"),
        ("100%41.img", "attachment; filename=\"100_41.img\"; filename*=utf-8''100%2541.img"),
        ("镜像.raw", "attachment; filename=\"__.raw\"; filename*=utf-8''%E9%95%9C%E5%83%8F.raw"),
        ("../../etc/passwd", 'attachment; filename="_.._etc_passwd"'),
        ("a\r\nSet-Cookie: x=1", 'attachment; filename="a__Set-Cookie: x=1"'),
        ("exe\u202egpj.img", 'attachment; filename="exe_gpj.img"'),
        ("．．／x", "attachment; filename=\"_x\"; filename*=utf-8''%EF%BC%8E%EF%BC%8E%EF%BC%8Fx"),
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
    plain = header.removeprefix('attachment; filename="').partition('"')[0]
    assert plain.strip(" .")
    assert not set(plain) & set("/\\%")


@given(first=st.integers(0, 50), last=st.integers(0, 50), size=st.integers(0, 40))
def test_a_parsed_range_never_leaves_the_data(first: int, last: int, size: int) -> None:
    for span in (parsed_range(str(first), str(last), size=size), parsed_range("", str(last), size=size)):
        assert span is None or (0 <= span.start <= span.stop and (not span or span.stop <= size))


@pytest.mark.parametrize("header", ["", "bytes=5-9", "bytes=0-1,5-9"])
def test_what_was_touched_is_not_given(download: Download, header: str) -> None:
    os.utime(download.store.root / download.store.path_below_root(download.key))  # type: ignore[attr-defined]
    with pytest.raises(DamagedData):
        ask(download, Range=header)
    download.store.delete(download.key)
    with pytest.raises(NoSuchData):
        ask(download, Range=header)
    assert slots.held == 0


@pytest.mark.parametrize(
    ("asked", "is_start"),
    [("", True), ("bytes=0-", True), ("bytes=5-", False), ("bytes=5-9,0-1", True), ("bytes=-5", False), ("?", True)],
)
def test_a_download_begins_with_its_first_byte(download: Download, asked: str, is_start: bool) -> None:
    assert begins(RequestFactory().get("/", headers={"Range": asked}), download) is is_start


class TestSlots:
    """``images.transfers.slots``: who fetches slowly leaves room for pages."""

    def test_a_download_holds_one_until_it_is_closed(self, download: Download) -> None:
        responses = [serve(RequestFactory().get("/", headers={"Range": asked}), download) for asked in ("", "bytes=5-")]
        assert slots.held == 2
        for response in responses:
            close(response)
            close(response)
        assert slots.held == 0

    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the file is lost with it
    def test_a_response_that_is_lost_gives_it_back(self, download: Download) -> None:
        response = serve(RequestFactory().get("/"), download)
        assert slots.held == 1
        del response
        gc.collect()
        assert slots.held == 0

    def test_a_head_needs_none(self, download: Download, settings: Settings) -> None:
        settings.TRANSFERS = 0
        assert ask(download, method="HEAD")[0].status_code == 200
        with pytest.raises(Busy):
            ask(download)


class TestSendfile:
    """The web server in front sends the file."""

    @pytest.fixture(params=["nginx:/protected/", "apache"])
    def sent(self, request: pytest.FixtureRequest, settings: Settings, download: Download) -> str:
        """Which header says what is sent."""
        settings.SENDFILE = read_sendfile(request.param)
        header: str = settings.SENDFILE["header"]
        return header

    def test_only_its_place_is_answered(self, download: Download, sent: str) -> None:
        response, body = ask(download, Range="bytes=5-")
        assert (response.status_code, body) == (200, b"")
        assert response[sent].endswith(f"/data/{download.key[:2]}/{download.key}")
        root = str(download.store.root) if sent == "X-Sendfile" else "/protected/default"  # type: ignore[attr-defined]
        assert response[sent].startswith(f"{root}/")
        assert response["ETag"] == f'"{ETAG}"'
        assert response["Content-Type"] == "application/octet-stream"
        assert response["Content-Disposition"] == 'attachment; filename="Disk.qcow2"'
        assert slots.held == 0

    def test_a_path_is_quoted(self, download: Download, sent: str, tmp_path: Path) -> None:
        root = tmp_path / "böse %41 \r\n"
        (tmp_path / "images").rename(root)
        store = FileStore(root, name="with space")
        response, _ = ask(replace(download, store=store))
        assert response[sent].isascii()
        assert unquote(response[sent]).startswith("/protected/with space/" if "Accel" in sent else str(root))

    def test_conditions_are_answered_here(self, download: Download, sent: str) -> None:
        for headers, status in (({"If_None_Match": f'"{ETAG}"'}, 304), ({"Range": f"bytes={SIZE}-"}, 416)):
            response, _ = ask(download, **headers)
            assert response.status_code == status
            assert sent not in response

    def test_what_was_touched_is_not_given(self, download: Download, sent: str) -> None:
        os.utime(download.store.root / download.store.path_below_root(download.key))  # type: ignore[attr-defined]
        with pytest.raises(DamagedData):
            ask(download)

    def test_the_setting_is_checked(self) -> None:
        assert read_sendfile("")["header"] == ""
        for wrong in ("nginx", "nginx:protected", "nginx:/x", "Apache", "lighttpd"):
            with pytest.raises(ImproperlyConfigured, match="STOCKROOM_SENDFILE"):
                read_sendfile(wrong)


class LinkingStore(FileStore):
    """A store that gives out addresses, as an object store does."""

    def link(self, key: str, *, filename: str, content_type: str, seconds: int) -> str:
        return f"https://objects.example.org/{key}?seconds={seconds}&name={quote(filename)}&type={quote(content_type)}"


class TestLinks:
    """Who may have the data is sent to the store itself."""

    @pytest.fixture
    def linked(self, download: Download) -> Download:
        return replace(download, store=LinkingStore(download.store.root))  # type: ignore[attr-defined]

    def test_a_get_leads_there_for_a_minute(self, linked: Download) -> None:
        response, body = ask(linked, Range="bytes=5-")
        assert (response.status_code, body) == (302, b"")
        assert response["Location"] == (
            f"https://objects.example.org/{linked.key}?seconds=60&name=Disk.qcow2&type=application/octet-stream"
        )
        assert response["Cache-Control"] == "private, no-store"
        assert slots.held == 0

    def test_a_head_and_conditions_are_answered_here(self, linked: Download) -> None:
        assert ask(linked, method="HEAD")[0]["Content-Length"] == str(SIZE)
        assert ask(linked, If_None_Match=f'"{ETAG}"')[0].status_code == 304

    def test_what_was_touched_is_not_given(self, linked: Download) -> None:
        os.utime(linked.store.root / linked.store.path_below_root(linked.key))  # type: ignore[attr-defined]
        with pytest.raises(DamagedData):
            ask(linked)

    def test_a_setting_has_the_panel_send_it(self, linked: Download, settings: Settings) -> None:
        settings.DOWNLOAD_LINKS = False
        assert ask(linked)[1] == DATA
