"""Hand-overs on the pages: what waits for the viewer's account, what it waits for itself, and what sharing answers."""

from django.http import HttpRequest
from django.template.loader import render_to_string

import accounts.hooks
import images.hooks
from accounts.addresses import Kind
from accounts.once import once_for_each
from accounts.viewer import Viewer
from images.hooks import MenuEntry
from images.menus import address
from images.models import Image
from images.permissions import Verb, refusal
from sharing import actions
from sharing.actions.handover import decision_refusal, why_not_hand_over
from sharing.models import HandOver

MOST = 50  # more than that nobody reads
MOST_SHOWN = 3


def register() -> None:
    """Register every answer. Called once, with the other answers of sharing."""
    accounts.hooks.closing.register(actions.end_hand_overs_of)
    accounts.hooks.email_confirmed.register(actions.resolve_hand_overs)
    accounts.hooks.number_is_spoken_for.register(number_is_spoken_for)
    accounts.hooks.waiting.register(count_waiting)
    images.hooks.image_changed.register(actions.follow_deletion)
    images.hooks.handed_over.register(actions.follow_image)
    images.hooks.detail_notices.register(detail_notice)
    images.hooks.list_notices.register(list_notices)
    images.hooks.menu_entries.register(menu_entries)


@once_for_each
def open_hand_overs(viewer: Viewer) -> list[HandOver]:
    """What the viewer's account is asked to take over, and what it wants to give away. One query per request."""
    return list(HandOver.objects.concerning(viewer)[:MOST])


def asked_of(viewer: Viewer) -> list[HandOver]:
    """Those that somebody on the viewer's side decides on."""
    return [hand_over for hand_over in open_hand_overs(viewer) if getattr(hand_over, "is_asked", False)]


def asked_for(viewer: Viewer, image: Image) -> HandOver | None:
    """The one by which the viewer's account wants to give an image away."""
    mine = (one for one in open_hand_overs(viewer) if one.giver_id == viewer.account.pk)
    return next((one for one in mine if one.image_id == image.pk), None)


def count_waiting(viewer: Viewer) -> int:
    """How many images wait for the viewer to take them over."""
    return sum(not decision_refusal(viewer, hand_over) for hand_over in asked_of(viewer))


def number_is_spoken_for(number: str) -> bool:
    """Whether somebody wants to give an image to this account number."""
    return HandOver.objects.filter(kind=Kind.NUMBER, address=number).exists()


def list_notices(request: HttpRequest, region: str) -> str:
    """What the account is asked to take over, above Saved Images."""
    viewer = _viewer(request)
    asked = [one for one in asked_of(viewer) if region in ("", one.image.region_id)][:MOST_SHOWN]
    context = {"asked": asked, "number": viewer.account.number}
    return render_to_string("sharing/hand_over/notices.html", context, request) if asked else ""


def detail_notice(request: HttpRequest, image: Image) -> str:
    """On the page of an own image: that somebody was asked to take it over, and how to take that back."""
    viewer = _viewer(request)
    if image.account_id != viewer.account.pk or (hand_over := asked_for(viewer, image)) is None:
        return ""
    context = {
        "hand_over": hand_over,
        "image": image,
        "number": viewer.account.number,
        "refusal": refusal(viewer, Verb.HAND_OVER, image),
    }
    return render_to_string("sharing/hand_over/waiting.html", context, request)


def menu_entries(viewer: Viewer, image: Image) -> list[MenuEntry]:
    """Hand over an own image."""
    if image.account_id != viewer.account.pk:
        return []
    reason = refusal(viewer, Verb.HAND_OVER, image) or why_not_hand_over(image)
    url = address(viewer, "image_hand_over", image)
    return [MenuEntry("Hand over", url, 104, dialog=True, reason=reason, icon="external")]


def _viewer(request: HttpRequest) -> Viewer:
    viewer: Viewer = request.viewer  # type: ignore[attr-defined]  # the middleware's, see PanelRequest
    return viewer
