"""Image Detail and the download."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.history import line_for
from accounts.middleware import PanelRequest
from accounts.viewer import Viewer
from images import hooks
from images.activity import activity_of
from images.families import advice_on
from images.looks import Look
from images.menus import DANGEROUS, address, as_actions, entries_of
from images.models import Image
from images.permissions import Verb, get_image, refusal
from images.problems import NoSuchData
from images.references import words_beside
from images.rows import name_for, source_for
from images.transfers.giving import give
from images.views.answers import answers_in_kind

RELATIVES = 20
BUTTONS = 4


@require_safe
def image_detail(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Everything known about one image, and at the bottom what other apps add."""
    image = get_image(request.viewer, pk, Verb.SEE)
    context = detail_context(request.viewer, image) | {
        "notices": hooks.detail_notices.ask(request, image),
        "sections": hooks.detail_sections.ask(request, image),
    }
    return render(request, "images/detail.html", context)


def detail_context(viewer: Viewer, image: Image) -> dict[str, Any]:
    """What the page says by itself: two queries (relatives and events), and one about a family or replacement."""
    is_own = image.account_id == viewer.account.pk
    relatives = list(Image.objects.related_to(image, viewer).order_by("-created_at")[:RELATIVES])
    here = address(viewer, "image_detail", image)
    entries = [entry for entry in entries_of(viewer, image) if entry.url != here]
    events, downloads = activity_of(image, viewer)
    return {
        "image": image,
        "look": Look(image.data),
        "look_url": address(viewer, "image_inside", image),
        "look_refusal": refusal(viewer, Verb.LOOK_INSIDE, image),
        "is_own": is_own,
        "name": name_for(image),
        "source": source_for(viewer, image),
        "parent": next((relative for relative in relatives if relative.pk == image.parent_id), None),
        "children": [relative for relative in relatives if relative.pk != image.parent_id],
        "advice": advice_on(image, viewer),
        "lines": [line_for(event, viewer) for event in events],
        "downloads": downloads,
        "buttons": [entry for entry in entries if entry.order < DANGEROUS and not entry.copy][:BUTTONS],
        "primary": "Share Image" if is_own else "Create Server",
        "actions": as_actions(entries),
        "words": [] if is_own else [words for words in words_beside(image) if words.replaces or words.has_changed],
        "why_not_label": refusal(viewer, Verb.LABEL, image),
        "changes": changes_of(viewer, image) if is_own else {},
    }


def changes_of(viewer: Viewer, image: Image) -> dict[str, dict[str, str]]:
    """What can be changed beside the fact that it changes: its address, and why not now."""
    protection = "image_unprotect" if image.protected else "image_protect"
    return {
        "visibility": {
            "url": address(viewer, "image_visibility", image),
            "reason": refusal(viewer, Verb.OFFER if image.visibility == "private" else Verb.CHANGE_VISIBILITY, image),
        },
        "protection": {"url": address(viewer, protection, image), "reason": refusal(viewer, Verb.PROTECT, image)},
        "family": {"url": address(viewer, "image_family", image), "reason": refusal(viewer, Verb.ARRANGE, image)},
        "end": {"url": address(viewer, "image_life", image), "reason": refusal(viewer, Verb.DEPRECATE, image)},
    }


@require_safe
@answers_in_kind
def image_download(request: PanelRequest, pk: UUID) -> HttpResponseBase:
    """The bytes, whole or in part; or where they are, for a minute."""
    image = get_image(request.viewer, pk, Verb.EXPORT)
    try:
        return give(request, image, by=request.viewer)
    except NoSuchData:
        raise Http404 from None
