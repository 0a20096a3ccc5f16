"""Bodies of requests that are JSON, read and checked."""

import json
from typing import Any

from django.http import HttpRequest

from api.errors import Refusal

LARGEST = 1024 * 1024  # bytes; a description of an image is far smaller


def read_json(request: HttpRequest, *, malformed: str = "Malformed JSON in request body.") -> Any:
    """The body of a request as JSON.

    Args:
        malformed: what to say of a body that is none.

    Raises:
        Refusal: 400 for what is no JSON, 413 for what is too large.
    """
    if (length := request.META.get("CONTENT_LENGTH") or "0").isdecimal() and int(length) > LARGEST:
        raise Refusal(413, f"The body of the request is larger than {LARGEST} bytes.")
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError):
        raise Refusal(400, malformed) from None


def read_object(request: HttpRequest) -> dict[str, Any]:
    """The body of a request as a JSON object.

    Raises:
        Refusal: as ``read_json``; 400 for another kind of JSON.
    """
    said = read_json(request)
    if not isinstance(said, dict):
        raise Refusal(400, "The body of the request has to be a JSON object.")
    return said
