"""Where image data is kept. ``get_store()`` is the only way in; see ``base.ImageStore`` for what a store can do."""

from django.conf import settings

from images.stores.base import ByteRange, ImageStore
from images.stores.files import FileStore

__all__ = ["ByteRange", "FileStore", "ImageStore", "get_store"]

DEFAULT = "default"


def get_store(name: str = DEFAULT) -> ImageStore:
    """The store of this name.

    Raises:
        LookupError: no store has this name.
    """
    if name != DEFAULT:
        raise LookupError(f"No image store is named {name!r}; this panel has {DEFAULT!r}.")
    return FileStore(settings.IMAGE_STORE_DIR)
