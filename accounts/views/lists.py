"""Lists of groups and organizations, making new ones, and the accounts of an organization."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import actions
from accounts.actions.memberships import find_account_of
from accounts.forms import InviteAccountForm, TitleForm, attempt
from accounts.middleware import PanelRequest
from accounts.models import AnyGroup, Membership, Organization, User
from accounts.pages import group_path
from accounts.permissions import Verb, get_group
from accounts.roles import Kind
from accounts.views.groups import render_group


@require_GET
def team_list(request: PanelRequest) -> HttpResponse:
    """The groups that the person is in."""
    memberships = [m for m in request.viewer.memberships if m.kind == Kind.TEAM]
    return render(request, "accounts/team_list.html", {"memberships": by_name(memberships)})


@require_GET
def organization_list(request: PanelRequest) -> HttpResponse:
    """The organization of the account, and those that the person is in."""
    memberships = [m for m in request.viewer.memberships if m.kind == Kind.ORGANIZATION]
    context = {"memberships": by_name(memberships), "organization": request.viewer.account.organization}
    return render(request, "accounts/organization_list.html", context)


def by_name(memberships: list[Membership]) -> list[Membership]:
    """Memberships in the order in which people look for them."""
    return sorted(memberships, key=lambda membership: membership.of.title.casefold())


@require_http_methods(["GET", "POST"])
def account_create(request: HttpRequest) -> HttpResponse:
    """Make another account, to work with others."""

    def path(account: AnyGroup) -> str:
        return reverse("account_detail", kwargs={"number": getattr(account, "number")})  # noqa: B009

    return create(request, Kind.ACCOUNT, actions.create_account, path, back=reverse("home"))


@require_http_methods(["GET", "POST"])
def team_create(request: PanelRequest) -> HttpResponse:
    """Make a group."""
    back = reverse("team_list", kwargs={"number": request.viewer.account.number})
    return create(request, Kind.TEAM, actions.create_team, lambda group: group_path(request.viewer, group), back=back)


@require_http_methods(["GET", "POST"])
def organization_create(request: PanelRequest) -> HttpResponse:
    """Make an organization."""
    make = actions.create_organization
    back = reverse("organization_list", kwargs={"number": request.viewer.account.number})
    return create(request, Kind.ORGANIZATION, make, lambda group: group_path(request.viewer, group), back=back)


def create(
    request: HttpRequest, kind: Kind, action: Callable[..., AnyGroup], path: Callable[[AnyGroup], str], *, back: str
) -> HttpResponse:
    """Ask for a name and make an account, group or organization with it.

    Args:
        path: where the new one is found.
        back: where cancelling leads.
    """
    assert isinstance(request.user, User)  # LoginRequiredMiddleware lets nobody else in
    form = TitleForm(request.POST or None)
    if form.is_valid():
        group = action(title=form.cleaned_data["title"], by=request.user)
        messages.success(request, f"{group.title} is ready. Invite the people who work in it.")
        return redirect(path(group))
    return render(request, f"accounts/{kind}_create.html", {"form": form, "kind": kind, "back": back})


@require_POST
def organization_account_invite(request: PanelRequest, pk: int) -> HttpResponse:
    """Invite an account into an organization. The answer is the same whether or not it exists."""
    organization = get_group(request.viewer, Kind.ORGANIZATION, pk, Verb.MANAGE_ACCOUNTS)
    assert isinstance(organization, Organization)
    form = InviteAccountForm(request.POST)
    if form.is_valid():
        number = form.cleaned_data["address"]
        invitation = attempt(form, lambda: actions.invite_account(organization, number=number, by=request.viewer))
        if invitation:
            messages.success(request, f"{invitation.address_text} is invited. One of its admins is asked.")
            return redirect(group_path(request.viewer, organization))
    return render_group(request, organization, account_form=form)


@require_http_methods(["GET", "POST"])
def organization_account_remove(request: PanelRequest, pk: int, account_id: int) -> HttpResponse:
    """Take an account out of an organization, after saying what it means."""
    organization = get_group(request.viewer, Kind.ORGANIZATION, pk, Verb.MANAGE_ACCOUNTS)
    assert isinstance(organization, Organization)
    if request.method == "POST":
        actions.remove_account(organization, account_id, by=request.viewer)
        messages.success(request, "The account is no longer in the organization.")
        return redirect(group_path(request.viewer, organization))
    account = find_account_of(organization, account_id)
    return render(request, "accounts/organization_account_remove.html", {"group": organization, "account": account})


@require_http_methods(["GET", "POST"])
def account_leave_organization(request: PanelRequest) -> HttpResponse:
    """Take the account of the page out of its organization, after saying what it means."""
    get_group(request.viewer, Kind.ACCOUNT, None, Verb.JOIN_ORGANIZATIONS)
    if request.method == "POST":
        actions.leave_organization(by=request.viewer)
        messages.success(request, f"{request.viewer.account.title} has left its organization.")
        return redirect("account_detail", number=request.viewer.account.number)
    return render(request, "accounts/account_leave_organization.html", {"account": request.viewer.account})
