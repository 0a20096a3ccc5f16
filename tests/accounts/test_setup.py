"""The one-time code of the first administrator."""

from django.core.cache import cache

from accounts.setup import CACHE_KEY, check_code, forget_code, new_code


def test_the_code_is_right_however_it_is_copied() -> None:
    code = new_code()
    assert check_code(code)
    assert check_code(f" {code.upper().replace('-', ' ')} ")


def test_another_code_is_wrong() -> None:
    new_code()
    assert not check_code("aaaaa-bbbbb-ccccc-ddddd")
    assert not check_code("")


def test_a_new_code_ends_the_one_before() -> None:
    first, second = new_code(), new_code()
    assert not check_code(first)
    assert check_code(second)


def test_without_a_code_nothing_is_right() -> None:
    assert not check_code("")


def test_a_used_code_is_over() -> None:
    code = new_code()
    forget_code()
    assert not check_code(code)


def test_only_the_hash_is_kept() -> None:
    assert new_code() not in str(cache.get(CACHE_KEY))
