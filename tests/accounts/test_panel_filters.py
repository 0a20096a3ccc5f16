"""How sizes, times and names are written on every page."""

from datetime import UTC, datetime, timedelta

import pytest
from django.template import Context, Template
from django.utils import timezone

from accounts.templatetags import elements, panel

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.mark.parametrize(
    ("number_of_bytes", "words"),
    [
        (None, "–"),
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 KiB"),
        (325058560, "310 MiB"),
        (1503238553, "1.4 GiB"),
        (10 * 1024**3, "10 GiB"),
        (5000 * 1024**5, "5000 PiB"),
    ],
)
def test_sizes_have_binary_units_and_three_digits(number_of_bytes: int | None, words: str) -> None:
    assert panel.size(number_of_bytes) == words


@pytest.mark.parametrize(
    ("mebibytes", "words"),
    [(64, "64 MiB"), (512, "512 MiB"), (1024, "1 GiB"), (1536, "1.5 GiB"), (1540, "1540 MiB"), (98304, "96 GiB")],
)
def test_memory_is_written_exactly(mebibytes: int, words: str) -> None:
    assert panel.memory(mebibytes) == words


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=5, seconds=50), "5 min ago"),
        (timedelta(hours=23, minutes=59), "23 h ago"),
        (timedelta(days=1), "1 day ago"),
        (timedelta(days=6, hours=23), "6 days ago"),
        (timedelta(days=18), "3 Nov"),
        (timedelta(days=400), "17 Oct 2025"),
        (-timedelta(seconds=3), "in a moment"),
        (-timedelta(hours=3), "in 3 h"),
    ],
)
def test_moments_are_distances_until_the_date_says_more(distance: timedelta, words: str) -> None:
    assert panel.ago(NOW - distance) == words


def test_a_moment_that_has_not_come_is_a_dash() -> None:
    assert panel.ago(None) == "–"


@pytest.mark.parametrize(("name", "letters"), [("Acme Producers", "AP"), ("alice", "A"), ("", "")])
def test_initials_are_those_of_the_first_and_the_last_word(name: str, letters: str) -> None:
    assert panel.initials(name) == letters


def test_account_numbers_are_grouped() -> None:
    assert panel.account_number("4071385962") == "4071 3859 62"


def test_a_time_carries_the_exact_moment() -> None:
    html = elements.time(NOW - timedelta(minutes=5))
    assert 'datetime="2026-11-21T11:55:00+00:00"' in html
    assert 'title="21 November 2026, 11:55:00 UTC"' in html


def test_a_size_carries_the_exact_bytes() -> None:
    assert 'title="1,503,238,553 bytes"' in elements.size(1503238553)


def test_what_is_not_known_is_a_dash() -> None:
    assert elements.time(None) == elements.size(None) == '<span class="muted">–</span>'


def test_an_icon_is_named_only_where_no_text_stands_beside_it() -> None:
    assert 'aria-hidden="true"' in elements.icon("plus")
    assert 'role="img" aria-label="&lt;Yes&gt;"' in elements.icon("check", label="<Yes>")


def test_a_status_has_a_word_and_a_shape() -> None:
    html = elements.status("pending", label="<Pending>")
    assert "#clock" in html
    assert html.endswith("&lt;Pending&gt;</span>")


def test_data_cannot_leave_its_attribute() -> None:
    html = Template('{% load panel %}<p data-x="{{ menus|json }}">').render(
        Context({"menus": [[{"label": '"><script>'}]]})
    )
    assert "<script>" not in html
