"""Booting a server from an image: where consent becomes use."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from accounts.encryption import encrypt
from accounts.errors import wrong
from accounts.permissions import lock_groups
from accounts.viewer import Viewer
from images.actions.events import record_copy
from images.actions.holds import hold
from images.models import Image
from images.permissions import Verb as ImageVerb
from images.permissions import get_image
from images.rows import name_for
from servers.actions.events import attend_soon, record_server
from servers.clouds.finding import USER_DATA
from servers.fitting import why_not_boot
from servers.models import Flavor, Formation, Server, SshKey
from servers.permissions import Verb, require
from sharing.models import Share


@dataclass(frozen=True, kw_only=True)
class NewServer:
    """What somebody wants of a new server.

    Attributes:
        image: the id of the image it boots from.
        flavor: the id of its size.
        ssh_keys: ids of keys of the person.
        ports: of the server, to be reached from outside.
    """

    name: str
    image: UUID
    flavor: int
    ssh_keys: Sequence[int] = ()
    user_data: str = ""
    network: bool = False
    ports: Sequence[int] = ()


@transaction.atomic
def create_server(new: NewServer, *, by: Viewer, formation: Formation | None = None) -> Server:
    """Boot a server. Consent is asked for here, under the lock of the image: a share that is removed at the same time
    wins and nothing boots, or loses and the server goes on.

    Raises:
        Http404: the viewer cannot see the image.
        PermissionDenied: they may not create servers, or not boot this image: not accepted, deactivated, obsolete,
            refused by a policy.
        Conflict: the data of the image is damaged.
        ValidationError: per field; also where the image does not fit the flavor or the region.
    """
    require(by, Verb.CREATE)
    get_image(by, new.image, ImageVerb.USE)  # nobody holds up somebody else's image without the right
    by = lock_groups(by)
    require(by, Verb.CREATE)
    image = get_image(by, new.image, ImageVerb.USE, lock=True)
    flavor = Flavor.objects.filter(pk=new.flavor, region=image.region_id, closed_at=None).first()
    if flavor is None:
        raise wrong("flavor", "Choose a size that the region of the image has.", "no-such-flavor")
    if reason := why_not_boot(image, flavor, by.account):
        raise wrong("image", reason, "does-not-fit")
    server = _built(new, image, flavor, by)
    server.formation = formation
    server.clean_fields(exclude=["account", "region", "image", "data", "flavor", "created_by", "formation"])
    server.save()
    server.shares.set(Share.objects.held_by(by, image))
    hold(image.data, server.holder)
    record_copy("booted", image, by, server=server.name)
    record_server("created", server, by, image=image.name, flavor=flavor.name)
    attend_soon(server)
    return server


def _built(new: NewServer, image: Image, flavor: Flavor, by: Viewer) -> Server:
    keys = SshKey.objects.filter(user=by.user, pk__in=new.ssh_keys)
    if len(keys) != len(set(new.ssh_keys)):
        raise PermissionDenied("Only own SSH keys can be put into a server.")
    return Server(
        account=by.account,
        region=image.region,
        name=new.name,
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
        ssh_keys=[key.public_key for key in keys],
        created_at=timezone.now(),
        created_by=by.user,
    )
