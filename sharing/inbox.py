"""Shared with us: what waits for the viewer, what was accepted, rejected and what has expired.

What waits is read once per request for the notices and the counter together. The page of the inbox reads its own tab.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from django.db.models import Case, Count, F, Q, When
from django.utils import timezone

from accounts.once import once_for_each
from accounts.viewer import Viewer
from images.cursors import EPOCH, LAST_MOMENT, MICROSECOND
from images.models import Image
from sharing.deciding import decision_refusal
from sharing.models import Share
from sharing.querysets import ShareQuerySet, gives_access, is_waiting

MOST = 200  # more than that nobody reads; the counter stops there too
PAGE_SIZE = 20
EXPIRED_ARE_SHOWN = timedelta(days=30)
LARGEST_ID = 2**63 - 1


class Tab(StrEnum):
    """What one looks at."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    EXPIRED = "expired"
    PRODUCERS = "producers"


@dataclass(frozen=True)
class Place:
    """The moment and the id of the row at the edge of a page."""

    moment: datetime
    pk: int

    def __str__(self) -> str:
        return f"{(self.moment - EPOCH) // MICROSECOND}-{self.pk}"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read a place out of an address; None for whatever is none, so that the first page is shown."""
        moment, _minus, pk = text.partition("-")
        if not (moment.isascii() and moment.isdigit() and pk.isascii() and pk.isdigit()):
            return None
        if len(text) > 2 * len(str(LARGEST_ID)) or int(moment) > LAST_MOMENT or int(pk) > LARGEST_ID:
            return None
        return cls(EPOCH + int(moment) * MICROSECOND, int(pk))


@dataclass(frozen=True)
class Wanted:
    """What somebody asks of the inbox. Empty means: no matter.

    Attributes:
        region: a region's code.
        q: a part of the name of an image or of its producer.
        after: show what comes after this place.
        before: show what comes before it.
    """

    tab: Tab = Tab.PENDING
    region: str = ""
    q: str = ""
    after: Place | None = None
    before: Place | None = None

    def first_page(self) -> "Wanted":
        """The same list from its beginning."""
        return replace(self, after=None, before=None)


@dataclass(frozen=True)
class Page:
    """A page of the inbox, newest first.

    Attributes:
        newer: the place before this page, if there is something.
        older: the place after it, if there is something.
    """

    offers: list[Share]
    newer: Place | None = None
    older: Place | None = None


def page_of(viewer: Viewer, wanted: Wanted) -> Page:
    """A page of one tab. One query, whatever the number of shares."""
    rows = _of_tab(viewer, wanted.tab).with_sides().select_related("decided_by")
    if wanted.region:
        rows = rows.filter(image__region=wanted.region)
    if wanted.q:
        rows = rows.filter(_matches(wanted))
    if wanted.before:
        rows = rows.filter(_beyond(wanted.before, "gt")).order_by(F("moment"), "pk")
        return _cut(list(rows[: PAGE_SIZE + 1]), wanted)
    if wanted.after:
        rows = rows.filter(_beyond(wanted.after, "lt"))
    return _cut(list(rows.order_by(F("moment").desc(), "-pk")[: PAGE_SIZE + 1]), wanted)


def counts(viewer: Viewer) -> Mapping[str, int]:
    """How many there are of each, in all regions. One query."""
    mine = Q(recipient__in=_asked(viewer))
    which = {
        Tab.PENDING: mine & is_waiting(),
        Tab.ACCEPTED: gives_access(),
        Tab.REJECTED: mine & Q(status=Share.Status.REJECTED),
        Tab.EXPIRED: mine & _has_expired(),
    }
    reached = Share.objects.live().not_blocked().filter(recipient__in=_asked(viewer) | viewer.principals)
    return reached.aggregate(**{str(tab): Count("pk", filter=condition) for tab, condition in which.items()})


@once_for_each
def open_offers(viewer: Viewer) -> list[Share]:
    """The offers that wait at this moment and that the viewer may know of, newest first. One query per request."""
    return list(Share.objects.offered_to(viewer).waiting()[:MOST])


def offers_of(viewer: Viewer, image: Image) -> list[Share]:
    """Those for one image."""
    return [offer for offer in open_offers(viewer) if offer.image_id == image.pk]


def offers_from(viewer: Viewer, account_id: int) -> list[Share]:
    """Those from one producer that the viewer decides on."""
    of_producer = Share.objects.offered_to(viewer).waiting().filter(image__account=account_id)[:MOST]
    return [offer for offer in of_producer if not decision_refusal(viewer, offer)]


def count_waiting(viewer: Viewer) -> int:
    """How many offers wait for the viewer's own decision, in all regions."""
    return sum(not decision_refusal(viewer, offer) for offer in open_offers(viewer))


def _asked(viewer: Viewer) -> frozenset[int]:
    return viewer.decides_for | {viewer.account.pk}


def _of_tab(viewer: Viewer, tab: Tab) -> ShareQuerySet:
    """The shares of a tab, each with the ``moment`` by which they stand in order."""
    offered = Share.objects.offered_to(viewer)
    match tab:
        case Tab.ACCEPTED:
            # Also what came through groups that somebody else manages: the viewer can use it.
            held = Share.objects.live().giving_access().filter(recipient__in=_asked(viewer) | viewer.principals)
            return held.with_label(viewer).annotate(moment=F("decided_at"))
        case Tab.REJECTED:
            return offered.filter(status=Share.Status.REJECTED).annotate(moment=F("decided_at"))
        case Tab.EXPIRED:
            ended = Case(When(status=Share.Status.PENDING, then=F("offer_expires_at")), default=F("access_until"))
            return offered.filter(_has_expired()).annotate(moment=ended)
        case _:
            return offered.waiting().annotate(moment=F("offered_at"))


def _has_expired() -> Q:
    """Run out or ended, and not so long ago that nobody looks for it any more."""
    now = timezone.now()
    lately = (now - EXPIRED_ARE_SHOWN, now)
    ran_out = Q(status=Share.Status.PENDING, offer_expires_at__range=lately)
    return ran_out | Q(status=Share.Status.ACCEPTED, access_until__range=lately)


def _matches(wanted: Wanted) -> Q:
    """What was searched for: in names, and in the own label where there is one."""
    found = Q(image__name__icontains=wanted.q) | Q(image__account__title__icontains=wanted.q)
    return found | Q(own_label__icontains=wanted.q) if wanted.tab is Tab.ACCEPTED else found


def _beyond(place: Place, way: str) -> Q:
    """What comes before a place ("gt", newer) or after it ("lt", older)."""
    return Q(**{f"moment__{way}": place.moment}) | Q(**{"moment": place.moment, f"pk__{way}": place.pk})


def _cut(rows: list[Share], wanted: Wanted) -> Page:
    """Take away the extra row, which says that there is more in the direction of reading."""
    backwards = wanted.before is not None
    more, rows = len(rows) > PAGE_SIZE, rows[:PAGE_SIZE]
    if backwards:
        rows.reverse()
    if not rows:
        return Page([])
    has_newer = more if backwards else wanted.after is not None
    has_older = backwards or more
    return Page(rows, _place(rows[0]) if has_newer else None, _place(rows[-1]) if has_older else None)


def _place(share: Share) -> Place:
    return Place(share.moment, share.pk)  # type: ignore[attr-defined]  # annotated by the tab
