"""A demo panel answers on this machine only."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from accounts.actions import create_person
from config.safety import is_loopback, refuse_public_demo

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def allowed_hosts(settings: Settings) -> None:
    """As they are by default; Django's test runner adds its own name."""
    settings.ALLOWED_HOSTS = settings.LOOPBACK_HOSTS


@pytest.fixture
def demo_person() -> None:
    create_person(login="alice", email="alice@example.org", password=None, is_demo=True)


@pytest.mark.parametrize("address", ["127.0.0.1:8000", "127.8.8.8:1", "[::1]:8000", "localhost:8000"])
def test_loopback_addresses(address: str) -> None:
    assert is_loopback(address)


@pytest.mark.parametrize(
    "address", ["0.0.0.0:8000", "[::]:8000", "192.0.2.7:80", "panel.example.org:80", "unix:/run/s"]
)
def test_addresses_that_others_may_reach(address: str) -> None:
    assert not is_loopback(address)


def test_a_demo_panel_may_listen_on_loopback(demo_person: None) -> None:
    refuse_public_demo(["127.0.0.1:8000"])


def test_a_demo_panel_may_not_listen_elsewhere(demo_person: None) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"may not answer on 0\.0\.0\.0:8000.*HOST=127\.0\.0\.1"):
        refuse_public_demo(["127.0.0.1:8000", "0.0.0.0:8000"])


def test_a_demo_panel_may_not_have_a_public_name(demo_person: None, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = [*settings.LOOPBACK_HOSTS, "panel.example.org"]
    with pytest.raises(ImproperlyConfigured, match=r"panel\.example\.org"):
        refuse_public_demo(["127.0.0.1:8000"])


def test_a_panel_without_demo_people_may_listen_anywhere() -> None:
    refuse_public_demo(["0.0.0.0:8000"])
