"""Copying an image into the account."""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.middleware import PanelRequest
from images import actions
from images.forms import CopyForm
from images.menus import address
from images.permissions import Verb, get_image
from images.problems import QuotaExceeded
from images.rows import name_for
from images.views.answers import posted, tell


@require_http_methods(["GET", "HEAD", "POST"])
def image_copy(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Make an image of the account with the same data, after saying what that means."""
    image = get_image(request.viewer, pk, Verb.COPY)
    form = CopyForm(posted(request), initial={"name": name_for(image)})
    if form.is_bound and form.is_valid():
        try:
            copy = actions.copy_image(pk, by=request.viewer, name=form.cleaned_data["name"])
        except ValidationError as error:
            form.add_error(None, error)
        except QuotaExceeded as refused:
            form.add_error(None, str(refused))
        else:
            tell(request, f"“{copy.name}” is an image of {copy.account.title} now.")
            return redirect(address(request.viewer, "image_detail", copy))
    context = {"form": form, "image": image, "is_own": image.account_id == request.viewer.account.pk}
    return render(request, "images/copy.html", context, status=422 if form.errors else 200)
