"""A page of Saved Images: a union of branches, each one index scan (docs/adr/0011-list-query.md).

A branch is one reason why an image is in the viewer's list: the account owns it, a group of the viewer was given
it, it is public, or the account has added it. Filters, dates and the place in the list go inside each branch, and
each gives one row more than the page has; the union of that is all the database ever sorts.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Permission
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce, Lower, NullIf

from accounts.viewer import Viewer
from images.cursors import Cursor
from images.models import Image, ImageTag, Reference
from images.querysets import grants_to, hidden_for, reached

PAGE_SIZE = 25
COUNT_CAP = 100  # a tab says "99+" from here on, so that counting costs as little as a page
# One scan per principal is the fastest for few of them; past this number one scan over all is (findings at 1,000,000).
MOST_BRANCHES = 40
SOMEBODY = -1  # stands where a principal will, and is nobody's id
SHARED_SOURCE = "shared"
HIDDEN_STATUS = "hidden"


class Tab(StrEnum):
    """Which images one looks at."""

    ALL = "all"
    MINE = "mine"
    SHARED = "shared"
    COMMUNITY = "community"
    PUBLIC = "public"
    HIDDEN = "hidden"


class Sort(StrEnum):
    """The order of the list."""

    NEWEST = "newest"
    OLDEST = "oldest"
    NAME = "name"
    SIZE = "size"

    @property
    def descends(self) -> bool:
        """Whether large keys come first."""
        return self in (Sort.NEWEST, Sort.SIZE)

    @property
    def key_type(self) -> type[datetime | int | str]:
        """What the list is sorted by."""
        return {Sort.NAME: str, Sort.SIZE: int}.get(self, datetime)


@dataclass(frozen=True)
class Wanted:
    """What somebody asks of the list. Empty means: no matter.

    Attributes:
        region: a region's code.
        status: of ``Image.Status``, or "hidden".
        source: of ``Image.Source``, or "shared" for images of others.
        os: an operating system, in any case of letters.
        q: a part of a name or own label, a tag, or a whole id.
        after: show what comes after this place in the list.
        before: show what comes before it.
    """

    tab: Tab = Tab.ALL
    region: str = ""
    status: str = ""
    source: str = ""
    os: str = ""
    q: str = ""
    sort: Sort = Sort.NEWEST
    after: Cursor | None = None
    before: Cursor | None = None

    @property
    def backwards(self) -> bool:
        """Whether the page is read from its end."""
        return self.before is not None

    @property
    def is_first_page(self) -> bool:
        """Whether the list is shown from its beginning."""
        return self.after is None and self.before is None

    def first_page(self) -> "Wanted":
        """The same list from its beginning."""
        return replace(self, after=None, before=None)

    @property
    def descends(self) -> bool:
        """Whether the database gives large keys first."""
        return self.sort.descends is not self.backwards

    @cached_property
    def image_id(self) -> UUID | None:
        """What was searched for, if it is an id."""
        try:
            return UUID(self.q)
        except ValueError:
            return None


@dataclass(frozen=True)
class Page:
    """One page of the list.

    Attributes:
        images: with account, region, data, rights, own label and ``sort_key``.
        newer: the place before this page, if there is something.
        older: the place after it, if there is something.
        counts: how many images the counted tabs have under the same filters, up to ``COUNT_CAP``.
    """

    images: list[Image] = field(default_factory=list)
    newer: Cursor | None = None
    older: Cursor | None = None
    counts: Mapping[Tab, int] = field(default_factory=dict)


class Reason(StrEnum):
    """Why an image can be in a list. Those that only apply to images of others come after the first."""

    OWN = "own"
    GRANTED = "granted"
    PUBLIC = "public"
    ADDED = "added"
    COMMUNITY = "community"
    LISTED = "listed"
    HIDDEN = "hidden"


REASONS_OF_TAB: dict[Tab, tuple[Reason, ...]] = {
    Tab.ALL: (Reason.OWN, Reason.GRANTED, Reason.PUBLIC, Reason.ADDED),
    Tab.MINE: (Reason.OWN,),
    Tab.SHARED: (Reason.GRANTED,),
    Tab.COMMUNITY: (Reason.COMMUNITY, Reason.LISTED),
    Tab.PUBLIC: (Reason.PUBLIC,),
    Tab.HIDDEN: (Reason.HIDDEN,),
}


SHARED_REASONS = (Reason.GRANTED, Reason.HIDDEN)  # what the filter "Shared Image" leaves


@dataclass(frozen=True)
class Branch:
    """The images of one reason, as SQL that Django wrote, in the order of the list and without a limit."""

    sql: str
    params: tuple[Any, ...]

    @classmethod
    def of(cls, query: QuerySet[Any, Any]) -> "Branch":
        """Let Django write it."""
        return cls(*query.query.sql_with_params())

    def with_principal(self, principal: int) -> "Branch":
        """The same for one principal, instead of ``SOMEBODY``."""
        return replace(self, params=tuple(principal if param == SOMEBODY else param for param in self.params))


def page_of(viewer: Viewer, wanted: Wanted, *, size: int = PAGE_SIZE, counted: Sequence[Tab] = ()) -> Page:
    """A page of the viewer's list. One query, whatever the number of images, groups and shares.

    Args:
        size: how many images.
        counted: the tabs to count. An empty page takes a second query for that.
    """
    lists = Lists(viewer, wanted)
    union, params = _union(lists.branches(wanted.tab), wanted, limit=size + 1)
    ids = RawSQL(f"SELECT image_pk FROM ({union}) AS page", params)  # noqa: S608, S611  # SQL that Django wrote
    rows = Image.objects.filter(pk__in=ids) if union else Image.objects.none()
    rows = (
        rows.select_related("account__organization", "region", "data", "family")
        .with_rights(viewer)
        .with_reference(viewer)
    )
    columns = _count_columns(viewer, wanted, lists, counted)
    rows = rows.annotate(sort_key=_key(viewer, wanted.sort), **columns)
    images = list(rows.order_by(*_order(wanted, "sort_key", "id")))
    return _cut(images, wanted, size, _counts(images, columns, counted))


def _count_columns(viewer: Viewer, wanted: Wanted, lists: "Lists", tabs: Sequence[Tab]) -> dict[str, RawSQL]:
    """The counts as columns: each is worked out once for the whole query, because it names nothing of a row."""
    if not wanted.is_first_page:
        lists = Lists(viewer, wanted.first_page())
    columns = {}
    for tab in tabs:
        union, params = _union(lists.branches(tab), wanted, limit=COUNT_CAP)
        sql = f"SELECT COUNT(*) FROM ({union}) AS counted" if union else "SELECT 0"  # noqa: S608  # as above
        columns[f"count_of_{tab}"] = RawSQL(sql, params, output_field=models.IntegerField())  # noqa: S611  # as above
    return columns


def _counts(images: Sequence[Image], columns: Mapping[str, RawSQL], tabs: Sequence[Tab]) -> dict[Tab, int]:
    if not tabs or images:
        return {tab: getattr(images[0], f"count_of_{tab}") for tab in tabs}
    # A table that always has a row: a count needs one to stand in.
    found = Permission.objects.annotate(**columns).values_list(*columns).first()
    return dict(zip(tabs, found or (), strict=False))


class Lists:
    """The branches of one viewer's lists under the same filters, each compiled at most once."""

    def __init__(self, viewer: Viewer, wanted: Wanted) -> None:
        self._viewer = viewer
        self._wanted = wanted
        self._compiled: dict[Reason, list[Branch]] = {}

    def branches(self, tab: Tab) -> list[Branch]:
        """What a tab is the union of."""
        return [branch for reason in self._reasons(tab) for branch in self._branches_of(reason)]

    def _reasons(self, tab: Tab) -> Iterator[Reason]:
        """Why images are in this tab, as far as the filter on the source leaves them."""
        reasons = list(REASONS_OF_TAB[tab])
        if tab is Tab.ALL and self._wanted.image_id:
            reasons += REASONS_OF_TAB[Tab.COMMUNITY]  # whoever has the id was told of the image
        source = self._wanted.source
        for reason in reasons:
            if not source or (reason in SHARED_REASONS if source == SHARED_SOURCE else reason is Reason.OWN):
                yield reason

    def _branches_of(self, reason: Reason) -> list[Branch]:
        if reason not in self._compiled:
            self._compiled[reason] = list(self._compile(reason))
        return self._compiled[reason]

    def _compile(self, reason: Reason) -> Iterator[Branch]:
        """The branches of one reason. Several for grants: one for each principal, alike but for the principal."""
        if reason is not Reason.GRANTED:
            yield Branch.of(_open(self._viewer, self._wanted, reason))
        elif len(self._viewer.principals) > MOST_BRANCHES:
            # Several groups may hold one image: without DISTINCT its rows would crowd others out of the limit.
            yield Branch.of(_granted(self._viewer, self._wanted, self._viewer.principals).distinct())
        else:
            one = Branch.of(_granted(self._viewer, self._wanted, [SOMEBODY]))
            yield from (one.with_principal(principal) for principal in sorted(self._viewer.principals))


