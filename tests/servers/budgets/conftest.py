"""What the tests of budgets and sizes say often. Rhea's Acme Lab is an account of Acme Group, too."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Account
from accounts.viewer import Viewer
from images.models import Image
from servers import actions
from servers.models import Budget, Flavor, Server
from tests.people import Cast
from tests.servers.conftest import boot, fresh, make_flavor

NOON = datetime(2026, 3, 15, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def priced(cast: Cast) -> Flavor:
    """A size in IAD for 1 an hour."""
    return make_flavor(cast.iad, price=Decimal(1))


def costing(price: str, by: Viewer, image: Image, *, since: datetime, until: datetime | None = None) -> Server:
    """A server that was made then at this price, and perhaps deleted."""
    server = boot(by, image)
    columns: dict[str, Any] = {"price": Decimal(price), "created_at": since}
    if until:
        columns |= {"deleted_at": until, "deleted_by": by.user, "wanted": Server.Wanted.DELETED}
    Server.objects.filter(pk=server.pk).update(**columns)
    return fresh(server)


def spending(amount: int, by: Viewer, image: Image) -> None:
    """So much was spent in the hour before now, and nothing more is to come. It has to be of this month."""
    now = timezone.now()
    costing(str(amount), by, image, since=now - HOUR, until=now)


def budget(cast: Cast, amount: int, account: Account | None = None) -> Budget:
    """Alice gives Acme Producers a budget."""
    return actions.set_budget(cast.acme_group, (account or cast.acme).pk, by=cast.producer, amount=Decimal(amount))
