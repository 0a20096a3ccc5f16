"""Converting an image into another format."""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.errors import Conflict
from accounts.middleware import PanelRequest
from images import actions
from images.conversions import why_not
from images.forms import ConversionForm
from images.models import Image
from images.permissions import Verb, get_image, require
from images.problems import DataProblem
from images.views.answers import tell


@require_http_methods(["GET", "HEAD", "POST"])
def image_convert(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Have a new image made, in another format."""
    image = get_image(request.viewer, pk, Verb.EXPORT)
    require(request.viewer, Verb.CREATE)
    form = ConversionForm(request.POST if request.method == "POST" else None, image=image)
    if form.is_bound and form.is_valid() and _started(request, image, form):
        tell(request, f"“{form.cleaned_data['name']}” is on its way. It is listed as soon as it is done.")
        return redirect("image_list", number=request.viewer.account.number)
    context = {"form": form, "image": image, "reason": why_not(image.data)}
    return render(request, "images/convert.html", context, status=422 if form.errors else 200)


def _started(request: PanelRequest, image: Image, form: ConversionForm) -> bool:
    """Start it, or put the reasons why not into the form."""
    try:
        actions.start_conversion(image.pk, by=request.viewer, **form.cleaned_data)
    except (ValidationError, Conflict, DataProblem) as refused:
        form.add_error(None, refused if isinstance(refused, ValidationError) else str(refused))
        return False
    return True
