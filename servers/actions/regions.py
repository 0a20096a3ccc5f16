"""The clouds and sizes of regions: what a panel begins with."""

from decimal import Decimal

from django.conf import settings
from django.db import transaction

from accounts.records import record
from images.models import Region
from servers.models import Flavor, RegionCloud

# code, name, virtual processors, MiB of memory, GiB of disk, price per hour in a demo.
FIRST_SIZES = (
    ("tiny", "Tiny", 1, 128, 1, Decimal("0.002")),
    ("small", "Small", 1, 512, 10, Decimal("0.008")),
    ("medium", "Medium", 2, 2048, 20, Decimal("0.032")),
)


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
        record("region set up", subject_kind="region", subject_id=region.pk, subject_name=region.name, by=None)
    return regions


def _first_sizes(region: Region) -> list[Flavor]:
    return [
        Flavor(
            region=region, code=code, name=name, vcpus=vcpus, ram=ram, disk=disk, price=price if settings.DEMO else 0
        )
        for code, name, vcpus, ram, disk, price in FIRST_SIZES
    ]
