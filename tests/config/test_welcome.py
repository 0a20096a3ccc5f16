"""What the terminal shows when the panel listens."""

import re

import pytest

from accounts.actions import create_person
from accounts.setup import check_code
from config.welcome import ways_in

pytestmark = pytest.mark.django_db


def test_an_empty_panel_shows_a_code_for_its_first_administrator() -> None:
    text = ways_in()
    assert "/setup/" in text
    assert check_code(re.findall(r"[a-z2-9-]{23}$", text)[0])


def test_a_demo_shows_its_people_and_their_password() -> None:
    create_person(login="alice", email="alice@example.org", password=None, is_demo=True)
    assert "alice" in ways_in()
    assert "stockroom-demo" in ways_in()


def test_a_panel_in_use_shows_no_code() -> None:
    create_person(login="rhea", email="rhea@example.org", password=None, is_superuser=True)
    assert "/setup/" not in ways_in()
