"""Hashes that are put away and gone on with."""

import ctypes
import hashlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from images import hashes
from images.hashes import STRUCTURES, ContinuingHash, PlainHash, new_hash

ALGORITHMS = sorted(STRUCTURES)


def expected(name: str, data: bytes) -> str:
    return hashlib.new(name, data, usedforsecurity=False).hexdigest()


@pytest.fixture
def no_openssl(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose OpenSSL is not one that we know."""
    hashes._library.cache_clear()
    monkeypatch.setattr(hashes, "LIBRARIES", ("libnothing.so",))
    yield
    hashes._library.cache_clear()


@pytest.mark.parametrize("name", ALGORITHMS)
@given(st.lists(st.binary(max_size=300), max_size=8))
def test_a_hash_goes_on_from_its_state_after_any_bytes(name: str, parts: list[bytes]) -> None:
    state = None
    for part in parts:
        begun = new_hash(name, state)
        begun.update(part)
        state = begun.state
        assert state is not None
    assert new_hash(name, state).hexdigest() == expected(name, b"".join(parts))


@pytest.mark.parametrize("name", ALGORITHMS)
def test_more_may_follow_after_the_hash_was_asked_for(name: str) -> None:
    begun = new_hash(name)
    begun.update(b"Stock")
    assert begun.hexdigest() == begun.hexdigest() == expected(name, b"Stock")
    begun.update(b"room")
    assert begun.hexdigest() == expected(name, b"Stockroom")


@pytest.mark.parametrize("state", [b"", b"x", bytes(1000)])
def test_what_is_no_state_is_refused(state: bytes) -> None:
    with pytest.raises(ValueError, match="no state of sha512"):
        new_hash("sha512", state)


def test_this_machine_goes_on_with_hashes() -> None:
    assert isinstance(new_hash("md5"), ContinuingHash)


@pytest.mark.usefixtures("no_openssl")
@pytest.mark.parametrize("name", ALGORITHMS)
def test_without_openssl_hashes_are_right_but_cannot_be_put_away(name: str) -> None:
    begun = new_hash(name)
    begun.update(b"Stockroom")
    assert isinstance(begun, PlainHash)
    assert begun.hexdigest() == expected(name, b"Stockroom")
    assert begun.state is None
    with pytest.raises(ValueError, match="cannot go on"):
        new_hash(name, bytes(STRUCTURES[name][1]))


@pytest.mark.parametrize("name", ALGORITHMS)
def test_a_library_with_other_structures_is_not_used(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    library = ctypes.CDLL(hashes.LIBRARIES[0])
    assert hashes._is_right(library, name)
    prefix, size, digest = STRUCTURES[name]
    monkeypatch.setitem(STRUCTURES, name, (prefix, size - 8, digest))
    assert not hashes._is_right(library, name)


def test_a_library_without_these_functions_is_not_used() -> None:
    assert not hashes._is_right(ctypes.CDLL("libc.so.6"), "sha512")
