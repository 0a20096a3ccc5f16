"""Where the panel goes: what is public, and what the settings allow beyond it or take away from it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Self

from django.conf import settings

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network

# Where clouds tell machines their secrets, and link-local addresses, where most of them do: never, by no setting.
METADATA: tuple[IPNetwork, ...] = tuple(
    map(
        ip_network,
        (
            "169.254.0.0/16",  # Amazon, Azure, Google, OpenStack and most others
            "100.100.100.200/32",  # Alibaba
            "168.63.129.16/32",  # Azure's agent; a public address
            "192.0.0.192/32",  # Oracle
            "fe80::/10",
            "fd00:ec2::/32",  # Amazon
            "fd20:ce::254/128",  # Google
            "fd00:42::42/128",  # Scaleway
        ),
    )
)
# Networks of one's own: reached where a setting names a server in them.
LOCAL: tuple[IPNetwork, ...] = tuple(
    map(ip_network, ("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"))
)
# The special-purpose registries of IANA, in full: what ``is_global`` says of them differs between versions of Python.
SPECIAL: tuple[IPNetwork, ...] = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",
            "127.0.0.0/8",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.31.196.0/24",
            "192.52.193.0/24",
            "192.88.99.0/24",  # relays of 6to4
            "192.175.48.0/24",
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/3",  # multicast, reserved, broadcast
            "2001::/23",  # Teredo, ORCHID, benchmarks
            "2001:db8::/32",
            "2002::/16",  # 6to4
            "2620:4f:8000::/48",
            "3fff::/20",
        ),
    )
)
UNICAST_V6 = IPv6Network("2000::/3")  # all that IANA has given out
NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the last four bytes are an IPv4 address
ISATAP = 0x5EFE  # RFC 5214: the bytes before an embedded IPv4 address, in any network


@dataclass(frozen=True, slots=True)
class Hosts:
    """A list of hosts, as a setting has it.

    Attributes:
        names: exact names.
        below: names that begin with a dot: these and all below them.
        networks: addresses and networks.
        public: whether ``*`` is in it, which stands for every public address.
    """

    names: frozenset[str]
    below: tuple[str, ...]
    networks: tuple[IPNetwork, ...]
    public: bool

    @classmethod
    @lru_cache
    def of(cls, entries: Sequence[str]) -> Self:
        """Read the entries of a setting.

        Raises:
            ValueError: an entry with a slash or a colon is no network.
        """
        words = [entry.strip().lower() for entry in entries]
        networks = tuple(ip_network(word) for word in words if is_network(word))
        names = [word.removesuffix(".") for word in words if not is_network(word) and word != "*"]
        below = tuple(name for name in names if name.startswith("."))
        return cls(frozenset(names) | {name[1:] for name in below}, below, networks, "*" in words)

    def has_name(self, host: str) -> bool:
        """Whether the list names this host."""
        return host in self.names or host.endswith(self.below)

    def has_address(self, address: IPAddress) -> bool:
        """Whether the address is in one of the networks."""
        return _is_in(address, self.networks)


@dataclass(frozen=True, slots=True)
class Reach:
    """Where the panel goes for one purpose. The settings have the rest, by the same names.

    Attributes:
        setting: what the names of its settings begin with (``IMPORT_HOSTS``, ``IMPORT_PORTS``).
        needs_tls: whether http is for hosts that the settings name, and not for every public address.
    """

    setting: str
    needs_tls: bool = False

    @property
    def allowed(self) -> Hosts:
        """Where it may go."""
        return Hosts.of(tuple(getattr(settings, f"{self.setting}_HOSTS")))

    @property
    def blocked(self) -> Hosts:
        """Where nothing goes, whatever is allowed. One list for all purposes."""
        return Hosts.of(tuple(settings.IMPORT_BLOCKED_HOSTS))

    @property
    def ports(self) -> Collection[int]:
        """The ports that it may go to."""
        ports: Collection[int] = getattr(settings, f"{self.setting}_PORTS")
        return ports

    def may_speak(self, scheme: str, host: str, literal: IPAddress | None) -> bool:
        """Whether it may go there by http or by https."""
        named = self.allowed.has_name(host) or (literal is not None and self.allowed.has_address(literal))
        return scheme == "https" or named or not self.needs_tls


IMPORTS = Reach("IMPORT")
WEBHOOKS = Reach("WEBHOOK", needs_tls=True)


def is_network(entry: str) -> bool:
    """Whether an entry of a setting is meant to be an address or a network; everything else is a name."""
    return "/" in entry or ":" in entry or entry.replace(".", "").isdigit()


def may_be_asked(host: str, literal: IPAddress | None, reach: Reach = IMPORTS) -> bool:
    """Whether a host can be allowed at all, as far as that is known without looking its name up."""
    if literal is not None:
        return is_allowed(host, literal, reach)
    allowed, blocked = reach.allowed, reach.blocked
    return not blocked.has_name(host) and (allowed.public or bool(allowed.networks) or allowed.has_name(host))


def is_allowed(host: str, address: IPAddress, reach: Reach = IMPORTS) -> bool:
    """Whether the panel goes to this address on behalf of this host."""
    allowed, blocked = reach.allowed, reach.blocked
    real = real_address(address)
    if _is_in(real, METADATA) or blocked.has_name(host) or blocked.has_address(real):
        return False
    if allowed.has_address(real):
        return True
    if allowed.has_name(host):
        return is_public(real) or _is_in(real, LOCAL)
    return allowed.public and is_public(real)


def real_address(address: IPAddress) -> IPAddress:
    """The IPv4 address that the system, or a gateway, makes of an IPv6 one; otherwise the address as it is."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return address.ipv4_mapped
        if address in NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def is_public(address: IPAddress) -> bool:
    """Whether everybody on the internet means the same machine by this address."""
    if not address.is_global or address.is_multicast or _is_in(address, (*SPECIAL, *LOCAL, *METADATA)):
        return False
    if isinstance(address, IPv6Address):
        return address in UNICAST_V6 and (int(address) >> 32) & 0xFDFFFFFF != ISATAP
    return True


def _is_in(address: IPAddress, networks: Sequence[IPNetwork]) -> bool:
    return any(address in network for network in networks)
