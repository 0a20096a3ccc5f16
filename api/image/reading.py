"""One image, as whoever asks with a token may see it: what it is, what it will be, or what is left of it."""

from typing import Any, NoReturn
from uuid import UUID

from django.http import Http404

from accounts.viewer import Viewer
from api.errors import Refusal
from api.image.ids import is_id
from api.image.listing import image_of
from api.image.records import PREFIX, queued_record, rejected_record
from images.models import Image, Upload
from images.permissions import Verb, get_image
from sharing.models import Share


def read_id(text: str) -> UUID:
    """The id of an image in an address.

    Raises:
        Refusal: 404, as for an id that never existed: clients try names first (wire contract, rule 7).
    """
    return UUID(text) if is_id(text) else no_image(text)


def no_image(text: str) -> NoReturn:
    """Say that nobody has an image of this id: malformed, unknown and somebody else's alike (rule 13).

    Args:
        text: the id as it was asked for.

    Raises:
        Refusal: 404.
    """
    raise Refusal(404, f"No image found with ID {text}")


def find(viewer: Viewer, text: str, *, region: str = "") -> Image | Upload | Share:
    """What an id stands for: an image, a queued one, or the share by which the account has rejected one.

    Args:
        text: the id as it stands in the address.
        region: where to look; empty for all regions.

    Raises:
        Refusal: 404, see ``no_image``.
    """
    pk = read_id(text)
    found = _image(viewer, pk) or _queued(viewer, pk) or _rejected(viewer, pk)
    if found is None or (region and region != region_of(found)):
        no_image(text)
    return found


def record(viewer: Viewer, text: str, *, region: str = "") -> dict[str, Any]:
    """The JSON of what an id stands for. One query for an image, two for a queued one, three for a rejected one.

    Raises:
        Refusal: 404, see ``no_image``.
    """
    pk = read_id(text)
    if said := image_of(viewer, pk):
        return said if region in ("", said[f"{PREFIX}region"]) else no_image(text)
    found = _queued(viewer, pk) or _rejected(viewer, pk)
    if found is None or (region and region != region_of(found)):
        no_image(text)
    return queued_record(found) if isinstance(found, Upload) else rejected_record(found)


def region_of(found: Image | Upload | Share) -> str:
    """The code of the region of what ``find`` gave."""
    if isinstance(found, Upload):
        return str((found.plan or {}).get("region", ""))
    return str(found.image.region_id if isinstance(found, Share) else found.region_id)


def _image(viewer: Viewer, pk: UUID) -> Image | None:
    try:
        return get_image(viewer, pk, Verb.SEE)
    except Http404:
        return None


def _queued(viewer: Viewer, pk: UUID) -> Upload | None:
    return Upload.objects.queued(viewer).select_related("account", "fetch").filter(pk=pk).first()


def _rejected(viewer: Viewer, pk: UUID) -> Share | None:
    return Share.objects.offered_to(viewer).filter(image=pk, status=Share.Status.REJECTED).first()
