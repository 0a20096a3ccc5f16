"""The text of claim codes: random enough, easy to type, and mistakes show."""

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from sharing.codes import ALPHABET, LENGTH, digest_of, grouped, make_code, make_name, normalise

codes = st.builds(make_code)
places = st.integers(0, LENGTH - 1)


@given(codes)
def test_a_code_can_be_typed_carelessly(code: str) -> None:
    careless = code.lower().replace("-", "  ").replace("0", "o").replace("1", "l")

    assert digest_of(careless) == digest_of(f"\n{code}\t") == digest_of(code.replace("1", "i"))


@given(codes)
def test_a_code_is_seven_groups_of_four_signs(code: str) -> None:
    assert [len(group) for group in code.split("-")] == [4] * 7
    assert set(normalise(code)) <= set(ALPHABET)
    assert grouped(normalise(code)) == code


@given(codes, places, st.sampled_from(ALPHABET))
def test_a_wrong_sign_shows(code: str, place: int, sign: str) -> None:
    right = normalise(code)
    wrong = f"{right[:place]}{sign}{right[place + 1 :]}"
    if wrong != right:
        with pytest.raises(ValidationError, match="mistyped"):
            normalise(wrong)


@given(codes, st.integers(0, LENGTH - 2))
def test_two_signs_that_changed_places_show(code: str, place: int) -> None:
    right = normalise(code)
    wrong = f"{right[:place]}{right[place + 1]}{right[place]}{right[place + 2 :]}"
    if wrong != right:
        with pytest.raises(ValidationError, match="mistyped"):
            normalise(wrong)


@pytest.mark.parametrize(("text", "words"), [
    ("", "has 0"), ("ABCD-EFGH", "has 8"), ("U" * LENGTH, "no “U”"), ("ｱ" * LENGTH, "letters and digits only"),
    ("A" * LENGTH + "B", "has 29"), ("1" * 5000, "has 5000"), ("\0", "letters and digits only"),
])  # fmt: skip
def test_what_cannot_be_a_code_is_told_without_looking(text: str, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        normalise(text)


def test_no_two_codes_are_alike() -> None:
    made = {make_code() for _again in range(1000)}

    assert len(made) == 1000
    assert len({code[:4] for code in made}) > 900, "The first signs are secret too."


def test_names_are_short_and_tell_nothing() -> None:
    assert all(len(make_name()) == 6 for _again in range(10))
