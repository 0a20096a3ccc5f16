"""docs/webhooks.md says how a receiver checks a message; here a receiver does exactly that."""

import re
from pathlib import Path
from typing import Any

import pytest

from sharing.actions.deliveries import PAUSES, SECONDS
from tests.people import Cast
from tests.sharing.webhooks.conftest import Hooked, happen, send

PAGE = (Path(__file__).parents[3] / "docs" / "webhooks.md").read_text(encoding="utf-8")


@pytest.fixture
def example() -> dict[str, Any]:
    """The names that the Python example defines."""
    [code] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102  # our own page
    return names


def test_the_example_knows_what_is_from_the_panel(cast: Cast, hooked: Hooked, example: dict[str, Any]) -> None:
    happen(cast)
    send()
    [(headers, body)] = hooked.receiver.got
    is_genuine = example["is_genuine"]
    assert is_genuine(hooked.secret, headers, body)
    assert not is_genuine(hooked.secret, headers, body + b" ")
    assert not is_genuine("whsec_b3RoZXI=", headers, body)
    assert not is_genuine(hooked.secret, headers | {"webhook-timestamp": "1700000000"}, body)


def test_the_page_says_what_the_code_does() -> None:
    minutes = [int(pause.total_seconds() // 60) for pause in PAUSES]
    assert minutes == [1, 5, 15, 30, 60, 120, 240, 480, 720]
    assert "after 1, 5, 15 and 30 minutes, 1, 2, 4, 8 and 12 hours" in PAGE
    assert f"within {SECONDS} seconds" in PAGE
