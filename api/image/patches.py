"""Changes of images as programs write them: two dialects of JSON Patch (RFC 6902), each with its media type.

The rules are those of Glance (``glance/api/v2/images.py``; wire contract, rule 9 and section C): ``add``, ``replace``
and ``remove``, of one property each. The older dialect names the operation as a member, and does not add what is there.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from api.bodies import read_json
from api.errors import Refusal
from api.image import fields

OLD = "application/openstack-images-v2.0-json-patch"
NEW = "application/openstack-images-v2.1-json-patch"
OPERATIONS = ("add", "remove", "replace")
OF_THOSE = f"It must be one of the following: {', '.join(OPERATIONS)}."
ONE_MEMBER = 'Operation objects must contain exactly one member named "add", "remove", or "replace".'
NO_LIST = "Request body must be a JSON array of operation objects."

# What is wrong with a pointer (RFC 6901, section 3), in the words of Glance.
FLAWS = (
    (re.compile(r"\A(?!/)"), 'Pointer `{}` does not start with "/".'),
    (re.compile(r"/\s*/"), 'Pointer `{}` contains adjacent "/".'),
    (re.compile(r"\A.+/\Z", re.DOTALL), 'Pointer `{}` end with "/".'),
    (re.compile(r"\A/\s*\Z"), "Pointer `{}` does not contains valid token."),
    (re.compile(r"~(?![01])"), 'Pointer `{}` contains "~" not part of a recognized escape sequence.'),
)


@dataclass(frozen=True)
class Change:
    """One operation.

    Attributes:
        name: of the property.
        value: None with "remove".
        only_new: whether it is refused if the property is there already.
    """

    operation: str
    name: str
    value: Any = None
    only_new: bool = False


def read_changes(request: HttpRequest) -> list[Change]:
    """The operations of a request, each checked without looking at the image.

    Taking away what the panel only reads out changes nothing: openstacksdk takes what it does not know for properties,
    and sends that along where somebody sets properties.

    Raises:
        Refusal: 415 for another media type, 400 for what is no patch, 403 for what programs can only read.
    """
    kind = request.content_type or ""
    if kind not in (OLD, NEW):
        text = f"The request media type {kind} is not supported by this server."
        expected = f"Image PATCH expects Content-Type one of: {OLD}, {NEW}"
        raise Refusal(415, f"{text}\n\n {expected}", {"Accept-Patch": f"{OLD}, {NEW}"})
    said = read_json(request)
    if not isinstance(said, list):
        raise Refusal(400, NO_LIST)
    changes = [_change(each, is_old=kind == OLD) for each in said]
    return [change for change in changes if not (change.operation == "remove" and fields.is_read_out(change.name))]


def apply(changes: Sequence[Change], properties: Mapping[str, Any]) -> dict[str, Any]:
    """What is different after all of the operations.

    Args:
        properties: what the image has beside the fields that every image has.

    Returns:
        What was touched, with its value; None for what is gone.

    Raises:
        Refusal: 409 for what is there or not there against what an operation says, 403 for what stays.
    """
    touched: dict[str, Any] = {}
    now = dict(properties)
    for change in changes:
        _require_possible(change, is_there=change.name in fields.WRITABLE or change.name in now)
        if change.operation == "remove":
            now.pop(change.name)
        else:
            now[change.name] = change.value
        touched[change.name] = change.value
    return touched


def _require_possible(change: Change, *, is_there: bool) -> None:
    if change.name == "owner":
        raise Refusal(403, "Owner can't be updated by non admin. Hand the image over in the panel.")
    if change.operation == "remove" and change.name in fields.WRITABLE:
        raise Refusal(403, f"Property {change.name} may not be removed.")
    if change.operation != "add" and not is_there:
        raise Refusal(409, f"Property {change.name} does not exist.")
    if change.only_new and is_there:
        raise Refusal(409, f"Property {change.name} already present.")


def _change(said: object, *, is_old: bool) -> Change:
    if not isinstance(said, dict):
        raise Refusal(400, "Operations must be JSON objects.")
    operation, pointer = _read_old(said) if is_old else _read_new(said)
    name = _read_pointer(pointer)
    if operation == "remove":
        if not fields.is_read_out(name):
            fields.check_name(name)
        return Change(operation, name)
    if "value" not in said:
        raise Refusal(400, f'Operation "{operation}" requires a member named "value".')
    if name != "owner":
        fields.check(name, said["value"])
    return Change(operation, name, said["value"], only_new=is_old and operation == "add")


def _read_new(said: Mapping[str, Any]) -> tuple[str, Any]:
    operation = said.get("op")
    if operation is None:
        raise Refusal(400, f"Unable to find `op` in JSON Schema change. {OF_THOSE}")
    if operation not in OPERATIONS:
        raise Refusal(400, f"Invalid operation: `{fields.cut(str(operation))}`. {OF_THOSE}")
    if "path" not in said:
        raise Refusal(400, "Unable to find 'path' in JSON Schema change")
    return operation, said["path"]


def _read_old(said: Mapping[str, Any]) -> tuple[str, Any]:
    found = [operation for operation in OPERATIONS if operation in said]
    if len(found) != 1:
        raise Refusal(400, ONE_MEMBER)
    return found[0], said[found[0]]


def _read_pointer(pointer: object) -> str:
    """The one property that a pointer names."""
    if not isinstance(pointer, str):
        raise Refusal(400, "A path is a text that begins with a slash.")
    if flaw := next((text for pattern, text in FLAWS if pattern.search(pointer)), None):
        raise Refusal(400, flaw.format(fields.cut(pointer)))
    root, *rest = (part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/"))
    if rest and root not in fields.KEPT_BACK:
        raise Refusal(400, f"Invalid JSON pointer for this resource: '{fields.cut(pointer)}'")
    return root
