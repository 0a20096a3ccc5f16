"""What those who share can do with a share: remind, offer again, remove."""

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.middleware import PanelRequest
from accounts.templatetags.panel import day
from images.permissions import Verb, get_image
from sharing import actions
from sharing.access import rows_of as access_rows
from sharing.actions import Offered, Outcome
from sharing.actions.changes import share_of
from sharing.forms.overview import LastDayForm
from sharing.models import Share


@require_http_methods(["GET", "POST"])
def share_remove(request: PanelRequest, pk: UUID, share: int) -> HttpResponse:
    """Take an image back from one recipient, now or at the end of a day, after saying who loses what."""
    image = get_image(request.viewer, pk, Verb.REMOVE_SHARE)
    found = share_of(image, share)
    when = LastDayForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and when.is_valid():
        try:
            return _remove(request, found, when.moment)
        except ValidationError as error:
            when.add_error("on", ValidationError(error.messages))
    [row] = access_rows(request.viewer, [found])
    context = {"image": image, "row": row, "when": when}
    return render(request, "sharing/share_remove.html", context, status=422 if when.errors else 200)


def _remove(request: PanelRequest, share: Share, moment: datetime | None) -> HttpResponse:
    name, address = share.image.name, share.address_text
    if moment:
        actions.set_end(share.image_id, share.pk, by=request.viewer, until=moment)
        messages.success(request, f"{address} has “{name}” until {day(moment)}.")
    else:
        actions.remove(share.image_id, share.pk, by=request.viewer)
        messages.success(request, f"“{name}” is no longer shared with {address}.")
    return redirect(sharing_section(request, share.image_id))


@require_POST
def share_remind(request: PanelRequest, pk: UUID, share: int) -> HttpResponse:
    """Remind whoever has not decided yet."""
    reminded = actions.remind(pk, share, by=request.viewer)
    messages.success(request, f"A reminder is on its way to {reminded.address_text}.")
    return redirect(sharing_section(request, pk))


@require_POST
def share_again(request: PanelRequest, pk: UUID, share: int) -> HttpResponse:
    """Offer a rejected or expired share again, or ask a second person whether that may be."""
    try:
        again = actions.offer_again(pk, share, by=request.viewer)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        _say_again(request, again)
    return redirect(sharing_section(request, pk))


def _say_again(request: PanelRequest, again: Offered) -> None:
    if again.outcome is Outcome.HELD:
        messages.info(request, f"{again.address}: {again.text}")
    else:
        messages.success(request, f"“{again.share.image.name}” is offered to {again.address} again.")


def sharing_section(request: PanelRequest, pk: UUID) -> str:
    """The Image Sharing table on the page of an image."""
    page = reverse("image_detail", kwargs={"number": request.viewer.account.number, "pk": pk})
    return f"{page}#sharing"
