"""Fetching from real servers on loopback."""

import gzip
import socket
import ssl
import time
from contextlib import suppress
from datetime import timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from itertools import repeat
from pathlib import Path
from threading import Thread

import pytest
import trustme
from django.utils import timezone
from pytest_django.fixtures import Settings

from images.outside import (
    BrokenTransfer,
    Limits,
    OutOfTime,
    RefusedAddress,
    ServerBusy,
    ServerRefused,
    Unreachable,
    opened,
    text_at,
)
from images.problems import TooLarge
from tests.images.outside.servers import Answering, file_of, ranged, raw, redirect, send, serving

CONTENT = bytes(range(256)) * 4096  # 1 MiB
LIMITS = Limits(max_bytes=8 * 1024**2, seconds=20)

pytestmark = pytest.mark.usefixtures("loopback")


def fetched(url: str, *, start: int = 0, validator: str = "", limits: Limits = LIMITS) -> bytes:
    with opened(url, limits=limits, start=start, validator=validator) as answer:
        return b"".join(answer.chunks())


def test_a_file_comes_whole() -> None:
    with serving(file_of(CONTENT, ETag='"v1"')) as server, opened(server.url("/a/disk.img"), limits=LIMITS) as answer:
        assert b"".join(answer.chunks()) == CONTENT
    assert (answer.start, answer.size, answer.is_delimited) == (0, len(CONTENT), True)
    assert (answer.validator, answer.filename) == ('"v1"', "disk.img")


def test_a_request_tells_nothing_but_what_is_wanted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login alice password secret")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1/")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1/")
    with serving(file_of(b"x", Set_Cookie="a=b")) as server:
        fetched(server.url())
        fetched(server.url())
    assert server.asked[1] == {
        ":path": "/disk.img",
        "accept": "*/*",
        "accept-encoding": "identity",
        "connection": "close",
        "host": f"127.0.0.1:{server.port}",
        "user-agent": "Stockroom",
    }


# --- Where it goes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "addresses",
    [
        ["10.0.0.1"],
        ["127.0.0.1", "169.254.169.254"],
        ["169.254.169.254", "127.0.0.1"],
        ["127.0.0.1", "::1"],
        ["127.0.0.1", "::ffff:10.0.0.1"],
        ["127.0.0.1", "64:ff9b::a00:1"],
        ["fe80::1%lo"],
        [],
    ],
)
def test_every_address_of_a_name_must_be_allowed(names: dict[str, list[str]], addresses: list[str]) -> None:
    names["two.example"] = addresses
    with serving(file_of(b"secret")) as server, pytest.raises(Unreachable):
        fetched(server.url(host="two.example"))
    assert not server.asked


def test_a_name_is_looked_up_once_so_that_it_cannot_change_its_mind(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    system = socket.getaddrinfo

    def rebinding(host: str, port: int, *arguments: int, **named: int) -> object:
        asked.append(host)
        found = {"rebinding.example": "127.0.0.1" if asked.count(host) == 1 else "10.0.0.1"}
        return system(found.get(host, host), port, *arguments, **named)

    monkeypatch.setattr("socket.getaddrinfo", rebinding)
    with serving(file_of(b"x")) as server:
        assert fetched(server.url(host="rebinding.example")) == b"x"
    assert asked == ["rebinding.example", "127.0.0.1"]
    assert server.asked[0]["host"] == f"rebinding.example:{server.port}"


def test_a_second_look_is_checked_again(names: dict[str, list[str]]) -> None:
    names["rebinding.example"] = ["127.0.0.1"]
    with serving(file_of(b"x")) as server:
        assert fetched(server.url(host="rebinding.example")) == b"x"
        names["rebinding.example"] = ["169.254.169.254"]
        with pytest.raises(Unreachable):
            fetched(server.url(host="rebinding.example"))
    assert len(server.asked) == 1


def test_an_address_that_does_not_answer_gives_way_to_the_next(names: dict[str, list[str]], settings: Settings) -> None:
    settings.IMPORT_HOSTS = ["127.0.0.1", "::1"]
    names["two.example"] = ["::1", "127.0.0.1"]  # the server listens on the second
    with serving(file_of(b"x")) as server:
        assert fetched(server.url(host="two.example")) == b"x"


def test_a_name_that_a_setting_allows_may_be_private_but_not_this_machine(
    names: dict[str, list[str]], settings: Settings
) -> None:
    settings.IMPORT_HOSTS = ["mirror.lab"]
    names["mirror.lab"] = ["127.0.0.1"]
    with serving(file_of(b"x")) as server, pytest.raises(Unreachable):
        fetched(server.url(host="mirror.lab"))
    settings.IMPORT_HOSTS = ["mirror.lab", "127.0.0.0/8"]
    with serving(file_of(b"x")) as server:
        assert fetched(server.url(host="mirror.lab")) == b"x"


def test_what_is_inside_cannot_be_told_from_what_is_not_there(names: dict[str, list[str]]) -> None:
    """An unknown name, a private address and a closed port: one sentence."""
    names["private.example"], names["closed.example"] = ["10.0.0.1"], ["127.0.0.1"]
    with serving(file_of(b"x")) as server:
        closed = server.url(host="closed.example")
        others = [server.url(host=f"{name}.example") for name in ("private", "unknown")]
    told = set()
    for url in (closed, *others):
        with pytest.raises(Unreachable) as caught:
            fetched(url)
        told.add((type(caught.value), str(caught.value), caught.value.transient))
    assert len(told) == 1


# --- Redirects --------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed(status: int) -> None:
    with (
        serving(file_of(b"there")) as there,
        serving(redirect(there.url("/real.img"), status)) as here,
        opened(here.url(), limits=LIMITS) as answer,
    ):
        assert b"".join(answer.chunks()) == b"there"
    assert answer.filename == "real.img"


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.2/",
        "http://169.254.169.254/latest/meta-data/",
        "http://2130706433/",
        "http://0x7f000002/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://user:secret@127.0.0.1/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
    ],
)
def test_a_redirect_to_what_is_not_allowed_is_refused(location: str) -> None:
    with serving(redirect(location)) as server, pytest.raises(ServerRefused, match="leads to another address"):
        fetched(server.url())


