"""Asking clouds which networks they offer to an account, for people to choose from."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from accounts.errors import Conflict
from accounts.models import Account
from accounts.viewer import Viewer
from images.models import Region
from servers.asking import unless_silent
from servers.clouds.base import CloudProblem, HasNetworks, Network
from servers.clouds.finding import cloud_of
from servers.models import CloudKey
from servers.networks import as_kept, asked_networks
from servers.permissions import Verb, require


def ask_for_networks(region: Region, *, by: Viewer) -> list[Network]:
    """Ask the cloud of a region now, for somebody who waits, and keep what it says. Never within a transaction.

    Raises:
        PermissionDenied: the viewer creates no servers.
        CloudProblem: the cloud does not say it.
        Conflict: the cloud key was replaced or removed meanwhile.
    """
    require(by, Verb.CREATE)
    key = _current(by.account, region)
    networks = asked_networks(region, by.account)
    if key is None or not _note(key, networks):
        raise Conflict("The cloud key was replaced or removed meanwhile.")
    return networks


def ask_for_networks_of(key_id: int) -> None:
    """The same for a key that was just given, by a worker. Where the cloud does not say it, people can ask again."""
    key = CloudKey.objects.select_related("account", "region").filter(pk=key_id, removed_at=None).first()
    if key is None:
        return
    try:
        cloud = cloud_of(key.region, key.account)
        if isinstance(cloud, HasNetworks):
            with unless_silent(key.region):
                _note(key, cloud.networks())
    except CloudProblem:
        return


@transaction.atomic
def _note(key: CloudKey, networks: Sequence[Network]) -> bool:
    """Keep what a cloud has said to a key, as long as that is the account's key."""
    now = CloudKey.objects.select_for_update(of=("self",)).filter(pk=key.pk, removed_at=None).first()
    if now is None or now.encrypted_secret != key.encrypted_secret:
        return False
    now.networks, now.networks_at = as_kept(networks), timezone.now()
    now.save(update_fields=["networks", "networks_at"])
    return True


def _current(account: Account, region: Region) -> CloudKey | None:
    return CloudKey.objects.filter(account=account, region=region, removed_at=None).first()