def _open(viewer: Viewer, wanted: Wanted, reason: Reason) -> QuerySet[Any, Any]:
    """The images of one reason that is no grant, as a query of (place, image_pk)."""
    is_open = Q(status="active") & (Q(visibility="community") | Q(listed_at__isnull=False))
    conditions = {
        Reason.OWN: Q(account=viewer.account),
        Reason.PUBLIC: Q(visibility="public", status="active"),
        Reason.ADDED: is_open & Q(pk__in=viewer.account.references.values("image_id")),
        Reason.COMMUNITY: Q(visibility="community", status="active"),
        Reason.LISTED: Q(listed_at__isnull=False, status="active"),
        # Whoever has hidden it still reaches it, by whatever way: few rows, of one person.
        Reason.HIDDEN: hidden_for(viewer) & reached(viewer, "use_image"),
    }
    if reason not in (Reason.OWN, Reason.HIDDEN) and wanted.image_id is None:
        conditions[reason] &= ~hidden_for(viewer)
    rows = Image.objects.live().filter(conditions[reason], *_filters(viewer, wanted))
    return _placed(rows, wanted, key=_key(viewer, wanted.sort), pk="id")


def _granted(viewer: Viewer, wanted: Wanted, principals: Iterable[int]) -> QuerySet[Any, Any]:
    """The images of others that these principals were given."""
    rows = grants_to(principals, "use_image").exclude(content_object__account=viewer.account)
    if wanted.image_id is None:
        rows = rows.exclude(hidden_for(viewer, "content_object_id"))
    rows = rows.filter(*_filters(viewer, wanted, "content_object__"))
    key = _key(viewer, wanted.sort, "content_object__")
    if wanted.sort in (Sort.NEWEST, Sort.OLDEST):
        key = F("image_created_at")
    return _placed(rows, wanted, key=key, pk="content_object_id")


