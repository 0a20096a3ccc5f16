"""Until when somebody has an image: the producer puts it off, the recipient asks for that."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.middleware import PanelRequest
from accounts.templatetags.panel import day
from accounts.views.going_back import go_back, next_url
from images.permissions import Verb, get_image
from sharing import actions
from sharing.actions.changes import share_of
from sharing.choices import endings_for
from sharing.forms.overview import UntilForm
from sharing.lasting import lasting_by
from sharing.models import Share
from sharing.rules import rules_of
from sharing.views.producing import sharing_section


@require_http_methods(["GET", "POST"])
def share_until(request: PanelRequest, pk: UUID, share: int) -> HttpResponse:
    """Say until when a recipient has an image: one click for the usual periods, or a day."""
    image = get_image(request.viewer, pk, Verb.OFFER)
    found = share_of(image, share)
    form = UntilForm(request.POST if request.method == "POST" else None, share=found)
    back = next_url(request, sharing_section(request, pk))
    if request.method == "POST" and form.is_valid() and (changed := _set_end(request, found, form)):
        until = f"until {day(changed.access_until)}" if changed.access_until else "without an end"
        messages.success(request, f"{changed.address_text} has “{image.name}” {until}.")
        return go_back(request, back)
    context = {
        "image": image,
        "share": found,
        "form": form,
        "back": back,
        "choices": endings_for(found, lasting_by(rules_of(image.account)).max_days),
        "today": timezone.localdate(),
    }
    return render(request, "sharing/share_until.html", context, status=422 if form.errors else 200)


def _set_end(request: PanelRequest, share: Share, form: UntilForm) -> Share | None:
    try:
        return actions.set_end(share.image_id, share.pk, by=request.viewer, until=form.moment)
    except ValidationError as error:
        form.add_error("on", ValidationError(error.messages))
        return None


@require_POST
def share_ask(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Ask the producer of an image that ends to let one have it for longer."""
    asked = actions.ask_for_longer(pk, by=request.viewer)
    messages.success(
        request, f"{asked[0].image.account.title} is asked to let you have “{asked[0].image.name}” for longer."
    )
    page = reverse("image_detail", kwargs={"number": request.viewer.account.number, "pk": pk})
    return go_back(request, f"{page}#sharing")
