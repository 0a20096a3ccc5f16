"""Fetching from an address that a person gave.

urllib3 speaks HTTP and TLS; its connections take no proxies from the environment, no ``.netrc`` and no cookies, and
follow nothing by themselves. What is added here: who is connected to, and for how long.
"""

import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.client import HTTPException
from ipaddress import ip_address
from time import monotonic

from django.utils import timezone
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from accounts.templatetags.panel import size as readable_size
from images.outside.addresses import Address
from images.outside.places import IPAddress, is_allowed
from images.outside.problems import (
    BrokenTransfer,
    OutsideProblem,
    RefusedAddress,
    ServerBusy,
    ServerRefused,
    Unreachable,
)
from images.outside.watch import Watch
from images.problems import TooLarge

MOST_REDIRECTS = 5
MOST_ADDRESSES = 4  # of one name that are tried
CONNECT_SECONDS = 10
LONGEST_HEADERS = 64 * 1024  # bytes, all together
CHUNK = 256 * 1024  # bytes; what a socket gives at once is mostly less
LONGEST_START = 1024  # bytes of the body of a reply
USER_AGENT = "Stockroom"

REDIRECTS = {301, 302, 303, 307, 308}
WAYS_OUT = {
    401: "Give an address that needs no login.",
    403: "Give an address that needs no login.",
    404: "Check the address, and import it anew.",
    410: "Check the address, and import it anew.",
}
PATIENCE_ASKED = {408, 425, 429, 500, 502, 503, 504}
# What a server may have done to the bytes. gzip is what many say of a file that is a gzip archive anyway.
ENCODINGS = {"", "identity", "gzip", "x-gzip"}
CONTENT_RANGE = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19}|\*)")
UNSATISFIED_RANGE = re.compile(r"bytes \*/(\d{1,19})")
NO_DATES = (ValueError, TypeError, OverflowError)  # no date, one without a zone, or one with numbers without an end
LONGEST_VALIDATOR = 255  # characters, as the column has them
MOST_DIGITS = 19  # of a number of bytes
NOT_UNDERSTOOD = "What the server answers cannot be understood."


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may come, and for how long.

    Attributes:
        max_bytes: of the whole file.
        seconds: for everything, redirects included.
    """

    max_bytes: int
    seconds: float


class Answer:
    """A file on its way.

    Attributes:
        start: where in the file the first byte to come belongs: what was asked for, or 0 if the server begins again.
        size: bytes of the whole file; None if the server does not say.
        is_delimited: whether the end of the file can be told from a broken line.
        validator: what to ask with for the rest of the same version; empty if the server gives nothing to go by.
        goes_on: whether the server has the rest of the same version for whoever asks later; by what it says.
        filename: what the address calls the file.
    """

    def __init__(self, exchange: "Exchange", *, start: int, size: int | None) -> None:
        headers = exchange.response.headers
        self.start = start
        self.size = size
        self.is_delimited = size is not None or "Transfer-Encoding" in headers
        self.validator = _validator(headers.get("ETag", ""), headers.get("Last-Modified", ""), headers.get("Date", ""))
        self.goes_on = bool(self.validator) and ("bytes" in headers.get("Accept-Ranges", "").lower() or start > 0)
        self.filename = exchange.address.filename
        self._exchange = exchange

    def chunks(self) -> Iterator[bytes]:
        """The bytes, as they come.

        Raises:
            OutsideProblem: they stop coming before the end.
        """
        done = self.start
        while done != self.size and (chunk := self._exchange.read()):
            done += len(chunk)
            if self.size is not None and done > self.size:
                raise ServerRefused(NOT_UNDERSTOOD)
            yield chunk
        if self.size is not None and done < self.size:
            raise _broken(done)


@contextmanager
def opened(url: str, *, limits: Limits, start: int = 0, validator: str = "") -> Iterator[Answer]:
    """Ask for a file, or for the rest of one.

    Args:
        url: as a person typed it.
        limits: how much, how long.
        start: the first byte that is wanted. Without a validator it is always the first of all.
        validator: what ``Answer.validator`` said when the bytes before came.

    Raises:
        RefusedAddress: the address, or one that it leads to, is none that the panel goes to.
        TooLarge: the server says that the file has more bytes than allowed.
        OutsideProblem: the server cannot be reached, or does not give the file.
    """
    with ExitStack() as stack:
        deadline = monotonic() + limits.seconds
        exchange = _followed(Address.parsed(url), stack, deadline, _range_headers(start, validator))
        answer = _partial(exchange, start, validator)
        if answer is None and start:
            exchange = _followed(Address.parsed(url), stack, deadline, {})
        yield _within(answer or _whole(exchange), limits)


def text_at(url: str, *, limits: Limits) -> str:
    """A small text file, such as a list of checksums; bytes that are no UTF-8 become U+FFFD.

    Raises:
        RefusedAddress, OutsideProblem: as for ``opened``.
        TooLarge: there is more of it than allowed.
    """
    text = bytearray()
    with opened(url, limits=limits) as answer:
        for chunk in answer.chunks():
            text += chunk
            if len(text) > limits.max_bytes:
                raise _too_large(limits)
    return text.decode(errors="replace")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered to what was sent to it.

    Attributes:
        status: also of a redirect, which is not followed.
        start: the first bytes of the body.
    """

    status: int
    start: bytes