def _filters(viewer: Viewer, wanted: Wanted, to: str = "") -> Iterator[Q]:
    """The filters of the page, on images or on what points to them.

    Args:
        to: the path to the image, ending in two underscores.
    """
    yield Q(**{f"{to}hidden": wanted.status == HIDDEN_STATUS}) if wanted.image_id is None else Q()
    if wanted.region:
        yield Q(**{f"{to}region": wanted.region})
    if wanted.status and wanted.status != HIDDEN_STATUS:
        yield Q(**{f"{to}status": wanted.status})
    if wanted.source and wanted.source != SHARED_SOURCE:
        yield Q(**{f"{to}source": wanted.source})
    if wanted.os:
        yield Q(**{f"{to}os_family__iexact": wanted.os})
    if wanted.image_id:
        yield Q(**{f"{to}pk": wanted.image_id})
    elif wanted.q:
        yield _matches(viewer, wanted.q, to)


def _matches(viewer: Viewer, text: str, to: str) -> Q:
    tagged = ImageTag.objects.filter(image=OuterRef(f"{to}pk"), name__iexact=text)
    labelled = Reference.objects.filter(account=viewer.account, image=OuterRef(f"{to}pk"), label__icontains=text)
    return Q(**{f"{to}name__icontains": text}) | Exists(tagged) | Exists(labelled)


