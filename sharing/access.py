"""Who has access: what an account shares, with whom, how it came about and what was done with it.

Everything here is the producer's side. It knows a recipient by what the producer typed or chose, and nothing else:
neither filters nor places in the list nor numbers tell what stands behind an address.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import Any
from uuid import UUID

from django.db.models import BigIntegerField, Case, CharField, Count, DateTimeField, F, Max, Q, QuerySet, Value, When
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce, Lower
from django.utils import timezone

from accounts.models import Account, Event, Membership
from accounts.roles import ROLES_OF_KIND, Kind, Role
from accounts.viewer import Viewer
from images import hooks
from images.cursors import Cursor
from images.hooks import Usage
from images.models import Image
from sharing.models import AddressKind, Share
from sharing.people import count_people
from sharing.querysets import ShareQuerySet, gives_access, is_waiting
from sharing.rows import ACCEPTED, AccessRow, Uses

ROWS_ON_A_PAGE = 50
ROWS_AT_A_TIME = 500  # of a file
SOON = timedelta(days=30)
NEVER = datetime(9999, 12, 31, tzinfo=UTC)
TAKEN = ("downloaded", "converted", "copied")  # what a recipient does with the data of an image


class Sort(StrEnum):
    """The orders of the list."""

    NEWEST = "newest"
    OLDEST = "oldest"
    RECIPIENT = "recipient"
    ENDS = "ends"

    @property
    def key_type(self) -> type:
        """Of what it is sorted by."""
        return str if self is Sort.RECIPIENT else datetime

    @property
    def is_descending(self) -> bool:
        """Whether the greatest comes first."""
        return self is Sort.NEWEST


@dataclass(frozen=True)
class Wanted:
    """What somebody wants to see of it.

    Attributes:
        image: None for all images of the account.
        used: "yes", "no", or empty for no matter.
        after: the last row of the page before; None for the first page.
    """

    image: Image | None = None
    q: str = ""
    status: str = ""
    kind: str = ""
    used: str = ""
    sort: Sort = Sort.NEWEST
    after: Cursor | None = None


@dataclass(frozen=True)
class Page:
    """Some rows of the list.

    Attributes:
        next: the place where the next page begins; None on the last one.
    """

    rows: Sequence[AccessRow]
    next: Cursor | None


def page_of(viewer: Viewer, wanted: Wanted) -> Page:
    """One page of the list. The same number of queries for one row and for a thousand."""
    found = list(_after(matching(viewer, wanted), wanted)[: ROWS_ON_A_PAGE + 1])
    shares = found[:ROWS_ON_A_PAGE]
    more = len(found) > ROWS_ON_A_PAGE
    return Page(rows_of(viewer, shares), _place(shares[-1]) if more else None)


def all_rows(viewer: Viewer, wanted: Wanted) -> Iterator[AccessRow]:
    """Every row, some at a time, for a file."""
    shares = matching(viewer, wanted).iterator(chunk_size=ROWS_AT_A_TIME)
    while some := list(islice(shares, ROWS_AT_A_TIME)):
        yield from rows_of(viewer, some)


def rows_of(viewer: Viewer, shares: Sequence[Share]) -> list[AccessRow]:
    """These shares with what is known of each. Two queries, and one for each app that knows of servers."""
    people = count_people([one.recipient_id for one in shares if one.recipient_id and not one.is_addressed])
    uses = _uses(viewer.account, shares)
    servers: dict[int, Usage] = {}
    for answer in hooks.usage.ask(viewer, [share.pk for share in shares]):
        servers |= answer
    return [
        AccessRow(
            share,
            viewer,
            None if share.is_addressed else people.get(share.recipient_id or 0, 0),
            uses.get(share.pk, Uses()),
            servers.get(share.pk),
        )
        for share in shares
    ]


def matching(viewer: Viewer, wanted: Wanted) -> ShareQuerySet:
    """The shares of the account's images that are wanted, in order."""
    shares = Share.objects.filter(image__account=viewer.account).exclude(image__status=Image.Status.DELETED)
    if wanted.image:
        shares = shares.filter(image=wanted.image)
    shares = _with_shown(shares).filter(_said(wanted.q), _in_state(wanted.status))
    if wanted.kind:
        shares = shares.filter(kind=wanted.kind)
    if wanted.used:
        used = Q(pk__in=_used_shares(viewer.account, wanted.image))
        shares = shares.filter(used if wanted.used == "yes" else ~used)
    return _sorted(shares, wanted.sort).for_producer()


def count_by_state(viewer: Viewer, image: Image | None) -> dict[str, int]:
    """How many recipients have access, and how many have not decided. One query."""
    shares = Share.objects.filter(image__account=viewer.account).exclude(image__status=Image.Status.DELETED)
    if image:
        shares = shares.filter(image=image)
    return shares.aggregate(
        all=Count("pk"),
        accepted=Count("pk", filter=gives_access()),
        pending=Count("pk", filter=is_waiting()),
        ending=Count("pk", filter=_in_state("ending")),
    )


