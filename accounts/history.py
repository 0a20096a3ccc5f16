"""Events as somebody may know them: in a sentence, and as the rows of an export.

An event has a part for both sides of a share, and one for the side that acted. Whatever shows or sends events goes
through ``Line``, so that the other side's person, network address and detail stay where they are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts.models import Event
from accounts.querysets import EventQuerySet
from accounts.verbs import Part, filled, phrase_of, used_in
from accounts.viewer import Viewer

SYSTEM = "Stockroom"
BATCH = 500  # events that are held at once
# What is told of an event's private part, and in which words. The rest is for the administration.
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
    "fields": "fields",
    "label": "label",
    "host": "host",
    "disk_format": "format",
    "damage": "damage",
    "what": "what",
    "day": "day",
    "because": "because",
    "version": "version",
    "family": "family",
    "deprecated": "deprecated from",
    "obsolete": "obsolete from",
    "retired": "deleted on",
    "former": "before",
    "server": "server",
    "region": "region",
    "image": "image",
    "flavor": "size",
    "part": "part",
    "servers": "servers",
    "allotted": "account",
    "amount": "amount",
    "sizes": "sizes",
}
# Why nobody was asked, for people to read.
CAUSES = {"authority": "own authority", "trust": "they trust us", "family": "a newer version, as agreed"}
# The columns of exports, and what a webhook sends, with what each means. Names stay as they are: others read them.
COLUMNS = {
    "id": "Number of the event, ascending.",
    "at": "When it happened: UTC, as ISO 8601.",
    "verb": "What happened, in one word; it never changes.",
    "sentence": "The same for people to read; its words may change.",
    "own": "Whether your side did it. If not, person, network address and detail are empty.",
    "subject_kind": "What it happened to: image, import, account, group …",
    "subject_id": "Its id, or the number of an account.",
    "subject_name": "What it was called then.",
    "address": "The address that the producer named, of an event about a share.",
    "account_number": "The account for which somebody acted; empty where your side may not know it.",
    "account_title": "What that account was called then.",
    "person": "Login of the person, of your side only.",
    "network_address": "Where the request came from, of your side and for admins only.",
    "detail": "What else is known, of your side only: what changed, a message, a reason.",
}


@dataclass(frozen=True)
class Line:
    """An event as one side may know it.

    Attributes:
        is_own: whether the private part is this side's too.
        sees_network: whether the reader may know where its own side's requests came from.
    """

    event: Event
    is_own: bool
    sees_network: bool = False

    @property
    def who(self) -> str:
        """The person, for one's own side; the account or the address, for the other."""
        person = self.event.actor_login if self.is_own else self.event.account_title
        # The other side of an offer is known by the address alone that one's own side typed.
        return person or self.event.address or SYSTEM

    @property
    def network_address(self) -> str:
        """Where the request came from, as far as the reader may know."""
        known = self.is_own and self.sees_network and self.event.account_id
        return (self.event.network_address or "") if known else ""

    @cached_property
    def detail(self) -> dict[str, str]:
        """What is told of the private part, by its names in the event."""
        if not self.is_own:
            return {}
        told = ((key, self.event.detail.get(key)) for key in DETAILS)
        return {key: _in_words(value) for key, value in told if value}

    @property
    def notes(self) -> list[str]:
        """What the sentence does not say yet."""
        said = used_in(self._phrase)
        cause = self.detail.get("because", "")
        told = self.detail | {"because": CAUSES.get(cause, cause)}
        return [f"{DETAILS[key]}: {value}" for key, value in told.items() if value and key not in said]

    @property
    def text(self) -> str:
        """What happened, in a sentence."""
        return "".join(part.text for part in self._parts)

    @property
    def html(self) -> SafeString:
        """The same, with what was typed by somebody marked as such: names may be written from right to left."""
        return format_html_join("", "{}", ((_marked(part),) for part in self._parts))

    @cached_property
    def _phrase(self) -> str:
        return phrase_of(self.event.verb, self.event.subject_kind)

    @property
    def _parts(self) -> list[Part]:
        who = self.who
        # Who is known by the address alone is not named twice.
        address = "" if who == self.event.address else self.event.address
        values = self.detail | {"subject": self.event.subject_name, "address": address}
        parts = filled(self._phrase, values)
        return parts if self._phrase[:1].isupper() else [Part(who, "who"), Part(" "), *parts]


def line_for(event: Event, viewer: Viewer) -> Line:
    """An event for somebody who reads the activity of an account."""
    return Line(event, is_own(event, viewer), sees_network=viewer.is_admin)


def is_own(event: Event, viewer: Viewer) -> bool:
    """Whether the private part is the viewer's to see: of their account, or of a group that they are in.

    Events without account and person tell one side of what the other did: there the shared part is all.
    """
    of_group = event.account_id is None and event.actor_id is not None
    return of_group or event.account_id == viewer.account.pk


def as_row(line: Line) -> dict[str, Any]:
    """The columns of ``COLUMNS``."""
    event = line.event
    return {
        "id": event.pk,
        "at": event.at.isoformat(),
        "verb": event.verb,
        "sentence": line.text,
        "own": line.is_own,
        "subject_kind": event.subject_kind,
        "subject_id": event.subject_id,
        "subject_name": event.subject_name,
        "address": event.address,
        "account_number": event.account_number,
        "account_title": event.account_title,
        "person": event.actor_login if line.is_own else "",
        "network_address": line.network_address,
        "detail": line.detail,
    }


def in_batches(events: EventQuerySet) -> Iterator[Event]:
    """All of them, the newest first, a batch at a time: no cursor stays open while somebody downloads slowly."""
    batch = list(events[:BATCH])
    yield from batch
    while len(batch) == BATCH:
        batch = list(events.before(batch[-1])[:BATCH])
        yield from batch


def _in_words(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _marked(part: Part) -> Any:
    if part.name in ("who", "subject"):
        return format_html("<bdi class='said-name'>{}</bdi>", part.text)
    return format_html("<bdi>{}</bdi>", part.text) if part.name else part.text