def test_a_redirect_to_a_name_that_leads_inside_is_refused(names: dict[str, list[str]]) -> None:
    names["inside.example"] = ["10.0.0.1"]
    with serving(redirect("http://inside.example/")) as server, pytest.raises(Unreachable):
        fetched(server.url())


def test_five_redirects_are_followed_and_six_are_not() -> None:
    def count_down(handler: BaseHTTPRequestHandler) -> None:
        left = int(handler.path[1:])
        (redirect(f"/{left - 1}") if left else file_of(b"here"))(handler)

    with serving(count_down) as server:
        assert fetched(server.url("/5")) == b"here"
        with pytest.raises(ServerRefused, match="more than 5 times"):
            fetched(server.url("/6"))


def test_a_range_is_asked_for_behind_redirects_too() -> None:
    with serving(ranged(CONTENT)) as there, serving(redirect(there.url())) as here:
        assert fetched(here.url(), start=1000, validator='"v1"') == CONTENT[1000:]


# --- Certificates -----------------------------------------------------------------------------------


@pytest.fixture
def authority(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> trustme.CA:
    """Whom this machine trusts."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return authority


def secured(authority: trustme.CA, *identities: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(*identities).configure_cert(context)
    return context


def test_the_certificate_is_that_of_the_name_though_an_address_is_connected_to(
    names: dict[str, list[str]], authority: trustme.CA
) -> None:
    names["mirror.example"] = ["127.0.0.1"]
    asked_for: list[str] = []
    context = secured(authority, "mirror.example")
    context.sni_callback = lambda _socket, name, _context: asked_for.append(name)
    with serving(file_of(b"x"), context=context) as server:
        assert fetched(server.url(host="mirror.example", scheme="https")) == b"x"
    assert asked_for == ["mirror.example"]


def test_a_certificate_may_be_for_an_address(authority: trustme.CA) -> None:
    with serving(file_of(b"x"), context=secured(authority, "127.0.0.1")) as server:
        assert fetched(server.url(scheme="https")) == b"x"


def test_the_certificate_of_another_name_is_refused(names: dict[str, list[str]], authority: trustme.CA) -> None:
    names["mirror.example"] = ["127.0.0.1"]
    with (
        serving(file_of(b"x"), context=secured(authority, "other.example", "127.0.0.1")) as server,
        pytest.raises(ServerRefused, match=r"certificate of mirror\.example is not valid"),
    ):
        fetched(server.url(host="mirror.example", scheme="https"))
    assert not server.asked


def test_a_certificate_of_a_stranger_is_refused(authority: trustme.CA) -> None:
    with (
        serving(file_of(b"x"), context=secured(trustme.CA(), "127.0.0.1")) as server,
        pytest.raises(ServerRefused, match="certificate"),
    ):
        fetched(server.url(scheme="https"))


def test_nobody_is_led_from_https_to_http(authority: trustme.CA) -> None:
    with (
        serving(file_of(b"x")) as plain,
        serving(redirect(plain.url()), context=secured(authority, "127.0.0.1")) as server,
        pytest.raises(ServerRefused, match="from https to http"),
    ):
        fetched(server.url(scheme="https"))
    assert not plain.asked


# --- Going on ---------------------------------------------------------------------------------------


def test_the_rest_of_the_same_version_is_asked_for() -> None:
    with (
        serving(ranged(CONTENT)) as server,
        opened(server.url(), limits=LIMITS, start=1000, validator='"v1"') as answer,
    ):
        assert b"".join(answer.chunks()) == CONTENT[1000:]
    assert (answer.start, answer.size, answer.validator) == (1000, len(CONTENT), '"v1"')
    assert server.asked[0]["range"] == "bytes=1000-"
    assert server.asked[0]["if-range"] == '"v1"'


@pytest.mark.parametrize("obeys_if_range", [True, False])
def test_another_version_comes_from_its_beginning(obeys_if_range: bool) -> None:
    with (
        serving(ranged(CONTENT, etag='"v2"', obeys_if_range=obeys_if_range)) as server,
        opened(server.url(), limits=LIMITS, start=1000, validator='"v1"') as answer,
    ):
        assert b"".join(answer.chunks()) == CONTENT
    assert (answer.start, answer.validator) == (0, '"v2"')


def test_a_server_without_ranges_begins_again() -> None:
    with (
        serving(file_of(CONTENT)) as server,
        opened(server.url(), limits=LIMITS, start=1000, validator='"v1"') as answer,
    ):
        assert answer.start == 0


def test_without_a_validator_nothing_is_gone_on_with() -> None:
    with serving(ranged(CONTENT)) as server:
        assert fetched(server.url(), start=1000) == CONTENT
    assert "range" not in server.asked[0]


def test_nothing_more_to_come_is_no_error() -> None:
    with (
        serving(ranged(CONTENT)) as server,
        opened(server.url(), limits=LIMITS, start=len(CONTENT), validator='"v1"') as answer,
    ):
        assert list(answer.chunks()) == []
    assert (answer.start, answer.size) == (len(CONTENT), len(CONTENT))


def test_a_file_that_became_shorter_comes_from_its_beginning() -> None:
    with serving(ranged(b"short")) as server:
        assert fetched(server.url(), start=1000, validator='"v1"') == b"short"
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    "told", ["bytes 5-9/10", "bytes 0-9/10", "bytes 1000-", "bytes */10", "lines 1-2/3", "", "bytes 1000-1004/*x"]
)
def test_a_part_that_nobody_asked_for_is_not_taken(told: str) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        if "Range" in handler.headers:
            send(handler, 206, b"wrong", Content_Range=told, Content_Length="5", ETag='"v1"')
        else:
            send(handler, 200, b"right", Content_Length="5", ETag='"v1"')

    with serving(answer) as server:
        assert fetched(server.url(), start=1000, validator='"v1"') == b"right"


def test_a_time_is_a_validator_when_it_lies_well_back() -> None:
    now = timezone.now()
    for age, known in ((3600, True), (1, False)):
        modified = format_datetime(now - timedelta(seconds=age), usegmt=True)
        with serving(file_of(b"x", Last_Modified=modified)) as server, opened(server.url(), limits=LIMITS) as answer:
            assert answer.validator == (modified if known else "")


@pytest.mark.parametrize("etag", ['W/"v1"', "v1", "", '"' + "x" * 300 + '"'])
def test_a_weak_or_odd_validator_is_none(etag: str) -> None:
    with serving(file_of(b"x", ETag=etag)) as server, opened(server.url(), limits=LIMITS) as answer:
        assert answer.validator == ""


# --- Lengths and encodings --------------------------------------------------------------------------


def test_chunks_are_put_together() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with (
        serving(raw(head, b"5\r\nhello\r\n", b"6;x=y\r\n world\r\n", b"0\r\nTrailer: x\r\n\r\n")) as server,
        opened(server.url(), limits=LIMITS) as answer,
    ):
        assert b"".join(answer.chunks()) == b"hello world"
    assert (answer.size, answer.is_delimited) == (None, True)


@pytest.mark.parametrize("answer_of_server", [b"HTTP/1.0 200 OK\r\n\r\nhello", b"HTTP/1.1 200 OK\r\nContent-"])
def test_a_file_that_ends_with_the_connection_is_marked(answer_of_server: bytes) -> None:
    with serving(raw(answer_of_server)) as server, opened(server.url(), limits=LIMITS) as answer:
        b"".join(answer.chunks())
    assert (answer.size, answer.is_delimited) == (None, False)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n99\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1" * 70_000,
        b"",
    ],
)
def test_a_break_is_never_taken_for_the_end(answer: bytes) -> None:
    with serving(raw(answer)) as server, pytest.raises(BrokenTransfer):
        fetched(server.url())


def test_what_comes_after_the_announced_length_is_not_taken() -> None:
    with serving(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello world")) as server:
        assert fetched(server.url()) == b"hello"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\n" + (b"X: " + b"x" * 60_000 + b"\r\n") * 2 + b"Content-Length: 0\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"ICY 200 OK\r\n\r\n",
        b"HTTP/9.9 hello\r\n\r\n",
        b"hello",
    ],
)
def test_an_answer_that_can_be_misunderstood_is_refused(answer: bytes) -> None:
    with serving(raw(answer)) as server, pytest.raises(ServerRefused, match="cannot be understood"):
        fetched(server.url())


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd", "gzip, br"])
def test_a_compressed_answer_is_refused(encoding: str) -> None:
    with serving(file_of(b"x", Content_Encoding=encoding)) as server, pytest.raises(ServerRefused, match="compressed"):
        fetched(server.url())


def test_a_gzip_file_stays_one_though_the_server_calls_that_its_encoding() -> None:
    content = gzip.compress(b"x" * 100_000)
    with serving(file_of(content, Content_Encoding="x-gzip")) as server:
        assert fetched(server.url("/disk.img.gz")) == content


def test_a_file_over_the_limit_is_refused_before_its_first_byte() -> None:
    with serving(file_of(b"x", Content_Length=str(LIMITS.max_bytes + 1))) as server, pytest.raises(TooLarge):
        fetched(server.url())


def test_a_text_over_the_limit_is_cut_off() -> None:
    endless = raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", *repeat(b"3\r\nabc\r\n", 1000))
    with serving(endless) as server, pytest.raises(TooLarge):
        text_at(server.url(), limits=Limits(max_bytes=100, seconds=10))


def test_a_text_is_given_as_text() -> None:
    with serving(file_of("größe\n".encode() + b"\xff")) as server:
        assert text_at(server.url(), limits=LIMITS) == "größe\n\ufffd"


# --- What servers say -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (404, "The server answers 404 Not Found. Check the address, and import it anew."),
        (403, "The server answers 403 Forbidden. Give an address that needs no login."),
        (204, "The server answers 204 No Content."),
        (304, "The server answers 304 Not Modified."),
        (206, "The server answers 206 Partial Content."),
        (799, "The server answers 799."),
    ],
)
def test_another_answer_than_the_file_is_final(status: int, sentence: str) -> None:
    with serving(lambda handler: send(handler, status, b"")) as server, pytest.raises(ServerRefused) as caught:
        fetched(server.url())
    assert str(caught.value) == sentence
    assert not caught.value.transient


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_some_answers_ask_for_patience(status: int) -> None:
    with (
        serving(lambda handler: send(handler, status, b"", Retry_After="7")) as server,
        pytest.raises(ServerBusy) as caught,
    ):
        fetched(server.url())
    assert (caught.value.seconds, caught.value.transient) == (7.0, True)


@pytest.mark.parametrize(("hours", "least", "most"), [(1, 3000, 3600), (-24, 0, 0)])
def test_patience_may_be_asked_for_until_a_time(hours: int, least: float, most: float) -> None:
    told = format_datetime(timezone.now() + timedelta(hours=hours), usegmt=True)
    with (
        serving(lambda handler: send(handler, 503, b"", Retry_After=told)) as server,
        pytest.raises(ServerBusy) as caught,
    ):
        fetched(server.url())
    assert caught.value.seconds is not None
    assert least <= caught.value.seconds <= most


@pytest.mark.parametrize("told", ["", "soon", "-5", "9" * 30, "Fri, 20 Nov 2020 12:00:00"])
def test_patience_without_a_time_is_left_to_us(told: str) -> None:
    with (
        serving(lambda handler: send(handler, 503, b"", Retry_After=told)) as server,
        pytest.raises(ServerBusy) as caught,
    ):
        fetched(server.url())
    assert caught.value.seconds is None


def test_a_refused_address_is_refused_before_anything_is_asked() -> None:
    with pytest.raises(RefusedAddress):
        fetched("http://127.0.0.2/")


# --- Time -------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    "drip",
    [
        raw(*repeat(b"H", 1000), pause=0.02),
        raw(b"HTTP/1.1 200 OK\r\n", *repeat(b"X: y\r\n", 1000), pause=0.05),
        raw(*repeat(b"HTTP/1.1 100 Continue\r\n\r\n", 1000), pause=0.02),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", *repeat(b"x", 1000), pause=0.02),
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", *repeat(b"0", 1000), pause=0.02),
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", *repeat(b"X: y\r\n", 1000), pause=0.02),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\nx", pause=5),
        raw(b"", pause=5),
    ],
    ids=["status", "headers", "continue", "body", "chunk size", "trailers", "silence", "no answer"],
)
def test_a_server_that_drips_is_left(drip: Answering) -> None:
    started = time.monotonic()
    with serving(drip) as server, pytest.raises(BrokenTransfer):
        fetched(server.url())
    assert time.monotonic() - started < 3


@pytest.mark.usefixtures("impatient")
def test_a_server_that_drips_in_the_handshake_is_left() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        dripping = Thread(target=drip_record, args=(listener,))
        dripping.start()
        started = time.monotonic()
        with pytest.raises(BrokenTransfer):
            fetched(f"https://127.0.0.1:{listener.getsockname()[1]}/")
        dripping.join()
    assert time.monotonic() - started < 3


def drip_record(listener: socket.socket) -> None:
    """Begin a TLS record of 16 KiB and never come to its end."""
    connection, _ = listener.accept()
    with connection, suppress(OSError):
        for byte in b"\x16\x03\x03\x40\x00" + bytes(1000):
            connection.sendall(bytes([byte]))
            time.sleep(0.02)


@pytest.mark.usefixtures("impatient")
def test_all_time_together_is_limited() -> None:
    def steady(handler: BaseHTTPRequestHandler) -> None:
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", *repeat(b"x" * 10_000, 1000), pause=0.02)(handler)

    with serving(steady) as server, pytest.raises(OutOfTime):
        fetched(server.url(), limits=Limits(max_bytes=10**9, seconds=1))


@pytest.mark.usefixtures("impatient")
def test_our_own_slowness_is_not_held_against_the_server() -> None:
    with serving(file_of(CONTENT)) as server, opened(server.url(), limits=LIMITS) as answer:
        came = 0
        for chunk in answer.chunks():
            if came == 0:
                time.sleep(0.8)
            came += len(chunk)
    assert came == len(CONTENT)


# --- Headers that are meant to break who reads them ---------------------------------------------------


@pytest.mark.parametrize(
    "date",
    [
        "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
        "Mon, 01 Jan 2024 00:00:00 +9999999999999999999",
        "1 Jan 2024 99999999999999999999:0:0 GMT",
    ],
)
def test_a_date_of_endless_numbers_is_no_date(date: str) -> None:
    with serving(file_of(b"x", Last_Modified=date, Date=date)) as server, opened(server.url(), limits=LIMITS) as answer:
        assert answer.validator == ""
    busy = serving(lambda handler: send(handler, 503, b"", Content_Length="0", Retry_After=date))
    with busy as server, pytest.raises(ServerBusy) as told:
        fetched(server.url())
    assert told.value.seconds is None


def test_a_length_of_endless_digits_is_not_understood() -> None:
    endless = raw(b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\nx")
    with serving(endless) as server, pytest.raises(ServerRefused):
        fetched(server.url())


@pytest.mark.parametrize("location", ["http://[x/", "//[::1", "http://a]b/"])
def test_a_redirect_to_half_an_address_is_refused(location: str) -> None:
    with serving(redirect(location)) as server, pytest.raises(ServerRefused):
        fetched(server.url())


@pytest.mark.parametrize(
    "header",
    [
        b'ETag: "a\0b"',
        b"Date: Mon, 01 Jan 2024 00:00:00 GMT\r\nLast-Modified: Sun, 01 Jan 2023 00:00:00 GMT (" + b"x" * 300 + b")",
        b"Date: Mon, 01 Jan 2024 00:00:00 GMT\r\nLast-Modified: Sun, 01 Jan 2023 00:00:00 GMT (\0)",
    ],
)
def test_what_no_column_can_hold_names_no_version(header: bytes) -> None:
    headers = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n" + header + b"\r\n\r\nx")
    with serving(headers) as server, opened(server.url(), limits=LIMITS) as answer:
        assert answer.validator == ""
