"""What texts may hold that programs and people give."""

import re

from django.core.exceptions import ValidationError

NO_TEXT = re.compile("[\0\ud800-\udfff]")  # what a database cannot hold: NUL, and halves of surrogate pairs


def is_storable(text: str) -> None:
    """Refuse what a database cannot hold. JSON can write it, as an escape.

    Raises:
        ValidationError: it has such a character.
    """
    if NO_TEXT.search(text):
        raise ValidationError("It has characters that are no text.", code="not_storable")


def storable(text: str) -> str:
    """The text as a database may be asked for it; empty where it can hold no such text."""
    try:
        is_storable(text)
    except ValidationError:
        return ""
    return text