def _key(viewer: Viewer, sort: Sort, to: str = "") -> Any:
    """What the list is sorted by. The name is the one that the viewer sees: the own label, if there is one."""
    if sort is Sort.NAME:
        own = Reference.objects.filter(account=viewer.account, image=OuterRef(f"{to}pk")).values("label")[:1]
        label = NullIf(Subquery(own), models.Value(""))
        return Lower(Coalesce(label, F(f"{to}name"), output_field=models.CharField()))
    return F(f"{to}data__size") if sort is Sort.SIZE else F(f"{to}created_at")


def _placed(rows: QuerySet[Any, Any], wanted: Wanted, *, key: Any, pk: str) -> QuerySet[Any, Any]:
    """From the wanted place on, in the wanted order, only key and id."""
    rows = rows.annotate(place=key, image_pk=F(pk))
    cursor = wanted.before or wanted.after
    if cursor:
        beyond = "lt" if wanted.descends else "gt"
        # The first condition alone lets the database begin to read the index at the place.
        rows = rows.filter(
            Q(**{f"place__{beyond}e": cursor.key}),
            Q(**{f"place__{beyond}": cursor.key}) | Q(**{f"image_pk__{beyond}": cursor.image_id}),
        )
    return rows.order_by(*_order(wanted, "place", "image_pk")).values_list("place", "image_pk")


def _order(wanted: Wanted, *names: str) -> list[str]:
    return [f"-{name}" if wanted.descends else name for name in names]


def _union(branches: Sequence[Branch], wanted: Wanted, *, limit: int) -> tuple[str, list[Any]]:
    """The first rows of all branches together, each image once; an empty text when there is no branch.

    Django's own union() cannot limit the parts on SQLite, which allows LIMIT in a part only inside a subquery.
    """
    parts = [
        f"SELECT * FROM ({branch.sql} LIMIT {limit}) AS branch_{number}"  # noqa: S608  # as above
        for number, branch in enumerate(branches)
    ]
    if not parts:
        return "", []
    direction = "DESC" if wanted.descends else "ASC"
    params = [param for branch in branches for param in branch.params]
    return f"{' UNION '.join(parts)} ORDER BY 1 {direction}, 2 {direction} LIMIT {limit}", params


def _cut(rows: list[Image], wanted: Wanted, size: int, counts: Mapping[Tab, int]) -> Page:
    """Take away the extra row, which says that there is more in the direction of reading."""
    more, rows = len(rows) > size, rows[:size]
    if wanted.backwards:
        rows.reverse()
    if not rows:
        return Page(counts=counts)
    has_newer = more if wanted.backwards else wanted.after is not None
    has_older = True if wanted.backwards else more
    return Page(
        images=rows,
        newer=Cursor.at(rows[0]) if has_newer else None,
        older=Cursor.at(rows[-1]) if has_older else None,
        counts=counts,
    )


def filters_of(wanted: Wanted) -> Mapping[str, str]:
    """The filters that are set, by the name of their parameter."""
    named = {"q": wanted.q, "status": wanted.status, "os": wanted.os, "source": wanted.source}
    return {name: value for name, value in named.items() if value}
