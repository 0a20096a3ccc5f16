"""What happened to an image, as far as the viewer's account may know it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import DateTimeField, IntegerField, Subquery

from accounts.models import Event
from accounts.querysets import EventQuerySet
from accounts.viewer import Viewer
from images.models import Image

EVENTS = 12
COUNT_CAP = 1000  # past this number it says "more than": counting a million events would take longer than the page


class CountOf(Subquery):
    """How many rows a subquery has, worked out once for the whole query if it names nothing of a row."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()


@dataclass(frozen=True)
class Downloads:
    """How often the data of an image was downloaded: for its owner by anybody, for others by their own account.

    Attributes:
        count: at most ``COUNT_CAP`` and one.
        last_at: when the last one began.
    """

    count: int = 0
    last_at: datetime | None = None

    @property
    def is_capped(self) -> bool:
        """Whether there were more than anybody counts."""
        return self.count > COUNT_CAP

    @property
    def shown(self) -> int:
        """The number to show."""
        return min(self.count, COUNT_CAP)


def activity_of(image: Image, viewer: Viewer) -> tuple[Sequence[Event], Downloads]:
    """The last events of an image that the viewer may know, and its downloads. One query.

    The owner is told how many downloads there were, whoever made them; who it was only through the events.
    """
    about = Event.objects.of("image", image.pk)
    downloads = _downloads(about, image, viewer)
    columns = {
        "downloads": CountOf(downloads.order_by().values("pk")[: COUNT_CAP + 1]),
        "downloaded_at": Subquery(downloads.order_by("-at").values("at")[:1], output_field=DateTimeField()),
    }
    events = list(about.visible_to(viewer).annotate(**columns).select_related("account")[:EVENTS])
    # Whoever has downloaded has that event among theirs; the owner has at least the one of the beginning.
    return events, _counted(events[0]) if events else Downloads()


def _counted(event: Any) -> Downloads:
    """From the columns that the query adds to an event."""
    return Downloads(event.downloads, event.downloaded_at)


def _downloads(about: EventQuerySet, image: Image, viewer: Viewer) -> EventQuerySet:
    """Each download once: the event of whoever made it. The producer's own copies of it name no person."""
    every = about.filter(verb="downloaded", actor__isnull=False)
    return every if image.account_id == viewer.account.pk else every.filter(account=viewer.account)
