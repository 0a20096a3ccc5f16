"""An account's own words about images of others, adding what is open to all, and what a person hides for themselves."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.middleware import PanelRequest
from accounts.views.going_back import go_back
from images import actions
from images.forms import ReferenceForm
from images.menus import address
from images.permissions import Verb, get_image
from images.references import FIELDS, words_beside
from images.views.answers import tell


@require_http_methods(["GET", "HEAD", "POST"])
def reference_edit(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Label an image of others, for everybody in the account, beside what its producer says."""
    image = get_image(request.viewer, pk, Verb.LABEL)
    form = ReferenceForm(request.POST) if request.method == "POST" else ReferenceForm.of(image)
    if form.is_bound and form.is_valid():
        actions.label(pk, by=request.viewer, **form.cleaned_data)
        tell(request, f"Your words about “{image.name}” are saved.")
        return redirect("image_detail", number=request.viewer.account.number, pk=pk)
    rows = [(form[words.field], words) for words in words_beside(image)]
    context = {"form": form, "image": image, "rows": rows}
    return render(request, "images/label.html", context, status=422 if form.errors else 200)


@require_POST
def reference_use_theirs(request: PanelRequest, pk: UUID, field: str) -> HttpResponse:
    """Take back the account's own words about one thing."""
    if field not in FIELDS:
        raise Http404
    image = actions.use_theirs(pk, field, by=request.viewer).image
    tell(request, f"“{image.name}”: what {image.account.title} says is shown again.")
    return redirect("image_detail", number=request.viewer.account.number, pk=pk)


@require_POST
def reference_add(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Add an image that is open to all to the account's list."""
    image = actions.add_reference(pk, by=request.viewer).image
    tell(request, f"“{image.name}” is in your list.", undo=address(request.viewer, "reference_remove", image))
    return go_back(request, reverse("image_list", kwargs={"number": request.viewer.account.number}))


@require_POST
def reference_remove(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Take an added image out of the account's list."""
    image = actions.remove_reference(pk, by=request.viewer)
    undo = address(request.viewer, "reference_add", image)
    tell(request, f"“{image.name}” is no longer in your list.", undo=undo)
    return redirect("image_list", number=request.viewer.account.number)


@require_POST
def image_hide(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Leave an image of a group out of one's own lists."""
    image = actions.hide(pk, by=request.viewer)
    undo = address(request.viewer, "image_unhide", image)
    tell(request, f"“{image.name}” is hidden for you. Others see it as before.", undo=undo)
    return go_back(request, _list(request))


@require_POST
def image_unhide(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Show it again."""
    image = actions.unhide(pk, by=request.viewer)
    tell(request, f"“{image.name}” is in your lists again.")
    return go_back(request, _list(request))


def _list(request: PanelRequest) -> str:
    return reverse("image_list", kwargs={"number": request.viewer.account.number})
