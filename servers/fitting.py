"""Whether an image can boot in a region, in a size, for an account; and why not."""

from accounts.models import Account
from images.models import Image
from servers.models import CloudKey, Flavor, RegionCloud

GIB = 1024**3


def why_not_boot(image: Image, flavor: Flavor, account: Account) -> str:
    """Why an image that the account may use cannot boot in this size; empty when it can."""
    return why_not_in_region(image, account) or why_not_in_size(image, flavor)


def why_not_in_region(image: Image, account: Account) -> str:
    """Why no server of the account can boot the image in its region, whatever the size; empty when one can."""
    cloud = RegionCloud.objects.filter(region=image.region_id).first()
    if cloud is None or cloud.closed_at is not None:
        return f"{image.region.name} runs no servers."
    if cloud.needs_key and not CloudKey.objects.filter(account=account, region=image.region_id, removed_at=None):
        return f"{account.title} has no cloud key for {image.region.name}."
    return ""


def why_not_in_size(image: Image, flavor: Flavor) -> str:
    """Why the image needs a larger size; empty when this one is large enough."""
    if flavor.ram < image.min_ram:
        return f"The image needs {image.min_ram} MiB of memory; {flavor.name} has {flavor.ram}."
    needed = max(image.min_disk, -(-image.data.virtual_size // GIB))
    if flavor.disk and flavor.disk < needed:
        return f"The image needs a disk of {needed} GiB; {flavor.name} has {flavor.disk}."
    return ""
