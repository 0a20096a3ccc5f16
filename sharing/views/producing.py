"""What those who share can do with a share: remind, offer again, remove."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.middleware import PanelRequest
from images.permissions import Verb, get_image
from sharing import actions
from sharing.actions.offers import share_of
from sharing.models import Share
from sharing.rows import make_rows


@require_http_methods(["GET", "POST"])
def share_remove(request: PanelRequest, pk: UUID, share: int) -> HttpResponse:
    """Take an image back from one recipient, after saying who loses what."""
    image = get_image(request.viewer, pk, Verb.REMOVE_SHARE)
    address = share_of(image, share).address_text
    if request.method == "POST":
        actions.remove(pk, share, by=request.viewer)
        messages.success(request, f"“{image.name}” is no longer shared with {address}.")
        return redirect(sharing_section(request, pk))
    row = make_rows(Share.objects.of_image(image).filter(pk=share), request.viewer)[0]
    return render(request, "sharing/share_remove.html", {"image": image, "row": row})


@require_POST
def share_remind(request: PanelRequest, pk: UUID, share: int) -> HttpResponse:
    """Remind whoever has not decided yet."""
    reminded = actions.remind(pk, share, by=request.viewer)
    messages.success(request, f"A reminder is on its way to {reminded.address_text}.")
    return redirect(sharing_section(request, pk))


@require_POST
def share_again(request: PanelRequest, pk: UUID, share: int) -> HttpResponse:
    """Offer a rejected or expired share again."""
    try:
        again = actions.offer_again(pk, share, by=request.viewer)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, f"“{again.image.name}” is offered to {again.address_text} again.")
    return redirect(sharing_section(request, pk))


def sharing_section(request: PanelRequest, pk: UUID) -> str:
    """The Image Sharing table on the page of an image."""
    page = reverse("image_detail", kwargs={"number": request.viewer.account.number, "pk": pk})
    return f"{page}#sharing"
