"""The producers that a viewer knows: those whose images were accepted, those that are trusted, and the own accounts."""

from dataclasses import dataclass
from functools import cached_property

from accounts.models import Account
from accounts.once import once_for_each
from accounts.viewer import Viewer
from sharing.lookalikes import Names
from sharing.models import Share, Trust

MOST = 500  # names; more than that nobody remembers either


@dataclass(frozen=True)
class Acquaintances:
    """Accounts and organizations that somebody knows.

    Attributes:
        names: by id.
    """

    names: dict[int, str]

    def taken_for(self, producer: Account) -> str:
        """The known name for which that of a producer could be taken; empty for one that is known itself."""
        if producer.pk in self.names or producer.organization_id in self.names:
            return ""
        return self._compared.taken_for(producer.title)

    @cached_property
    def _compared(self) -> Names:
        return Names(self.names.values())


@once_for_each
def acquaintances_of(viewer: Viewer) -> Acquaintances:
    """Whom the viewer knows, for the account of the page and for what they decide for. One query per request."""
    own = {account.pk: account.title for account in viewer.accounts}
    own |= {each.pk: each.title for each in viewer.managed_organizations}
    if viewer.account.organization:
        own[viewer.account.organization.pk] = viewer.account.organization.title
    return Acquaintances(_met(viewer) | own)


def _met(viewer: Viewer) -> dict[int, str]:
    """Producers of what was accepted, and whom the viewer's accounts trust."""
    recipients = viewer.principals | viewer.decides_for
    shares = Share.objects.giving_access().filter(recipient__in=recipients).order_by()
    trusts = Trust.objects.filter(recipient__in=recipients)
    rows = shares.values_list("image__account", "image__account__title").union(
        trusts.filter(producer__as_account__isnull=False).values_list("producer", "producer__as_account__title"),
        trusts.filter(producer__as_organization__isnull=False).values_list(
            "producer", "producer__as_organization__title"
        ),
    )
    return dict(rows[:MOST])
