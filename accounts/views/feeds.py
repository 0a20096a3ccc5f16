"""Feeds: what one person may know of the activity of an account, for a feed reader. No cookie is needed."""

import hashlib
import unicodedata
from datetime import datetime
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape
from django.utils.http import http_date, quote_etag
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts import actions
from accounts.actions.feeds import digest_of
from accounts.history import line_for
from accounts.middleware import PanelRequest
from accounts.models import Event, Feed
from accounts.viewer import Viewer

EVENTS_IN_A_FEED = 50
MOST_REQUESTS = 60  # of one feed in an hour; readers ask once or twice
HOUR = 3600  # seconds
TOO_MANY = 429


@require_POST
@never_cache
def feed_make(request: PanelRequest) -> HttpResponse:
    """Make an address, and show it this once."""
    token = actions.make_feed(by=request.viewer)
    url = f"{settings.SITE_URL}{reverse('feed', kwargs={'token': token})}"
    return render(request, "accounts/feed_made.html", {"url": url})


@require_POST
def feed_revoke(request: PanelRequest, feed: int) -> HttpResponse:
    """End an address."""
    actions.revoke_feed(feed, by=request.viewer)
    messages.success(request, "The address is revoked: it shows nothing any more.")
    return redirect("activity", number=request.viewer.account.number)


@login_not_required
@require_safe
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """The newest events, by a secret address. A wrong one, a revoked one and one of somebody who left are alike."""
    found = Feed.objects.alive().filter(digest=digest_of(token)).select_related("user", "account").first()
    viewer = Viewer.of(found.user, number=found.account.number) if found else None
    if found is None or viewer is None:
        raise Http404
    if _asks_too_often(found):
        return HttpResponse("Ask less often.\n", "text/plain", TOO_MANY, headers={"Retry-After": str(HOUR)})
    events = list(Event.objects.visible_to(viewer).select_related("account")[:EVENTS_IN_A_FEED])
    return _unless_known(request, found, viewer, events)


def _asks_too_often(feed: Feed) -> bool:
    key = f"feed:{feed.pk}"
    cache.add(key, 0, HOUR)
    try:
        return cache.incr(key) > MOST_REQUESTS
    except ValueError:  # it ran out in between
        return False


def _unless_known(request: HttpRequest, feed: Feed, viewer: Viewer, events: list[Event]) -> HttpResponse:
    """The feed, or 304 when the reader has it as it is."""
    changed = events[0].at if events else feed.made_at
    seen = "/".join(map(str, [viewer.is_admin, viewer.account.title, *(event.pk for event in events)]))
    etag = quote_etag(hashlib.sha256(seen.encode()).hexdigest())
    answer = get_conditional_response(request, etag=etag, last_modified=int(changed.timestamp()))
    answer = answer or HttpResponse(_atom(viewer, events, changed), Atom1Feed.content_type)
    answer.headers["ETag"], answer.headers["Last-Modified"] = etag, http_date(changed.timestamp())
    return answer


def _atom(viewer: Viewer, events: list[Event], changed: datetime) -> str:
    """The events as an Atom feed (RFC 4287). It does not name its own address, which is a secret."""
    page = f"{settings.SITE_URL}{reverse('activity', kwargs={'number': viewer.account.number})}"
    title = f"Activity of {viewer.account.title}"
    written = _DatedFeed(title=_printable(title), link=page, description=None, language="en-GB", feed_url=None)
    written.changed = changed
    for event in events:
        line = line_for(event, viewer)
        written.add_item(
            title=_printable(line.text),
            link=f"{page}?{urlencode({'image': event.subject_id})}",
            description=escape(_printable(" · ".join(line.notes))),
            unique_id=f"{page}#event-{event.pk}",
            updateddate=event.at,
            author_name=_printable(line.who),
            categories=[event.verb],
        )
    return written.writeString("utf-8")


class _DatedFeed(Atom1Feed):
    """A feed that also says when it changed while nothing is in it."""

    changed: datetime

    def latest_post_date(self) -> datetime:
        return self.changed


def _printable(text: str) -> str:
    """Without what XML cannot hold (https://www.w3.org/TR/xml/#charsets)."""
    return "".join(sign if unicodedata.category(sign) not in ("Cc", "Cs", "Cn") else " " for sign in text)
