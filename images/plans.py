"""What is planned for images, as pages show it: on Image Detail, and below the names in lists."""

from collections.abc import Sequence
from uuid import UUID

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.templatetags.panel import day
from accounts.viewer import Viewer
from images.actions.planning import VERBS
from images.hooks import Consequence
from images.models import Image, PlannedChange
from images.permissions import refusal
from images.querysets import OPEN_TO_ALL


def plan_address(viewer: Viewer, planned: PlannedChange) -> str:
    """Where a POST cancels it."""
    number = viewer.account.number
    return reverse("image_plan_cancel", kwargs={"number": number, "pk": planned.image_id, "planned": planned.pk})


def detail_notice(request: HttpRequest, image: Image) -> str:
    """What is to become of an image, on top of its page: one query. Others are told nothing of who planned it."""
    viewer: Viewer = request.viewer  # type: ignore[attr-defined]  # the middleware's, see PanelRequest
    plans = list(PlannedChange.objects.shown_to(viewer).filter(image=image).select_related("planned_by"))
    if not plans:
        return ""
    is_own = image.account_id == viewer.account.pk
    context = {
        "image": image,
        "is_own": is_own,
        "plans": [
            (planned, plan_address(viewer, planned), refusal(viewer, VERBS[planned.change], image)) for planned in plans
        ],
    }
    return render_to_string("images/planned.html", context, request)


def row_notes(viewer: Viewer, images: Sequence[Image]) -> dict[UUID, str]:
    """What is to become of images, in a few words for a list: one query."""
    notes: dict[UUID, str] = {}
    for planned in PlannedChange.objects.shown_to(viewer).filter(image__in=images):
        words = f"{planned.result} on {day(planned.at)}"
        before = notes.get(planned.image_id)
        notes[planned.image_id] = f"{before}, {words}" if before else f"will be {words}"
    return notes


def consequences(image: Image, change: str) -> list[Consequence]:
    """What a change means for everybody, where everybody can use the image now."""
    if image.visibility in OPEN_TO_ALL and change in ("delete", "private", "shared", "deactivate"):
        return [Consequence("Everybody else in this panel can no longer boot new servers from it")]
    return []
