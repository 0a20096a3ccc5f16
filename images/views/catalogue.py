"""Marketplace and community."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.middleware import PanelRequest
from images.catalogue import Catalogue, Sort, Wanted, page_of
from images.forms import CatalogueForm, filter_fields
from images.models import Region

FILTERS = ("os", "architecture", "size", "verified", "sort")
KEPT = ("q", "os", "architecture", "region", "size")


@require_safe
def marketplace(request: PanelRequest) -> HttpResponse:
    """Images that staff have accepted for everybody."""
    return _catalogue(request, Catalogue.MARKETPLACE)


@require_safe
def community(request: PanelRequest) -> HttpResponse:
    """Images that their owners have opened to everybody."""
    return _catalogue(request, Catalogue.COMMUNITY)


def _catalogue(request: PanelRequest, catalogue: Catalogue) -> HttpResponse:
    """Search, filters and a page: two queries, the regions among them."""
    regions = list(Region.objects.all())
    wanted = CatalogueForm(request.GET).wanted(regions)
    page = page_of(request.viewer, catalogue, wanted)
    path = reverse(catalogue.value, kwargs={"number": request.viewer.account.number})
    parameters = _parameters(wanted)
    places = {"after": str(wanted.after or ""), "before": str(wanted.before or "")}
    context = {
        "catalogue": catalogue,
        "wanted": wanted,
        "regions": regions,
        "entries": page.entries,
        "filters": filter_fields(CatalogueForm, wanted, FILTERS),
        "chips": _chips(path, wanted, parameters),
        "here": _address(path, parameters | places),
        "first": path,
        "newer": _address(path, parameters | {"before": str(page.newer)}) if page.newer else "",
        "older": _address(path, parameters | {"after": str(page.older)}) if page.older else "",
        "keep_for_search": _without(parameters, "q"),
        "keep_for_filter": _without(parameters, *FILTERS),
        "keep_for_region": _without(parameters, "region"),
        "without_filters": _address(path, _without(parameters, *KEPT, "verified")),
        "marketplace_login": settings.MARKETPLACE_LOGIN,
    }
    return render(request, "images/catalogue.html", context)


def _parameters(wanted: Wanted) -> dict[str, str]:
    """What is asked for, but for the place, as it stands in an address."""
    given = {name: getattr(wanted, name) for name in KEPT}
    given["verified"] = "on" if wanted.verified else ""
    given["sort"] = "" if wanted.sort is Sort.NEWEST else wanted.sort.value
    return {name: value for name, value in given.items() if value}


def _address(path: str, parameters: Mapping[str, str]) -> str:
    given = {name: value for name, value in parameters.items() if value}
    return f"{path}?{urlencode(given)}" if given else path


def _without(parameters: Mapping[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in parameters.items() if name not in names}


def _chips(path: str, wanted: Wanted, parameters: Mapping[str, str]) -> list[dict[str, Any]]:
    """The filters that are set, each with the address without it."""
    texts = {
        "q": f"“{wanted.q}”",
        "os": wanted.os,
        "architecture": wanted.architecture,
        "size": f"At most {wanted.size} GiB",
        "verified": "Verified producers",
    }
    return [
        {"text": text, "href": _address(path, _without(parameters, name)), "label": f"Remove the filter {text}"}
        for name, text in texts.items()
        if name in parameters
    ]
