"""Whether an image can boot in a region, in a size, for an account; and why not.

A ``Place`` is read once, and judges any number of images and sizes without another query.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from accounts.models import Account
from images.models import Image, Region
from servers.allowed import Allowed
from servers.clouds.base import Cloud, CloudRefused, HasNetworks, KeyNeeded, Network
from servers.clouds.finding import cloud_of
from servers.models import CloudKey, Flavor, RegionCloud
from servers.networks import known_networks

GIB = 1024**3


@dataclass(frozen=True)
class Place:
    """A region, as an account would boot servers there.

    Attributes:
        cloud: None where the account can begin no server, whatever the image.
        refusal: why not; empty where there is a cloud.
        needs_key: whether the account only lacks a cloud key.
        allowed: the sizes that the account may use.
        networks: to which its servers can be connected, first the one that is taken unless another is chosen; None
            where nobody knows them, or nobody chooses.
        networks_at: when the cloud said so.
    """

    region: Region
    cloud: Cloud | None
    refusal: str = ""
    needs_key: bool = False
    allowed: Allowed = field(default_factory=Allowed)
    networks: tuple[Network, ...] | None = None
    networks_at: datetime | None = None

    @property
    def has_networks(self) -> bool:
        """Whether its cloud has networks among which people choose, known or not."""
        return isinstance(self.cloud, HasNetworks)

    def why_not(self, image: Image) -> str:
        """Why no server can boot the image here, whatever its size; empty when one can.

        Args:
            image: with the rights of the viewer.
        """
        if self.cloud is None:
            return self.refusal
        data, can = image.data, self.cloud.abilities
        if data.disk_format not in can.disk_formats:
            return f"{self.region.name} boots no {data.disk_format} images. Convert it to another format first."
        if image.architecture not in can.architectures:
            return f"{self.region.name} runs no machines of the architecture {image.architecture}."
        if can.gives_data and (image.is_boot_only or not image.can_export):
            return f"It is for booting only, but whoever boots an image in {self.region.name} can download it there."
        return ""

    def why_not_in(self, image: Image | None, flavor: Flavor) -> str:
        """Why the account cannot use a size here, for this image where there is one; empty when it can."""
        return self.allowed.why_not(flavor) or (why_not_in_size(image, flavor) if image else "")

    def why_not_in_any(self, image: Image, flavors: Sequence[Flavor]) -> str:
        """Why there is no size here for an image; empty when there is one."""
        if reason := why_not_in_any(image, flavors):
            return reason
        none = all(self.why_not_in(image, flavor) for flavor in flavors)
        return f"{self.allowed.decider} allows no size here that is large enough." if none else ""


def place_of(region: Region, account: Account) -> Place:
    """A region, as an account would boot servers there. At most five queries."""
    cloud = RegionCloud.objects.filter(region=region).first()
    if cloud and cloud.closed_at:
        return Place(region, None, f"{region.name} is closed for new servers.")
    key = _key_for(region, account) if cloud and cloud.needs_key else None
    if key and key.problem:
        return Place(region, None, f"The cloud key of {account.title} for {region.name} does not work: {key.problem}")
    try:
        place = Place(region, cloud_of(region, account), allowed=Allowed.of(account))
    except CloudRefused as refused:
        return Place(region, None, str(refused), needs_key=isinstance(refused, KeyNeeded))
    return replace(place, networks=known_networks(key), networks_at=key.networks_at) if key else place


def _key_for(region: Region, account: Account) -> CloudKey | None:
    """The cloud key of an account, with what was found when it was last tried."""
    return CloudKey.objects.filter(account=account, region=region, removed_at__isnull=True).first()


def why_not_boot(image: Image, flavor: Flavor, account: Account) -> str:
    """Why an image that the account may use cannot boot in this size; empty when it can."""
    place = place_of(image.region, account)
    return place.why_not(image) or place.why_not_in(image, flavor)


def why_not_in_size(image: Image, flavor: Flavor) -> str:
    """Why the image needs a larger size; empty when this one is large enough."""
    if flavor.ram < image.min_ram:
        return f"The image needs {image.min_ram} MiB of memory; {flavor.name} has {flavor.ram}."
    needed = disk_needed(image)
    if flavor.disk and flavor.disk < needed:
        return f"The image needs a disk of {needed} GiB; {flavor.name} has {flavor.disk}."
    return ""


def why_not_in_any(image: Image, flavors: Iterable[Flavor]) -> str:
    """Why the image needs a larger size than there is; empty when one is large enough."""
    reasons = [why_not_in_size(image, flavor) for flavor in flavors]
    if not reasons:
        return "There is no size for servers here yet. Staff add them."
    if all(reasons):
        needs = f"{image.min_ram} MiB of memory and {disk_needed(image)} GiB of disk"
        return f"No size here is large enough: it needs {needs}."
    return ""


def disk_needed(image: Image) -> int:
    """How large a disk the image needs, in GiB: as its owner says, and at least what it holds."""
    return int(max(image.min_disk, -(-image.data.virtual_size // GIB)))
