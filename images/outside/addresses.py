"""Addresses that people type: what they really name."""

import re
from dataclasses import dataclass, field
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Self
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit

from images.outside.places import IMPORTS, IPAddress, Reach, may_be_asked
from images.outside.problems import RefusedAddress

LONGEST_ADDRESS = 2000  # characters, as the column has them
DEFAULT_PORTS = {"http": 80, "https": 443}
KEPT = "%/:?#[]@!$&'()*+,;=~"  # what is not quoted again: the reserved characters, and what is quoted already

NETLOC = re.compile(r"(?P<host>\[[0-9a-f:.]+\]|[0-9a-z._-]+)(?::(?P<port>[0-9]{0,5}))?", re.IGNORECASE)
LABEL = re.compile(r"[0-9a-z_](?:[0-9a-z_-]{0,61}[0-9a-z_])?")
# What ends in a number is an IPv4 address for browsers, and in some form or other for C libraries:
# https://url.spec.whatwg.org/#ends-in-a-number-checker
NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")

NO_ADDRESS = "This is no address that we can open. It looks like https://example.org/images/disk.qcow2."
ENCODED = "Write the name of the server in its usual form: digits as 192.0.2.1, other scripts in their xn-- form."
NO_TLS = "Give an address of https: without it, anybody on the way could read what is sent."
NOT_PUBLIC = "Only addresses that anybody on the internet can open are allowed here."


@dataclass(frozen=True, slots=True)
class Address:
    """An address that was taken apart once; everything that follows goes by these parts.

    Attributes:
        scheme: http or https.
        host: a name in lower case without the dot at its end, or what ``str`` makes of ``literal``.
        literal: the address itself, where the host is no name.
        port: always a number.
        target: path and query, quoted, as a request has them.
        reach: where the panel goes for this purpose.
    """

    scheme: str
    host: str
    literal: IPAddress | None
    port: int
    target: str
    reach: Reach = field(default=IMPORTS, repr=False)

    @classmethod
    def parsed(cls, text: str, reach: Reach = IMPORTS) -> Self:
        """Take apart what somebody typed.

        Raises:
            RefusedAddress: it is no address of http or https, has a password in it, is written in a form that is meant
                to be misunderstood, or leads where the panel does not go. Nothing is looked up for that.
        """
        parts = _split(text)
        host, literal, port = _server(parts)
        target = quote(parts.path or "/", safe=KEPT) + (f"?{quote(parts.query, safe=KEPT)}" if parts.query else "")
        if port not in reach.ports:
            allowed = ", ".join(map(str, reach.ports))
            raise RefusedAddress(f"Port {port} is not among those that are allowed here: {allowed}.")
        if not may_be_asked(host, literal, reach):
            raise RefusedAddress(NOT_PUBLIC)
        if not reach.may_speak(parts.scheme, host, literal):
            raise RefusedAddress(NO_TLS)
        return cls(parts.scheme, host, literal, port, target, reach)

    @property
    def url(self) -> str:
        """The address in one piece."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.target}"

    @property
    def filename(self) -> str:
        """What the file is called: the last part of the path; empty if that has none."""
        name = unquote(self.target.partition("?")[0].rpartition("/")[2], errors="replace")
        return "".join(sign for sign in name if sign.isprintable() and sign not in "/\\")[:255]

    def led_to(self, location: str) -> "Address":
        """Where a redirect from here leads.

        Args:
            location: the header, as http.client gives it: bytes beyond ASCII as Latin-1.

        Raises:
            RefusedAddress: as for ``parsed``; also from https to http, where anybody on the way could change the file.
        """
        there = Address.parsed(_joined(self.url, quote(location.encode("latin-1", "replace"), safe=KEPT)), self.reach)
        if self.scheme == "https" and there.scheme == "http":
            raise RefusedAddress("The server leads from https to http, where others could change the file on the way.")
        return there


def _joined(base: str, location: str) -> str:
    try:
        return urljoin(base, location)
    except ValueError:  # as in _split
        raise RefusedAddress(NO_ADDRESS) from None


def _split(text: str) -> SplitResult:
    text = text.strip(" ")
    if len(text) > LONGEST_ADDRESS:
        raise RefusedAddress(f"An address may have at most {LONGEST_ADDRESS} characters.")
    if "\\" in text or " " in text or not text.isprintable():
        raise RefusedAddress(NO_ADDRESS)
    try:
        parts = urlsplit(text)
    except ValueError:  # brackets without an end, characters that become others when they are normalised
        raise RefusedAddress(NO_ADDRESS) from None
    if parts.scheme not in DEFAULT_PORTS or not parts.netloc:
        raise RefusedAddress(NO_ADDRESS)
    return parts


def _server(parts: SplitResult) -> tuple[str, IPAddress | None, int]:
    if "@" in parts.netloc:
        raise RefusedAddress("Leave out the login and the password: everybody in the account can read this address.")
    if not parts.netloc.isascii():
        raise RefusedAddress(ENCODED)
    match = NETLOC.fullmatch(parts.netloc)
    if match is None:
        raise RefusedAddress(NO_ADDRESS)
    host, literal = _host(match["host"].lower())
    return host, literal, int(match["port"] or DEFAULT_PORTS[parts.scheme])


def _host(text: str) -> tuple[str, IPAddress | None]:
    if text.startswith("["):
        try:
            return (literal := IPv6Address(text[1:-1])).compressed, literal
        except AddressValueError:
            raise RefusedAddress(NO_ADDRESS) from None
    name = text.removesuffix(".")
    labels = name.split(".")
    if NUMBER.fullmatch(labels[-1]):
        try:
            return (number := IPv4Address(name)).compressed, number
        except AddressValueError:
            raise RefusedAddress(ENCODED) from None
    if len(name) > 253 or not all(map(LABEL.fullmatch, labels)):  # noqa: PLR2004  # RFC 1035 section 2.3.4
        raise RefusedAddress(NO_ADDRESS)
    return name, None
