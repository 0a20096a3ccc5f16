"""Budgets of the accounts of an organization, and which sizes of servers they may use."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.actions.memberships import find_account_of
from accounts.forms import attempt
from accounts.middleware import PanelRequest
from accounts.models import Organization
from accounts.pages import group_path, tabs_of
from accounts.permissions import Verb, get_group, refusal, role_in
from accounts.roles import Kind
from servers import actions
from servers.allowed import Allowed
from servers.forms.budgets import BudgetForm, SizesForm
from servers.governing import flavors_by_region, ledger_of
from servers.models import Budget, ServerRules

ON_A_PAGE = 50


def organization_of(request: PanelRequest, pk: int, verb: Verb) -> Organization:
    """The organization of a page, if the viewer may do this there.

    Raises:
        Http404, PermissionDenied: as ``get_group``.
    """
    group = get_group(request.viewer, Kind.ORGANIZATION, pk, verb)
    assert isinstance(group, Organization)
    return group


@require_safe
def budget_list(request: PanelRequest, pk: int) -> HttpResponse:
    """What the accounts of an organization may spend on servers this month, and have spent."""
    organization = organization_of(request, pk, Verb.SET_BUDGETS)
    ledger = ledger_of(organization)
    page = Paginator(ledger.lines, ON_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "group": organization,
        "tabs": tabs_of(request.viewer, organization, "budgets"),
        "ledger": ledger,
        "lines": page.object_list,
        "previous": f"?page={page.previous_page_number()}" if page.has_previous() else "",
        "next": f"?page={page.next_page_number()}" if page.has_next() else "",
        "group_href": group_path(request.viewer, organization),
    }
    return render(request, "servers/budgets/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def budget_edit(request: PanelRequest, pk: int, account_id: int) -> HttpResponse:
    """How much one account may spend."""
    organization = organization_of(request, pk, Verb.SET_BUDGETS)
    account = find_account_of(organization, account_id)
    stored = Budget.objects.filter(organization=pk, account=account).first()
    form = BudgetForm(request.POST if request.method == "POST" else None, instance=stored)
    if request.method == "POST" and form.is_valid():
        amount = form.cleaned_data["amount"]
        if attempt(form, lambda: actions.set_budget(organization, account_id, by=request.viewer, amount=amount)):
            messages.success(request, f"{account.title} has its budget. It counts from now on.")
            return redirect("organization_budgets", number=request.viewer.account.number, pk=pk)
    context = {"group": organization, "account": account, "form": form, "has_budget": stored is not None}
    return render(request, "servers/budgets/edit.html", context, status=422 if form.errors else 200)


@require_POST
def budget_remove(request: PanelRequest, pk: int, account_id: int) -> HttpResponse:
    """Let an account spend as much as it likes."""
    organization = organization_of(request, pk, Verb.SET_BUDGETS)
    actions.remove_budget(organization, account_id, by=request.viewer)
    messages.success(request, "The budget is removed: the account spends on servers what it likes.")
    return redirect("organization_budgets", number=request.viewer.account.number, pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
def sizes_page(request: PanelRequest, pk: int) -> HttpResponse:
    """Which sizes the servers of its accounts may have: read by everybody in it, chosen by its managers."""
    organization = organization_of(request, pk, Verb.SEE)
    role = role_in(request.viewer, organization)
    reason = refusal(role, Verb.SET_SIZES, organization) if role else ""
    if request.method == "POST" and reason:
        raise PermissionDenied(reason)
    offered = flavors_by_region()
    chosen = set(ServerRules.flavors.through.objects.filter(serverrules=pk).values_list("flavor", flat=True))
    form = SizesForm(request.POST if request.method == "POST" else None, sizes=offered, chosen=chosen)
    if form.is_valid() and attempt(form, lambda: _set_sizes(request, organization, form)) is not None:
        messages.success(request, "The sizes are saved. They hold for what boots from now on.")
        return redirect("organization_sizes", number=request.viewer.account.number, pk=pk)
    context = {
        "group": organization,
        "tabs": tabs_of(request.viewer, organization, "sizes"),
        "form": None if reason else form,
        "reason": reason,
        "offered": offered,
        "allowed": Allowed(organization.title, frozenset(chosen)),
        "regions": [
            (region, [f for f in flavors if not chosen or f.pk in chosen]) for region, flavors in offered.items()
        ],
    }
    return render(request, "servers/budgets/sizes.html", context, status=422 if form.errors else 200)


def _set_sizes(request: PanelRequest, organization: Organization, form: SizesForm) -> ServerRules:
    return actions.set_sizes(organization, by=request.viewer, flavors=form.flavors)
