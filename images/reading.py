"""Reading stored bytes for a second look: from the disk itself, and without pushing out what others need."""

import os
from collections.abc import Iterator
from contextlib import suppress
from io import UnsupportedOperation

from images.stores.base import ByteRange

BLOCK = 1024 * 1024  # bytes
FORGET_EVERY = 64 * BLOCK


def fresh_blocks(stored: ByteRange) -> Iterator[bytes]:
    """All bytes, in large blocks.

    The system's memory of a file hides what has become of it on the disk, and reading terabytes into that memory
    would slow down everybody else; so it is told to forget, before and after.
    """
    size = forgotten = 0
    _forget(stored, 0, 0)
    for block in iter(lambda: stored.read(BLOCK), b""):
        yield block
        size += len(block)
        if size - forgotten >= FORGET_EVERY:
            _forget(stored, forgotten, size - forgotten)
            forgotten = size


def _forget(stored: ByteRange, offset: int, length: int) -> None:
    """Nothing happens where the bytes come from elsewhere. A length of 0 means to the end."""
    with suppress(AttributeError, UnsupportedOperation, OSError):
        os.posix_fadvise(stored.fileno(), offset, length, os.POSIX_FADV_DONTNEED)  # type: ignore[attr-defined]
