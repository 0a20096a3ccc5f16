"""Members of an image, as OpenStack Image v2 has them: its shares as programs see them, from either side.

The producer's side names each as it was typed. The consumer's side is its own account alone, by its number, whatever
it was offered to. Who was removed, and whose time is over, is no member.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Q

from accounts.viewer import Viewer
from sharing.models import OfferRequest, Share
from sharing.naming import Name, text_of
from sharing.querysets import ShareQuerySet, gives_access, is_waiting

PENDING, ACCEPTED, REJECTED = (status.value for status in Share.Status)
COLUMNS = ("kind", "address", "status", "offered_at", "decided_at")


class Member(NamedTuple):
    """One member.

    Attributes:
        name: as in ``sharing.naming``; of the consumer's own account, its number.
        status: "pending", "accepted" or "rejected".
        changed: when it was offered, or decided on.
        is_held: whether a second person has to approve the offer before anybody is asked.
    """

    name: str
    status: str
    since: datetime
    changed: datetime
    is_held: bool = False


def members_of(image_id: UUID) -> list[Member]:
    """The members of one of the viewer's images, the oldest first. Two queries, however many there are."""
    return _named(Q(image=image_id))


def member_named(image_id: UUID, name: Name) -> Member | None:
    """One of them; None where there is no such member. Two queries."""
    return next(iter(_named(Q(image=image_id, kind=name.kind, address=name.value))), None)


def member_of(share: Share) -> Member:
    """The member that a share is, for those who made it."""
    name = text_of(share.kind, share.address)
    return Member(name, share.status, share.offered_at, share.decided_at or share.offered_at)


def _named(which: Q) -> list[Member]:
    rows = list(Share.objects.filter(which, is_current()).order_by("pk").values_list(*COLUMNS))
    held = list(OfferRequest.objects.open().filter(which).order_by("pk").values_list("kind", "address", "requested_at"))
    members = [
        Member(text_of(kind, address), status, offered_at, decided_at or offered_at)
        for kind, address, status, offered_at, decided_at in rows
    ]
    known = {(kind, address) for kind, address, *_more in rows} if held else set()
    waiting = [one for one in held if one[:2] not in known]
    return members + [Member(text_of(kind, address), PENDING, at, at, is_held=True) for kind, address, at in waiting]


def planned_members(notes: Sequence[dict[str, Any]]) -> list[Member]:
    """The members that a queued image will have, the oldest first. No query.

    Args:
        notes: ``members`` of its plan; see ``sharing.actions.planned``.
    """
    moments = [datetime.fromisoformat(note["at"]) for note in notes]
    return [Member(note["name"], PENDING, at, at) for note, at in zip(notes, moments, strict=True)]


def own_membership(viewer: Viewer, image_id: UUID) -> Member | None:
    """As what the viewer's account stands on an image of others; None where nothing was offered to it. One query.

    What was offered to the account itself counts, however it was named; only where there is nothing of that, what came
    through its organization. Of several, what gives most.
    """
    shares = list(offers_reaching(viewer, image_id))
    own = [share for share in shares if share.recipient_id == viewer.account.pk]
    found = own or [share for share in shares if share.status != REJECTED]  # others' rejections are their affair
    best = min(found, key=lambda share: ((ACCEPTED, PENDING, REJECTED).index(share.status), share.pk), default=None)
    return own_member(viewer, best) if best else None


def own_member(viewer: Viewer, share: Share) -> Member:
    """The member that a share makes of the viewer's account."""
    return Member(viewer.account.number, share.status, share.offered_at, share.decided_at or share.offered_at)


def offers_reaching(viewer: Viewer, image_id: UUID) -> ShareQuerySet:
    """What of an image was offered to the viewer's account, and to its organization, and is not over."""
    reaching = Share.objects.live().not_blocked().filter(image=image_id, recipient__in=viewer.principals)
    return reaching.filter(is_current()).order_by("pk")


def is_current() -> Q:
    """Neither expired nor ended at this moment."""
    return Q(status=REJECTED) | is_waiting() | gives_access()
