"""Pages of those who share: Share Image, and what can be done with a share."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.middleware import PanelRequest
from images.looks import Look
from images.menus import address
from images.models import Image
from images.permissions import Verb, get_image, refusal
from sharing import actions
from sharing.actions import Offered, Terms
from sharing.actions.offers import require_offerable, share_of
from sharing.forms import ShareForm
from sharing.models import Share
from sharing.rows import make_rows, rows_of


@require_http_methods(["GET", "POST"])
def share_image(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Offer an image; afterwards, a result for each recipient."""
    image = get_image(request.viewer, pk, Verb.OFFER)
    require_offerable(image)
    form = ShareForm(request.POST or None, viewer=request.viewer, image=image)
    results = _offer(request, image, form) if form.is_valid() else None
    if results is not None:
        return render(request, "sharing/share_result.html", {"image": image, "results": results})
    inside = {"look": Look(image.data), "look_url": address(request.viewer, "image_inside", image)}
    context = {"image": image, "form": form, "rows": rows_of(image, request.viewer)} | inside
    return render(request, "sharing/share_image.html", context | _refusals(request, image))


def _offer(request: PanelRequest, image: Image, form: ShareForm) -> list[Offered] | None:
    data = form.cleaned_data
    try:
        return actions.offer(
            image.pk,
            by=request.viewer,
            addresses=data["recipients"],
            groups=data.get("groups", []),
            terms=Terms(data["message"], data["export"]),
        )
    except ValidationError as error:
        form.add_error(None, error)
        return None


@require_http_methods(["GET", "POST"])
def share_remove(request: PanelRequest, pk: UUID, share: int) -> HttpResponse:
    """Take an image back from one recipient, after saying who loses what."""
    image = get_image(request.viewer, pk, Verb.REMOVE_SHARE)
    address = share_of(image, share).address_text
    if request.method == "POST":
        actions.remove(pk, share, by=request.viewer)
        messages.success(request, f"“{image.name}” is no longer shared with {address}.")
        return redirect(_sharing_section(request, pk))
    row = make_rows(Share.objects.of_image(image).filter(pk=share), request.viewer)[0]
    return render(request, "sharing/share_remove.html", {"image": image, "row": row})


@require_POST
def share_remind(request: PanelRequest, pk: UUID, share: int) -> HttpResponse:
    """Remind whoever has not decided yet."""
    reminded = actions.remind(pk, share, by=request.viewer)
    messages.success(request, f"A reminder is on its way to {reminded.address_text}.")
    return redirect(_sharing_section(request, pk))


@require_POST
def share_again(request: PanelRequest, pk: UUID, share: int) -> HttpResponse:
    """Offer a rejected or expired share again."""
    try:
        again = actions.offer_again(pk, share, by=request.viewer)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, f"“{again.image.name}” is offered to {again.address_text} again.")
    return redirect(_sharing_section(request, pk))


def _sharing_section(request: PanelRequest, pk: UUID) -> str:
    page = reverse("image_detail", kwargs={"number": request.viewer.account.number, "pk": pk})
    return f"{page}#sharing"


def _refusals(request: PanelRequest, image: Image) -> dict[str, Any]:
    return {"remove_refusal": refusal(request.viewer, Verb.REMOVE_SHARE, image)}
