"""What servers cost. This is the one place where it is counted, for budgets; nobody is billed for it.

A server counts from the moment in which somebody asked for it until the moment in which somebody asks to delete it,
by the price per hour that its size had when it was made. Whether it runs meanwhile, is stopped or has failed is no
matter: its place and its disk are kept for it. So a reboot, a stop or a rebuild neither ends the count nor begins it
anew, and a price that staff change holds for the servers that are made from then on.

A month is one of the calendar, in UTC; of a server that lives on, each month counts its own part.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, DurationField, ExpressionWrapper, F, Q, Sum
from django.db.models.functions import Coalesce, Greatest, Least
from django.utils import timezone

from servers.models import Server

HOUR = timedelta(hours=1)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Month:
    """A month of the calendar, in UTC.

    Attributes:
        start: its first moment.
        end: the first moment of the next one.
    """

    start: datetime
    end: datetime

    @classmethod
    def of(cls, moment: datetime) -> "Month":
        """The month in which a moment lies."""
        start = moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        return cls(start, (start + timedelta(days=32)).replace(day=1))


@dataclass(frozen=True)
class Usage:
    """What the servers of an account cost.

    Attributes:
        spent: in the month, until now.
        hourly: each further hour, as long as nobody deletes any of them.
        servers: how many there are now.
    """

    spent: Decimal = Decimal(0)
    hourly: Decimal = Decimal(0)
    servers: int = 0

    def and_also(self, price: Decimal, time: timedelta, live: int) -> "Usage":
        """The same with servers of one price.

        Args:
            time: how long they have been there, all of them together.
            live: how many of them are there now.
        """
        hours = Decimal(time // MICROSECOND) / (HOUR // MICROSECOND)
        return Usage(self.spent + price * hours, self.hourly + price * live, self.servers + live)


def usage_of(accounts: Iterable[int], *, now: datetime | None = None) -> dict[int, Usage]:
    """What the servers of accounts have cost in the month of a moment, until that moment. One query for all of them.

    Args:
        accounts: their ids; each is a key of what is returned.
        now: this moment, if none is given.
    """
    now = now or timezone.now()
    usage = {pk: Usage() for pk in accounts}
    for row in _times(usage, Month.of(now).start, now):
        usage[row["account"]] = usage[row["account"]].and_also(row["price"], row["time"], row["live"])
    return usage


def _times(accounts: Iterable[int], start: datetime, end: datetime) -> Iterable[Any]:
    """How long servers were there between two moments: a row for each account and price, so that sums stay exact."""
    there = Server.objects.filter(Q(deleted_at=None) | Q(deleted_at__gt=start))
    since = Least(
        Greatest(F("created_at"), start), end
    )  # a clock that was set back makes nothing cost less than nothing
    time = Least(Coalesce(F("deleted_at"), end), end) - since
    return (
        there.filter(account__in=list(accounts))
        .order_by()
        .values("account", "price")
        .annotate(
            time=Sum(ExpressionWrapper(time, output_field=DurationField())),
            live=Count("pk", filter=Q(deleted_at=None)),
        )
    )
