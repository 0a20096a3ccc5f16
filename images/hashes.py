"""Hashes that can be put away and gone on with, in another process and on another day.

hashlib keeps what it knows to itself, so a broken upload would have to be read again from its first byte. OpenSSL's
own functions (https://docs.openssl.org/3.0/man3/SHA256_Init/) work on a plain structure that the caller owns; its
bytes are the state. Where they are missing, hashlib does the work, and a broken upload is read again.
"""

import ctypes
import hashlib
from functools import cache
from typing import Protocol

# Algorithm: prefix of OpenSSL's functions, bytes of the structure (md5.h and sha.h), bytes of the hash.
STRUCTURES = {"md5": ("MD5", 92, 16), "sha256": ("SHA256", 112, 32), "sha512": ("SHA512", 216, 64)}
LIBRARIES = ("libcrypto.so.3", "libcrypto.so", "libcrypto.3.dylib")


class Hash(Protocol):
    """A hash in the making."""

    def update(self, block: bytes) -> None:
        """Take the next bytes. Lets other threads run meanwhile."""

    def hexdigest(self) -> str:
        """The hash of what has come so far."""

    @property
    def state(self) -> bytes | None:
        """What ``new_hash`` needs to go on from here; None if this cannot be told."""


def new_hash(name: str, state: bytes | None = None) -> Hash:
    """A hash that begins, or goes on.

    Args:
        name: md5, sha256 or sha512.
        state: of an earlier one with the same name.

    Raises:
        ValueError: the state is none of this hash.
    """
    if _library() is None:
        if state is not None:
            raise ValueError("This machine cannot go on with a hash.")
        return PlainHash(name)
    return ContinuingHash(name, state)


class PlainHash:
    """hashlib's own, which cannot be put away."""

    state = None

    def __init__(self, name: str) -> None:
        self._hash = hashlib.new(name, usedforsecurity=False)

    def update(self, block: bytes) -> None:
        """Take the next bytes."""
        self._hash.update(block)

    def hexdigest(self) -> str:
        """The hash of what has come so far."""
        return self._hash.hexdigest()


class ContinuingHash:
    """OpenSSL's, with its structure in our hands."""

    def __init__(self, name: str, state: bytes | None = None) -> None:
        self._prefix, self._bytes, self._digest_bytes = STRUCTURES[name]
        if state is not None and len(state) != self._bytes:
            raise ValueError(f"This is no state of {name}.")
        self._structure = ctypes.create_string_buffer(state or bytes(self._bytes), self._bytes)
        if state is None:
            self._call("Init", self._structure)

    @property
    def state(self) -> bytes:
        """All that is known of what has come so far."""
        return self._structure.raw

    def update(self, block: bytes) -> None:
        """Take the next bytes."""
        self._call("Update", self._structure, block, ctypes.c_size_t(len(block)))

    def hexdigest(self) -> str:
        """The hash of what has come so far; more may follow."""
        digest = ctypes.create_string_buffer(self._digest_bytes)
        self._call("Final", digest, ctypes.create_string_buffer(self.state, self._bytes))
        return digest.raw.hex()

    def _call(self, name: str, *arguments: object) -> None:
        if getattr(_library(), f"{self._prefix}_{name}")(*arguments) != 1:
            raise RuntimeError(f"OpenSSL could not do {self._prefix}_{name}.")


@cache
def _library() -> ctypes.CDLL | None:
    """OpenSSL, if its structures are those that we know: what it says of a known text tells."""
    for name in LIBRARIES:
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        if all(_is_right(library, algorithm) for algorithm in STRUCTURES):
            return library
    return None


def _is_right(library: ctypes.CDLL, algorithm: str) -> bool:
    """Whether a text that is hashed in two goes, with the state carried over, gives what hashlib says."""
    prefix, size, digest_size = STRUCTURES[algorithm]
    if not hasattr(library, f"{prefix}_Init"):
        return False
    call = {each: getattr(library, f"{prefix}_{each}") for each in ("Init", "Update", "Final")}
    # More room than the structure needs, so that a version with a larger one does no harm here.
    first = ctypes.create_string_buffer(4 * size)
    call["Init"](first)
    call["Update"](first, bytes(200), ctypes.c_size_t(200))
    if any(first.raw[size:]):
        return False
    second = ctypes.create_string_buffer(first.raw, 4 * size)
    call["Update"](second, bytes(150), ctypes.c_size_t(150))
    digest = ctypes.create_string_buffer(digest_size)
    call["Final"](digest, second)
    return digest.raw.hex() == hashlib.new(algorithm, bytes(350), usedforsecurity=False).hexdigest()
