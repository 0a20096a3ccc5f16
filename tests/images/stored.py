"""Stored image data looked at, and harmed, behind the panel's back."""

import os
from pathlib import Path

from images.models import ImageData
from images.stores import FileStore, get_store


def file_of(data: ImageData) -> Path:
    """The file that holds the bytes."""
    store = get_store(data.store)
    assert isinstance(store, FileStore)
    return store.root / store.path_below_root(data.store_key)


def overwrite(data: ImageData, content: bytes) -> None:
    """Put other bytes in the place of the right ones, as somebody with access to the disk would."""
    path = file_of(data)
    path.chmod(0o600)
    path.write_bytes(content)


def rot(data: ImageData) -> None:
    """Flip one bit without anybody having touched the file: what a bad disk does."""
    path, before = file_of(data), file_of(data).stat()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    overwrite(data, bytes(content))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def content_of(data: ImageData) -> bytes:
    """The stored bytes, right or not."""
    return file_of(data).read_bytes()