def own_people(account: Account) -> list[tuple[str, int]]:
    """The account's own people, who have each of its images: how many of each role. One query."""
    rows = Membership.objects.filter(group=account.pk, user__is_active=True).values("role")
    numbers = {row["role"]: row["people"] for row in rows.annotate(people=Count("user"))}
    return [(_plural(role, numbers[role]), numbers[role]) for role in ROLES_OF_KIND[Kind.ACCOUNT] if role in numbers]


def _plural(role: Role, number: int) -> str:
    return role.label.lower() if number == 1 else f"{role.label.lower()}s"


# --- Filters -----------------------------------------------------------------------------------------


def _with_shown(shares: ShareQuerySet) -> ShareQuerySet:
    """With the name by which the producer knows each recipient. Groups and organizations only are looked up."""
    shown = Case(
        When(kind=AddressKind.TEAM, then=F("recipient__as_team__title")),
        When(kind=AddressKind.ORGANIZATION, then=F("recipient__as_organization__title")),
        default=F("address"),
        output_field=CharField(),
    )
    return shares.annotate(shown=shown)


def _said(q: str) -> Q:
    """What stands in a recipient's name, or in that of the image; numbers are written with blanks and without."""
    if not q:
        return Q()
    number = Q(kind=AddressKind.NUMBER, address__contains="".join(q.split()))
    return Q(shown__icontains=q) | Q(image__name__icontains=q) | number


def _in_state(status: str) -> Q:
    """The states that people see, which the clock decides on."""
    now = timezone.now()
    accepted, pending = Q(status=Share.Status.ACCEPTED), Q(status=Share.Status.PENDING)
    return {
        "pending": is_waiting(),
        "accepted": gives_access(),
        "rejected": Q(status=Share.Status.REJECTED),
        "expired": pending & Q(offer_expires_at__lte=now),
        "ended": accepted & Q(access_until__lte=now),
        "ending": accepted & Q(access_until__gt=now, access_until__lte=now + SOON),
    }.get(status, Q())


def _used_shares(account: Account, image: Image | None) -> "QuerySet[Event, int]":
    """The ids of the shares out of which somebody has taken data, as a part of the query that asks for the shares.

    The producer's copies of these events name the share.
    """
    events = Event.objects.filter(account=account, verb__in=TAKEN, actor=None, subject_kind="image")
    if image:
        events = events.of("image", image.pk)
    named = events.filter(detail__share__isnull=False).order_by()
    used = Cast(KeyTextTransform("share", "detail"), BigIntegerField())
    return named.annotate(used=used).values_list("used", flat=True)


# --- Order -------------------------------------------------------------------------------------------


def _sorted(shares: ShareQuerySet, sort: Sort) -> ShareQuerySet:
    keys: dict[Sort, Any] = {
        Sort.RECIPIENT: Lower("shown"),
        Sort.ENDS: Coalesce(F("access_until"), Value(NEVER), output_field=DateTimeField()),
    }
    shares = shares.annotate(sort_key=keys.get(sort, F("offered_at")))
    return shares.order_by(*(["-sort_key", "-pk"] if sort.is_descending else ["sort_key", "pk"]))


def _after(shares: ShareQuerySet, wanted: Wanted) -> ShareQuerySet:
    """The rows behind a place. A place tells rows of one key apart by their id, which is a number here."""
    if wanted.after is None:
        return shares
    key, pk = wanted.after.key, wanted.after.image_id.int
    if wanted.sort.is_descending:
        return shares.filter(Q(sort_key__lt=key) | Q(sort_key=key, pk__lt=pk))
    return shares.filter(Q(sort_key__gt=key) | Q(sort_key=key, pk__gt=pk))


def _place(share: Share) -> Cursor:
    return Cursor(share.sort_key, UUID(int=share.pk))  # type: ignore[attr-defined]  # annotated by the list


# --- What was done with it ---------------------------------------------------------------------------


def _uses(account: Account, shares: Sequence[Share]) -> dict[int, Uses]:
    """What the producer's events say of these shares: how they were accepted, and what was taken. One query."""
    events = Event.objects.filter(
        account=account,
        subject_kind="image",
        subject_id__in={str(share.image_id) for share in shares},
        verb__in=[*TAKEN, *ACCEPTED],
        detail__share__in=[share.pk for share in shares],
    )
    rows = events.order_by().values("detail__share", "detail__because", "verb").annotate(n=Count("pk"), last=Max("at"))
    found: dict[int, Uses] = {}
    for row in sorted(rows, key=lambda row: row["last"]):
        before = found.get(row["detail__share"], Uses())
        found[row["detail__share"]] = before.and_then(row["verb"], row["n"], row["last"], row["detail__because"] or "")
    return found
