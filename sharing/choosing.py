"""Which images somebody has chosen to share together, and which of them cannot be."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from accounts.viewer import Viewer
from images.models import Image
from sharing.actions.bulk import GONE
from sharing.targets import offer_refusal


@dataclass(frozen=True)
class Choice:
    """The images of one share box.

    Attributes:
        ids: of all that were chosen.
        images: those that can be shared.
        left_out: the others, each with its name (empty for one that is not there) and why.
    """

    ids: Sequence[UUID]
    images: Sequence[Image]
    left_out: Sequence[tuple[str, str]] = ()

    @property
    def is_one(self) -> bool:
        """Whether a single image was chosen."""
        return len(self.ids) == 1


def choose(viewer: Viewer, ids: Sequence[UUID]) -> Choice:
    """Sort out what was chosen among the images of the viewer's account. One query."""
    own = Image.objects.live().filter(account=viewer.account).select_related("account", "region", "family")
    found = own.select_related("data__content_check").in_bulk(ids)
    refused = {pk: offer_refusal(viewer, image) for pk, image in found.items()}
    left_out = [(found[pk].name if pk in found else "", refused.get(pk, GONE)) for pk in ids if refused.get(pk, GONE)]
    return Choice(ids, [found[pk] for pk in ids if pk in found and not refused[pk]], left_out)
