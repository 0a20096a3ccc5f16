"""A place in a sorted list, as an opaque text for addresses."""

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

if TYPE_CHECKING:
    from images.models import Image

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LAST_MOMENT = (datetime(9999, 12, 31, tzinfo=UTC) - EPOCH) // MICROSECOND
LARGEST_SIZE = 2**63 - 1
LONGEST = 2000  # characters; a name has at most 255


@dataclass(frozen=True)
class Cursor:
    """The key and the id of the row at the edge of a page.

    Attributes:
        key: what the list is sorted by: a moment, a number of bytes, or a name.
        image_id: tells rows of the same key apart.
    """

    key: datetime | int | str
    image_id: UUID

    @classmethod
    def at(cls, image: "Image") -> Self:
        """The place of a row that carries its ``sort_key``."""
        return cls(image.sort_key, image.pk)  # type: ignore[attr-defined]  # annotated by the list

    def __str__(self) -> str:
        kind, value = _packed(self.key)
        text = json.dumps([kind, value, self.image_id.hex], separators=(",", ":"))
        return urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str, kind: type) -> Self | None:
        """Read a place out of an address; None for whatever is none, so that the first page is shown.

        Args:
            kind: the type of the key in this order of the list: a place in another order means nothing.
        """
        if not text or len(text) > LONGEST:
            return None
        try:
            packed = json.loads(urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4)))
            name, value, image_id = packed
            key = _unpacked(name, value)
            return cls(key, UUID(hex=image_id)) if type(key) is kind else None
        except (ValueError, TypeError, AttributeError, RecursionError, binascii.Error):
            return None


def _packed(key: datetime | int | str) -> tuple[str, int | str]:
    if isinstance(key, datetime):
        return "t", (key - EPOCH) // MICROSECOND
    return ("n", key) if isinstance(key, int) else ("s", key)


def _unpacked(name: Any, value: Any) -> datetime | int | str:
    """The key, if it is one that the database can compare with.

    Raises:
        ValueError: it is not.
    """
    if name == "t" and type(value) is int and 0 <= value <= LAST_MOMENT:
        return EPOCH + value * MICROSECOND
    if name == "n" and type(value) is int and 0 <= value <= LARGEST_SIZE:
        return value
    if name == "s" and type(value) is str and "\0" not in value:
        value.encode()  # half of a surrogate pair is no text
        return value
    raise ValueError
