"""Bodies of requests: whatever comes, it is read or refused."""

from typing import Any

import pytest
from django.test import Client, RequestFactory

from api.bodies import LARGEST, read_json, read_object
from api.errors import Refusal


def reading(body: bytes | str) -> Any:
    return read_json(RequestFactory().post("/", body, content_type="application/json"))


def test_json_is_read() -> None:
    assert reading('{"a": ["\\u00e4\\n", "\\ud83d\\ude00", 1.5, null]}') == {"a": ["ä\n", "😀", 1.5, None]}


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{oops",
        "NaN",
        '{"a": -Infinity}',
        "[" * 100_000,
        b'"\xff"',
        b'"\xed\xa0\x80"',
        "1" * 5000,
        '{"a": 1}'.encode("utf-16"),
    ],
)
def test_what_is_no_json_is_refused(body: bytes | str) -> None:
    with pytest.raises(Refusal, match="Malformed JSON"):
        reading(body)


@pytest.mark.parametrize("body", ['{"a": ["\\u0000"]}', '{"\\ud800": 1}', '[{"b": ["x", "\\udfff"]}]'])
def test_texts_that_no_database_keeps_are_refused(body: str) -> None:
    with pytest.raises(Refusal) as refused:
        reading(body)
    assert refused.value.status == 400


def test_what_is_too_large_is_not_read() -> None:
    with pytest.raises(Refusal) as refused:
        reading(b" " * (LARGEST + 1))
    assert refused.value.status == 413


class BrokenLine:
    """A body of which nothing comes any more."""

    def read(self, *_size: int) -> bytes:
        raise ConnectionResetError

    readline = read


@pytest.mark.django_db
def test_a_line_that_breaks_is_no_fault_of_the_panel(caplog: pytest.LogCaptureFixture) -> None:
    """Anybody could fill its log otherwise, without a token."""
    line: Any = {"wsgi.input": BrokenLine()}
    answer = Client().generic("POST", "/identity/v3/auth/tokens", b"{}", content_type="application/json", **line)
    assert answer.status_code == 400
    assert "Nobody expected this" not in caplog.text


@pytest.mark.parametrize("body", ["[]", '"a"', "null", "7"])
def test_an_object_is_no_other_kind(body: str) -> None:
    with pytest.raises(Refusal, match="object"):
        read_object(RequestFactory().post("/", body, content_type="application/json"))


def test_a_whole_number_may_be_written_with_a_point() -> None:
    """JSON Schema, section 4.2.3: 1.0 and 1 are the same number."""
    said = reading(b"[20.0, 1e3, 2.5, -0.0]")
    assert said == [20, 1000, 2.5, 0]
    assert [type(number) for number in said] == [int, int, float, int]
