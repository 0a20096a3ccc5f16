"""What the tests of budgets say often."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from accounts.viewer import Viewer
from images.models import Image
from servers.models import Server
from tests.servers.conftest import boot, fresh

NOON = datetime(2026, 3, 15, 12, tzinfo=UTC)


def costing(price: str, by: Viewer, image: Image, *, since: datetime, until: datetime | None = None) -> Server:
    """A server that was made then at this price, and perhaps deleted."""
    server = boot(by, image)
    columns: dict[str, Any] = {"price": Decimal(price), "created_at": since}
    if until:
        columns |= {"deleted_at": until, "deleted_by": by.user, "wanted": Server.Wanted.DELETED}
    Server.objects.filter(pk=server.pk).update(**columns)
    return fresh(server)
