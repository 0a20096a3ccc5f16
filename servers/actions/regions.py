"""The clouds and sizes of regions: what a panel begins with, and what staff make of it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from django.utils import timezone

from accounts.errors import Conflict
from accounts.models import Event, User
from accounts.records import record
from images.models import Region
from servers.models import Flavor, RegionCloud, Server
from servers.permissions import may_set_regions

# code, name, virtual processors, MiB of memory, GiB of disk, price per hour in a demo.
FIRST_SIZES = (
    ("tiny", "Tiny", 1, 128, 1, Decimal("0.002")),
    ("small", "Small", 1, 512, 10, Decimal("0.008")),
    ("medium", "Medium", 2, 2048, 20, Decimal("0.032")),
)
# What an event tells of a change: the fields that are others now, in words.
OF_CLOUDS = {
    "kind": "kind",
    "auth_url": "address",
    "region_name": "name of the region there",
    "certificates": "certificate authority",
    "endpoints": "allowed endpoints",
}
OF_FLAVORS = {"name": "name", "vcpus": "processors", "ram": "memory", "disk": "disk", "price": "price"}


@transaction.atomic
def set_up_regions() -> list[Region]:
    """Let the default region run servers on this host, in a few sizes; in a demo, every region.

    Done once: where any region has a cloud, also a closed one, or where no region is the default, staff have decided. A
    panel without regions gets one. Sizes are free of charge until staff say otherwise.

    Returns:
        The regions that run servers from now on.
    """
    if RegionCloud.objects.exists():
        return []
    if not Region.objects.exists():
        Region.objects.create(code="LOCAL", name="This host", is_default=True)
    regions = list(Region.objects.all() if settings.DEMO else Region.objects.filter(is_default=True))
    for region in regions:
        RegionCloud.objects.create(region=region)
        if not region.flavors.exists():
            Flavor.objects.bulk_create(_first_sizes(region))
        _record("region set up", region, None)
    return regions


@transaction.atomic
def set_cloud(cloud: RegionCloud, *, by: User) -> RegionCloud:
    """Say what runs the servers of a region, for the first time or anew. Servers that there are go on.

    Args:
        cloud: checked by its form (``servers.forms.regions``); with what it should be.

    Raises:
        PermissionDenied: the person is not staff who may set regions.
        Conflict: the region has servers, which are in the cloud of another kind.
    """
    _require_staff(by)
    Region.objects.select_for_update().get(pk=cloud.region_id)
    if reason := why_not_another_kind(cloud.region, cloud.kind):
        raise Conflict(reason)
    before = RegionCloud.objects.filter(pk=cloud.pk).first()
    cloud.full_clean(validate_unique=False)
    cloud.save()
    if before is None:
        _record("cloud added", cloud.region, by, what=cloud.get_kind_display())
    elif changed := _changed(before, cloud, OF_CLOUDS):
        _record("cloud changed", cloud.region, by, what=changed)
    return cloud


def why_not_another_kind(region: Region, kind: str) -> str:
    """Why a region cannot get a cloud of this kind; empty when it can."""
    if not RegionCloud.objects.filter(region=region).exclude(kind=kind).exists():
        return ""
    count = Server.objects.in_the_cloud().filter(region=region).count()
    if not count:
        return ""
    return f"{count} {'server is' if count == 1 else 'servers are'} in the cloud that it has. Delete them first."


@transaction.atomic
def close_cloud(region: Region, *, by: User) -> None:
    """Let no new servers begin in a region. Those that there are go on, and can be stopped, started and deleted.

    Raises:
        Http404, PermissionDenied: as ``set_cloud``; or it has no cloud.
        Conflict: it is closed already.
    """
    cloud = _locked_cloud(region, by)
    _close(cloud, region.name)
    _record("cloud closed", region, by)


@transaction.atomic
def reopen_cloud(region: Region, *, by: User) -> None:
    """Let new servers begin again.

    Raises:
        Http404, PermissionDenied, Conflict: as ``close_cloud``.
    """
    cloud = _locked_cloud(region, by)
    _reopen(cloud, region.name)
    _record("cloud reopened", region, by)


@transaction.atomic
def set_flavor(flavor: Flavor, *, by: User) -> Flavor:
    """Make a size, or change one. Servers that there are keep what they were made with, their price as well.

    Raises:
        PermissionDenied: the person is not staff who may set regions.
    """
    _require_staff(by)
    before = Flavor.objects.select_for_update(of=("self",)).filter(pk=flavor.pk).first()
    flavor.full_clean(validate_unique=False)
    flavor.save()
    if before is None:
        _record("size added", flavor, by, region=flavor.region_id)
    elif changed := _changed(before, flavor, OF_FLAVORS):
        _record("size changed", flavor, by, region=flavor.region_id, what=changed)
    return flavor


@transaction.atomic
def close_flavor(flavor: Flavor, *, by: User) -> None:
    """Let no new servers begin in a size. Those that there are go on.

    Raises:
        PermissionDenied: the person is not staff who may set regions.
        Conflict: it is closed already.
    """
    flavor = _locked_flavor(flavor, by)
    _close(flavor, flavor.name)
    _record("size closed", flavor, by, region=flavor.region_id)


@transaction.atomic
def reopen_flavor(flavor: Flavor, *, by: User) -> None:
    """Let new servers begin in it again.

    Raises:
        PermissionDenied, Conflict: as ``close_flavor``.
    """
    flavor = _locked_flavor(flavor, by)
    _reopen(flavor, flavor.name)
    _record("size reopened", flavor, by, region=flavor.region_id)


def _require_staff(by: User) -> None:
    if not may_set_regions(by):
        raise PermissionDenied("Only staff who may change clouds of regions can do this.")


def _locked_cloud(region: Region, by: User) -> RegionCloud:
    _require_staff(by)
    cloud = RegionCloud.objects.select_for_update(of=("self",)).filter(region=region).first()
    if cloud is None:
        raise Http404
    return cloud


def _locked_flavor(flavor: Flavor, by: User) -> Flavor:
    _require_staff(by)
    return Flavor.objects.select_for_update(of=("self",)).get(pk=flavor.pk)


def _close(what: RegionCloud | Flavor, name: str) -> None:
    if what.closed_at:
        raise Conflict(f"{name} is closed for new servers already.")
    what.closed_at = timezone.now()
    what.save(update_fields=["closed_at"])


def _reopen(what: RegionCloud | Flavor, name: str) -> None:
    if not what.closed_at:
        raise Conflict(f"{name} is open for new servers.")
    what.closed_at = None
    what.save(update_fields=["closed_at"])


def _changed(before: RegionCloud | Flavor, after: RegionCloud | Flavor, words: Mapping[str, str]) -> str:
    """What is another now, in words."""
    return ", ".join(word for name, word in words.items() if getattr(before, name) != getattr(after, name))


def _record(verb: str, subject: Region | Flavor, by: User | None, **detail: Any) -> Event:
    kind = "flavor" if isinstance(subject, Flavor) else "region"
    return record(verb, subject_kind=kind, subject_id=subject.pk, subject_name=subject.name, by=by, **detail)


def _first_sizes(region: Region) -> list[Flavor]:
    return [
        Flavor(
            region=region, code=code, name=name, vcpus=vcpus, ram=ram, disk=disk, price=price if settings.DEMO else 0
        )
        for code, name, vcpus, ram, disk, price in FIRST_SIZES
    ]
