"""What the accounts of an organization share outside, for its managers."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts.exports import as_csv
from accounts.middleware import PanelRequest
from accounts.models import Organization
from accounts.pages import tabs_of
from accounts.permissions import Verb
from sharing import actions
from sharing.exposure import (
    COLUMNS,
    OPEN_COLUMNS,
    TITLES,
    Filter,
    Sort,
    chosen,
    counts_of,
    exported,
    exported_images,
    exposed_shares,
    lines_of,
    open_images,
    ordered,
)
from sharing.governing import address
from sharing.models import Share
from sharing.views.rules import organization_of

ON_A_PAGE = 50


class ExposureForm(forms.Form):
    """Which shares, and in which order. What makes no sense counts as nothing."""

    filter = forms.TypedChoiceField(
        choices=[(each.value, each.value) for each in Filter], coerce=Filter, required=False, empty_value=Filter.ALL
    )
    sort = forms.TypedChoiceField(
        choices=[(each.value, each.value) for each in Sort], coerce=Sort, required=False, empty_value=Sort.NEWEST
    )

    @property
    def wanted(self) -> tuple[Filter, Sort]:
        """The filter and the order."""
        self.is_valid()
        return self.cleaned_data.get("filter", Filter.ALL), self.cleaned_data.get("sort", Sort.NEWEST)


@require_GET
def exposure_page(request: PanelRequest, pk: int) -> HttpResponse:
    """Numbers, then the shares outside, or the images that everybody can use."""
    organization = organization_of(request, pk, Verb.SEE_EXPOSURE)
    which, sort = ExposureForm(request.GET).wanted
    counts = counts_of(organization)
    page = _page(request, organization, which, sort)
    here = address("organization_exposure", request.viewer, organization)
    context = {
        "group": organization,
        "tabs": tabs_of(request.viewer, organization, "exposure"),
        "filters": [_tab(here, each, sort, which, counts[each]) for each in Filter],
        "which": which,
        "is_open": which is Filter.OPEN,
        "page": page,
        "rows": [] if which is Filter.OPEN else lines_of(list(page.object_list), request.viewer),
        "sort": sort,
        "sorts": {each.value: _query(which, each) for each in Sort},
        "newer": _of_page(which, sort, page.previous_page_number()) if page.has_previous() else "",
        "older": _of_page(which, sort, page.next_page_number()) if page.has_next() else "",
        "csv_url": f"{address('organization_exposure_csv', request.viewer, organization)}{_query(which, sort)}",
        "total": counts[Filter.ALL],
    }
    return render(request, "sharing/governing/exposure.html", context)


def _page(request: PanelRequest, organization: Organization, which: Filter, sort: Sort) -> Page[Any]:
    rows = open_images(organization) if which is Filter.OPEN else _shares(organization, which, sort)
    return Paginator(rows, ON_A_PAGE).get_page(request.GET.get("page"))


def _shares(organization: Organization, which: Filter, sort: Sort) -> Any:
    return ordered(chosen(exposed_shares(organization), which), sort)


def _tab(here: str, each: Filter, sort: Sort, current: Filter, count: int) -> dict[str, Any]:
    return {"label": TITLES[each], "href": f"{here}{_query(each, sort)}", "count": count, "current": each is current}


def _query(which: Filter, sort: Sort) -> str:
    return f"?{urlencode({'filter': which, 'sort': sort})}"


def _of_page(which: Filter, sort: Sort, number: int) -> str:
    return f"?{urlencode({'filter': which, 'sort': sort, 'page': number})}"


@require_GET
def exposure_csv(request: PanelRequest, pk: int) -> StreamingHttpResponse:
    """The same rows for a spreadsheet."""
    organization = organization_of(request, pk, Verb.SEE_EXPOSURE)
    which, sort = ExposureForm(request.GET).wanted
    name = f"exposure-{organization.pk}"
    if which is Filter.OPEN:
        return as_csv(name, OPEN_COLUMNS, exported_images(open_images(organization)))
    return as_csv(name, COLUMNS, exported(_shares(organization, which, sort)))


@require_POST
def exposure_ask(request: PanelRequest, pk: int, share: int) -> HttpResponse:
    """Ask the admins of the account that shares, whether it is still needed."""
    organization = organization_of(request, pk, Verb.SEE_EXPOSURE)
    asked: Share = actions.ask_for_review(organization, share, by=request.viewer)
    messages.success(request, f"The admins of {asked.image.account.title} are asked to look at it.")
    return redirect("organization_exposure", number=request.viewer.account.number, pk=pk)
