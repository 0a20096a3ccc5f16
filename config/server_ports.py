"""Where this host answers for the ports of servers, from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address

from django.core.exceptions import ImproperlyConfigured

FIRST, LAST = 1024, 65535  # below the first one, only root may listen
PANEL_PORT = 8000  # unless PORT says otherwise


@dataclass(frozen=True)
class ServerPorts:
    """Where the ports of servers are reached.

    Attributes:
        address: at which this host listens; IPv4, for QEMU knows no other here.
        host: what people call it.
        first, last: the ports of this host that servers are given.
    """

    address: str
    host: str
    first: int
    last: int


def read_server_ports(environment: Mapping[str, str]) -> ServerPorts:
    """Read what staff set.

    Raises:
        ImproperlyConfigured: with what to set.
    """
    address = environment.get("STOCKROOM_SERVERS_ADDRESS") or "127.0.0.1"
    host = environment.get("STOCKROOM_SERVERS_HOST") or address
    try:
        if IPv4Address(address).is_unspecified and host == address:
            raise ImproperlyConfigured(
                "Set STOCKROOM_SERVERS_HOST to the name by which people reach this host: servers answer at all of its "
                "addresses, so none of them can be shown."
            )
    except AddressValueError as error:
        raise ImproperlyConfigured("STOCKROOM_SERVERS_ADDRESS is an IPv4 address of this host.") from error
    first, last = _range(environment.get("STOCKROOM_SERVERS_PORTS") or "20000-29999")
    if first <= int(environment.get("PORT") or PANEL_PORT) <= last:
        raise ImproperlyConfigured(
            "Set STOCKROOM_SERVERS_PORTS, or PORT, so that the panel's own port is none that servers are given: "
            "whoever has it while the panel restarts would answer in its place."
        )
    return ServerPorts(address=address, host=host, first=first, last=last)


def _range(text: str) -> tuple[int, int]:
    first, _hyphen, last = text.partition("-")
    if not (first.isascii() and first.isdigit() and last.isascii() and last.isdigit()):
        raise ImproperlyConfigured("STOCKROOM_SERVERS_PORTS is the first and the last port, like 20000-29999.")
    if not FIRST <= int(first) <= int(last) <= LAST:
        raise ImproperlyConfigured(f"STOCKROOM_SERVERS_PORTS lies between {FIRST} and {LAST}, the smaller one first.")
    return int(first), int(last)
