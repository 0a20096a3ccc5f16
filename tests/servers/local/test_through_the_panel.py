"""From consent to a running machine and to its end: an image that was shared boots on this host."""

import pytest

from servers.actions import attend_to_server, delete_server
from servers.clouds.local import LocalCloud
from servers.models import Flavor, Server
from sharing.models import Share
from tests.people import Cast
from tests.servers.conftest import boot, fresh, running

pytestmark = pytest.mark.django_db


def test_a_shared_image_boots(cast: Cast, cloud: LocalCloud, small: Flavor, lent: Share) -> None:
    server = running(boot(cast.consumer, lent.image))
    assert (server.status, server.problem) == (Server.Status.RUNNING, "")
    delete_server(server.pk, by=cast.consumer)
    attend_to_server(server.pk)
    assert fresh(server).gone_at
