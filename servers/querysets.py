"""Who sees which servers: the account that made them."""

from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:
    from accounts.viewer import Viewer
    from servers.models import Formation, Server, Snapshot


class ServerQuerySet(models.QuerySet["Server"]):
    """Servers."""

    def live(self) -> "ServerQuerySet":
        """That nobody has asked to delete."""
        return self.exclude(wanted="deleted")

    def in_the_cloud(self) -> "ServerQuerySet":
        """Of which something may be left in their cloud: also those that are being deleted."""
        return self.filter(gone_at__isnull=True)

    def visible_to(self, viewer: "Viewer") -> "ServerQuerySet":
        """Those of the viewer's account."""
        return self.live().filter(account=viewer.account)


class SnapshotQuerySet(models.QuerySet["Snapshot"]):
    """Images that are being made from servers."""

    def open(self) -> "SnapshotQuerySet":
        """That wait or are being made."""
        return self.filter(status__in=["waiting", "running"])


class FormationQuerySet(models.QuerySet["Formation"]):
    """Formations."""

    def visible_to(self, viewer: "Viewer") -> "FormationQuerySet":
        """Those of the viewer's account, whoever of it made them, but for those that were deleted."""
        return self.filter(account=viewer.account, closed_at=None)
