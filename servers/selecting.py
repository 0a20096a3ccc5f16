"""The image selector, as the pages have it on which an image is chosen to boot from."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from accounts.middleware import PanelRequest
from images import hooks
from images.listing import COUNT_CAP, Page, Tab
from images.models import Region
from servers.choosing import TAB_LABELS, images_to_choose
from servers.fitting import Place
from servers.forms import ChoosingForm
from servers.models import Flavor


class Selector:
    """What was chosen so far, as the address of the page says it, and where one goes on from there.

    Attributes:
        given: what the address says.
    """

    def __init__(self, request: PanelRequest, path: str) -> None:
        self.request = request
        self.path = path
        self.given = ChoosingForm(request.GET)
        self.given.is_valid()

    def address(self, region: Region | None, /, **changes: object) -> str:
        """This page with these parameters changed; ``after`` and ``before`` begin anew."""
        kept = {name: self.given.cleaned_data.get(name, "") for name in ("tab", "q")}
        given = kept | {"region": region.code if region else ""} | changes
        return f"{self.path}?{urlencode({name: str(value) for name, value in given.items() if value})}"

    def context(self, place: Place, flavors: Sequence[Flavor]) -> dict[str, Any]:
        """What servers/create/image.html shows of the images of a region."""
        region = place.region
        wanted = self.given.wanted(region)
        choices, page = images_to_choose(self.request.viewer, wanted, place, flavors)
        return {
            "notices": hooks.list_notices.ask(self.request, region.code),
            "choices": choices,
            "wanted": wanted,
            "tabs": [
                {
                    "label": label,
                    "href": self.address(region, tab=tab.value),
                    "count": _count(page, tab),
                    "current": tab is wanted.tab,
                }
                for tab, label in TAB_LABELS.items()
            ],
            "newer": self.address(region, before=page.newer) if page.newer else "",
            "older": self.address(region, after=page.older) if page.older else "",
            "without_search": self.address(region, q=""),
        }


def _count(page: Page, tab: Tab) -> int | str:
    return page.counts[tab] if page.counts[tab] < COUNT_CAP else f"{COUNT_CAP - 1}+"
