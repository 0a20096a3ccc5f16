"""End of life: announcing when an image is deprecated, obsolete and retired."""

from itertools import chain
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.middleware import PanelRequest
from images import actions, hooks
from images.actions.ends import candidates_to_replace
from images.forms import EndForm
from images.menus import address
from images.models import Image
from images.permissions import Verb, get_image
from images.views.answers import posted, tell

STAGES = ("deprecated", "obsolete", "retired")


@require_http_methods(["GET", "HEAD", "POST"])
def image_life(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Say when an image ends, knowing whom that concerns; they are told at once, and again before each day comes."""
    image = get_image(request.viewer, pk, Verb.DEPRECATE)
    candidates = candidates_to_replace(image)
    initial = EndForm.initial_of(image, request.GET.get("preset", ""))
    form = EndForm(posted(request), initial=initial, image=image, candidates=candidates)
    if form.is_bound and form.is_valid():
        try:
            actions.announce_end(pk, by=request.viewer, end=form.end())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            tell(request, f"The end of “{image.name}” is announced. Everybody who has it is told.")
            return redirect(address(request.viewer, "image_detail", image))
    return render(request, "images/life.html", _context(image, form), status=422 if form.errors else 200)


@require_POST
def image_life_cancel(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Let an image be current again."""
    image = actions.cancel_end(pk, by=request.viewer)
    tell(request, f"“{image.name}” has no end any more.")
    return redirect(address(request.viewer, "image_detail", image))


def _context(image: Image, form: EndForm) -> dict[str, Any]:
    return {
        "image": image,
        "form": form,
        "presets": [(name, label) for name, (label, _days) in EndForm.PRESETS.items()],
        "effects": [(stage, list(chain.from_iterable(hooks.consequences.ask(image, stage)))) for stage in STAGES],
    }
