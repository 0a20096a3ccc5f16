"""What the tests of servers say often."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from accounts.viewer import Viewer
from images.models import Image, Region
from servers.actions import NewServer, attend_to_server, create_server
from servers.models import Flavor, RegionCloud, Server
from sharing import actions as sharing
from sharing.models import Share
from tests.people import Cast
from tests.servers.memory import MemoryCloud, put_in_place
from tests.sharing.conftest import offer_one


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> MemoryCloud:
    """A cloud in memory, in the place of that of every region."""
    return put_in_place(monkeypatch)


@pytest.fixture
def small(cast: Cast) -> Flavor:
    """The smallest size in IAD, which runs servers."""
    return make_flavor(cast.iad)


@pytest.fixture
def lent(cast: Cast, golden: Image) -> Share:
    """The image golden of Acme Producers, accepted by Beta Consumers."""
    return sharing.accept(offer_one(golden, cast.producer, cast.beta.number).pk, by=cast.consumer)


@pytest.fixture
def server(cast: Cast, cloud: MemoryCloud, small: Flavor, lent: Share) -> Server:
    """A server of Beta Consumers from golden, which runs."""
    return running(boot(cast.consumer, lent.image))


@pytest.fixture
def commit_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test is one transaction that never ends: what waits for its end is done at once, so that tasks get queued."""

    def at_once(act: Callable[[], object], *_using: object, **_robust: object) -> None:
        act()

    monkeypatch.setattr(transaction, "on_commit", at_once)


def make_flavor(region: Region, **fields: Any) -> Flavor:
    """A size, in a region that runs servers from now on."""
    RegionCloud.objects.get_or_create(region=region)
    return Flavor.objects.create(region=region, **{"code": "small", "name": "Small", "ram": 256, "disk": 0} | fields)


def boot(by: Viewer, image: Image, **said: Any) -> Server:
    """Ask for a server; no worker has seen it yet."""
    flavor = Flavor.objects.filter(region=image.region).first()
    assert flavor, "The region has no sizes."
    wanted: dict[str, Any] = {"name": "web-1", "image": image.pk, "flavor": flavor.pk}
    return create_server(NewServer(**wanted | said), by=by)


def running(server: Server) -> Server:
    """The same, after a worker has attended to it."""
    attend_to_server(server.pk)
    return fresh(server)


def fresh(server: Server) -> Server:
    """The server as it is stored."""
    return Server.objects.get(pk=server.pk)
