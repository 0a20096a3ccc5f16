"""Shares as JSON, for whoever made them and for whoever they were offered to."""

from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.viewer import Viewer
from api.image.records import moment
from sharing.actions import Offered
from sharing.deciding import decision_refusal
from sharing.models import OfferRequest, Share
from sharing.naming import text_of


def share_record(share: Share) -> dict[str, Any]:
    """A share, as its producer knows it: what was named, and never who that is.

    Args:
        share: with ``offered_by``, and the recipient where that is a group or organization.
    """
    return {
        "id": share.pk,
        "image_id": str(share.image_id),
        "recipient": text_of(share.kind, share.address),
        "recipient_kind": share.kind,
        "recipient_title": share.address_text,
        "state": share.state,
        **_terms(share),
        "reason": share.reason,
        "offered_by": share.offered_by.username,
        "reminded_at": _moment(share.reminded_at),
        "self": f"{_shares(share.image_id)}/{share.pk}",
    }


def request_record(request: OfferRequest) -> dict[str, Any]:
    """An offer that a second person has to approve."""
    return {
        "id": request.pk,
        "image_id": str(request.image_id),
        "recipient": text_of(request.kind, request.address),
        "recipient_kind": request.kind,
        "recipient_title": request.address_text,
        "message": request.message,
        "requested_by": request.requested_by.username,
        "requested_at": moment(request.requested_at),
        "expires_at": moment(request.expires_at),
    }


def result_record(offered: Offered, recipient: str) -> dict[str, Any]:
    """What became of an offer to one recipient, in a word and in a sentence.

    Args:
        recipient: as it was named.
    """
    share = share_record(offered.row) if offered.row else None
    return {"recipient": recipient, "outcome": offered.outcome.name.lower(), "text": offered.text, "share": share}


def offer_record(share: Share, viewer: Viewer) -> dict[str, Any]:
    """An offer, as the account knows it to which it was made. Of a rejected one, its name and producer are left.

    Args:
        share: with its image and the recipient (``ShareQuerySet.with_sides``).
    """
    image = share.image
    known = {
        "id": share.pk,
        "image_id": str(share.image_id),
        "image_name": image.name,
        "producer": image.account.number,
        "producer_name": image.account.title,
        "producer_verified": image.account.is_verified,
        "recipient": viewer.account.number if share.recipient_id == viewer.account.pk else share.recipient_title,
        "state": share.state,
        "refusal": decision_refusal(viewer, share),
        "self": f"/v2/offers/{share.pk}",
    }
    if share.status == Share.Status.REJECTED:
        return known | {"decided_at": _moment(share.decided_at)}
    data = {"region": image.region_id, "size": image.data.size, "os_hash_value": image.data.os_hash_value or None}
    return known | data | _terms(share) | {"takes_future": share.takes_future}


def _terms(share: Share) -> dict[str, Any]:
    return {
        "message": share.message,
        "export": share.export,
        "future": share.offers_future,
        "offered_at": moment(share.offered_at),
        "offer_expires_at": _moment(share.offer_expires_at),
        "decided_at": _moment(share.decided_at),
        "access_until": _moment(share.access_until),
    }


def _shares(image_id: UUID) -> str:
    return f"/v2/images/{image_id}/shares"


def _moment(when: datetime | None) -> str | None:
    return moment(when) if when else None
