"""Sizes as people type and read them."""

import pytest

from images.sizes import exact_size, parse_size, short_size

TIB = 1024**4


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2 TiB", 2 * TIB),
        ("2t", 2 * TIB),
        (" 1.5TiB ", 3 * TIB // 2),
        ("1,5 tib", 3 * TIB // 2),
        ("2 TB", 2 * 10**12),
        ("500 GiB", 500 * 1024**3),
        ("0 GiB", 0),
        ("512 bytes", 512),
        ("1 byte", 1),
        ("7 B", 7),
    ],
)
def test_a_size_is_read(text: str, expected: int) -> None:
    assert parse_size(text) == expected


@pytest.mark.parametrize("text", ["", "500", "TiB", "-1 GiB", "1 XiB", "1 GiB more", "one GiB", "1e3 GiB", "1 iB"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_size(text)


@pytest.mark.parametrize("size", [0, 1, 1000, 1024, 1025, 1536 * 1024**3, TIB, 1024**5 * 3, 2**63 - 1])
def test_an_exact_size_is_read_as_it_was_written(size: int) -> None:
    assert parse_size(exact_size(size)) == size


@pytest.mark.parametrize(
    ("size", "expected"),
    [(TIB, "1 TiB"), (3 * TIB // 2, "1.5 TiB"), (TIB + 1, "1.0 TiB"), (410 * 1024**3, "410 GiB"), (0, "0 bytes")],
)
def test_a_short_size_has_no_decimal_that_says_nothing(size: int, expected: str) -> None:
    assert short_size(size) == expected
