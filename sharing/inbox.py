"""What waits for the viewer, read once per request for the notice, the banner and the counter together."""

from accounts.viewer import Viewer
from images.models import Image
from sharing.deciding import decision_refusal
from sharing.models import Share

MOST = 200  # more than that nobody reads; the counter stops there too
_KEPT = "open_offers"


def open_offers(viewer: Viewer) -> list[Share]:
    """The offers that wait at this moment and that the viewer may know of, newest first. One query per request."""
    kept = vars(viewer)  # a viewer lives as long as its request, as its other cached properties do
    if _KEPT not in kept:
        kept[_KEPT] = list(Share.objects.offered_to(viewer).waiting()[:MOST])
    offers: list[Share] = kept[_KEPT]
    return offers


def offers_of(viewer: Viewer, image: Image) -> list[Share]:
    """Those for one image."""
    return [offer for offer in open_offers(viewer) if offer.image_id == image.pk]


def count_waiting(viewer: Viewer) -> int:
    """How many offers wait for the viewer's own decision, in all regions."""
    return sum(not decision_refusal(viewer, offer) for offer in open_offers(viewer))
