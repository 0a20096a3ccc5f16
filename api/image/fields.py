"""What programs may say of an image: names, types, and the columns that they stand for.

The rules are those of Glance's schema ``image`` (wire contract, section B), as far as the panel keeps what they allow:
of the disk and container formats only those that it takes.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from django.core.exceptions import ValidationError

from api.errors import Refusal, sentence_of
from api.image.records import COLUMNS_OF_PROPERTIES, PREFIX, free_properties, is_reserved, system_of
from images.actions import NewImage, Revision
from images.models import Image
from images.problems import QuotaExceeded
from images.validators import LONGEST_TEXT

DISK_FORMATS = ("raw", "qcow2", "vmdk", "vdi", "vhd", "vhdx", "iso")
CONTAINER_FORMATS = ("bare",)
ID_PATTERN = r"^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}\Z"

# What a program can write, each with its part of the schema. Every other name is that of a free property: a text.
WRITABLE: dict[str, dict[str, Any]] = {
    "name": {"type": ["null", "string"], "maxLength": LONGEST_TEXT},
    "visibility": {"type": "string", "enum": ["community", "public", "private", "shared"]},
    "protected": {"type": "boolean"},
    "os_hidden": {"type": "boolean"},
    "container_format": {"type": ["null", "string"], "enum": [None, *CONTAINER_FORMATS]},
    "disk_format": {"type": ["null", "string"], "enum": [None, *DISK_FORMATS]},
    "min_ram": {"type": "integer"},
    "min_disk": {"type": "integer"},
    "tags": {"type": "array", "items": {"type": "string", "maxLength": LONGEST_TEXT}},
}
ONLY_WHEN_MADE: dict[str, dict[str, Any]] = {
    "id": {"type": "string", "pattern": ID_PATTERN},
    "owner": {"type": ["null", "string"], "maxLength": LONGEST_TEXT},
}
FREE = {"type": "string"}
LONGEST_DESCRIPTION = 4000  # characters, as on the pages
OF_DATA = ("disk_format", "container_format")

# Fields and properties that are a column of the panel under another name, or under the same.
PLAIN = {"min_ram": "min_ram", "min_disk": "min_disk", "os_hidden": "hidden"}
COLUMNS = COLUMNS_OF_PROPERTIES | {f"{PREFIX}description": "description"}
PORTS = f"{PREFIX}ports"
# A list has a thousand of them.
DESCRIPTION: dict[str, dict[str, Any]] = {f"{PREFIX}description": FREE | {"maxLength": LONGEST_DESCRIPTION}}

# What Glance keeps for itself, as against what it only reads out.
KEPT_BACK = ("location", "locations", "deleted", "deleted_at", "is_public")

# The fields of programs, where an action names a column.
FIELD_OF_COLUMN = {column: name for name, column in (PLAIN | COLUMNS | {PORTS: "ports"}).items()}
EXCEEDED = ("too_many", "too_long")  # codes of problems with how much there is, and not with what it is

TYPES: dict[str, type] = {"null": type(None), "string": str, "boolean": bool, "integer": int, "array": list}
PORT_DIGITS = 5
LONGEST_ECHO = 200  # characters of a wrong value in an answer


# --- Checking ---------------------------------------------------------------------------------------


def check(name: str, value: object, *, is_new: bool = False) -> None:
    """Check one thing that a program says of an image.

    Args:
        is_new: whether the image is just made.

    Raises:
        Refusal: 403 for what programs cannot say, 400 for what is of the wrong kind.
    """
    check_name(name, is_new=is_new)
    known = WRITABLE.get(name) or ONLY_WHEN_MADE.get(name) or DESCRIPTION.get(name)
    if found := _breach(value, known or FREE):
        rule, text = found
        where = f"['properties'][{name!r}]" if known else "['additionalProperties']"
        raise Refusal(
            400,
            f"Provided object does not match schema 'image': {text}  Failed validating {rule!r} in schema{where}  "
            f"On instance[{_shown(name)}]",
        )


def check_name(name: str, *, is_new: bool = False) -> None:
    """Refuse what programs can only read.

    Raises:
        Refusal: 403.
    """
    if name in WRITABLE or name in COLUMNS or name == PORTS or (is_new and name in ONLY_WHEN_MADE):
        return
    if name in KEPT_BACK or name.startswith("os_glance"):
        raise Refusal(403, f"Attribute '{cut(name)}' is reserved.")
    if is_reserved(name):
        raise Refusal(403, f"Attribute '{cut(name)}' is read-only.")


def is_read_out(name: str) -> bool:
    """Whether it is a property that the panel only reads out, and Glance does not know."""
    return name == "stores" or (name.startswith(PREFIX) and name not in COLUMNS and name != PORTS)


def _breach(value: object, rules: Mapping[str, Any]) -> tuple[str, str] | None:
    """The first rule of a schema that a value breaks, and how."""
    kinds = rules["type"] if isinstance(rules["type"], list) else [rules["type"]]
    if not any(_is_a(value, kind) for kind in kinds):
        return "type", f"{_shown(value)} is not of type {', '.join(map(repr, kinds))}"
    if "enum" in rules and value not in rules["enum"]:
        return "enum", f"{_shown(value)} is not one of {rules['enum']}"
    if isinstance(value, str):
        return _breach_of_text(value, rules)
    if isinstance(value, list):
        return next(filter(None, (_breach(item, rules["items"]) for item in value)), None)
    return None


def _breach_of_text(value: str, rules: Mapping[str, Any]) -> tuple[str, str] | None:
    if len(value) > rules.get("maxLength", len(value)):
        return "maxLength", f"{_shown(value)} is too long"
    if "pattern" in rules and not re.search(rules["pattern"], value):
        return "pattern", f"{_shown(value)} does not match {rules['pattern']!r}"
    return None


def _is_a(value: object, kind: str) -> bool:
    """Whether a value of JSON is of a type of JSON Schema: a boolean is no integer there."""
    return isinstance(value, TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _shown(value: object) -> str:
    return cut(repr(value))


def cut(text: str) -> str:
    """A text of a request as an answer repeats it."""
    return text if len(text) <= LONGEST_ECHO else f"{text[:LONGEST_ECHO]}…"


# --- From fields to columns -------------------------------------------------------------------------


def new_image(said: Mapping[str, Any], before: NewImage) -> NewImage:
    """What is said of an image whose data has not come.

    Args:
        said: what is said now, by the names of Glance, checked; None takes something away.
        before: what was said until now.
    """
    facts = before.facts | columns(said, before.facts.get("properties", {}))
    if "protected" in said:
        facts["protected"] = said["protected"]
    changed: dict[str, Any] = {name: said[name] or "" for name in ("name", *OF_DATA) if name in said}
    if "visibility" in said:
        changed["visibility"] = said["visibility"]
    if "tags" in said:
        changed["tags"] = list(dict.fromkeys(said["tags"]))
    return replace(before, facts=facts, **changed)


def revision(said: Mapping[str, Any], image: Image) -> Revision:
    """What is to be different about an image.

    Args:
        said: as for ``new_image``.

    Raises:
        Refusal: 403 for what cannot change once the data is there.
    """
    if wrong := next((name for name in OF_DATA if name in said), None):
        raise Refusal(403, f"Attribute {wrong} can be only replaced for a queued image.")
    facts = columns(said, image.properties)
    if "name" in said:
        facts["name"] = said["name"] or str(image.pk)
    return Revision(facts, said.get("tags"), said.get("visibility"), said.get("protected"))


def properties_of(columns: Mapping[str, Any]) -> dict[str, Any]:
    """What can be removed from an image: its free properties, and those that have a column with something in it.

    Args:
        columns: of the image, or of the one that is to come.
    """
    named = {name: columns.get(column) for name, column in (COLUMNS | {PORTS: "ports"}).items()}
    return free_properties(columns.get("properties", {})) | {name: value for name, value in named.items() if value}


def columns(said: Mapping[str, Any], properties: Mapping[str, str]) -> dict[str, Any]:
    """The columns of an image that change with what is said, without those that have actions of their own.

    Args:
        properties: the free ones as they were.
    """
    facts: dict[str, Any] = {PLAIN[name]: value for name, value in said.items() if name in PLAIN}
    free = dict(properties)
    for name, value in said.items():
        if name in WRITABLE or name in ONLY_WHEN_MADE:
            continue
        free.pop(name, None)
        if name in COLUMNS:
            facts[COLUMNS[name]] = (system_of(value) if name == "os_distro" else value) if value else ""
        elif name == PORTS:
            facts["ports"] = _read_ports(value or "")
        elif value is not None:
            free[name] = value
    return facts if free == properties else facts | {"properties": free}


def _read_ports(text: str) -> list[int]:
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not all(word.isascii() and word.isdecimal() and len(word) <= PORT_DIGITS for word in words):
        raise Refusal(400, f"{PORTS}: Give numbers with commas between them, like 22,443.")
    return sorted({int(word) for word in words})


# --- Refusals in the words of Glance ----------------------------------------------------------------


@contextmanager
def in_words_of_glance() -> Iterator[None]:
    """Name the fields of programs where an action refuses columns, and answer 413 to what is too much.

    Raises:
        Refusal: 400 or 413 (the image property, tag and count limits of Glance).
    """
    try:
        yield
    except QuotaExceeded as exceeded:
        raise Refusal(413, str(exceeded)) from None
    except ValidationError as error:
        raise _refusal(error) from None


def _refusal(error: ValidationError) -> Refusal:
    if not hasattr(error, "error_dict"):
        return Refusal(400, sentence_of(error))
    problems = {FIELD_OF_COLUMN.get(field, field): found for field, found in error.error_dict.items()}
    exceeds = any(each.code in EXCEEDED for found in problems.values() for each in found)
    return Refusal(413 if exceeds else 400, sentence_of(ValidationError(problems)))
