"""Saved Images."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from accounts.middleware import PanelRequest
from accounts.viewer import Viewer
from images import hooks, listing
from images.forms import ListForm, filter_fields
from images.incoming import incoming_of
from images.listing import Sort, Tab, Wanted
from images.menus import Menus
from images.models import Region
from images.permissions import Verb, refusal
from images.rows import rows_of

COUNTED_TABS = (Tab.ALL, Tab.MINE, Tab.SHARED, Tab.HIDDEN)
FILTERS = ("status", "source", "os", "sort")
TAB_LABELS = {
    Tab.ALL: "All",
    Tab.MINE: "Mine",
    Tab.SHARED: "Shared Images",
    Tab.COMMUNITY: "Community",
    Tab.PUBLIC: "Public",
    Tab.HIDDEN: "Hidden for me",
}


@require_safe
def image_list(request: PanelRequest) -> HttpResponse:
    """Saved Images: what the account has and what it was given, filtered, sorted and paged."""
    regions = list(Region.objects.all())
    wanted = ListForm(request.GET).wanted(regions)
    context = list_context(request.viewer, wanted) | {"regions": regions}
    # A click in the list needs no more than the list. A browser that goes back, and whoever comes here from an action
    # (accepting an offer in the notice above), needs the whole page.
    htmx = request.htmx
    is_fragment = htmx.target == "image-list" and not htmx.history_restore_request
    if not is_fragment:
        context["notices"] = hooks.list_notices.ask(request, wanted.region)
        context["incoming"] = incoming_of(request.viewer)
    response = render(request, "images/list.html#list" if is_fragment else "images/list.html", context)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def list_context(viewer: Viewer, wanted: Wanted) -> dict[str, Any]:
    """What the list needs: one query, and what the hooks add."""
    page = listing.page_of(viewer, wanted, counted=COUNTED_TABS)
    address = Address(viewer, wanted)
    menus = Menus(viewer)
    return {
        "wanted": wanted,
        "rows": rows_of(viewer, page.images, menus),
        "menus": menus,
        "tabs": tabs(address, page.counts),
        "sorts": {sort.value: address.of(sort="" if sort is Sort.NEWEST else sort) for sort in Sort},
        "chips": chips(address),
        "newer": address.of(before=page.newer) if page.newer else "",
        "older": address.of(after=page.older) if page.older else "",
        "first": address.of(),
        "here": address.here,
        "without_filters": address.of(**dict.fromkeys(listing.filters_of(wanted), "")),
        "everywhere": address.of(region="", **dict.fromkeys(listing.filters_of(wanted), "")),
        "in_community": address.of(tab=Tab.COMMUNITY),
        "why_not_add": refusal(viewer, Verb.CREATE),
        "ways_to_add": [way for ways in hooks.ways_to_add.ask(viewer) for way in ways],
        "bulk": [action for actions in hooks.bulk_actions.ask(viewer) for action in actions],
        "filters": filter_fields(ListForm, wanted, FILTERS),
        "keep_for_region": address.without("region"),
        "keep_for_search": address.without("q"),
        "keep_for_filter": address.without(*FILTERS),
    }


class Address:
    """Addresses of this list that differ in one thing. A change begins at the first page again."""

    def __init__(self, viewer: Viewer, wanted: Wanted) -> None:
        self.path = reverse("image_list", kwargs={"number": viewer.account.number})
        self.wanted = wanted
        self.parameters: dict[str, str] = {
            "tab": "" if wanted.tab is Tab.ALL else wanted.tab,
            "region": wanted.region,
            **listing.filters_of(wanted),
            "sort": "" if wanted.sort is Sort.NEWEST else wanted.sort,
        }

    def of(self, **changes: object) -> str:
        """The address with these parameters changed."""
        given = {name: str(value) for name, value in {**self.parameters, **changes}.items() if value}
        return f"{self.path}?{urlencode(given)}" if given else self.path

    @property
    def here(self) -> str:
        """This very list, on the page that is shown."""
        places = {"after": self.wanted.after, "before": self.wanted.before}
        return self.of(**{name: str(cursor) for name, cursor in places.items() if cursor})

    def without(self, *names: str) -> dict[str, str]:
        """The parameters that a form for the named ones has to keep."""
        return {name: value for name, value in self.parameters.items() if value and name not in names}


def tabs(address: Address, counted: Mapping[Tab, int]) -> list[dict[str, Any]]:
    """The tabs, as components/tabs.html takes them."""
    return [
        {
            "label": label,
            "href": address.of(tab="" if tab is Tab.ALL else tab),
            "count": _capped(counted[tab]) if tab in counted else None,
            "current": tab is address.wanted.tab,
        }
        for tab, label in TAB_LABELS.items()
        if tab is not Tab.HIDDEN or tab is address.wanted.tab or counted.get(tab)
    ]


def _capped(count: int) -> str:
    return str(count) if count < listing.COUNT_CAP else f"{listing.COUNT_CAP - 1}+"


def chips(address: Address) -> Sequence[dict[str, str]]:
    """The filters that are set, each with the address without it."""
    labels = {name: dict(ListForm.base_fields[name].choices) for name in ("status", "source")}  # type: ignore[attr-defined]
    found = []
    for name, value in listing.filters_of(address.wanted).items():
        text = f"“{value}”" if name == "q" else str(labels.get(name, {}).get(value, value))
        found.append({"text": text, "href": address.of(**{name: ""}), "label": f"Remove the filter {text}"})
    return found
