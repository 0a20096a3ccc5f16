"""What a program asks of the list of images, read out of an address (API reference, "List images").

Every word of an address that is no filter of Glance is the name of a property. What stands here is words and values;
what they mean to the database stands in ``api.image.sources``.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, NoReturn
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict
from django.utils.dateparse import parse_datetime

from api.errors import Refusal
from api.image.ids import is_id
from api.image.records import PREFIX, is_reserved, system_of
from images.models import Image

PAGE_SIZE = 25  # as Glance's limit_param_default
LARGEST_PAGE = 1000  # as Glance's api_limit_max
MOST_FILTERS = 16
LARGEST_NUMBER = 2**63 - 1

VISIBILITIES = (*Image.Visibility.values, "all")
MEMBER_STATUSES = ("accepted", "pending", "rejected", "all")
SORT_KEYS = ("name", "status", "container_format", "disk_format", "size", "id", "created_at", "updated_at")
DIRECTIONS = ("asc", "desc")
PAGING = ("limit", "marker", "sort", "sort_key", "sort_dir")

TEXTS = ("checksum", "os_hash_algo", "os_hash_value", "owner")
LISTS = ("name", "id", "status", "container_format", "disk_format")
NUMBERS = ("size", "virtual_size", "min_disk", "min_ram")
TIMES = ("created_at", "updated_at")
SWITCHES = ("protected", "os_hidden")
COMMON = ("os_distro", "os_version", "architecture", "os_admin_user")
OWN = tuple(PREFIX + name for name in ("region", "source", "family", "version"))

TRUE, FALSE = ("1", "t", "true", "on", "y", "yes"), ("0", "f", "false", "off", "n", "no")  # as oslo.utils reads them
SECOND = timedelta(seconds=1)
QUOTED = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)",?|([^,]+),?|,')


class Op(StrEnum):
    """How a condition compares."""

    EQ = "eq"
    IN = "in"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    WITHIN = "within"  # from the first of two moments on, and before the second
    OUTSIDE = "outside"
    HAS = "has"  # a tag, or a property of this name and value


@dataclass(frozen=True)
class Condition:
    """One thing that images of a list have in common.

    Attributes:
        field: of ``image_record``; or "tag", or "property".
        value: of a moment the two that it lies between; of a property its name and its text; of a common property the
            text of its column before these.
    """

    field: str
    op: Op
    value: Any


@dataclass(frozen=True)
class Wanted:
    """What somebody asks of the list.

    Attributes:
        region: the code of a region; empty for all.
        visibility: empty for what Glance lists when nothing is said.
        member_status: which offers of others count.
        order: each key with whether it descends; the last key is the id, so that no two places are the same.
        marker: the page begins after this image.
        query: the words of the address, for links to other pages.
    """

    conditions: tuple[Condition, ...]
    region: str
    visibility: str
    member_status: str
    order: tuple[tuple[str, bool], ...]
    limit: int
    marker: UUID | None
    query: tuple[tuple[str, str], ...]

    def has(self, *fields: str) -> bool:
        """Whether somebody filters by one of these."""
        return any(condition.field in fields for condition in self.conditions)

    def link(self, *, marker: str = "") -> str:
        """The address of a page of the same list, as clients take it: without what stands before the version."""
        said = [(name, value) for name, value in self.query if name != "marker"]
        words = urlencode([*said, *([("marker", marker)] if marker else [])])
        return f"/v2/images?{words}" if words else "/v2/images"


def read(asked: QueryDict, *, region: str = "") -> Wanted:
    """Read what stands behind the question mark.

    Raises:
        Refusal: 400, with Glance's own sentence where it was recorded.
    """
    words = [(name, value) for name, values in asked.lists() for value in values]
    if any("\0" in name + value for name, value in words):
        _refuse("A query cannot hold the character NUL.")
    return Wanted(
        conditions=_conditions(asked),
        region=region,
        visibility=_one_of(asked, "visibility", VISIBILITIES, "Invalid visibility value"),
        member_status=_one_of(asked, "member_status", MEMBER_STATUSES, "Invalid status") or "accepted",
        order=_order(asked),
        limit=_limit(asked),
        marker=_marker(asked),
        query=tuple(words),
    )


def _conditions(asked: QueryDict) -> tuple[Condition, ...]:
    names = [name for name in asked if name not in (*PAGING, "visibility", "member_status")]
    found = tuple(condition for name in names for condition in _conditions_of(name, asked))
    if len(found) > MOST_FILTERS:
        _refuse(f"Give at most {MOST_FILTERS} filters.")
    return found if any(condition.field == "os_hidden" for condition in found) else (*found, VISIBLE)


VISIBLE = Condition("os_hidden", Op.EQ, value=False)


def _conditions_of(name: str, asked: QueryDict) -> Iterator[Condition]:
    """What one word of the address asks for. The last value counts; but an image has all of several tags."""
    if name == "tag":
        yield from (Condition("tag", Op.HAS, value) for value in asked.getlist("tag"))
    elif read_one := _reader(name):
        yield read_one(name, str(asked[name]))
    elif name[:-4] in NUMBERS and name[-4:] in ("_min", "_max"):
        yield Condition(name[:-4], Op.GTE if name.endswith("_min") else Op.LTE, _range_end(str(asked[name])))
    elif is_reserved(name):
        _refuse(f"Images cannot be filtered by {name}.")
    else:
        yield Condition("property", Op.HAS, (name, str(asked[name])))


def _reader(name: str) -> Callable[[str, str], Condition] | None:
    readers: dict[tuple[str, ...], Callable[[str, str], Condition]] = {
        TEXTS + OWN: _text,
        COMMON: _common,
        LISTS: _list,
        NUMBERS: _number,
        TIMES: _time,
        SWITCHES: _switch,
    }
    return next((reader for names, reader in readers.items() if name in names), None)


def _text(name: str, value: str) -> Condition:
    return Condition(name, Op.EQ, value)


def _common(name: str, value: str) -> Condition:
    return Condition(name, Op.EQ, (system_of(value) if name == "os_distro" else value, name, value))


def _list(name: str, value: str) -> Condition:
    """One value, or several after ``in:``. Names may hold a colon: what is no operator belongs to the name."""
    op, colon, rest = value.partition(":")
    if colon and op == "in":
        values = split(rest)
        return Condition(name, Op.IN, [UUID(text) for text in values if is_id(text)] if name == "id" else values)
    text = rest if colon and op == "eq" else value
    if name == "id":
        return Condition(name, Op.IN, [UUID(text)] if is_id(text) else [])
    return Condition(name, Op.EQ, text)


def split(text: str) -> list[str]:
    """The values of ``in:``, which commas tell apart; one with a comma of its own stands in quotes.

    Raises:
        Refusal: 400 for quotes that are not closed, or stand inside of a value.
    """
    at, values = 0, []
    while at < len(text):
        found = QUOTED.match(text, at)
        closes = found and (found[1] is None or found[0].endswith(",") or found.end() == len(text))
        if found is None or not closes or (found[2] and '"' in found[2]):
            _refuse(f"Invalid filter value {text}. A quote is not closed, or has no comma beside it.")
        values.append(found[1] if found[1] is not None else found[2] or "")
        at = found.end()
    return values


def _number(name: str, value: str) -> Condition:
    return Condition(name, Op.EQ, _whole(value, f"Images are filtered by {name} with a whole number."))


def _range_end(value: str) -> int:
    return _whole(value, "Unable to filter on a range with a non-numeric value.")


def _whole(value: str, complaint: str) -> int:
    """A whole number that the database can compare with: beyond its largest there is nothing."""
    if not re.fullmatch(r"[+-]?[0-9]{1,40}", value, re.ASCII):
        _refuse(complaint)
    return max(-LARGEST_NUMBER, min(LARGEST_NUMBER, int(value)))


def _time(name: str, value: str) -> Condition:
    """A moment, compared with what the records show of theirs: whole seconds."""
    op, colon, rest = value.partition(":")
    if not colon or op not in ("gt", "gte", "lt", "lte", "eq", "neq"):
        op, rest = "eq", value
    moment = _moment(name, rest)
    begins = moment.replace(microsecond=0)
    try:
        after, from_then = begins + SECOND, begins if begins == moment else begins + SECOND
    except OverflowError:
        _refuse_time(name)
    match op:
        case "gt":
            return Condition(name, Op.GTE, after)
        case "gte":
            return Condition(name, Op.GTE, from_then)
        case "lt":
            return Condition(name, Op.LT, from_then)
        case "lte":
            return Condition(name, Op.LT, after)
    # A moment inside of a second is none that a record shows.
    return Condition(name, Op.WITHIN if op == "eq" else Op.OUTSIDE, (from_then, after))


def _moment(name: str, text: str) -> datetime:
    try:
        found = parse_datetime(text.strip().replace(" ", "+"))  # a plus in an address is a blank
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC) if found else _refuse_time(name)
    except (ValueError, OverflowError):
        _refuse_time(name)


def _refuse_time(name: str) -> NoReturn:
    _refuse(f'Bad "{name}" query filter format. Use ISO 8601 DateTime notation.')


def _switch(name: str, value: str) -> Condition:
    if (said := value.strip().lower()) not in TRUE + FALSE:
        _refuse(f"Invalid value '{value}' for '{name}' filter. Valid values are 'true' and 'false'.")
    return Condition(name, Op.EQ, said in TRUE)


def _order(asked: QueryDict) -> tuple[tuple[str, bool], ...]:
    """The sort keys, each once, with the time and the id behind them, as Glance has it."""
    if "sort" in asked and ("sort_key" in asked or "sort_dir" in asked):
        _refuse("Old and new sorting syntax cannot be combined")
    keys, directions = _sort(str(asked["sort"])) if "sort" in asked else _classic(asked)
    usual = directions[0] if len(directions) == 1 else "desc"
    directions += [usual] * (len(keys) - len(directions))
    order = {key: direction == "desc" for key, direction in reversed(list(zip(keys, directions, strict=True)))}
    for key in keys:
        order[key] = order.pop(key)  # in the order that was asked for; the first of two counts
    for key in ("created_at", "id"):
        order.setdefault(key, usual == "desc")
    return tuple(list(order.items())[: list(order).index("id") + 1])


def _sort(text: str) -> tuple[list[str], list[str]]:
    """``sort=name:asc,size``: a key without a direction descends."""
    parts = [part.strip().partition(":") for part in text.split(",")]
    keys = [_sort_key(key) for key, _colon, _direction in parts]
    return keys, [_direction(direction if colon else "desc") for _key, colon, direction in parts]


def _classic(asked: QueryDict) -> tuple[list[str], list[str]]:
    """``sort_key=…&sort_dir=…``: one direction for all keys, or one for each."""
    keys = [_sort_key(key) for key in asked.getlist("sort_key")] or ["created_at"]
    directions = [_direction(direction) for direction in asked.getlist("sort_dir")]
    if len(directions) > 1 and len(directions) != len(keys):
        _refuse("Number of sort dirs does not match the number of sort keys")
    return keys, directions or ["desc"]


def _sort_key(key: str) -> str:
    if key not in SORT_KEYS:
        _refuse(f"Invalid sort key: {key}. It must be one of the following: {', '.join(SORT_KEYS)}.")
    return key


def _direction(direction: str) -> str:
    if direction not in DIRECTIONS:
        _refuse(f"Invalid sort direction: {direction}")
    return direction


def _limit(asked: QueryDict) -> int:
    if "limit" not in asked:
        return PAGE_SIZE
    limit = _whole(str(asked["limit"]), "limit param must be an integer")
    if limit < 0:
        _refuse("limit param must be positive")
    return min(limit, LARGEST_PAGE)


def _marker(asked: QueryDict) -> UUID | None:
    """The image after which the page begins.

    Raises:
        Refusal: 400 for what is no id: no image has it.
    """
    if "marker" not in asked:
        return None
    text = str(asked["marker"])
    return UUID(text) if is_id(text) else refuse_marker(text)


def refuse_marker(text: str) -> NoReturn:
    """Say that a page cannot begin after an image that is not there.

    Raises:
        Refusal: 400, as recorded.
    """
    _refuse(f"No image found with ID {text}")


def _one_of(asked: QueryDict, name: str, known: tuple[str, ...], complaint: str) -> str:
    """One of the words that are known; empty where nothing is said."""
    value = str(asked.get(name, ""))
    if value and value not in known:
        _refuse(f"{complaint}: {value}")
    return value


def _refuse(complaint: str) -> NoReturn:
    raise Refusal(400, complaint)
