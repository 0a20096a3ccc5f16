"""Where image data is kept. ``get_store()`` is the only way in; see ``base.ImageStore`` for what a store can do."""

import os
from threading import Lock
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from images.stores.base import ByteRange, ImageStore
from images.stores.elsewhere import ELSEWHERE, Elsewhere
from images.stores.files import FileStore

__all__ = ["ELSEWHERE", "ByteRange", "FileStore", "ImageStore", "get_store", "store_names"]

DEFAULT = "default"
Description = dict[str, Any]

_made: dict[tuple[int, str], tuple[Description, ImageStore]] = {}
_making = Lock()


def store_names() -> list[str]:
    """The names of all stores, the default one first."""
    return list(_descriptions())


def get_store(name: str = DEFAULT) -> ImageStore:
    """The store of this name. Each process makes it once; all its threads may use it.

    Raises:
        LookupError: no store has this name.
    """
    if name == ELSEWHERE:
        return Elsewhere()
    descriptions = _descriptions()
    if name not in descriptions:
        known = ", ".join(map(repr, descriptions))
        raise LookupError(f"No image store is named {name!r}; this panel has {known}.")
    description, place = descriptions[name], (os.getpid(), name)
    with _making:
        # A process that was forked must not use the connections of its parent, hence the process in the place.
        if place not in _made or _made[place][0] != description:
            _made[place] = description, _make(name, description)
        return _made[place][1]


def _descriptions() -> dict[str, Description]:
    simple = {"BACKEND": "images.stores.files.FileStore", "OPTIONS": {"root": settings.IMAGE_STORE_DIR}}
    return {DEFAULT: simple} | settings.IMAGE_STORES


def _make(name: str, description: Description) -> ImageStore:
    store: ImageStore = import_string(description["BACKEND"])(name=name, **description["OPTIONS"])
    return store
