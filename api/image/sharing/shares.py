"""Shares of an image of the token's account: made, shown, reminded of, lengthened, offered again and taken back."""

from typing import cast

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse

from api.endpoints import ApiRequest, ImageEndpoint, json_answer
from api.image.members import Place, find, offer, require_offerable, require_own
from api.image.sharing.bodies import flag, moment, read_fields, text, texts
from api.image.sharing.records import request_record, result_record, share_record
from images.permissions import Verb, require
from sharing import actions
from sharing.actions import Terms, Way
from sharing.addresses import MOST_ADDRESSES
from sharing.models import OfferRequest, Share
from sharing.naming import name_from, text_of

LONGEST_MESSAGE = 1000  # characters
UNTIL = "When access ends by itself: a moment, or a day of which the end in UTC counts; null for no end."

# By name, the fields of the bodies.
OFFER = {
    "recipients": texts(
        MOST_ADDRESSES,
        "Account numbers, logins, email addresses; organization:<id> and group:<id> as far as the account itself "
        "knows of them.",
    ),
    "message": text(LONGEST_MESSAGE, "To the recipients, in your words."),
    "export": flag("Whether they may download and copy it, and not only boot servers from it.", default=True),
    "until": moment(UNTIL),
    "future": flag("Whether later versions of the image's family come with it, if they want them.", default=False),
}
END = {"until": moment(UNTIL, is_needed=True)}


class Shares(ImageEndpoint):
    """``/v2/images/{image_id}/shares``."""

    def get(self, request: HttpRequest, image_id: str) -> JsonResponse:
        """List all of them, expired and ended ones too, with what waits for a second person."""
        asked = cast("ApiRequest", request)
        place = _own(asked, image_id)
        shares = Share.objects.filter(image=place.pk).for_producer().order_by("pk")
        held = OfferRequest.objects.open().filter(image=place.pk).select_related("requested_by").order_by("pk")
        waiting = [request_record(one) for one in held]
        return json_answer({"shares": [share_record(share) for share in shares], "waiting_for_approval": waiting})

    def post(self, request: HttpRequest, image_id: str) -> JsonResponse:
        """Offer the image to several at once. Everybody is asked first; each has a result of its own."""
        asked = cast("ApiRequest", request)
        said = read_fields(request, OFFER)
        place = find(asked, image_id)
        require_offerable(asked.viewer, place)
        names = list(dict.fromkeys(name_from(one) for one in said["recipients"]))
        names.sort(key=lambda name: name.is_group)  # as the action answers: groups after addresses
        terms = Terms(said["message"], said["export"], said["until"], said["future"])
        results = zip(offer(asked.viewer, place, names, Way(), terms), names, strict=True)
        return json_answer({"results": [result_record(offered, str(name)) for offered, name in results]})


class OneShare(ImageEndpoint):
    """``/v2/images/{image_id}/shares/{share}``."""

    def get(self, request: HttpRequest, image_id: str, share: str) -> JsonResponse:
        """Show it."""
        asked = cast("ApiRequest", request)
        return json_answer(share_record(_share(_own(asked, image_id), share)))

    def patch(self, request: HttpRequest, image_id: str, share: str) -> JsonResponse:
        """Say until when it lasts: ``{"until": "2027-03-31"}``."""
        asked = cast("ApiRequest", request)
        until = read_fields(request, END)["until"]
        place = _own(asked, image_id)
        changed = actions.set_end(place.pk, int(share), by=asked.viewer, until=until)
        return json_answer(share_record(_share(place, str(changed.pk))))

    def delete(self, request: HttpRequest, image_id: str, share: str) -> HttpResponse:
        """Take the image back."""
        asked = cast("ApiRequest", request)
        actions.remove(_own(asked, image_id).pk, int(share), by=asked.viewer)
        return HttpResponse(status=204)


class Reminder(ImageEndpoint):
    """``/v2/images/{image_id}/shares/{share}/remind``."""

    def post(self, request: HttpRequest, image_id: str, share: str) -> JsonResponse:
        """Remind the recipient of an offer, at most once a day."""
        asked = cast("ApiRequest", request)
        place = _own(asked, image_id)
        actions.remind(place.pk, int(share), by=asked.viewer)
        return json_answer(share_record(_share(place, share)))


class AnotherOffer(ImageEndpoint):
    """``/v2/images/{image_id}/shares/{share}/offer-again``."""

    def post(self, request: HttpRequest, image_id: str, share: str) -> JsonResponse:
        """Ask once more whoever has rejected it, or let it expire."""
        asked = cast("ApiRequest", request)
        place = _own(asked, image_id)
        offered = actions.offer_again(place.pk, int(share), by=asked.viewer)
        return json_answer(result_record(offered, text_of(offered.share.kind, offered.share.address)))


def _own(asked: ApiRequest, image_id: str) -> Place:
    """An image of the account.

    Raises:
        Refusal: 404 or 403.
    """
    place = find(asked, image_id)
    require_own(asked.viewer, place)
    require(asked.viewer, Verb.SEE_SHARES)
    return place


def _share(place: Place, share: str) -> Share:
    found = Share.objects.filter(image=place.pk, pk=int(share)).for_producer().first()
    if found is None:
        raise Http404
    return found
