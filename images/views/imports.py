"""Importing from an address, and what is on its way to Saved Images."""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import trigger_client_event

from accounts.middleware import PanelRequest
from images import actions
from images.forms import ImportForm, visibility_options
from images.incoming import incoming_of
from images.models import Region, Upload
from images.permissions import Verb, require
from images.problems import DataProblem, QuotaExceeded
from images.views.answers import tell

MANY_DIGITS = 3


@require_http_methods(["GET", "HEAD", "POST"])
def image_import(request: PanelRequest) -> HttpResponse:
    """Add an image from an address: where the file is, and what there is to say of it."""
    require(request.viewer, Verb.CREATE)
    if request.method != "POST":
        region = Region.objects.filter(is_default=True, closed_at__isnull=True).first()
        initial = {"region": request.GET.get("region") or (region.pk if region else None)}
        return _page(request, ImportForm(initial=initial, viewer=request.viewer))
    form = ImportForm(request.POST, viewer=request.viewer)
    upload = _started(request, form) if form.is_valid() else None
    if upload is None:
        return _page(request, form, status=422)
    tell(request, f"“{upload.title}” is on its way. You can leave this page.")
    return redirect("image_list", number=request.viewer.account.number)


def _started(request: PanelRequest, form: ImportForm) -> Upload | None:
    """Start the import, or put the reasons why not into the form."""
    try:
        return actions.start_import(by=request.viewer, new=form.new_image(), **form.source())
    except ValidationError as error:
        form.add_error(None, error)
    except QuotaExceeded as problem:
        form.add_error(None, str(problem))
    except DataProblem as problem:
        form.add_error("url", str(problem))
    return None


def _page(request: PanelRequest, form: ImportForm, *, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "visibilities": visibility_options(form),
    }
    return render(request, "images/import.html", context, status=status)


@require_safe
def image_incoming(request: PanelRequest) -> HttpResponse:
    """What is on its way: the section of Saved Images, which asks for itself while something moves, or a page."""
    text = request.GET.get("shown", "")
    shown = int(text) if text.isascii() and text.isdecimal() and len(text) <= MANY_DIGITS else 0
    incoming = incoming_of(request.viewer, shown=shown)
    if not request.htmx:
        return render(request, "images/incoming/page.html", {"incoming": incoming})
    response = render(request, "images/incoming/section.html", {"incoming": incoming, "number": _number(request)})
    # An image more, most likely: the list below is asked for again.
    return trigger_client_event(response, "images-changed") if incoming.has_fewer else response


@require_POST
def import_retry(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Try an import again, now."""
    try:
        upload = actions.retry_import(pk, by=request.viewer)
    except QuotaExceeded as problem:
        tell(request, str(problem))
    else:
        tell(request, f"“{upload.title}” is tried again.")
    return redirect("image_list", number=_number(request))


def _number(request: PanelRequest) -> str:
    return request.viewer.account.number
