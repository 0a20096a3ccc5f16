"""Ids of images in addresses and queries."""

import re

CANONICAL = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)


def is_id(text: str) -> bool:
    """Whether an image could have this id: Python reads more than this as a UUID, and Glance does not."""
    return CANONICAL.fullmatch(text) is not None
