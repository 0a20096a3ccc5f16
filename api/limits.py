"""How often an account may ask: so many times in each minute, whatever its number of people, programs and addresses.

Counting each request where all processes see it would cost more than the request itself: the cache is a table by
default. So a process counts by itself, tells the others whenever a fiftieth of the limit has come together, and learns
then what they have counted. An account can go over its limit by that fiftieth for each process, and of two processes
that tell at the same moment one may go unheard: what keeps one account from slowing down the others need not be exact.
"""

import time
from dataclasses import dataclass
from threading import Lock

from django.conf import settings
from django.core.cache import cache

from api.errors import Refusal
from api.tokens import Caller

WINDOW = 60  # seconds
PARTS = 50  # a process tells the others after this part of the limit
READING = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(slots=True)
class Count:
    """How often one account has asked in the running minute, as one process knows it.

    Attributes:
        told: what all processes had told when this one last did.
        untold: what it has counted since then.
    """

    told: int = 0
    untold: int = 0

    @property
    def total(self) -> int:
        """As much as is known here."""
        return self.told + self.untold


class Tally:
    """The counts of one process. Those of an earlier minute are forgotten."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._minute = 0
        self._counts: dict[str, Count] = {}

    def add(self, key: str, *, most: int) -> bool:
        """Count one more request.

        Args:
            key: of the account, and of what is counted.
            most: how many there may be in a minute.

        Returns:
            Whether it is within the limit.
        """
        with self._lock:
            minute = self._turn()
            count = self._counts.setdefault(key, Count())
            if count.total >= most:
                return False
            count.untold += 1
            telling = count.untold if count.untold * PARTS >= most else 0
            count.told, count.untold = count.told + telling, count.untold - telling
        if telling:
            count.told = max(count.told, _tell(f"api:{key}:{minute}", telling))
        return count.total <= most

    def forget(self) -> None:
        """Begin anew."""
        with self._lock:
            self._counts.clear()

    def _turn(self) -> int:
        minute = int(time.time()) // WINDOW
        if minute != self._minute:
            self._minute = minute
            self._counts.clear()
        return minute


tally = Tally()


def count(caller: Caller, method: str) -> None:
    """Count a request of an account; one with a token without a scope counts for its person.

    Raises:
        Refusal: 429, with the seconds after which the account may ask again (RFC 9110, section 10.2.3).
    """
    kind, most = ("reads", settings.API_READS_PER_MINUTE)
    if method not in READING:
        kind, most = ("changes", settings.API_CHANGES_PER_MINUTE)
    whose = caller.viewer.account.number if caller.viewer else f"person-{caller.user.pk}"
    if most is not None and not tally.add(f"{kind}:{whose}", most=most):
        wait = WINDOW - int(time.time()) % WINDOW
        text = f"This account has asked for more than {most} {kind} within a minute. Ask again in {wait} seconds."
        raise Refusal(429, text, {"Retry-After": str(wait)})


def _tell(key: str, asked: int) -> int:
    """Add to what all processes have counted.

    Returns:
        The sum.
    """
    cache.add(key, 0, 2 * WINDOW)
    try:
        return int(cache.incr(key, asked))
    except ValueError:  # it was thrown away in between
        return asked
