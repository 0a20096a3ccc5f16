"""An image is booted in the second in which it is taken back: one of both happens first, and nothing in between."""

import pytest

from accounts.viewer import Viewer
from images.actions import deactivate
from images.models import DataHold, Image
from servers.actions import NewServer, create_servers
from servers.models import Flavor, RegionCloud, Server
from sharing.actions import accept, leave, offer, remove
from sharing.addresses import parse
from sharing.models import Share
from tests.people import Cast
from tests.races.conftest import AtOnce

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]
REFUSED = ("forbidden", "not found")


@pytest.fixture
def tiny(cast: Cast) -> Flavor:
    """The only size of IAD, which runs servers on this host."""
    RegionCloud.objects.create(region=cast.iad)
    return Flavor.objects.create(region=cast.iad, code="tiny", name="Tiny", ram=64, disk=1)


@pytest.fixture
def accepted(cast: Cast, golden: Image) -> Share:
    """Acme's image, accepted by Beta."""
    [offered] = offer(golden.pk, by=cast.producer, addresses=parse(cast.beta.number))
    return accept(offered.share.pk, by=cast.consumer)


def booted_or_refused(outcome: str, golden: Image) -> None:
    """Whatever came first: there are both servers with a hold each, or there is nothing."""
    servers = list(Server.objects.all())
    holders = set(DataHold.objects.filter(data=golden.data).values_list("holder", flat=True))
    assert holders == {server.holder for server in servers}
    assert (outcome, len(servers)) in [("done", 2), *((refused, 0) for refused in REFUSED)]


def boot(golden: Image, tiny: Flavor, by: Viewer, request: str = "") -> None:
    create_servers(NewServer(name="web", image=golden.pk, flavor=tiny.pk, request=request), by=by, count=2)


def test_booting_while_the_producer_removes_it(
    cast: Cast, golden: Image, accepted: Share, tiny: Flavor, at_once: AtOnce
) -> None:
    outcome, removed = at_once(
        lambda: boot(golden, tiny, cast.consumer),
        lambda: remove(golden.pk, accepted.pk, by=cast.producer),
    )
    assert removed == "done"
    booted_or_refused(outcome, golden)


def test_booting_while_the_consumer_leaves(
    cast: Cast, golden: Image, accepted: Share, tiny: Flavor, at_once: AtOnce
) -> None:
    outcome, left = at_once(lambda: boot(golden, tiny, cast.consumer), lambda: leave(golden.pk, by=cast.consumer))
    assert left == "done"
    booted_or_refused(outcome, golden)


def test_booting_while_the_producer_deactivates_it(
    cast: Cast, golden: Image, accepted: Share, tiny: Flavor, at_once: AtOnce
) -> None:
    outcome, _ = at_once(lambda: boot(golden, tiny, cast.consumer), lambda: deactivate(golden.pk, by=cast.producer))
    booted_or_refused(outcome, golden)


def test_a_form_sent_twice_at_once_makes_its_servers_once(
    cast: Cast, golden: Image, accepted: Share, tiny: Flavor, at_once: AtOnce
) -> None:
    def send() -> None:
        boot(golden, tiny, cast.consumer, request="the form")

    assert at_once(send, send) == ["done", "done"]
    booted_or_refused("done", golden)
