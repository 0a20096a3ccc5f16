"""Changing and ending an image: each operation at an address of its own."""

from itertools import chain
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.middleware import PanelRequest
from images import actions, hooks
from images.forms import EditForm, VisibilityForm, visibility_options
from images.menus import address
from images.models import Image
from images.permissions import Verb, get_image, require, visibility_refusal
from images.views.answers import tell


@require_http_methods(["GET", "HEAD", "POST"])
def image_edit(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Change what is said of an image."""
    image = get_image(request.viewer, pk, Verb.EDIT)
    form = EditForm(request.POST) if request.method == "POST" else EditForm.of(image)
    if form.is_bound and form.is_valid():
        try:
            actions.edit(pk, by=request.viewer, tags=form.cleaned_data["tags"], **form.facts())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            tell(request, f"“{form.cleaned_data['name']}” is saved.")
            return _to_detail(request, pk)
    return render(request, "images/edit.html", {"form": form, "image": image}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def image_visibility(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Say who sees an image, knowing who loses or gains access by that."""
    image = get_image(request.viewer, pk, Verb.SEE_SHARES)
    if not _choosable(request, image):
        require(request.viewer, Verb.CHANGE_VISIBILITY, image)
    form = VisibilityForm(request.POST or None, viewer=request.viewer, image=image)
    if request.method == "POST" and form.is_valid():
        changed = actions.set_visibility(pk, by=request.viewer, visibility=form.cleaned_data["visibility"])
        tell(request, f"“{changed.name}” is {changed.get_visibility_display().lower()} now.")
        return _to_detail(request, pk)
    options = visibility_options(form)
    effects = {value: _consequences(image, value) for value in _choosable(request, image)}
    context = {"form": form, "image": image, "options": [(option, effects.get(option.value)) for option in options]}
    return render(request, "images/visibility.html", context, status=422 if form.errors else 200)


def _choosable(request: PanelRequest, image: Image) -> list[str]:
    others = (value for value in Image.Visibility.values if value != image.visibility)
    return [value for value in others if not visibility_refusal(request.viewer, value, old=image.visibility)]


def _consequences(image: Image, change: str) -> list[str]:
    """Who loses or gains what, as the higher apps know it."""
    return list(chain.from_iterable(hooks.consequences.ask(image, change)))


@require_POST
def image_protect(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Keep an image from being deleted."""
    image = actions.protect(pk, by=request.viewer)
    tell(request, f"“{image.name}” cannot be deleted now.", undo=address(request.viewer, "image_unprotect", image))
    return _to_detail(request, pk)


@require_POST
def image_unprotect(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Let an image be deleted again."""
    image = actions.unprotect(pk, by=request.viewer)
    tell(request, f"“{image.name}” can be deleted again.", undo=address(request.viewer, "image_protect", image))
    return _to_detail(request, pk)


@require_http_methods(["GET", "HEAD", "POST"])
def image_deactivate(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Confirm, then let nobody boot or copy an image for now."""
    if request.method == "POST":
        image = actions.deactivate(pk, by=request.viewer)
        tell(request, f"“{image.name}” is deactivated.", undo=address(request.viewer, "image_reactivate", image))
        return _to_detail(request, pk)
    image = get_image(request.viewer, pk, Verb.DEACTIVATE)
    return render(
        request, "images/deactivate.html", {"image": image, "consequences": _consequences(image, "deactivate")}
    )


@require_POST
def image_reactivate(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Let an image be used again."""
    image = actions.reactivate(pk, by=request.viewer)
    tell(request, f"“{image.name}” can be used again.")
    return _to_detail(request, pk)


@require_http_methods(["GET", "HEAD", "POST"])
def image_delete(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Confirm with what will happen to whom, then delete."""
    if request.method == "POST":
        image = actions.delete(pk, by=request.viewer)
        tell(request, f"“{image.name}” is deleted.")
        return redirect("image_list", number=request.viewer.account.number)
    image = get_image(request.viewer, pk, Verb.DELETE)
    return render(request, "images/delete.html", {"image": image, "consequences": _consequences(image, "delete")})


def _to_detail(request: PanelRequest, pk: UUID) -> HttpResponse:
    return redirect("image_detail", number=request.viewer.account.number, pk=pk)
