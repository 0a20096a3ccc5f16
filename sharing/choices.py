"""What a producer can choose with one click."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from sharing.forms.overview import NO_END, PERIODS, extended
from sharing.models import Share


@dataclass(frozen=True)
class Ending:
    """An end that a share can be given.

    Attributes:
        value: as the form has it.
        until: None for no end.
        reason: why it cannot be chosen; empty when it can.
    """

    value: str
    label: str
    until: datetime | None
    reason: str = ""

    @property
    def key(self) -> str:
        """What tells it apart on a page."""
        return f"why-not-{self.value}"


def endings_for(share: Share, max_days: int | None) -> list[Ending]:
    """The usual periods from the end of a share on, and no end; with why not, where rules say how long it may last."""
    latest = timezone.now() + timedelta(days=max_days + 1) if max_days else None
    reason = f"Shares may last {max_days} days at most."
    later = [Ending(value, label, extended(share, int(value))) for value, label in PERIODS.items()]
    endings = [*later, Ending(NO_END, "No end", None)] if share.access_until else []
    return [
        Ending(each.value, each.label, each.until, reason if latest and (not each.until or each.until > latest) else "")
        for each in endings
    ]
