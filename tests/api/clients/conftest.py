"""A panel that serves the test's own database, and people with a shell who use its API."""

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_django.live_server_helper import LiveServer

from accounts.models import Account, User
from tests.api.clients.forking import forked_openstack
from tests.api.clients.terminals import Terminal, openrc
from tests.people import Cast

OpenTerminal = Callable[[User, Account | None], Terminal]


@pytest.fixture(scope="session")
def openstack_folder() -> Iterator[Path]:
    """The folder with the `openstack` command."""
    with tempfile.TemporaryDirectory(prefix="openstack-") as name, forked_openstack(Path(name)) as folder:
        yield folder


@pytest.fixture
def panel(live_server: LiveServer, cast: Cast) -> str:
    """The address of a panel with everybody in it."""
    return str(live_server.url)


@pytest.fixture
def terminal(panel: str, openstack_folder: Path, tmp_path: Path) -> OpenTerminal:
    """A shell of somebody who works for an account: ``terminal(cast.alice, cast.acme)``."""

    def terminal(person: User, account: Account | None) -> Terminal:
        home = tmp_path / person.username
        home.mkdir(exist_ok=True)
        own = {"HOME": str(home), "PATH": f"{openstack_folder}:{os.environ['PATH']}", "LANG": "C.UTF-8"}
        return Terminal(home, own | openrc(panel, person, account))

    return terminal


@pytest.fixture
def alice(terminal: OpenTerminal, cast: Cast) -> Terminal:
    """Alice, admin of Acme Producers, at her shell."""
    return terminal(cast.alice, cast.acme)


@pytest.fixture
def bob(terminal: OpenTerminal, cast: Cast) -> Terminal:
    """Bob, admin of Beta Consumers, at his shell."""
    return terminal(cast.bob, cast.beta)
