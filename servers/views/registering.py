"""Registering an image that is in a cloud already."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.middleware import PanelRequest
from images.models import Image
from images.permissions import Verb, require
from images.problems import QuotaExceeded
from servers import actions
from servers.forms.registering import RegisterForm, regions_for
from servers.permissions import Verb as ServerVerb
from servers.permissions import refusal
from servers.registering import look_up


@require_http_methods(["GET", "POST"])
def image_register(request: PanelRequest) -> HttpResponse:
    """From a region and an id there to an image here; or, without a cloud key, to where one is added."""
    require(request.viewer, Verb.CREATE)
    form = RegisterForm(request.POST if request.method == "POST" else None, viewer=request.viewer)
    if form.is_valid() and (image := _registered(request, form)):
        messages.success(request, f"“{image.name}” is registered. Its data stays in the cloud of {image.region.name}.")
        return redirect("image_detail", number=request.viewer.account.number, pk=image.pk)
    context = {
        "form": form,
        "has_regions": regions_for(request.viewer).exists(),
        "why_no_key": refusal(request.viewer, ServerVerb.MANAGE_KEYS),
    }
    return render(request, "servers/register.html", context, status=422 if form.errors else 200)


def _registered(request: PanelRequest, form: RegisterForm) -> Image | None:
    """Ask the cloud, then make the image; or put the reasons why not into the form."""
    wanted = form.registration
    try:
        found = look_up(wanted, by=request.viewer)
        return actions.register_image(wanted, found, by=request.viewer)
    except ValidationError as error:
        form.add_error(None, error)
    except QuotaExceeded as problem:
        form.add_error(None, str(problem))
    return None
