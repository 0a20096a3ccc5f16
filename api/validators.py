"""What texts may hold that programs and people give."""

from django.core.exceptions import ValidationError


def is_storable(text: str) -> None:
    """Refuse what a database cannot hold: NUL, and halves of characters, which JSON can write alone.

    Raises:
        ValidationError: it has such a character.
    """
    if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise ValidationError("It has characters that are no text.", code="not_storable")


def storable(text: str) -> str:
    """The text as a database may be asked for it; empty where it can hold no such text."""
    try:
        is_storable(text)
    except ValidationError:
        return ""
    return text
