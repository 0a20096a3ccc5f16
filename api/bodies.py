"""Bodies of requests that are JSON, read and checked."""

import json
from typing import Any

from django.http import HttpRequest

from api.errors import Refusal
from api.validators import NO_TEXT

LARGEST = 1024 * 1024  # bytes; a description of an image is far smaller


def read_json(request: HttpRequest, *, malformed: str = "Malformed JSON in request body.") -> Any:
    """The body of a request as JSON.

    Args:
        malformed: what to say of a body that is none.

    Raises:
        Refusal: 400 for what is no JSON or cannot be kept as text, 413 for what is too large.
    """
    if (length := request.META.get("CONTENT_LENGTH") or "0").isdecimal() and int(length) > LARGEST:
        raise Refusal(413, f"The body of the request is larger than {LARGEST} bytes.")
    try:
        text = request.body.decode()  # strictly: ``json.loads`` of bytes lets halves of surrogate pairs through
        said = json.loads(text, parse_constant=_no_number, parse_float=_number)
    except (ValueError, RecursionError):
        raise Refusal(400, malformed) from None
    if "\\u" in text and not _is_text(said):
        raise Refusal(400, "Texts can neither hold the character NUL nor half of a surrogate pair.")
    return said


def _no_number(name: str) -> float:
    """NaN and Infinity are no JSON (RFC 8259, section 6), although Python reads them."""
    raise ValueError(name)


def _number(text: str) -> float:
    """20.0 is the whole number 20, as JSON Schema has it ("integer")."""
    value = float(text)
    return int(value) if value.is_integer() else value


def _is_text(said: object) -> bool:
    """Whether databases keep all texts of a JSON document: escapes can spell what is none."""
    waiting = [said]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            waiting += [*part, *part.values()]
        elif isinstance(part, list):
            waiting += part
        elif isinstance(part, str) and NO_TEXT.search(part):
            return False
    return True


def read_object(request: HttpRequest) -> dict[str, Any]:
    """The body of a request as a JSON object.

    Raises:
        Refusal: as ``read_json``; 400 for another kind of JSON.
    """
    said = read_json(request)
    if not isinstance(said, dict):
        raise Refusal(400, "The body of the request has to be a JSON object.")
    return said
