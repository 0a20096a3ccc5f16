"""Imports from servers on loopback."""

import pytest
from pytest_django.fixtures import Settings

from tests.images.outside.servers import EveryPort


@pytest.fixture(autouse=True)
def loopback(settings: Settings) -> None:
    """Imports may go to servers of the test, on any port."""
    settings.IMPORT_HOSTS = ["127.0.0.1"]
    settings.IMPORT_PORTS = EveryPort()
