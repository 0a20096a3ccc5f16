"""From a server to the cloud that runs it, and to the machine as that cloud should have it."""

from functools import cache

from accounts.models import Account
from images.models import Image, ImageData, Region
from servers.clouds.base import Cloud, CloudRefused, Machine, Source
from servers.clouds.local import LocalCloud
from servers.models import RegionCloud, Server
from servers.secrets import user_data_of


def cloud_of(region: Region, account: Account) -> Cloud:
    """The cloud of a region, as an account uses it.

    Raises:
        CloudRefused: the region keeps images only, or the account has no key for it.
    """
    cloud = RegionCloud.objects.filter(region=region).first()
    if cloud is None:
        raise CloudRefused(f"{region.name} keeps images only: no servers run there.")
    if cloud.kind == RegionCloud.Kind.LOCAL:
        return local_cloud()
    raise CloudRefused(f"{account.title} has no cloud key for {region.name}.")


@cache
def local_cloud() -> LocalCloud:
    """QEMU on this host."""
    return LocalCloud()


def machine_of(server: Server) -> Machine:
    """What the cloud of a server should have."""
    return Machine(
        id=server.pk,
        name=server.name,
        disk_number=server.disk_number,
        vcpus=server.vcpus,
        ram=server.ram,
        disk=server.disk,
        flavor=server.flavor.code,
        image=source_of(server.image, server.data),
        network=server.network,
        ports=tuple(int(port) for port in server.ports),
        ssh_keys=tuple(server.ssh_keys),
        user_data=user_data_of(server),
        cloud_id=server.cloud_id,
    )


def source_of(image: Image, data: ImageData) -> Source:
    """Where a cloud finds the bytes of an image."""
    return Source(
        data_id=data.pk,
        name=image.name,
        disk_format=data.disk_format,
        size=data.size,
        virtual_size=data.virtual_size,
    )
