"""How many servers an account may have at once, how large together, and with how many ports of this host.

Whatever is left in a cloud counts: a stopped server keeps its ports, and can start again without being asked
about, and one that is being deleted counts until it is gone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings
from django.contrib.humanize.templatetags.humanize import intcomma

from accounts.errors import wrong
from accounts.models import Account
from images.sizes import short_size
from servers.models import Server, ServerLimit

HIGH = 80  # percent; from here on the page warns
MIB = 1024**2  # bytes


class Counted(StrEnum):
    """What is counted, named as in ``settings.SERVER_LIMITS``."""

    SERVERS = "servers"
    VCPUS = "vcpus"
    RAM = "ram"  # MiB
    PORTS = "ports"

    def write(self, amount: int) -> str:
        """An amount: "1.5 GiB", or "1,000"."""
        return short_size(amount * MIB) if self is Counted.RAM else intcomma(amount)

    def name_amount(self, amount: int | None) -> str:
        """An amount of it in a sentence: "64 GiB of memory", "50 servers"; None is any number."""
        if self is Counted.RAM:
            return "any amount of memory" if amount is None else f"{self.write(amount)} of memory"
        name = NAMES[self]
        if amount is None:
            return f"any number of {name}"
        return f"{self.write(amount)} {name.removesuffix('s') if amount == 1 else name}"


NAMES: Mapping[Counted, str] = {
    Counted.SERVERS: "servers",
    Counted.VCPUS: "vCPUs",
    Counted.RAM: "memory",
    Counted.PORTS: "forwarded ports",
}
# The field of a form in which people can do something about it.
FIELDS: Mapping[Counted, str] = {
    Counted.SERVERS: "count",
    Counted.VCPUS: "flavor",
    Counted.RAM: "flavor",
    Counted.PORTS: "ports",
}
WHAT_THEN = "Stopped servers count too. Delete some, or ask those who run this panel for more."
Amounts = Mapping[Counted, int]
Limits = Mapping[Counted, int | None]


@dataclass(frozen=True)
class Level:
    """How much of one thing the servers of an account have.

    Attributes:
        limit: how much they may have; None for any number.
    """

    counted: Counted
    used: int
    limit: int | None

    @property
    def text(self) -> str:
        """As a sentence says it: "49 of 50 servers"."""
        name = NAMES[self.counted]
        if self.limit is None:
            return f"{self.counted.write(self.used)} {name}"
        of = " of" if self.counted is Counted.RAM else ""
        return f"{self.counted.write(self.used)} of {self.counted.write(self.limit)}{of} {name}"

    @property
    def is_high(self) -> bool:
        """Whether little is left."""
        return self.limit is not None and self.used * 100 >= self.limit * HIGH

    def has_room(self, more: int) -> bool:
        """Whether so much more fits."""
        return not more or self.limit is None or self.used + more <= self.limit


def limits_of(account: Account) -> Limits:
    """How many servers an account may have, how large together; None for any number. One query."""
    own = ServerLimit.objects.filter(account=account).values(*Counted).first() or {}
    return {
        counted: settings.SERVER_LIMITS[counted] if own.get(counted) is None else own[counted] for counted in Counted
    }


def write_limits(limits: Limits) -> str:
    """Limits as a sentence says them: "50 servers, 64 GiB of memory"."""
    return ", ".join(counted.name_amount(limit) for counted, limit in limits.items())


def levels_of(account: Account) -> list[Level]:
    """What the servers of an account have of everything that is counted. Two queries."""
    limits = limits_of(account)
    rows = list(Server.objects.in_the_cloud().filter(account=account).values_list("vcpus", "ram", "ports"))
    used = {
        Counted.SERVERS: len(rows),
        Counted.VCPUS: sum(vcpus for vcpus, _ram, _ports in rows),
        Counted.RAM: sum(ram for _vcpus, ram, _ports in rows),
        Counted.PORTS: sum(len(ports) for _vcpus, _ram, ports in rows),
    }
    return [Level(counted, used[counted], limits[counted]) for counted in Counted]


def require_room(account: Account, more: Amounts) -> None:
    """Refuse servers that are too many or too large. Asked under the lock of the account.

    Args:
        more: what the new ones have, together.

    Raises:
        ValidationError: on the field where people can do something about it, with the figures.
    """
    for level in levels_of(account):
        counted, amount = level.counted, more[level.counted]
        if not level.has_room(amount):
            text = f"{account.title} has {level.text}, and this needs {counted.write(amount)} more. {WHAT_THEN}"
            raise wrong(FIELDS[counted], text, "over-limit")


def pressing(account: Account) -> str:
    """What is nearly used up, in words; empty when nothing is. Two queries."""
    high = [level.text for level in levels_of(account) if level.is_high]
    return f"{account.title} has {', '.join(high)}. {WHAT_THEN}" if high else ""
