"""Looking up an image in the cloud of a region, before it is registered here."""

from dataclasses import dataclass

from accounts.errors import wrong
from accounts.viewer import Viewer
from images.models import Region
from images.permissions import Verb, require
from servers.asking import PAGE_SECONDS
from servers.clouds.base import CloudProblem, FindsImages, Found, at_most
from servers.clouds.finding import cloud_of


@dataclass(frozen=True, kw_only=True)
class Registration:
    """What somebody registers.

    Attributes:
        cloud_id: of the image in the cloud.
        name: what it is called here; empty: as there.
    """

    region: Region
    cloud_id: str
    name: str = ""


def look_up(wanted: Registration, *, by: Viewer) -> Found:
    """Ask the cloud of a region about an image, with the key of the viewer's account. Never within a transaction.

    Raises:
        PermissionDenied: the viewer may not add images.
        ValidationError: on the field "cloud_id": the cloud does not have it, or not for this; "region": no key.
    """
    require(by, Verb.CREATE)
    if wanted.region.closed_at:
        raise wrong("region", f"{wanted.region.name} takes no new images.", "closed")
    try:
        cloud = cloud_of(wanted.region, by.account)
    except CloudProblem as problem:
        raise wrong("region", str(problem), "no-key") from None
    if not isinstance(cloud, FindsImages):
        raise wrong("region", f"{wanted.region.name} has no cloud that keeps images itself.", "no-cloud")
    try:
        with at_most(PAGE_SECONDS):
            return cloud.find_own(wanted.cloud_id)
    except CloudProblem as problem:
        raise wrong("cloud_id", str(problem), "not-there") from None
