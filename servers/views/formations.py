"""Formations: the list, the page of one, launching it and ending it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.forms import attempt
from accounts.middleware import PanelRequest
from servers import actions
from servers.actions.formations import MOST_FORMATIONS
from servers.budgets import level_of
from servers.fitting import place_of
from servers.formations import Standing, lines_of, standing_of, standings_of, why_not_launch
from servers.forms.formations import FormationForm, LaunchForm, NewFormationForm
from servers.listing import Row
from servers.models import Formation
from servers.permissions import Verb, get_formation, refusal, require
from servers.states import State


@require_safe
def formation_list(request: PanelRequest) -> HttpResponse:
    """The formations of the account, by name. Three queries."""
    formations = Formation.objects.visible_to(request.viewer).select_related("region")[:MOST_FORMATIONS]
    context = {"standings": standings_of(formations), "why_not_make": refusal(request.viewer, Verb.ARRANGE)}
    return render(request, "servers/formations/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def formation_create(request: PanelRequest) -> HttpResponse:
    """Make a formation; its parts come next."""
    require(request.viewer, Verb.ARRANGE)
    form = NewFormationForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        given = form.cleaned_data
        made = attempt(form, lambda: actions.create_formation(by=request.viewer, **given))
        if made:
            messages.success(request, f"“{made}” is made. Add its parts, then launch it.")
            return _to(request, made)
    return render(request, "servers/formations/create.html", {"form": form}, status=422 if form.errors else 200)


@never_cache
@require_safe
def formation_detail(request: PanelRequest, pk: UUID) -> HttpResponse:
    """A formation, its parts and its servers. Asks for itself while something is on its way."""
    viewer = request.viewer
    standing = standing_of(get_formation(viewer, pk, Verb.SEE))
    lines = lines_of(standing, viewer)
    context = {
        "standing": standing,
        "formation": standing.formation,
        "lines": lines,
        "rows": [Row(server, State.of(server)) for server in standing.servers],
        "reasons": [] if standing.is_launched else why_not_launch(standing, lines, viewer),
        "arrange_refusal": refusal(viewer, Verb.ARRANGE),
        "delete_refusal": refusal(viewer, Verb.DELETE),
    }
    return render(request, "servers/formations/detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def formation_edit(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Another name or description."""
    formation = get_formation(request.viewer, pk, Verb.ARRANGE)
    form = FormationForm(request.POST if request.method == "POST" else None, instance=formation)
    if form.is_valid():
        given = form.cleaned_data
        if edited := attempt(form, lambda: actions.edit_formation(pk, by=request.viewer, **given)):
            messages.success(request, "The formation is saved.")
            return _to(request, edited)
    context = {"formation": Formation.objects.get(pk=pk), "form": form}
    return render(request, "servers/formations/edit.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def formation_launch(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Boot all its servers, after saying what they cost; or say everything that keeps them from booting."""
    standing = standing_of(get_formation(request.viewer, pk, Verb.ARRANGE))
    place = place_of(standing.formation.region, request.viewer.account)
    form = LaunchForm(request.POST if request.method == "POST" else None, viewer=request.viewer, place=place)
    if request.method == "POST" and form.is_valid():
        try:
            servers = actions.launch_formation(pk, by=request.viewer, launch=form.launch())
        except ValidationError as refused:
            return _launch_page(request, standing, form, refused.messages, status=422)
        messages.success(
            request, f"{len(servers)} server{'s' if len(servers) != 1 else ''} of “{standing.formation}” boot."
        )
        return _to(request, standing.formation)
    reasons = [standing.why_not_change] if standing.is_launched else _reasons(request, standing)
    return _launch_page(request, standing, form, reasons, status=422 if form.errors else 200)


def _reasons(request: PanelRequest, standing: Standing) -> list[str]:
    return why_not_launch(standing, lines_of(standing, request.viewer), request.viewer)


def _launch_page(
    request: PanelRequest, standing: Standing, form: LaunchForm, reasons: list[str], *, status: int
) -> HttpResponse:
    context: dict[str, Any] = {
        "formation": standing.formation,
        "standing": standing,
        "form": form,
        "reasons": reasons,
        "budget": level_of(request.viewer.account),
    }
    return render(request, "servers/formations/launch.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def formation_end(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Delete all its servers, after saying what is lost; the formation stays."""
    formation = get_formation(request.viewer, pk, Verb.DELETE)
    if request.method == "POST":
        actions.end_formation(pk, by=request.viewer)
        messages.success(request, f"The servers of “{formation}” are being deleted. It can be launched anew.")
        return _to(request, formation)
    context = {"formation": formation, "standing": standing_of(formation)}
    return render(request, "servers/formations/end.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def formation_delete(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Delete a formation with all its servers, after saying what is lost."""
    formation = get_formation(request.viewer, pk, Verb.DELETE)
    if request.method == "POST":
        actions.close_formation(pk, by=request.viewer)
        messages.success(request, f"“{formation}” is deleted.")
        return redirect("formation_list", number=request.viewer.account.number)
    context = {"formation": formation, "standing": standing_of(formation)}
    return render(request, "servers/formations/delete.html", context)


def _to(request: PanelRequest, formation: Formation) -> HttpResponse:
    return redirect("formation_detail", number=request.viewer.account.number, pk=formation.pk)
