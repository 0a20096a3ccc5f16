"""What happened in an account, as far as it may know: a page, files, and a feed."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts.activity_forms import ActivityForm
from accounts.exports import as_csv, as_json_lines
from accounts.history import COLUMNS, as_row, in_batches, line_for
from accounts.middleware import PanelRequest
from accounts.models import Event, Feed
from accounts.querysets import EventQuerySet
from accounts.viewer import Viewer

EVENTS_ON_A_PAGE = 50
LABELS = {"since": "From {}", "until": "Until {}", "image": "About {}", "person": "By {}", "account": "With {}"}


@require_GET
def activity(request: PanelRequest) -> HttpResponse:
    """The events of the account, the newest first."""
    form = ActivityForm(request.GET, request.viewer)
    page = list(_older_than(request.GET.get("before", ""), form.events(), request.viewer)[: EVENTS_ON_A_PAGE + 1])
    context = _page_context(request, form, page) | {
        "form": form,
        "columns": COLUMNS,
        "feeds": Feed.objects.shown_to(request.viewer),
    }
    return render(request, "accounts/activity.html", context, status=200 if form.is_valid() else 422)


@require_GET
def activity_csv(request: PanelRequest) -> HttpResponseBase:
    """What the page shows with these filters, all of it, as CSV."""
    return _exported(request, lambda name, rows: as_csv(name, COLUMNS, rows))


@require_GET
def activity_json(request: PanelRequest) -> HttpResponseBase:
    """The same as JSON lines."""
    return _exported(request, as_json_lines)


def _exported(request: PanelRequest, write: Any) -> HttpResponseBase:
    form, viewer = ActivityForm(request.GET, request.viewer), request.viewer
    if not form.is_valid():
        return activity(request)
    response: HttpResponseBase = write(f"activity-{viewer.account.number}", _rows(form.events(), viewer))
    return response


def _rows(events: EventQuerySet, viewer: Viewer) -> Iterator[dict[str, Any]]:
    return (as_row(line_for(event, viewer)) for event in in_batches(events))


def _page_context(request: PanelRequest, form: ActivityForm, page: list[Event]) -> dict[str, Any]:
    """The lines of a page, and where its links lead."""
    number = {"number": request.viewer.account.number}
    chosen = form.chosen if form.is_valid() else {}
    is_more = len(page) > EVENTS_ON_A_PAGE
    query = f"?{urlencode(chosen)}" if chosen else ""
    return {
        "lines": [line_for(event, request.viewer) for event in page[:EVENTS_ON_A_PAGE]],
        "chips": _chips(chosen),
        "older": f"?{urlencode(chosen | {'before': page[EVENTS_ON_A_PAGE - 1].pk})}" if is_more else "",
        "newer": f"?{urlencode(chosen)}" if request.GET.get("before") else "",
        "csv_url": reverse("activity_csv", kwargs=number) + query,
        "json_url": reverse("activity_json", kwargs=number) + query,
    }


def _chips(chosen: dict[str, str]) -> list[dict[str, str]]:
    """The filters that are set, each with the address without it."""
    return [
        {
            "text": LABELS.get(name, "{}").format(value),
            "href": f"?{urlencode({other: each for other, each in chosen.items() if other != name})}",
        }
        for name, value in chosen.items()
    ]


def _older_than(before: str, events: EventQuerySet, viewer: Viewer) -> EventQuerySet:
    """The events after one of them in the list; all, when there is no such event."""
    is_number = before.isascii() and before.isdigit()
    mark = Event.objects.visible_to(viewer).filter(pk=int(before[:18])).first() if is_number else None
    return events.before(mark) if mark else events
