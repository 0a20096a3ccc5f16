"""Shared with us: what was offered to the token's account, and deciding on it."""

from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, JsonResponse

from accounts.errors import Conflict
from accounts.viewer import Viewer
from api.endpoints import ApiRequest, ImageEndpoint, json_answer
from api.errors import Refusal
from api.image.sharing.bodies import flag, read_fields, text
from api.image.sharing.records import offer_record
from sharing import actions, inbox
from sharing.actions import NotTaken
from sharing.deciding import decision_refusal
from sharing.inbox import Place, Tab, Wanted
from sharing.models import Share

TABS = (Tab.PENDING, Tab.ACCEPTED, Tab.REJECTED, Tab.EXPIRED)
LONGEST_REASON = 1000  # characters
LONGEST_LABEL = 255  # characters

# By name, the fields of the bodies.
ACCEPTANCE = {
    "label": text(LONGEST_LABEL, "What people of the account see instead of the image's name."),
    "future": flag("Also take later versions, where the offer includes them.", default=False),
}
REJECTION = {"reason": text(LONGEST_REASON, "For the producer, who reads it.")}
NOT_TAKEN: dict[str, str] = {
    Share.Status.PENDING: "This offer was not accepted, so there is nothing to leave: reject it instead.",
    Share.Status.REJECTED: "This offer was rejected, so there is nothing to leave.",
}


class Offers(ImageEndpoint):
    """``/v2/offers``."""

    def get(self, request: HttpRequest) -> JsonResponse:
        """List a page of them, newest first, with how many there are of each status in all regions.

        Raises:
            Refusal: 400 for another status, or a marker that is none.
        """
        asked = cast("ApiRequest", request)
        status, marker = request.GET.get("status", Tab.PENDING), request.GET.get("marker", "")
        if status not in TABS:
            raise Refusal(400, f"Invalid status: {status}")
        after = Place.parse(marker)
        if marker and after is None:
            raise Refusal(400, f"Invalid marker: {marker}")
        page = inbox.page_of(asked.viewer, Wanted(tab=Tab(status), region=asked.region_code, after=after))
        said: dict[str, Any] = {"offers": [offer_record(offer, asked.viewer) for offer in page.offers]}
        if page.older:
            said["next"] = "/v2/offers?" + urlencode({"status": status, "marker": str(page.older)})
        return json_answer(said | {"counts": inbox.counts(asked.viewer)})


class OneOffer(ImageEndpoint):
    """``/v2/offers/{offer}``."""

    def get(self, request: HttpRequest, offer: str) -> JsonResponse:
        """Show it."""
        asked = cast("ApiRequest", request)
        return json_answer(offer_record(_offer(asked, offer), asked.viewer))


class Acceptance(ImageEndpoint):
    """``/v2/offers/{offer}/accept``."""

    def post(self, request: HttpRequest, offer: str) -> JsonResponse:
        """Accept it for the account. Accepting it twice is no mistake."""
        said = read_fields(request, ACCEPTANCE)
        return _decide(request, offer, lambda share, by: actions.accept(share.pk, by=by, **said))


class Rejection(ImageEndpoint):
    """``/v2/offers/{offer}/reject``."""

    def post(self, request: HttpRequest, offer: str) -> JsonResponse:
        """Reject it. It can still be accepted."""
        said = read_fields(request, REJECTION)
        return _decide(request, offer, lambda share, by: actions.reject(share.pk, by=by, **said))


class Leaving(ImageEndpoint):
    """``/v2/offers/{offer}/leave``."""

    def post(self, request: HttpRequest, offer: str) -> JsonResponse:
        """Give an accepted image back: all that the account itself has of it. The producer sees it as rejected."""
        said = read_fields(request, REJECTION)
        return _decide(request, offer, lambda share, by: _leave(share, by, **said))


def _offer(asked: ApiRequest, offer: str) -> Share:
    """An offer to the account, in the region of the service, whose time is not over.

    Raises:
        Http404: there is none.
    """
    found = Share.objects.offered_to(asked.viewer).filter(pk=int(offer)).first()
    if found is None or found.is_expired or found.has_ended or asked.region_code not in ("", found.image.region_id):
        raise Http404
    return found


def _leave(share: Share, by: Viewer, **said: Any) -> list[Share]:
    """Leave what was accepted.

    Raises:
        Conflict: it was not.
        PermissionDenied: the viewer does not decide for the account.
    """
    if share.status in NOT_TAKEN:
        if reason := decision_refusal(by, share):
            raise PermissionDenied(reason)
        raise Conflict(NOT_TAKEN[share.status])
    return actions.leave(share.image_id, by=by, holders={by.account.pk}, **said)


def _decide(request: HttpRequest, offer: str, verb: Callable[[Share, Any], object]) -> JsonResponse:
    asked = cast("ApiRequest", request)
    try:
        verb(_offer(asked, offer), asked.viewer)
    except NotTaken as refused:
        raise Refusal(403, " ".join(refused.messages)) from None
    return json_answer(offer_record(_offer(asked, offer), asked.viewer))
