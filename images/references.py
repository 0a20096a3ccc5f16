"""An account's own words about an image of others, beside those of its producer."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from images.models import Image

# What an account says of an image of others, and the column in which the producer says the same. A note of ours stands
# beside the producer's description, and does not take its place.
FIELDS = {"label": "name", "notes": "description", "default_login": "default_login", "ports": "ports"}
TITLES = {"label": "name", "notes": "description", "default_login": "login name", "ports": "ports"}
REPLACED = ("label", "default_login", "ports")


@dataclass(frozen=True)
class Words:
    """What both sides say of one thing.

    Attributes:
        field: one of ``FIELDS``.
        ours: as text; empty where the account says nothing.
        theirs: what the producer says now, as text.
        has_changed: whether the producer said something else when ours was written.
    """

    field: str
    ours: str
    theirs: str
    has_changed: bool

    @property
    def title(self) -> str:
        """What it is, in a sentence."""
        return TITLES[self.field]

    @property
    def emptied(self) -> str:
        """What empties the field of the form (forms.js)."""
        return json.dumps({self.field: ""})

    @property
    def replaces(self) -> bool:
        """Whether ours is shown in the place of theirs."""
        return bool(self.ours) and self.field in REPLACED


def words_of(image: Image) -> dict[str, Any]:
    """What the producer says of an image, by the field of ours that it stands beside."""
    return {field: getattr(image, column) for field, column in FIELDS.items()}


def words_beside(image: Image) -> list[Words]:
    """What both sides say. Costs no query on an image that was loaded ``with_reference``."""
    ours: dict[str, Any] = {
        "label": image.own_label,
        "notes": image.own_notes,
        "default_login": image.own_login,
        "ports": image.own_ports,
    }
    seen: Mapping[str, Any] = image.theirs_then or {}
    return [
        Words(
            field=field,
            ours=_as_text(ours[field]),
            theirs=_as_text(value),
            has_changed=bool(ours[field]) and field in seen and seen[field] != value,
        )
        for field, value in words_of(image).items()
    ]


def _as_text(value: Any) -> str:
    return ", ".join(str(one) for one in value) if isinstance(value, list) else value or ""
