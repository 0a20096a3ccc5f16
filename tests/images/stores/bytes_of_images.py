"""Bytes to keep, and the ways to bring them into a store and out of it."""

import random
from contextlib import closing

from images.stores import ImageStore
from images.stores.base import Writer

MIB = 1024**2
PART = 5 * MIB  # bytes of the first parts of an object in these tests


def some_bytes(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)


def send(writer: Writer, data: bytes) -> None:
    """Write in chunks as large as uploads have them."""
    for start in range(0, len(data), MIB):
        writer.write(data[start : start + MIB])


def keep(store: ImageStore, data: bytes) -> str:
    """Bring data in, in one go.

    Returns:
        Its key.
    """
    key = store.begin()
    with closing(store.write(key)) as writer:
        send(writer, data)
        writer.finish()
    return key


def content(store: ImageStore, key: str, *, start: int = 0, stop: int | None = None, stamp: str = "") -> bytes:
    with closing(store.read(key, start=start, stop=stop, stamp=stamp)) as opened:
        return b"".join(opened)


def keys_in(store: ImageStore, *, finished: bool) -> set[str]:
    return {each.key for each in store.stored() if each.finished is finished}