def sent(address: Address, *, body: bytes, headers: dict[str, str], seconds: float) -> Reply:
    """Send something to an address. Nothing is followed, and of the answer only the beginning is read.

    Args:
        headers: with the type of the body.
        seconds: for everything.

    Raises:
        OutsideProblem: the server cannot be reached, or does not answer in time.
    """
    exchange = Exchange(address, deadline=monotonic() + seconds)
    try:
        exchange.ask(headers, body=body)
        return Reply(exchange.response.status, _start(exchange))
    finally:
        exchange.close()


def _start(exchange: "Exchange") -> bytes:
    """The beginning of a body: what comes at once. The answer has been given, however its text ends."""
    try:
        return exchange.read()[:LONGEST_START]
    except OutsideProblem:
        return b""


def resolve(host: str, port: int) -> list[IPAddress]:
    """All addresses of a name, in the order in which the system would try them.

    Raises:
        OSError: it has none.
    """
    if f".{host}".endswith(".invalid"):
        raise socket.gaierror(f"{host} never exists.")  # nobody need be asked (RFC 6761 section 6.4)
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(place[0]) for *_, place in found))


# --- One request ------------------------------------------------------------------------------------


class _Dialled(HTTPConnection):
    """A connection to an address that was checked; the name serves for Host alone."""

    exchange: "Exchange"

    def _new_conn(self) -> socket.socket:  # where urllib3's own SOCKS support comes in, too
        return self.exchange.dial()


class _DialledSecurely(HTTPSConnection):
    """The same with TLS: SNI and the certificate go by the name."""

    exchange: "Exchange"

    def _new_conn(self) -> socket.socket:
        return self.exchange.dial()


class Exchange:
    """One request and its answer, watched by the clock."""

    response: BaseHTTPResponse

    def __init__(self, address: Address, *, deadline: float) -> None:
        self.address = address
        self._watch = Watch(deadline=deadline)
        self._answered = False
        self._connection: _Dialled | _DialledSecurely
        if address.scheme == "https":
            self._connection = _DialledSecurely(
                address.host, address.port, timeout=CONNECT_SECONDS, ssl_context=ssl.create_default_context()
            )
        else:
            self._connection = _Dialled(address.host, address.port, timeout=CONNECT_SECONDS)
        self._connection.exchange = self

    def ask(self, headers: dict[str, str], *, body: bytes | None = None) -> None:
        """Send the request, a POST if it has a body, and wait for the headers of the answer."""
        given = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": USER_AGENT, "Connection": "close"}
        with self._in_words():
            self._connection.request(
                "GET" if body is None else "POST",
                self.address.target,
                body=body,
                headers=given | headers,
                preload_content=False,
                decode_content=False,
            )
            self._connection.timeout = self._watch.seconds_left
            self.response, self._answered = self._connection.getresponse(), True
        if sum(len(name) + len(value) for name, value in self.response.headers.items()) > LONGEST_HEADERS:
            raise ServerRefused(NOT_UNDERSTOOD)
        self._watch.came(1)

    def dial(self) -> socket.socket:
        """Look the name up once, check every address that it has, and connect to one of these.

        Raises:
            Unreachable: there is none, one of them is not allowed, or none takes the connection.
        """
        places = self._places()
        if not places or not all(is_allowed(self.address.host, place, self.address.reach) for place in places):
            raise Unreachable
        for place in places[:MOST_ADDRESSES]:
            try:
                timeout = min(CONNECT_SECONDS, self._watch.seconds_left)
                connection = socket.create_connection((str(place), self.address.port), timeout)
            except OSError:
                continue
            self._watch.connected(connection)
            return connection
        raise Unreachable

    def read(self) -> bytes:
        """The next bytes; empty at the end."""
        self._watch.waits()
        with self._in_words():
            chunk = self.response.read1(CHUNK, decode_content=False)
        self._watch.came(len(chunk))
        return chunk

    def close(self) -> None:
        """Let go of the connection. Safe to call more than once."""
        # http.client leaves the socket to the response when the server wants to close it.
        if self._answered:
            self.response.close()
        self._connection.close()
        self._watch.stop()

    def _places(self) -> list[IPAddress]:
        if self.address.literal is not None:
            return [self.address.literal]
        try:
            return resolve(self.address.host, self.address.port)
        except (OSError, UnicodeError):  # the codec of getaddrinfo refuses some names by itself
            raise Unreachable from None

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        """Turn what libraries raise into what a person can read."""
        try:
            yield
        except (HTTPError, HTTPException, OSError) as error:
            raise self._watch.problem or self._in_a_sentence(error) from error
        if self._watch.problem:  # ended between two reads, so that nothing was raised
            raise self._watch.problem

    def _in_a_sentence(self, error: Exception) -> OutsideProblem:
        if isinstance(error, ssl.SSLCertVerificationError):
            return ServerRefused(f"The certificate of {self.address.host} is not valid: {error.verify_message}.")
        if isinstance(error, HTTPException) and not isinstance(error, OSError):  # RemoteDisconnected is both
            return ServerRefused(NOT_UNDERSTOOD)
        return BrokenTransfer("The line broke.")


