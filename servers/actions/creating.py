"""Booting servers from an image: where consent becomes use."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4, uuid5

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.encryption import encrypt
from accounts.errors import Conflict, wrong
from accounts.permissions import lock_groups
from accounts.viewer import Viewer
from images.actions.events import record_copy
from images.actions.holds import hold
from images.models import Image
from images.permissions import Verb as ImageVerb
from images.permissions import get_image
from images.rows import name_for
from images.validators import valid_ports
from servers.actions.events import attend_soon, record_server
from servers.budgets import why_not_afford
from servers.clouds.base import Network
from servers.fitting import Place, place_of
from servers.limits import Amounts, Counted, require_room
from servers.models import Flavor, FormationPart, Server, SshKey
from servers.models.formation import MOST_OF_ONE
from servers.networks import NO_NETWORK, NO_SUCH_NETWORK
from servers.permissions import Verb, require
from servers.secrets import USER_DATA, user_data_of
from sharing.models import Share

REQUESTS = UUID("2b0d4f4e-5f7c-4f0c-9b2a-6a1f3c1f7f10")  # the namespace of ids that are made from requests


class SentAlready(Conflict):
    """A form came twice, and the second time it asked for something else."""


@dataclass(frozen=True, kw_only=True)
class NewServer:
    """What somebody wants of a new server.

    Attributes:
        image: the id of the image it boots from.
        flavor: the id of its size.
        ssh_keys: ids of keys of the person.
        network: whether it may reach the network.
        network_code: what the cloud calls the one that is chosen; empty: the first that it offers to the account.
        ports: of the server, to be reached from outside.
        request: what the form was given when it was shown: sent twice, it makes its servers once. Empty: no matter.
    """

    name: str
    image: UUID
    flavor: int
    ssh_keys: Sequence[int] = ()
    user_data: str = ""
    network: bool = False
    network_code: str = ""
    ports: Sequence[int] = ()
    request: str = ""


@dataclass(frozen=True)
class Filling:
    """Servers that fill a part of a formation.

    Attributes:
        names: what they are called, one each.
    """

    part: FormationPart
    names: Sequence[str]


def create_server(new: NewServer, *, by: Viewer) -> Server:
    """Boot one server; see ``create_servers``."""
    [server] = create_servers(new, by=by)
    return server


@transaction.atomic
def create_servers(new: NewServer, *, by: Viewer, count: int = 1, filling: Filling | None = None) -> list[Server]:
    """Boot servers that are alike, all or none. Consent is asked for here, under the lock of the image: a share that is
    removed at the same time wins and nothing boots, or loses and the servers go on.

    Args:
        count: how many; from two on, their names are numbered.
        filling: the part of a formation that they fill, which also says their names, so many.

    Returns:
        The servers; those that were made before, when the same request comes again.

    Raises:
        Http404: the viewer cannot see the image.
        PermissionDenied: they may not create servers, or not boot this image: not accepted, deactivated, obsolete,
            refused by a policy.
        Conflict: the data of the image is damaged.
        SentAlready: the same request came before and asked for something else, or its servers were deleted.
        ValidationError: per field; also where the image does not fit the flavor or the region, and where the account
            may not use the flavor, would spend more than its budget, or would have more servers than it may.
    """
    require(by, Verb.CREATE)
    by = lock_groups(by, [by.account.organization])  # so that budgets and sizes stay as they are
    require(by, Verb.CREATE)
    ids = _ids(new, by, count)
    if new.request and (made := _made_before(new, by, count)):
        return made
    get_image(by, new.image, ImageVerb.USE)  # nobody holds up somebody else's image without the right
    image = get_image(by, new.image, ImageVerb.USE, lock=True)
    place = place_of(image.region, by.account)
    flavor = fitting_flavor(new.flavor, image, place)
    network = _offered_network(new, place)
    _check_reach(new, place)
    keys = _own_keys(new, by)
    _check(new, place, count)
    if reason := why_not_afford(by.account, flavor.price * count):
        raise wrong("flavor", reason, "over-budget")
    require_room(by.account, _needed(new, flavor, count))
    shares = list(Share.objects.held_by(by, image))
    names = filling.names if filling else numbered(new.name, count)
    servers = []
    for pk, name in zip(ids, names, strict=True):
        server = _built(new, image, flavor, by)
        if network:
            server.network_code, server.network_name = network.id, network.name
        server.pk, server.name, server.ssh_keys = pk, name, keys
        if filling:
            server.part, server.formation = filling.part, filling.part.formation
        _boot(server, shares, by)
        servers.append(server)
    return servers


def _needed(new: NewServer, flavor: Flavor, count: int) -> Amounts:
    return {
        Counted.SERVERS: count,
        Counted.VCPUS: flavor.vcpus * count,
        Counted.RAM: flavor.ram * count,
        Counted.PORTS: len(set(new.ports)) * count,
    }


def numbered(name: str, count: int) -> list[str]:
    """What several servers of one name are called: they are numbered, a single one is not."""
    return [name] if count == 1 else [f"{name}-{number}" for number in range(1, count + 1)]


def _ids(new: NewServer, by: Viewer, count: int) -> list[UUID]:
    """The ids of the servers of a request: the same whenever it comes, and never those of anybody else's."""
    if not new.request:
        return [uuid4() for _ in range(count)]
    return [uuid5(REQUESTS, f"{by.account.pk} {by.user.pk} {new.request} {number}") for number in range(count)]


