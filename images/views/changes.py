"""Changing and ending an image: each operation at an address of its own."""

from collections.abc import Callable
from itertools import chain
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.middleware import PanelRequest
from accounts.templatetags.panel import day
from images import actions, hooks
from images.forms import EditForm, VisibilityForm, WhenForm, visibility_options
from images.hooks import Consequence
from images.menus import address
from images.models import Image, PlannedChange
from images.permissions import Verb, get_image, refusal, require, visibility_refusal
from images.plans import plan_address
from images.views.answers import tell

Change = PlannedChange.Change


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
    when = WhenForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and when.is_valid():
        wanted = form.cleaned_data["visibility"]

        def at_once() -> HttpResponse:
            changed = actions.set_visibility(pk, by=request.viewer, visibility=wanted)
            tell(request, f"“{changed.name}” is {changed.get_visibility_display().lower()} now.")
            return _to_detail(request, pk)

        return _change(request, image, when, at_once, change=Change.VISIBILITY, visibility=wanted)
    options = visibility_options(form)
    effects = {value: _consequences(image, value) for value in _choosable(request, image)}
    context = {"form": form, "options": [(option, effects.get(option.value)) for option in options]}
    may_plan = not refusal(request.viewer, Verb.CHANGE_VISIBILITY, image)
    context |= {"may_plan": may_plan, "notes": hooks.visibility_notes.ask(request, image)}
    return _ask(request, "visibility", image, when, context)


def _choosable(request: PanelRequest, image: Image) -> list[str]:
    others = (value for value in Image.Visibility.values if value != image.visibility)
    return [value for value in others if not visibility_refusal(request.viewer, value, image)]


def _consequences(image: Image, change: str) -> list[Consequence]:
    """Who loses or gains what, and which servers run, as each app knows it."""
    return list(chain.from_iterable(hooks.consequences.ask(image, change)))


def _change(
    request: PanelRequest, image: Image, when: WhenForm, at_once: Callable[[], HttpResponse], **what: str
) -> HttpResponse:
    """Make a change now, or plan it for the day that was chosen.

    Args:
        what: as ``actions.plan_change`` takes it.
    """
    if not (moment := when.moment):
        return at_once()
    planned = actions.plan_change(image.pk, by=request.viewer, at=moment, **what)
    text = f"“{image.name}” will be {planned.result} on {day(planned.at)}."
    tell(request, text, undo=plan_address(request.viewer, planned))
    return _to_detail(request, image.pk)


def _ask(request: PanelRequest, page: str, image: Image, when: WhenForm, context: dict[str, Any]) -> HttpResponse:
    """The page before a change: what it means for whom, and when it shall happen."""
    planned = image.planned_changes.open().filter(change=page).first()
    context |= {"image": image, "when": when, "planned": planned}
    wrong = any(form.errors for form in (when, context.get("form", when)))
    return render(request, f"images/{page}.html", context, status=422 if wrong else 200)


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
    """Say what it means, then let nobody boot or copy an image for now: from now on, or from a day on."""
    image = get_image(request.viewer, pk, Verb.DEACTIVATE)
    when = WhenForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and when.is_valid():

        def at_once() -> HttpResponse:
            actions.deactivate(pk, by=request.viewer)
            tell(request, f"“{image.name}” is deactivated.", undo=address(request.viewer, "image_reactivate", image))
            return _to_detail(request, pk)

        return _change(request, image, when, at_once, change=Change.DEACTIVATE)
    return _ask(request, "deactivate", image, when, {"consequences": _consequences(image, "deactivate")})


@require_POST
def image_reactivate(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Let an image be used again."""
    image = actions.reactivate(pk, by=request.viewer)
    tell(request, f"“{image.name}” can be used again.")
    return _to_detail(request, pk)


@require_http_methods(["GET", "HEAD", "POST"])
def image_delete(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Say what will happen to whom, then delete: now, or on a day."""
    image = get_image(request.viewer, pk, Verb.DELETE)
    when = WhenForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and when.is_valid():

        def at_once() -> HttpResponse:
            actions.delete(pk, by=request.viewer)
            tell(request, f"“{image.name}” is deleted.")
            return redirect("image_list", number=request.viewer.account.number)

        return _change(request, image, when, at_once, change=Change.DELETE)
    return _ask(request, "delete", image, when, {"consequences": _consequences(image, "delete")})


@require_POST
def image_plan_cancel(request: PanelRequest, pk: UUID, planned: int) -> HttpResponse:
    """Let an image be as it is."""
    cancelled = actions.cancel_planned_change(pk, planned, by=request.viewer)
    tell(request, f"“{cancelled.image.name}” will not be {cancelled.result}.")
    return _to_detail(request, pk)


def _to_detail(request: PanelRequest, pk: UUID) -> HttpResponse:
    return redirect("image_detail", number=request.viewer.account.number, pk=pk)
