"""Bodies of requests, field by field: what each may hold, as data for the code and for the document of the API."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

from django.http import HttpRequest
from django.utils.dateparse import parse_date, parse_datetime

from api.bodies import read_object
from api.errors import Refusal

END_OF_DAY = time(23, 59, 59, tzinfo=UTC)
LARGEST_PORT = 65535


@dataclass(frozen=True)
class Field:
    """One field of a body.

    Attributes:
        schema: what it may hold, in JSON Schema.
        default: what holds when it is left out; what has none is needed.
        read: makes the value out of what was sent, and raises ``ValueError`` for what the schema does not have.
    """

    schema: Mapping[str, Any]
    read: Callable[[Any], Any]
    default: Any = None
    is_needed: bool = False


def read_fields(request: HttpRequest, fields: Mapping[str, Field]) -> dict[str, Any]:
    """The fields of a body, each read or as it is when it is left out. An empty body leaves out all.

    Raises:
        Refusal: 400, with every field that is wrong, unknown or missing.
    """
    said = read_object(request) if request.body else {}
    wrong = [f"{name}: there is no such field." for name in said if name not in fields]
    found = {}
    for name, field in fields.items():
        try:
            found[name] = _value(said, name, field)
        except ValueError as problem:
            wrong.append(f"{name}: {problem}")
    if wrong:
        raise Refusal(400, " ".join(wrong))
    return found


def _value(said: Mapping[str, Any], name: str, field: Field) -> Any:
    if name in said:
        return field.read(said[name])
    if field.is_needed:
        raise ValueError("This field is needed.")
    return field.default


def text(most: int, description: str) -> Field:
    """A text of so many characters at most; empty when it is left out."""
    read = _if(lambda value: isinstance(value, str) and len(value) <= most, f"a text of at most {most} characters")
    return Field({"type": "string", "maxLength": most, "default": "", "description": description}, read, "")


def flag(description: str, *, default: bool) -> Field:
    """True or false."""
    read = _if(lambda value: isinstance(value, bool), "true or false")
    return Field({"type": "boolean", "default": default, "description": description}, read, default)


def texts(most: int, description: str) -> Field:
    """A list of texts that is needed, with one at least."""

    def fits(value: Any) -> bool:
        return isinstance(value, list) and 0 < len(value) <= most and all(isinstance(one, str) for one in value)

    items = {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": most}
    return Field(items | {"description": description}, _if(fits, f"a list of 1 to {most} texts"), is_needed=True)


def ports(description: str) -> Field:
    """A list of ports; empty when it is left out. How many there may be is said where they are kept."""

    def fits(value: Any) -> bool:
        return isinstance(value, list) and all(_is_port(one) for one in value)

    items = {"type": "integer", "minimum": 1, "maximum": LARGEST_PORT}
    schema = {"type": "array", "items": items, "default": [], "description": description}
    return Field(schema, _if(fits, f"a list of ports, which are numbers from 1 to {LARGEST_PORT}"), [])


def moment(description: str, *, is_needed: bool = False) -> Field:
    """A moment, or a day of which the end counts; null or left out for none."""
    kinds = [{"type": "null"}, {"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]
    schema: Mapping[str, Any] = {"anyOf": kinds, "examples": ["2027-03-31", "2027-03-31T18:00:00Z"]}
    return Field({**schema, "description": description}, _moment, is_needed=is_needed)


def _if(fits: Callable[[Any], bool], what: str) -> Callable[[Any], Any]:
    """Take a value as it is, where it fits."""

    def read(value: Any) -> Any:
        if not fits(value):
            raise ValueError(f"This has to be {what}.")
        return value

    return read


def _is_port(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= LARGEST_PORT


def _moment(value: Any) -> datetime | None:
    """Without a time zone it is UTC."""
    if value is None:
        return None
    wrong = ValueError("This has to be a day or a moment in ISO 8601, or null.")
    if not isinstance(value, str):
        raise wrong
    try:
        if day := parse_date(value):
            return datetime.combine(day, END_OF_DAY)
        found = parse_datetime(value)
        if found is None:
            raise wrong
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise wrong from None
