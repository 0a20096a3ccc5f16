"""Shared with us: what waits, what was accepted and rejected, what has expired, and which producers need not ask."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.middleware import PanelRequest
from images.models import Region
from sharing.forms import AcceptForm, InboxForm
from sharing.handing_over import asked_of
from sharing.inbox import Tab, Wanted, counts, page_of
from sharing.notices import Notice, notices_for, notices_with_origins
from sharing.views.consuming import inbox_of
from sharing.views.producers import producers_context

TAB_LABELS = {
    Tab.PENDING: "Pending",
    Tab.ACCEPTED: "Accepted",
    Tab.REJECTED: "Rejected",
    Tab.EXPIRED: "Expired",
    Tab.PRODUCERS: "Producers",
}


@require_GET
def offer_list(request: PanelRequest) -> HttpResponse:
    """One tab of the inbox, in one region or all, searched and paged."""
    regions = list(Region.objects.all())
    wanted = InboxForm(request.GET).wanted(regions)
    context = producers_context(request) if wanted.tab is Tab.PRODUCERS else _offers(request, wanted)
    numbers = counts(request.viewer)
    context |= {
        "wanted": wanted,
        "regions": regions,
        "tabs": [
            {
                "label": label,
                "href": _address(request, wanted, tab=tab, after=None, before=None),
                "count": numbers.get(tab),
                "current": tab is wanted.tab,
            }
            for tab, label in TAB_LABELS.items()
        ],
        "waiting": numbers[Tab.PENDING],
        "hand_overs": asked_of(request.viewer) if wanted.tab is Tab.PENDING else [],
        "keep_for_region": {"tab": str(wanted.tab), "q": wanted.q},
        "keep_for_search": {"tab": str(wanted.tab), "region": wanted.region},
        "first": _address(request, wanted, after=None, before=None),
        "everything": _address(request, Wanted(tab=wanted.tab)),
    }
    return render(request, "sharing/offer_list.html", context)


def _offers(request: PanelRequest, wanted: Wanted) -> dict[str, Any]:
    page = page_of(request.viewer, wanted)
    pending = wanted.tab is Tab.PENDING
    notices = (notices_with_origins if pending else notices_for)(request.viewer, page.offers)
    return {
        "notices": notices,
        "cards": [(notice, AcceptForm(notice=notice, auto_id=f"%s-{notice.key}")) for notice in notices if pending],
        "several": _with_several(notices) if pending else set(),
        "newer": _address(request, wanted, before=page.newer, after=None) if page.newer else "",
        "older": _address(request, wanted, after=page.older, before=None) if page.older else "",
    }


def _with_several(notices: list[Notice]) -> set[int]:
    """The offers at which to accept all of their producer: the first one of each that has several on this page."""
    decided = [notice for notice in notices if notice.may_decide]
    by_producer: dict[int, list[int]] = {}
    for notice in decided:
        by_producer.setdefault(notice.producer.pk, []).append(notice.offer.pk)
    return {offers[0] for offers in by_producer.values() if len(offers) > 1}


def _address(request: PanelRequest, wanted: Wanted, **changes: Any) -> str:
    """The address of a list that differs from this one."""
    given = {**vars(wanted), **changes}
    if given["tab"] is Tab.PENDING:
        given["tab"] = ""
    text = urlencode({name: str(value) for name, value in given.items() if value})
    page = inbox_of(request)
    return f"{page}?{text}" if text else page
