"""What Create Server offers to choose from: the image selector and the sizes, each with the reason why not."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from accounts.viewer import Viewer
from images import hooks
from images.families import Advice, advice_on
from images.listing import Page, Tab, Wanted, page_of
from images.models import Image, Region
from images.permissions import Verb, refusal
from images.rows import name_for, source_for
from servers.clouds.base import Network
from servers.fitting import Place
from servers.models import Flavor
from servers.money import HOURS_OF_A_MONTH
from servers.networks import NONE
from sharing.policies import verdicts_of

PAGE_SIZE = 10
GONE = "It is no longer there for this account: it was taken back or deleted. Choose another image."
TAB_LABELS = {
    Tab.PUBLIC: "Standard Images",
    Tab.MINE: "My Images",
    Tab.SHARED: "Shared Images",
    Tab.COMMUNITY: "Community",
}


@dataclass(frozen=True)
class Choice:
    """One image of the selector.

    Attributes:
        reason: why it cannot boot here; empty when it can.
        warnings: what people should know before they boot it.
    """

    image: Image
    name: str
    source: str
    is_own: bool
    reason: str
    warnings: Sequence[str]

    @property
    def key(self) -> str:
        """What tells its elements apart on the page."""
        return str(self.image.pk)

    @property
    def is_standard(self) -> bool:
        """Whether staff stand behind it: everybody else's images are non-standard."""
        return bool(self.image.visibility == Image.Visibility.PUBLIC)

    @property
    def login(self) -> str:
        """Whom to sign in as: in the account's words, else in the producer's."""
        return self.image.own_login or self.image.default_login

    @property
    def ports(self) -> list[int]:
        """Where its services listen: in the account's words, else in the producer's."""
        return self.image.own_ports or self.image.ports


@dataclass(frozen=True)
class Size:
    """One card: a flavor, and why the chosen image does not fit into it."""

    flavor: Flavor
    reason: str

    @property
    def key(self) -> str:
        """What tells its elements apart on the page."""
        return str(self.flavor.pk)

    @property
    def monthly(self) -> Decimal:
        """What it costs in a month of 730 hours, as clouds count it."""
        return self.flavor.price * HOURS_OF_A_MONTH


def images_to_choose(
    viewer: Viewer, wanted: Wanted, place: Place, flavors: Sequence[Flavor]
) -> tuple[list[Choice], Page]:
    """A page of the selector. One query, and what policies ask for; whatever the number of images."""
    page = page_of(viewer, wanted, size=PAGE_SIZE, counted=tuple(TAB_LABELS))
    return choices_of(viewer, page.images, place, flavors), page


def choices_of(viewer: Viewer, images: Sequence[Image], place: Place, flavors: Sequence[Flavor]) -> list[Choice]:
    """Images as they stand in the selector.

    Args:
        images: with account, data, rights and own words, as ``images.listing`` gives them.
    """
    hooks.images_read.ask(viewer, images)
    verdicts = verdicts_of(images, viewer)
    return [
        Choice(
            image=image,
            name=name_for(image),
            source=source_for(viewer, image),
            is_own=image.account_id == viewer.account.pk,
            reason=refusal(viewer, Verb.USE, image) or place.why_not(image) or place.why_not_in_any(image, flavors),
            warnings=[*_warnings(image), *(each.reason for each in verdicts[image.pk] if not each.is_enforced)],
        )
        for image in images
    ]


def _warnings(image: Image) -> list[str]:
    deprecated = image.life == Image.Life.DEPRECATED
    return [f"It is deprecated. {image.end_reason}".strip()] if deprecated else []


def advice_for(choice: Choice, viewer: Viewer) -> Advice | None:
    """What to boot in place of an image; None where it is the right one. At most two queries."""
    advice = advice_on(choice.image, viewer)
    return None if advice is None or advice.is_offer else advice


def flavors_of(region: Region | None) -> list[Flavor]:
    """The sizes that servers of a region can have, the cheapest first; none without a region."""
    return list(Flavor.objects.filter(region=region, closed_at=None).order_by("price", "ram", "disk", "pk"))


def sizes_for(image: Image | None, flavors: Iterable[Flavor], place: Place | None) -> list[Size]:
    """The cards, the smallest first."""
    return [Size(flavor, place.why_not_in(image, flavor) if place else "") for flavor in flavors]


def chosen_network(place: Place | None, wanted: str) -> Network | None:
    """The one that was asked for, as a browser shows the choice: the first in place of one that is not there.

    Args:
        wanted: its id, or ``NONE``.
    """
    offered = (place.networks if place else None) or ()
    if not offered or wanted == NONE:
        return None
    return next((network for network in offered if network.id == wanted), offered[0])


def chosen_size(sizes: Sequence[Size], wanted: str) -> Size | None:
    """The one that was asked for, else the smallest that fits; None where none fits."""
    fitting = [size for size in sizes if not size.reason]
    return next((size for size in fitting if size.key == wanted), next(iter(fitting), None))
