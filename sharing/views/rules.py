"""The rules of an organization: read by everybody in it, set by its managers."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.forms import attempt
from accounts.middleware import PanelRequest
from accounts.models import Organization
from accounts.pages import tabs_of
from accounts.permissions import Verb, get_group, refusal, role_in
from accounts.roles import Kind
from sharing import actions
from sharing.exposure import Filter, counts_of, open_images
from sharing.forms.governing import RulesForm
from sharing.governing import address
from sharing.models import Rules

MOST_OPEN = 20


def organization_of(request: PanelRequest, pk: int, verb: Verb) -> Organization:
    """The organization of a page, if the viewer may do this there.

    Raises:
        Http404, PermissionDenied: as ``get_group``.
    """
    group = get_group(request.viewer, Kind.ORGANIZATION, pk, verb)
    assert isinstance(group, Organization)
    return group


@require_http_methods(["GET", "HEAD", "POST"])
def rules_page(request: PanelRequest, pk: int) -> HttpResponse:
    """How the accounts of an organization may share, and what is shared otherwise already."""
    organization = organization_of(request, pk, Verb.SEE)
    role = role_in(request.viewer, organization)
    reason = refusal(role, Verb.SET_RULES, organization) if role else ""
    if request.method == "POST" and reason:
        raise PermissionDenied(reason)
    stored = Rules.objects.filter(organization=pk).first() or Rules(organization=organization)
    form = None if reason else RulesForm(request.POST if request.method == "POST" else None, instance=stored)
    if form and request.method == "POST" and form.is_valid():
        settings = form.settings
        if attempt(form, lambda: actions.set_rules(organization, by=request.viewer, **settings)):
            messages.success(request, "The rules are saved. They hold from now on.")
            return redirect(address("organization_rules", request.viewer, organization))
    context = {
        "group": organization,
        "tabs": tabs_of(request.viewer, organization, "rules"),
        "rules": Rules.objects.filter(organization=pk).first() or Rules(organization=organization),
        "form": form,
        "reason": reason,
    }
    already = {} if reason else _already(organization)
    return render(
        request, "sharing/governing/rules.html", context | already, status=422 if form and form.errors else 200
    )


def _already(organization: Organization) -> dict[str, object]:
    """What is shared outside and open to everybody at this moment: new rules do not end it."""
    counts = counts_of(organization)
    return {
        "outside_count": counts[Filter.ALL],
        "open_count": counts[Filter.OPEN],
        "open_images": open_images(organization)[:MOST_OPEN] if counts[Filter.OPEN] else [],
    }
