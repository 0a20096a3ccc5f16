"""A world in which loopback stands for the outside, and names lead where the test says."""

from ipaddress import ip_address

import pytest
from pytest_django.fixtures import Settings

from images.outside import client, watch
from images.outside.places import IPAddress
from tests.images.outside.servers import EveryPort


@pytest.fixture
def loopback(settings: Settings) -> None:
    """Imports may go to servers of the test, on any port."""
    settings.IMPORT_HOSTS = ["127.0.0.1"]
    settings.IMPORT_PORTS = EveryPort()


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What the resolver knows: name to addresses. Each look-up is one more entry under ``asked``."""
    known: dict[str, list[str]] = {"asked": []}

    def resolve(host: str, _port: int) -> list[IPAddress]:
        known["asked"].append(host)
        if host not in known:
            raise OSError
        return [ip_address(text) for text in known[host]]

    monkeypatch.setattr(client, "resolve", resolve)
    return known


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a second is a long time for the clock beside a connection."""
    monkeypatch.setattr(watch, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(watch, "ANSWER_SECONDS", 0.5)
    monkeypatch.setattr(watch, "WINDOW_SECONDS", 0.5)
