"""The networks of an account in the cloud of a region: what that said of itself when somebody last asked it.

It is kept with the account's cloud key, so that no page asks a cloud unless somebody wants that.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from accounts.models import Account
from images.models import Region
from servers.asking import one_page_at_a_time
from servers.clouds.base import CloudProblem, CloudRefused, HasNetworks, Network
from servers.clouds.finding import cloud_of
from servers.keys import LATER, TEST_SECONDS, for_a_person, in_time
from servers.models import CloudKey

NONE = "none"  # in the place of an id: a server that reaches no network
MOST_NAMED = 3  # subnets, in a list of networks
NO_NETWORK = "The cloud offers no network to this account. Make one there, and ask for it on Create Server."
NO_SUCH_NETWORK = "The cloud offers no such network to this account. Choose another one, or ask again on Create Server."


def known_networks(key: CloudKey | None) -> tuple[Network, ...] | None:
    """The networks that an account can choose from; None where nobody knows them."""
    if key is None or key.networks is None:
        return None
    return tuple(Network(**{**each, "subnets": tuple(each["subnets"])}) for each in key.networks)


def as_kept(networks: Iterable[Network]) -> list[dict[str, Any]]:
    """The same, as they are stored."""
    return [asdict(each) for each in networks]


def label_of(network: Network) -> str:
    """What a network is called in a list of them: "private – 10.0.0.0/24, shared"."""
    named = list(network.subnets[:MOST_NAMED])
    more = [f"{len(network.subnets) - MOST_NAMED} more"] if network.subnets[MOST_NAMED:] else []
    kinds = ["external"] * network.is_external + ["shared"] * (not network.is_own)
    return " – ".join(part for part in (network.name, ", ".join(named + more + kinds)) if part)


def labels_of(networks: Iterable[Network]) -> list[tuple[str, str]]:
    """Ids and labels; of those that would look the same, each with its id."""
    labels = [(each.id, label_of(each)) for each in networks]
    counts = Counter(label for _, label in labels)
    return [(pk, label if counts[label] == 1 else f"{label} ({pk})") for pk, label in labels]


def asked_networks(region: Region, account: Account) -> list[Network]:
    """What the cloud says now. Never within a transaction: it takes seconds, at most ``TEST_SECONDS``.

    Raises:
        CloudProblem: the cloud does not answer, or does not let the account's key ask; or it has no networks to choose.
    """
    cloud = cloud_of(region, account)
    if not isinstance(cloud, HasNetworks):
        raise CloudRefused(f"Nobody chooses networks of servers in {region.name}.")
    try:
        with one_page_at_a_time(region, account, "networks"):
            return _said_in_time(cloud, region)
    except CloudProblem as problem:
        raise CloudProblem(for_a_person(str(problem))) from None


def _said_in_time(cloud: HasNetworks, region: Region) -> list[Network]:
    said = in_time(cloud.networks)
    if said is None:
        raise CloudProblem(f"The cloud of {region.name} did not answer within {TEST_SECONDS} seconds. {LATER}")
    return said
