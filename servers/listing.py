"""A page of the servers of an account: one scan of its index, from a place in it on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from accounts.viewer import Viewer
from images.cursors import Cursor
from servers.models import Server
from servers.querysets import ServerQuerySet
from servers.states import State

PAGE_SIZE = 25
FILTERS = {"": "All", "running": "Running", "stopped": "Stopped", "building": "Building", "failed": "Failed"}


@dataclass(frozen=True)
class Wanted:
    """What somebody looks for. Empty means: no matter.

    Attributes:
        q: a part of the name of a server or of its image, an address, or a whole id.
        status: one of ``FILTERS``.
        after: show what comes after this place.
        before: show what comes before it.
    """

    q: str = ""
    status: str = ""
    after: Cursor | None = None
    before: Cursor | None = None

    @classmethod
    def read(cls, given: "dict[str, str]") -> "Wanted":
        """What the parameters of an address say; what makes no sense is left out."""
        return cls(
            q=given.get("q", "").strip().replace("\0", "")[:255],
            status=given.get("status", "") if given.get("status") in FILTERS else "",
            after=Cursor.parse(given.get("after", ""), datetime),
            before=Cursor.parse(given.get("before", ""), datetime),
        )

    @property
    def parameters(self) -> dict[str, str]:
        """What it says but for the place, as it stands in an address."""
        return {name: value for name, value in {"q": self.q, "status": self.status}.items() if value}


@dataclass(frozen=True)
class Row:
    """A server, and how it stands."""

    server: Server
    state: State


@dataclass(frozen=True)
class Page:
    """A page, and the places of its edges where there is more."""

    rows: Sequence[Row]
    newer: Cursor | None
    older: Cursor | None


def page_of(viewer: Viewer, wanted: Wanted) -> Page:
    """One page, newest first. One query."""
    backwards = wanted.before is not None
    order = ("created_at", "id") if backwards else ("-created_at", "-id")
    found = list(_found(viewer, wanted).order_by(*order)[: PAGE_SIZE + 1])
    has_more, servers = len(found) > PAGE_SIZE, found[:PAGE_SIZE]
    if backwards:
        servers.reverse()
    has_newer, has_older = (has_more, True) if backwards else (wanted.after is not None, has_more)
    return Page(
        rows=[Row(server, State.of(server)) for server in servers],
        newer=_place(servers[0]) if servers and has_newer else None,
        older=_place(servers[-1]) if servers and has_older else None,
    )


def _found(viewer: Viewer, wanted: Wanted) -> ServerQuerySet:
    servers = Server.objects.visible_to(viewer).select_related("flavor")
    if wanted.status:
        servers = servers.filter(status=wanted.status)
    if wanted.q:
        matches = Q(name__icontains=wanted.q) | Q(image_name__icontains=wanted.q) | Q(address=wanted.q)
        servers = servers.filter(matches | _has_id(wanted.q))
    if edge := wanted.before:
        return servers.filter(Q(created_at__gt=edge.key) | Q(created_at=edge.key, id__gt=edge.image_id))
    if edge := wanted.after:
        return servers.filter(Q(created_at__lt=edge.key) | Q(created_at=edge.key, id__lt=edge.image_id))
    return servers


def _has_id(text: str) -> Q:
    try:
        return Q(pk=UUID(text))
    except ValueError:
        return Q(pk__in=[])


def _place(server: Server) -> Cursor:
    return Cursor(server.created_at, server.pk)