def _followed(address: Address, stack: ExitStack, deadline: float, headers: dict[str, str]) -> Exchange:
    """Ask, and ask again where the answer leads to: each time as if somebody had typed it."""
    for _ in range(MOST_REDIRECTS + 1):
        exchange = Exchange(address, deadline=deadline)
        stack.callback(exchange.close)
        exchange.ask(headers)
        location = exchange.response.headers.get("Location", "")
        if exchange.response.status not in REDIRECTS or not location:
            return exchange
        exchange.close()
        try:
            address = address.led_to(location)
        except RefusedAddress as problem:
            raise ServerRefused(f"The server leads to another address, which is not allowed. {problem}") from problem
    raise ServerRefused(f"The server leads to other addresses more than {MOST_REDIRECTS} times.")


# --- What the answer means --------------------------------------------------------------------------


def _range_headers(start: int, validator: str) -> dict[str, str]:
    return {"Range": f"bytes={start}-", "If-Range": validator} if start and validator else {}


def _partial(exchange: Exchange, start: int, validator: str) -> Answer | None:
    """The rest of the file; None if the server has begun again, or would have to."""
    response = exchange.response
    if response.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        told = UNSATISFIED_RANGE.fullmatch(response.headers.get("Content-Range", ""))
        return _nothing_more(exchange, start) if told and int(told[1]) == start else None
    if response.status != HTTPStatus.PARTIAL_CONTENT:
        return _whole(exchange)
    told = CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    _require_plain(response)
    answer = Answer(exchange, start=start, size=None if not told or told[3] == "*" else int(told[3]))
    # Some servers know ranges and not If-Range: then the version is compared here.
    is_rest = told is not None and int(told[1]) == start and answer.validator == validator
    return answer if is_rest else None


def _nothing_more(exchange: Exchange, start: int) -> Answer:
    return Answer(exchange, start=start, size=start)


def _whole(exchange: Exchange) -> Answer:
    response = exchange.response
    if response.status != HTTPStatus.OK:
        raise _refusal(response)
    _require_plain(response)
    length = response.headers.get("Content-Length", "")
    if "Transfer-Encoding" in response.headers or not length:
        return Answer(exchange, start=0, size=None)
    if not (length.isascii() and length.isdecimal() and len(length) <= MOST_DIGITS):
        raise ServerRefused(NOT_UNDERSTOOD)
    return Answer(exchange, start=0, size=int(length))


def _require_plain(response: BaseHTTPResponse) -> None:
    """Refuse bytes that are not those of the file."""
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ENCODINGS:
        raise ServerRefused(f"The server sends the file compressed ({encoding[:20]}), although it was asked not to.")
    if response.headers.get("Transfer-Encoding", "chunked").strip().lower() != "chunked":
        raise ServerRefused(NOT_UNDERSTOOD)


def _refusal(response: BaseHTTPResponse) -> OutsideProblem:
    status = response.status
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else ""
    sentence = f"The server answers {status} {phrase}".rstrip() + "."
    if status in PATIENCE_ASKED:
        return ServerBusy(sentence, _patience(response.headers.get("Retry-After", "")))
    return ServerRefused(f"{sentence} {WAYS_OUT.get(status, '')}".rstrip())


def _patience(retry_after: str) -> float | None:
    """Seconds to wait, from a number or a date (RFC 9110 section 10.2.3)."""
    if retry_after.isascii() and retry_after.isdecimal() and len(retry_after) < 10:  # noqa: PLR2004  # 30 years
        return float(retry_after)
    try:
        return max(0.0, (parsedate_to_datetime(retry_after) - timezone.now()).total_seconds())
    except NO_DATES:
        return None


def _validator(etag: str, modified: str, date: str) -> str:
    """What names exactly these bytes: a strong ETag, or a time that lies well back (RFC 9110 section 8.8.2.2)."""
    if etag.startswith('"') and _fits(etag):
        return etag
    try:
        age = parsedate_to_datetime(date) - parsedate_to_datetime(modified)
    except NO_DATES:
        return ""
    return modified if age.total_seconds() >= 60 and _fits(modified) else ""  # noqa: PLR2004  # as the section says


def _fits(validator: str) -> bool:
    """Whether it can be kept, and sent back: neither PostgreSQL nor a header takes everything."""
    return validator.isprintable() and len(validator) <= LONGEST_VALIDATOR


def _within(answer: Answer, limits: Limits) -> Answer:
    if answer.size is not None and answer.size > limits.max_bytes:
        raise _too_large(limits)
    return answer


def _too_large(limits: Limits) -> TooLarge:
    return TooLarge(f"This file is too large: it may have at most {readable_size(limits.max_bytes)}.")


def _broken(done: int) -> BrokenTransfer:
    return BrokenTransfer(f"The line broke after {readable_size(done)}.")
