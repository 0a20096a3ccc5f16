"""What is inside of an image: a page, and the same as a part of other pages while somebody looks."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.middleware import PanelRequest
from images import actions
from images.looks import Look
from images.models import Image
from images.permissions import Verb, get_image, refusal
from images.views.answers import tell


@require_http_methods(["GET", "HEAD", "POST"])
def image_inside(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Have an image looked into (POST), or say what is known of its inside."""
    htmx = request.htmx
    if request.method == "POST":
        actions.request_look(pk, by=request.viewer)
        if not htmx:
            tell(request, "The look inside has begun. It takes a minute or two.")
            return redirect(f"{reverse('image_detail', args=[request.viewer.account.number, pk])}#inside")
    image = get_image(request.viewer, pk, Verb.SEE)
    template = "images/inside.html"
    if htmx:
        template = f"images/inside/{'summary' if htmx.target == 'inside-summary' else 'section'}.html"
    return render(request, template, look_context(request, image))


def look_context(request: PanelRequest, image: Image) -> dict[str, object]:
    """What the templates of a look take. No query, on an image that ``get_image`` gave."""
    viewer = request.viewer
    return {
        "look": Look(image.data),
        "is_own": image.account_id == viewer.account.pk,
        "look_url": reverse("image_inside", args=[viewer.account.number, image.pk]),
        "refusal": refusal(viewer, Verb.LOOK_INSIDE, image),
        "image": image,
    }
