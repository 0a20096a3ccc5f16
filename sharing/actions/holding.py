"""Offers that have to wait for a second person, as ``offer`` makes them."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from accounts.errors import wrong
from accounts.models import User
from accounts.records import record
from accounts.viewer import Viewer
from images.models import Image
from sharing import circulars
from sharing.actions.terms import Terms
from sharing.limits import offers_per_day
from sharing.models import OfferRequest, Rules
from sharing.rules import name_of
from sharing.targets import Target

Status = OfferRequest.Status


def hold_offer(image: Image, target: Target, by: Viewer, terms: Terms, rules: Rules) -> OfferRequest:
    """Keep an offer until somebody approves it. One that waits already is left as it is.

    Called under the lock of the image.
    """
    waiting = OfferRequest.objects.filter(image=image, kind=target.kind, address=target.value, status=Status.OPEN)
    for request in waiting:
        if not request.is_expired:
            return request
        close_request(request, Status.WITHDRAWN, by.user, "Nobody decided in time.")
    request = OfferRequest.objects.create(
        image=image,
        organization=rules.organization,
        kind=target.kind,
        address=target.value,
        address_title=name_of(target),
        message=terms.message,
        export=terms.export,
        access_until=terms.access_until,
        offers_future=terms.offers_future,
        requested_by=by.user,
        expires_at=timezone.now() + timedelta(days=settings.OFFER_LIFETIME_DAYS),
    )
    record_request("asked for approval", request, by.user, message=terms.message)
    circulars.approval_wanted(request)
    return request


def check_open_limit(image: Image, wanted: int) -> None:
    """Keep an account from burying its managers: no more may wait than it may offer in a day.

    Raises:
        ValidationError: with how many wait already.
    """
    if not wanted:
        return
    waiting = OfferRequest.objects.open().filter(image__account=image.account_id).count()
    if waiting + wanted > offers_per_day(image.account):
        text = f"{waiting} offers of {image.account.title} wait for approval already. Wait until somebody has decided."
        raise wrong("recipients", text, "too_many")


def close_request(request: OfferRequest, status: Status, by: User, answer: str) -> None:
    """Say what became of a request."""
    request.status, request.decided_at, request.decided_by, request.answer = status, timezone.now(), by, answer
    request.save(update_fields=["status", "decided_at", "decided_by", "answer"])


def record_request(verb: str, request: OfferRequest, by: User, **detail: Any) -> None:
    """Write an event of the account that wants to share."""
    record(
        verb,
        subject_kind="image",
        subject_id=request.image_id,
        subject_name=request.image.name,
        by=by,
        account=request.account,
        address=request.address_text,
        **detail,
    )
