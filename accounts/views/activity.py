"""What happened in an account, as far as it may know."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.middleware import PanelRequest
from accounts.models import Event
from accounts.viewer import Viewer

EVENTS_ON_A_PAGE = 50
# What is shown of an event's private part, and in which words. The rest is for the administration.
DETAILS = {
    "person": "person",
    "invited": "address",
    "role": "role",
    "old": "before",
    "new": "now",
    "wanted": "asked for",
    "joined": "joined",
    "left": "left",
    "removed": "removed",
    "organization": "organization",
    "message": "message",
    "reason": "reason",
}


@dataclass(frozen=True)
class Line:
    """An event as this viewer may see it. The other side's people, addresses and details are not in it."""

    event: Event
    is_own: bool

    @property
    def who(self) -> str:
        """The person, for one's own side; the account or the address, for the other."""
        person = self.event.actor_login if self.is_own else self.event.account_title
        # The other side of an offer is known by the address alone that one's own side typed.
        return person or self.event.address or "Stockroom"

    @property
    def details(self) -> list[str]:
        """The private part in words: whom it was about, what changed, what was said."""
        if not self.is_own:
            return []
        told = ((DETAILS.get(key), value) for key, value in self.event.detail.items() if value)
        return [f"{word}: {value}" for word, value in told if word]


@require_GET
def activity(request: PanelRequest) -> HttpResponse:
    """The events of the account, the newest first."""
    viewer = request.viewer
    visible = Event.objects.visible_to(viewer)
    verb, person = (request.GET.get(name, "").replace("\0", "") for name in ("verb", "person"))
    events = older_than(request.GET.get("before", ""), chosen(visible, viewer, verb, person), visible)
    page = list(events[: EVENTS_ON_A_PAGE + 1])
    kept = {key: value for key, value in (("verb", verb), ("person", person)) if value}
    is_more = len(page) > EVENTS_ON_A_PAGE
    context = {
        "lines": [Line(event, is_own(event, viewer)) for event in page[:EVENTS_ON_A_PAGE]],
        "verb": verb,
        "person": person,
        "verbs": visible.order_by("verb").values_list("verb", flat=True).distinct(),
        "people": people_of(viewer),
        "older": f"?{urlencode(kept | {'before': page[EVENTS_ON_A_PAGE - 1].pk})}" if is_more else "",
        "newer": f"?{urlencode(kept)}" if request.GET.get("before") else "",
    }
    return render(request, "accounts/activity.html", context)


def is_own(event: Event, viewer: Viewer) -> bool:
    """Whether the private part is the viewer's to see: of their account, or of a group that they are in.

    Events without account and person tell one side of what the other did: there the shared part is all.
    """
    of_group = event.account_id is None and event.actor_id is not None
    return of_group or event.account_id == viewer.account.pk


def chosen(events: "QuerySet[Event]", viewer: Viewer, verb: str, person: str) -> "QuerySet[Event]":
    """The events with this verb, by this person. Only one's own side can be asked for a person."""
    if verb:
        events = events.filter(verb=verb)
    if person:
        events = events.filter(actor_login=person).filter(Q(account=viewer.account) | Q(account=None))
    return events


def older_than(before: str, events: "QuerySet[Event]", visible: "QuerySet[Event]") -> "QuerySet[Event]":
    """The events after one of them in the list; all, when there is no such event."""
    mark = visible.filter(pk=int(before[:18])).first() if before.isascii() and before.isdigit() else None
    return events.filter(Q(at__lt=mark.at) | Q(at=mark.at, pk__lt=mark.pk)) if mark else events


def people_of(viewer: Viewer) -> list[str]:
    """The logins that have done something in the account."""
    logins = Event.objects.filter(account=viewer.account).exclude(actor_login="").order_by("actor_login")
    return list(logins.values_list("actor_login", flat=True).distinct())
