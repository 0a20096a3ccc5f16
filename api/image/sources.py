"""Where the images of a list come from, and what their fields are called there.

An image of a list is a row of ``Image``, of the grants, or of an offer that waits. One whose data has not come is an
``Upload``, whose plan says what it will be. One that the account has rejected is the ``Share`` alone, and is found by
nothing that its record does not show. So each field has an expression in each of the three.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import (
    BigIntegerField,
    BooleanField,
    CharField,
    DateTimeField,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    UUIDField,
    Value,
)
from django.db.models.expressions import Case, Combinable, When
from django.db.models.fields.json import KT, KeyTransform
from django.db.models.functions import Cast, Coalesce
from django.db.models.lookups import Exact, GreaterThan, GreaterThanOrEqual, LessThan, LessThanOrEqual, Lookup

from api.image.filters import COMMON, NUMBERS, SWITCHES, TIMES, Condition, Op
from api.image.records import COLUMNS_OF_PROPERTIES, PREFIX
from api.prepared import Blank, ListBlank, OneOf
from images.models import Image, ImageTag, Upload

NOTHING = Q(pk__in=[])

# The path of each field from an image.
PATHS = {
    "id": "pk",
    "name": "name",
    "status": "status",
    "visibility": "visibility",
    "protected": "protected",
    "os_hidden": "hidden",
    "owner": "account__number",
    "container_format": "data__container_format",
    "disk_format": "data__disk_format",
    "size": "data__size",
    "virtual_size": "data__virtual_size",
    "checksum": "data__checksum",
    "os_hash_algo": "data__os_hash_algo",
    "os_hash_value": "data__os_hash_value",
    "min_disk": "min_disk",
    "min_ram": "min_ram",
    "created_at": "created_at",
    "updated_at": "updated_at",
    f"{PREFIX}region": "region_id",
    f"{PREFIX}source": "source",
    f"{PREFIX}family": "family__name",
    f"{PREFIX}version": "version",
    **COLUMNS_OF_PROPERTIES,
}

COMPARISONS: dict[Op, "type[Lookup[Any]]"] = {
    Op.EQ: Exact,
    Op.GTE: GreaterThanOrEqual,
    Op.LT: LessThan,
    Op.LTE: LessThanOrEqual,
}


class InJson(Func):
    """A condition on the members of something that is JSON. Hostile names are values here, and no part of a path.

    Attributes:
        postgresql, sqlite: with ``%s`` for each expression, in their order.
    """

    output_field = BooleanField()
    conditional = True
    postgresql: str
    sqlite: str

    def as_sql(self, compiler: Any, connection: Any, **_context: Any) -> tuple[str, tuple[Any, ...]]:  # type: ignore[override]
        """The sentence of the database with the expressions in it."""
        parts = [compiler.compile(part) for part in self.get_source_expressions()]
        sentence = self.sqlite if connection.vendor == "sqlite" else self.postgresql
        return sentence % tuple(sql for sql, _params in parts), tuple(param for _sql, some in parts for param in some)


class HasProperty(InJson):
    """Whether a mapping has a name with a text."""

    postgresql = "COALESCE(%s ->> %s::text = %s, false)"
    sqlite = "EXISTS(SELECT 1 FROM json_each(%s) AS one WHERE one.key = %s AND one.value = %s)"


class HasMember(InJson):
    """Whether a list holds a text."""

    postgresql = "COALESCE(%s @> to_jsonb(%s::text), false)"
    sqlite = "EXISTS(SELECT 1 FROM json_each(%s) AS one WHERE one.value = %s)"


@dataclass(frozen=True)
class Source:
    """One kind of rows.

    Attributes:
        fields: the expressions of the fields that rows of this kind have, and show.
        properties: the expression of their free properties; None where they show none.
        tagged: the condition that they have a tag.
    """

    fields: Mapping[str, Combinable]
    properties: Combinable | None
    tagged: Callable[[Blank], Any]

    def matches(self, condition: Condition, blank: str) -> Any:
        """The condition for these rows.

        Args:
            condition: whose value will stand in the blank.
            blank: the name of the blank; parts of the value have ``_0``, ``_1`` and so on behind it.
        """
        if condition.field == "tag":
            return self.tagged(Blank(blank, CharField()))
        if condition.field == "property":
            return self._has_property(blank, 0)
        if condition.field not in self.fields:
            return NOTHING
        if condition.field in COMMON:
            return self._is_common(self.fields[condition.field], blank)
        return compared(self.fields[condition.field], condition, blank)

    def key(self, field: str) -> Combinable:
        """What rows are sorted by. Never null, so that all databases put it in the same place."""
        if field in self.fields:
            return self.fields[field]
        return Value(-1, BigIntegerField()) if field in NUMBERS else Value("", CharField())

    def _has_property(self, blank: str, first: int) -> Any:
        if self.properties is None:
            return NOTHING
        name, text = (Blank(f"{blank}_{number}", CharField()) for number in (first, first + 1))
        return HasProperty(self.properties, name, text)

    def _is_common(self, column: Combinable, blank: str) -> Any:
        """A common property stands in its column, and where that is empty among the free ones."""
        said = Q(Exact(column, Blank(f"{blank}_0", CharField())))
        return said | (Q(Exact(column, Value(""))) & Q(self._has_property(blank, 1)))


def type_of(field: str) -> "models.Field[Any, Any]":
    """What the database takes the values of a field for."""
    types: dict[tuple[str, ...], models.Field[Any, Any]] = {
        NUMBERS: BigIntegerField(),
        TIMES: DateTimeField(),
        SWITCHES: BooleanField(),
        ("id",): UUIDField(),
    }
    return next((found for names, found in types.items() if field in names), CharField())


def compared(column: Combinable, condition: Condition, blank: str) -> Any:
    """A condition on one column."""
    kind = type_of(condition.field)
    if condition.op is Op.IN:
        return OneOf(column, ListBlank(blank, kind))
    if condition.op in (Op.WITHIN, Op.OUTSIDE):
        first, second = Blank(f"{blank}_0", kind), Blank(f"{blank}_1", kind)
        within = Q(GreaterThanOrEqual(column, first)) & Q(LessThan(column, second))
        return within if condition.op is Op.WITHIN else ~within
    return COMPARISONS[condition.op](column, Blank(blank, kind))


def beyond(column: Combinable, blank: Blank, *, descends: bool, inclusive: bool = False) -> Any:
    """Whether a row comes after a place in the list, as far as this column tells."""
    lookups = {
        (False, False): GreaterThan,
        (False, True): GreaterThanOrEqual,
        (True, False): LessThan,
        (True, True): LessThanOrEqual,
    }
    return lookups[descends, inclusive](column, blank)


def images(to: str = "", **fields: Combinable) -> Source:
    """Rows of ``Image``, or rows that point to one.

    Args:
        to: the path to the image, ending in two underscores.
        fields: of rows that know one themselves.
    """
    own = {field: F(to + path) for field, path in PATHS.items()}

    def tagged(name: Blank) -> Any:
        return Exists(ImageTag.objects.filter(image=OuterRef(f"{to}pk"), name=name))

    return Source(own | fields, F(f"{to}properties"), tagged)


def uploads() -> Source:
    """Rows of ``Upload`` with a plan."""
    said: dict[str, Combinable] = {
        name: _planned(name) for name in ("name", "visibility", "disk_format", "container_format")
    }
    facts: dict[str, Combinable] = {
        name: _planned(f"facts__{column}") for name, column in COLUMNS_OF_PROPERTIES.items()
    }
    own: dict[str, Combinable] = {
        "id": F("pk"),
        "status": _status(),
        "protected": _is_planned("protected"),
        "os_hidden": _is_planned("hidden"),
        "owner": F("account__number"),
        "min_disk": _number("min_disk"),
        "min_ram": _number("min_ram"),
        "created_at": F("created_at"),
        "updated_at": F("created_at"),
        f"{PREFIX}region": _planned("region"),
        f"{PREFIX}source": F("origin"),
    }
    properties = KeyTransform("properties", KeyTransform("facts", "plan"))
    return Source(said | facts | own, properties, lambda name: HasMember(KeyTransform("tags", "plan"), name))


def rejected() -> Source:
    """Shares that their recipient has rejected, with what ``rejected_record`` shows and the region."""
    fields: dict[str, Combinable] = {
        "id": F("image_id"),
        "name": F("image__name"),
        "owner": F("image__account__number"),
        "visibility": Value(Image.Visibility.SHARED.value, CharField()),
        "status": Value(Image.Status.ACTIVE.value, CharField()),
        "os_hidden": Value(value=False),
        "created_at": F("offered_at"),
        "updated_at": F("decided_at"),
        f"{PREFIX}region": F("image__region_id"),
    }
    return Source(fields, None, lambda _name: NOTHING)


def _planned(path: str) -> Coalesce:
    return Coalesce(KT(f"plan__{path}"), Value(""), output_field=CharField())


def _number(column: str) -> Coalesce:
    return Coalesce(Cast(KT(f"plan__facts__{column}"), BigIntegerField()), Value(0), output_field=BigIntegerField())


def _is_planned(column: str) -> Case:
    return Case(When(**{f"plan__facts__{column}": True}, then=Value(value=True)), default=Value(value=False))


def _status() -> Case:
    """As ``queued_status``."""
    is_sent, is_import = Q(origin=Upload.Origin.UPLOAD), Q(origin=Upload.Origin.IMPORT)
    since, until = (Blank(name, DateTimeField()) for name in ("silent_since", "silent_until"))
    is_alive = Q(claim__isnull=False, seen_at__gt=since, seen_at__lt=until)
    has_stopped = is_import & Q(status="waiting", fetch__next_at__isnull=True) & ~Q(problem="")
    lacks_data = ~Q(status__in=["processing", "received"]) & (Q(status="failed") | is_sent | has_stopped)
    return Case(
        When(~is_alive & lacks_data, then=Value("queued")),
        When(Q(status="received") | Q(staged=True), then=Value("uploading")),
        When(is_sent & Q(status="receiving"), then=Value("saving")),
        default=Value("importing"),
        output_field=CharField(),
    )