def _made_before(new: NewServer, by: Viewer, count: int) -> list[Server]:
    """The servers that a request has made when it came before; none if it has not come yet.

    Raises:
        SentAlready: they are others than those it asks for now, or not there any more.
    """
    *ids, one_more = _ids(new, by, count + 1)
    rows = Server.objects.filter(account=by.account, pk__in=[*ids, one_more]).in_bulk()
    if not rows:
        return []
    made = [rows[pk] for pk in ids if pk in rows]
    if len(made) != count or one_more in rows or not all(map(_is_as_asked(new, by, count), made)):
        raise SentAlready("This form was sent already, and its servers were made. Send it again to make others too.")
    return made


def _is_as_asked(new: NewServer, by: Viewer, count: int) -> Callable[[Server], bool]:
    names, ports = set(numbered(new.name, count)), {str(port) for port in new.ports}
    keys = SshKey.objects.filter(user=by.user, pk__in=new.ssh_keys).values_list("public_key", flat=True)
    asked = new.image, new.flavor, new.network, ports, set(keys), new.user_data

    def is_as_asked(server: Server) -> bool:
        made = server.image_id, server.flavor_id, server.network, set(server.ports), set(server.ssh_keys)
        is_there = new.network_code in ("", server.network_code)
        return server.is_live and server.name in names and is_there and (*made, user_data_of(server)) == asked

    return is_as_asked


def fitting_flavor(flavor_id: int, image: Image, place: Place) -> Flavor:
    """The size of an id, if servers of the image can have it in its region.

    Raises:
        ValidationError: on ``image`` or ``flavor``, with the reason why not.
    """
    if reason := place.why_not(image):
        raise wrong("image", reason, "does-not-fit")
    flavor = Flavor.objects.filter(pk=flavor_id, region=image.region_id, closed_at=None).first()
    if flavor is None:
        raise wrong("flavor", "Choose a size that the region of the image has.", "no-such-flavor")
    if reason := place.why_not_in(image, flavor):
        raise wrong("flavor", reason, "too-small")
    return flavor


def _offered_network(new: NewServer, place: Place) -> Network | None:
    """The network to which it is to be connected; None for none, and where its cloud has to choose."""
    if not new.network or (place.networks is None and not new.network_code):
        return None
    offered = place.networks or ()
    network = next((each for each in offered if new.network_code in ("", each.id)), None)
    if network is None:
        raise wrong("network", NO_SUCH_NETWORK if offered or place.networks is None else NO_NETWORK, "no-such-network")
    return network


def _check_reach(new: NewServer, place: Place) -> None:
    assert place.cloud
    if new.network and not place.cloud.abilities.network_choice:
        raise wrong("network", f"Servers in {place.region.name} reach no network themselves.", "no-network")
    if new.ports and not place.cloud.abilities.port_forwards:
        raise wrong("ports", f"Nobody chooses ports of servers in {place.region.name}.", "no-ports")


def _own_keys(new: NewServer, by: Viewer) -> list[str]:
    keys = [key.public_key for key in SshKey.objects.filter(user=by.user, pk__in=new.ssh_keys)]
    if len(keys) != len(set(new.ssh_keys)):
        raise PermissionDenied("Only own SSH keys can be put into a server.")
    return keys


def _check(new: NewServer, place: Place, count: int) -> None:
    assert place.cloud
    most = place.cloud.abilities.user_data
    if not 1 <= count <= MOST_OF_ONE:
        raise wrong("count", f"From 1 to {MOST_OF_ONE} servers can be made at once.", "count")
    if len(new.user_data.encode()) > most:
        raise wrong("user_data", f"User data has at most {most // 1024} KiB in this region.", "too-long")
    if "\0" in new.user_data:
        raise wrong("user_data", "User data is text: it cannot hold the character NUL.", "nul")
    try:
        valid_ports(list(new.ports))
    except ValidationError as error:
        raise ValidationError({"ports": error}) from error


def _built(new: NewServer, image: Image, flavor: Flavor, by: Viewer) -> Server:
    """A server as it is wanted, still without an id, a name and keys."""
    return Server(
        account=by.account,
        region=image.region,
        image=image,
        image_name=name_for(image),
        data=image.data,
        flavor=flavor,
        vcpus=flavor.vcpus,
        ram=flavor.ram,
        disk=flavor.disk,
        price=flavor.price,
        network=new.network,
        ports={str(port): 0 for port in new.ports},
        encrypted_user_data=encrypt(new.user_data, purpose=USER_DATA) if new.user_data else "",
        created_at=timezone.now(),
        created_by=by.user,
    )


def _boot(server: Server, shares: Sequence[Share], by: Viewer) -> None:
    server.clean_fields(exclude=["account", "region", "image", "data", "flavor", "created_by", "formation", "part"])
    server.save(force_insert=True)
    server.shares.set(shares)
    hold(server.data, server.holder)
    record_copy("booted", server.image, by, server=server.name)
    record_server("created", server, by, image=server.image.name, flavor=server.flavor.name)
    attend_soon(server)
