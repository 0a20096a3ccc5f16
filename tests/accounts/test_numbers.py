"""Account numbers and their check digit."""

from hypothesis import given
from hypothesis import strategies as st

from accounts.numbers import check_digit, grouped, is_valid, looks_like_number, new_number, normalise

bodies = st.integers(min_value=10**8, max_value=10**9 - 1).map(str)


def test_a_known_check_digit() -> None:
    assert check_digit("7992739871") == "3"  # the example of ISO/IEC 7812-1


def test_new_numbers_are_valid() -> None:
    assert all(is_valid(new_number()) for _ in range(200))


@given(bodies, st.integers(0, 9), st.integers(1, 9))
def test_every_single_wrong_digit_is_noticed(body: str, place: int, off: int) -> None:
    number = body + check_digit(body)
    wrong = str((int(number[place]) + off) % 10)
    assert not is_valid(number[:place] + wrong + number[place + 1 :])


@given(bodies, st.integers(0, 8))
def test_two_swapped_neighbours_are_noticed(body: str, place: int) -> None:
    number = body + check_digit(body)
    left, right = number[place], number[place + 1]
    if left == right or {left, right} == {"0", "9"}:  # the one swap that Luhn cannot see
        return
    assert not is_valid(number[:place] + right + left + number[place + 2 :])


@given(bodies)
def test_what_people_read_can_be_typed(body: str) -> None:
    number = body + check_digit(body)
    assert normalise(grouped(number)) == number
    assert looks_like_number(grouped(number))


def test_what_is_no_number() -> None:
    for text in ("", "0123456782", "123", "12345678901", "٤٠٧١٣٨٥٩٦٢", "alice"):
        assert not is_valid(text)
