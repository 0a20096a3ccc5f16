"""An account's own words about images of others, and adding what is open to all."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.middleware import PanelRequest
from images import actions
from images.forms import ReferenceForm
from images.menus import address
from images.permissions import Verb, get_image
from images.views.answers import tell


@require_http_methods(["GET", "HEAD", "POST"])
def reference_edit(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Label an image of others, for everybody in the account."""
    image = get_image(request.viewer, pk, Verb.LABEL)
    form = ReferenceForm(request.POST) if request.method == "POST" else ReferenceForm.of(image)
    if form.is_bound and form.is_valid():
        actions.label(pk, by=request.viewer, **form.cleaned_data)
        tell(request, f"Your words about “{image.name}” are saved.")
        return redirect("image_detail", number=request.viewer.account.number, pk=pk)
    return render(request, "images/label.html", {"form": form, "image": image}, status=422 if form.errors else 200)


@require_POST
def reference_add(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Add an image that is open to all to the account's list."""
    image = actions.add_reference(pk, by=request.viewer).image
    tell(request, f"“{image.name}” is in your list.", undo=address(request.viewer, "reference_remove", image))
    return redirect("image_list", number=request.viewer.account.number)


@require_POST
def reference_remove(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Take an added image out of the account's list."""
    image = actions.remove_reference(pk, by=request.viewer)
    undo = address(request.viewer, "reference_add", image)
    tell(request, f"“{image.name}” is no longer in your list.", undo=undo)
    return redirect("image_list", number=request.viewer.account.number)
