"""From a server to the cloud that runs it, and to the machine as that cloud should have it."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from accounts.encryption import SecretLost
from accounts.models import Account
from images.models import ImageData, Region
from servers.clouds.base import Cloud, CloudRefused, KeyNeeded, Machine, Source
from servers.clouds.local import LocalCloud
from servers.models import CloudKey, RegionCloud, Server
from servers.secrets import secret_of, user_data_of

if TYPE_CHECKING:
    from servers.clouds.openstack.access import Access


def cloud_of(region: Region, account: Account) -> Cloud:
    """The cloud of a region, as an account uses it.

    Raises:
        CloudRefused: the region keeps images only, or the account has no key for it.
    """
    cloud = RegionCloud.objects.select_related("region").filter(region=region).first()
    if cloud is None:
        raise CloudRefused(f"{region.name} keeps images only: no servers run there.")
    if cloud.kind == RegionCloud.Kind.LOCAL:
        return local_cloud()
    keys = CloudKey.objects.filter(account=account, region=region, removed_at__isnull=True)
    key = keys.select_related("region").first()
    if key is None:
        raise KeyNeeded(f"{account.title} has no cloud key for {region.name}.")
    if reason := why_not_for(key, cloud):
        raise KeyNeeded(reason)
    from servers.clouds.openstack import OpenStackCloud

    with _told_to_people(KeyNeeded):
        return OpenStackCloud(access_of(cloud, key.credential_id, secret_of(key)))


def why_not_for(key: CloudKey, cloud: RegionCloud) -> str:
    """Why a key does not go to where the cloud of its region is now; empty when it does.

    An account gave it for the hosts that it read then. Whoever moves the cloud elsewhere gets no key by that.
    """
    others = [host for host in cloud.hosts if host not in key.given_for]
    if not others:
        return ""
    return (
        f"Staff have added {', '.join(others)} to this cloud since the key was given. Give it again if it may go there."
    )


def access_of(cloud: RegionCloud, credential_id: str, secret: str) -> "Access":
    """The way into the OpenStack cloud of a region, with an application credential.

    Args:
        cloud: with its region.
    """
    from servers.clouds.openstack.access import Access

    return Access(
        region=cloud.region.name,
        auth_url=cloud.auth_url,
        credential_id=credential_id,
        secret=secret,
        region_name=cloud.region_name,
        endpoints=tuple(cloud.endpoints),
        certificates=cloud.certificates,
    )


@cache
def local_cloud() -> LocalCloud:
    """QEMU on this host."""
    return LocalCloud()


def machine_of(server: Server) -> Machine:
    """What the cloud of a server should have.

    Raises:
        CloudRefused: its user data cannot be read any more, and the guest never has.
    """
    with _told_to_people(CloudRefused):
        user_data = user_data_of(server)
    return Machine(
        id=server.pk,
        name=server.name,
        disk_number=server.disk_number,
        vcpus=server.vcpus,
        ram=server.ram,
        disk=server.disk,
        flavor=server.flavor.code,
        image=source_of(server.image_name, server.data),
        network=server.network,
        network_code=server.network_code,
        ports=tuple(int(port) for port in server.ports),
        ssh_keys=tuple(server.ssh_keys),
        user_data=user_data,
        cloud_id=server.cloud_id,
    )


def source_of(name: str, data: ImageData) -> Source:
    """Where a cloud finds the bytes of an image.

    Args:
        name: what people call it.
    """
    return Source(
        data_id=data.pk,
        name=name,
        disk_format=data.disk_format,
        size=data.size,
        virtual_size=data.virtual_size,
        md5=data.checksum,
        sha512=data.os_hash_value,
        registered_as=data.place_in_cloud,
    )


@contextmanager
def _told_to_people(problem: type[CloudRefused]) -> Iterator[None]:
    """A secret that cannot be read is a reason why nothing can be done, and not an error of the panel."""
    try:
        yield
    except SecretLost as lost:
        raise problem(str(lost)) from None
