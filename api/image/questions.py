"""What the list of images asks the database: a union of branches, as in Saved Images (docs/adr/0011-list-query.md).

The first question says which images stand on a page. Each reason why an image can be in the list is a branch, with the
filters and the place in the list inside, and no more rows than the page has. The second reads these rows. Django
writes the SQL of both once for each shape of a list: which filters there are and how they compare, the order, whether
there is a marker, how many principals. What stands in them are blanks (``api.prepared``).

Read from an index in the order of the list, and so at the same price with any number of images: own, granted and
public images by the time of creation, and whatever is asked for by id or name. Other filters look through what the
branch has; other orders sort it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from types import SimpleNamespace
from typing import Any, cast

from django.core.exceptions import EmptyResultSet
from django.db.models import DateTimeField, Exists, F, OuterRef, Q, QuerySet, UUIDField, Value
from django.db.models.lookups import Exact

from accounts.viewer import Viewer
from api.image import sources
from api.image.filters import Condition, Op
from api.image.records import FACTS
from api.image.sources import Source, beyond, type_of
from api.prepared import Blank, ListBlank, OneOf, Question, kept
from images.models import Image, Reference, Upload
from images.querysets import ImageQuerySet, grants_to, hidden_for, reached
from sharing.models import Share
from sharing.querysets import is_waiting

Order = tuple[tuple[str, bool], ...]

MOST_CONDITIONS = 8  # of a list whose question is kept; those of fifty would take half a gigabyte in each process

# Numbers that are nobody's ids, in whose place blanks come.
ACCOUNT, USER, FIRST_PRINCIPAL = -1001, -1002, -1101
NOW = Blank("now", DateTimeField())


class Kind(IntEnum):
    """What a row of a page is."""

    IMAGE = 0
    QUEUED = 1
    REJECTED = 2


@dataclass(frozen=True)
class Asking:
    """What of the viewer changes how a question is written.

    Attributes:
        principals: how many there are.
        uploads: whose queued images are shown: "all" of the account, one's "own", or none.
    """

    principals: int
    uploads: str

    @classmethod
    def of(cls, viewer: Viewer) -> "Asking":
        """How this viewer asks."""
        whose = "all" if viewer.is_admin else "own"
        return cls(len(viewer.principals), whose if viewer.is_creator else "")

    @property
    def ids(self) -> dict[int, str]:
        """The blanks of ids, by the numbers in whose place they come."""
        principals = {FIRST_PRINCIPAL - number: f"principal_{number}" for number in range(self.principals)}
        return {ACCOUNT: "account", USER: "user"} | principals

    @property
    def viewer(self) -> Viewer:
        """Somebody made of these numbers, for the querysets that want to know who asks."""
        principals = [number for number in self.ids if number <= FIRST_PRINCIPAL]
        return cast("Viewer", SimpleNamespace(account=ACCOUNT, user=USER, principals=principals))


@dataclass(frozen=True)
class Shape:
    """All that changes how the first question is written.

    Attributes:
        conditions: each a field and a comparison.
        order: each key with whether it descends; the id is the last.
    """

    asking: Asking
    conditions: tuple[tuple[str, Op], ...]
    order: Order
    visibility: str
    member_status: str
    has_marker: bool

    @property
    def asks_for_known(self) -> bool:
        """Whether somebody asks for images that they were told of, by id or owner: those need not be in lists."""
        return any(field in ("id", "owner") for field, _op in self.conditions)


def which(shape: Shape) -> Question | None:
    """The ids and kinds of a page, in its order, and one more; behind the keys of the order. None if there are none.

    Blanks: those of ``Asking.ids``, now, limit, silent_since, silent_until; value_0 … for the conditions; marker_0 …
    for the keys of the marker.
    """
    return _kept_which(shape) if len(shape.conditions) <= MOST_CONDITIONS else _which(shape)


def _which(shape: Shape) -> Question | None:
    return _union(list(_Branches(shape).written()), shape.order, Blank("limit"))


_kept_which = kept(_which)


@kept
def where(asked: tuple[Asking, Order, bool]) -> Question | None:
    """The keys of one image that the viewer can show, which is the place of a marker.

    Args:
        asked: the last says whether to look for an image, or for one that is queued or rejected.

    Blanks: as ``which``; the id stands in a list in value_0.
    """
    asking, order, is_image = asked
    branches = _Branches(Shape(asking, (("id", Op.IN),), order, "", "", has_marker=False))
    if is_image:
        shown = branches.image(Image.objects.filter(reached(asking.viewer, "view_image", at=NOW)), Q())
        return _union([shown] if shown else [], order, Blank("limit"))
    others = (branches.queued(), branches.rejected())
    return _union([branch for branch in others if branch], order, Blank("limit"))


@kept
def facts(asking: Asking) -> Question:
    """The facts of images whose ids stand in a blank. Blanks: account, ids."""
    rows = Image.objects.filter(OneOf(F("pk"), ListBlank("ids", UUIDField())))
    return Question.of(_with_facts(rows, asking), asking.ids)


@kept
def seen(asking: Asking) -> Question:
    """The facts of one image, if the viewer may open its page. Blanks: those of ``Asking.ids``, now, id."""
    rows = Image.objects.filter(Exact(F("pk"), Blank("id", UUIDField())), reached(asking.viewer, "view_image", at=NOW))
    return Question.of(_with_facts(rows, asking), asking.ids)


def _with_facts(rows: ImageQuerySet, asking: Asking) -> "QuerySet[Any, Any]":
    return rows.with_reference(asking.viewer).with_tags().values_list(*FACTS.values())


class _Branches:
    """The branches of one shape of a list."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._asking = shape.asking

    def written(self) -> Iterator[Question]:
        """All that are not empty whatever the values."""
        yield from filter(None, self._reasons())

    def _reasons(self) -> Iterator[Question | None]:
        """Why images are in this list: the account's own; of others what is open, or shared with the account."""
        wanted = self._shape.visibility
        told = self._shape.asks_for_known or wanted == "all"
        yield self._own()
        yield self.queued()
        if wanted in ("", "all", "public"):
            yield self._open(Q(visibility="public", status="active"))
        if wanted in ("", "all", "shared"):
            yield from self._shared()
        if wanted == "community" or (told and wanted in ("", "all")):
            yield self._open(Q(visibility="community", status="active"))
        if told and wanted in ("", "all"):
            yield self._open(Q(listed_at__isnull=False, status="active"))
        elif not wanted:
            yield self._added()

    def _own(self) -> Question | None:
        wanted = self._shape.visibility
        chosen = Q(visibility=wanted) if wanted not in ("", "all") else Q()
        return self.image(Image.objects.live(), Q(account=ACCOUNT) & chosen)

    def _open(self, which: Q) -> Question | None:
        return self.image(Image.objects.live(), which & self._not_hidden("pk"))

    def _added(self) -> Question | None:
        """What is open and in the account's list because the account has put it there."""
        added = Q(pk__in=Reference.objects.filter(account=ACCOUNT).values("image_id"))
        return self._open(added & Q(status="active") & (Q(visibility="community") | Q(listed_at__isnull=False)))

    def _shared(self) -> Iterator[Question | None]:
        status = self._shape.member_status
        if status in ("accepted", "all"):
            yield from (self._granted(number) for number in self._asking.ids if number <= FIRST_PRINCIPAL)
        if status in ("pending", "all"):
            yield self._pending()
        if status in ("rejected", "all"):
            yield self.rejected()

    def _granted(self, principal: int) -> Question | None:
        """Images of others that one principal has accepted."""
        rows = grants_to([principal], "use_image", at=NOW).exclude(content_object__account=ACCOUNT)
        source = sources.images("content_object__", id=F("content_object_id"), created_at=F("image_created_at"))
        return self._branch(rows.filter(self._not_hidden("content_object_id")), source, Kind.IMAGE)

    def _pending(self) -> Question | None:
        """Images that are offered to the account, and wait for its answer."""
        rows = Share.objects.live().not_blocked().filter(is_waiting(at=NOW), recipient=ACCOUNT)
        return self._branch(rows, sources.images("image__", id=F("image_id")), Kind.IMAGE)

    def rejected(self) -> Question | None:
        """The account's last word on images that it sees by no other way."""
        rows = Share.objects.live().not_blocked().filter(status="rejected", recipient=ACCOUNT)
        later = rows.filter(image=OuterRef("image"), offered_at__gt=OuterRef("offered_at"))
        seen = Image.objects.filter(reached(self._asking.viewer, "view_image", at=NOW), pk=OuterRef("image"))
        return self._branch(rows.exclude(Exists(later)).exclude(Exists(seen)), sources.rejected(), Kind.REJECTED)

    def queued(self) -> Question | None:
        """Images of the account whose data has not come."""
        whose = {"all": Q(), "own": Q(created_by=USER)}.get(self._asking.uploads)
        if whose is None:
            return None
        source, wanted = sources.uploads(), self._shape.visibility
        if wanted not in ("", "all"):
            whose &= Q(Exact(source.fields["visibility"], Value(wanted)))
        return self._branch(
            Upload.objects.filter(whose, account=ACCOUNT, plan__isnull=False, expires_at__gt=NOW), source, Kind.QUEUED
        )

    def image(self, rows: "QuerySet[Image]", chosen: Q) -> Question | None:
        """Rows of images."""
        return self._branch(rows.filter(chosen), sources.images(), Kind.IMAGE)

    def _not_hidden(self, image: str) -> Q:
        """Without what the person has hidden for themselves, unless it is asked for by id."""
        return Q() if self._shape.asks_for_known else ~hidden_for(self._asking.viewer, image)

    def _branch(self, rows: "QuerySet[Any, Any]", source: Source, kind: Kind) -> Question | None:
        conditions = [
            source.matches(Condition(field, op, None), f"value_{number}")
            for number, (field, op) in enumerate(self._shape.conditions)
        ]
        keys = {f"key_{number}": source.key(field) for number, (field, _descends) in enumerate(self._shape.order)}
        rows = rows.filter(*conditions, *self._after(source)).annotate(**keys, row_kind=Value(int(kind)))
        order = [
            f"-{key}" if descends else key for key, (_field, descends) in zip(keys, self._shape.order, strict=True)
        ]
        try:
            return Question.of(rows.order_by(*order).values_list(*keys, "row_kind"), self._asking.ids)
        except EmptyResultSet:
            return None

    def _after(self, source: Source) -> Iterator[Any]:
        """What comes after the marker: as far as all keys together tell."""
        if not self._shape.has_marker:
            return
        keys = [
            (source.key(field), Blank(f"marker_{number}", type_of(field)), descends)
            for number, (field, descends) in enumerate(self._shape.order)
        ]
        # The first condition alone lets the database begin to read an index at the place.
        column, blank, descends = keys[0]
        yield beyond(column, blank, descends=descends, inclusive=True)
        after = Q()
        for number, (column, blank, descends) in enumerate(keys):
            same = [Q(Exact(before, there)) for before, there, _descends in keys[:number]]
            after |= Q(*same, Q(beyond(column, blank, descends=descends)))
        yield after


def _union(branches: Sequence[Question], order: Order, limit: Blank) -> Question | None:
    """The first rows of all branches together, each once.

    Django's own union() cannot limit the parts on SQLite, which allows LIMIT in a part only inside of a subquery.
    """
    if not branches:
        return None
    parts = [
        f"SELECT * FROM ({branch.sql} LIMIT %s) AS branch_{number}"  # noqa: S608  # SQL that Django wrote
        for number, branch in enumerate(branches)
    ]
    places = [f"{number} {'DESC' if descends else 'ASC'}" for number, (_key, descends) in enumerate(order, start=1)]
    params = [param for branch in branches for param in (*branch.params, limit)]
    sql = f"{' UNION '.join(parts)} ORDER BY {', '.join(places)} LIMIT %s"
    return branches[0].renewed(sql, [*params, limit])
