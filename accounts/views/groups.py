"""Pages that accounts, groups and organizations have alike: people, invitations, settings, the end."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import actions, hooks
from accounts.actions.groups import consequences_of_closing
from accounts.actions.memberships import last_decider_reason
from accounts.forms import InviteAccountForm, InviteForm, RoleForm, TitleForm, attempt
from accounts.middleware import PanelRequest
from accounts.models import Account, AnyGroup, Invitation, Membership, Organization
from accounts.pages import group_path, tabs_of
from accounts.permissions import Verb, get_group, may, rights_table
from accounts.roles import DECIDING_ROLE, Kind
from accounts.viewer import Viewer


@dataclass(frozen=True)
class Member:
    """A line of the table of people.

    Attributes:
        stays_because: why the membership can be neither ended nor made less; empty when it can.
    """

    membership: Membership
    is_viewer: bool
    stays_because: str


@require_GET
def group_detail(request: PanelRequest, kind: Kind, pk: int | None = None) -> HttpResponse:
    """Who is in it, who is invited, and what one may change."""
    group = get_group(request.viewer, kind, pk, Verb.SEE)
    return render_group(request, group)


def render_group(
    request: PanelRequest,
    group: AnyGroup,
    *,
    invite_form: InviteForm | None = None,
    account_form: InviteAccountForm | None = None,
) -> HttpResponse:
    """The page of an account, group or organization, with forms as they were typed when they have errors."""
    viewer = request.viewer
    personal = isinstance(group, Account) and group.is_personal
    members = list_members(group, viewer)
    context: dict[str, object] = {
        "group": group,
        "tabs": tabs_of(viewer, group),
        "is_personal": personal,
        "members": members,
        "own": next((member for member in members if member.is_viewer), None),
        "can_manage": may(viewer, Verb.MANAGE_PEOPLE, group) and not personal,
        "can_rename": may(viewer, Verb.CHANGE_SETTINGS, group),
        "can_close": may(viewer, Verb.CLOSE, group) and not personal,
        "rights": rights_table(group.kind),
        "invite_form": invite_form or InviteForm(group=group),
    }
    if context["can_manage"]:
        context["invitations"] = open_invitations(group, of_accounts=False)
    if isinstance(group, Organization):
        context |= organization_context(group, viewer, account_form)
    if isinstance(group, Account):
        context["can_join"] = may(viewer, Verb.JOIN_ORGANIZATIONS)
        context["sections"] = hooks.account_sections.ask(request, viewer)
    return render(request, f"accounts/{group.kind}_detail.html", context)


def list_members(group: AnyGroup, viewer: Viewer) -> list[Member]:
    """The people of a group, those who decide first. One query."""
    memberships = list(Membership.objects.filter(group=group.pk).select_related("user").order_by("user__username"))
    memberships.sort(key=lambda membership: -membership.rank)
    deciders = [m for m in memberships if m.role == DECIDING_ROLE[group.kind] and m.user.is_active]
    last = deciders[0] if len(deciders) == 1 else None
    return [
        Member(m, m.user_id == viewer.user.pk, last_decider_reason(group, m.user) if m == last else "")
        for m in memberships
    ]


def open_invitations(group: AnyGroup, *, of_accounts: bool) -> list[Invitation]:
    """Who has not answered yet. Never reads whom an address belongs to."""
    invitations = Invitation.objects.filter(group=group.pk, status="pending").select_related("invited_by")
    number = Invitation.AddressKind.NUMBER
    chosen = invitations.filter(address_kind=number) if of_accounts else invitations.exclude(address_kind=number)
    return list(chosen.order_by("-invited_at"))


def organization_context(
    organization: Organization, viewer: Viewer, form: InviteAccountForm | None
) -> dict[str, object]:
    """What the page of an organization has more: its accounts."""
    can_manage = may(viewer, Verb.MANAGE_ACCOUNTS, organization)
    return {
        "accounts_of_organization": organization.accounts.filter(closed_at__isnull=True).order_by("title"),
        "account_invitations": open_invitations(organization, of_accounts=True) if can_manage else [],
        "account_form": form or InviteAccountForm(),
        "can_manage_accounts": can_manage,
        "is_derived": all(m.group_id != organization.pk for m in viewer.memberships),
    }


@require_http_methods(["GET", "POST"])
def group_edit(request: PanelRequest, kind: Kind, pk: int | None = None) -> HttpResponse:
    """Rename it."""
    group = get_group(request.viewer, kind, pk, Verb.CHANGE_SETTINGS)
    form = TitleForm(request.POST or None, initial={"title": group.title})
    if form.is_valid():
        actions.rename(group, title=form.cleaned_data["title"], by=request.viewer)
        messages.success(request, "Renamed.")
        return redirect(group_path(request.viewer, group))
    return render(request, "accounts/group_edit.html", {"group": group, "form": form})


@require_POST
def group_invite(request: PanelRequest, kind: Kind, pk: int | None = None) -> HttpResponse:
    """Invite a person. The answer is the same whether or not they exist."""
    group = get_group(request.viewer, kind, pk, Verb.MANAGE_PEOPLE)
    form = InviteForm(request.POST, group=group)
    if form.is_valid():
        invitation = attempt(form, lambda: actions.invite(group, **form.cleaned_data, by=request.viewer))
        if invitation:
            messages.success(request, f"{invitation.address_text} is invited. They join when they accept.")
            return redirect(group_path(request.viewer, group))
    return render_group(request, group, invite_form=form)


@require_POST
def invitation_revoke(request: PanelRequest, kind: Kind, token: UUID, pk: int | None = None) -> HttpResponse:
    """Take an invitation back."""
    group = get_group(request.viewer, kind, pk, Verb.MANAGE_PEOPLE)
    actions.revoke_invitation(group, token, by=request.viewer)
    messages.success(request, "The invitation is taken back.")
    return redirect(group_path(request.viewer, group))


@require_http_methods(["GET", "POST"])
def member_role(request: PanelRequest, kind: Kind, membership_id: int, pk: int | None = None) -> HttpResponse:
    """Give a member another role."""
    group = get_group(request.viewer, kind, pk, Verb.MANAGE_PEOPLE)
    membership = get_object_or_404(Membership.objects.select_related("user"), pk=membership_id, group=group.pk)
    form = RoleForm(request.POST or None, group=group, initial={"role": membership.role})
    if form.is_valid():
        role = form.cleaned_data["role"]
        actions.change_role(group, membership_id, role=role, by=request.viewer)
        messages.success(request, f"{membership.user.get_full_name()} is now {role.label.lower()}.")
        return redirect(group_path(request.viewer, group))
    return render(request, "accounts/member_role.html", {"group": group, "membership": membership, "form": form})


@require_http_methods(["GET", "POST"])
def member_remove(request: PanelRequest, kind: Kind, membership_id: int, pk: int | None = None) -> HttpResponse:
    """Remove a member, after saying what it means."""
    group = get_group(request.viewer, kind, pk, Verb.MANAGE_PEOPLE)
    membership = get_object_or_404(Membership.objects.select_related("user"), pk=membership_id, group=group.pk)
    if request.method == "POST":
        actions.remove_member(group, membership_id, by=request.viewer)
        messages.success(request, f"{membership.user.get_full_name()} is no longer in {group.title}.")
        return redirect_after(request.viewer, group, lost=membership.user_id == request.viewer.user.pk)
    return render(request, "accounts/member_remove.html", {"group": group, "membership": membership})


@require_http_methods(["GET", "POST"])
def group_leave(request: PanelRequest, kind: Kind, pk: int | None = None) -> HttpResponse:
    """Leave it, after saying what it means."""
    group = get_group(request.viewer, kind, pk, Verb.SEE)
    if not any(membership.group_id == group.pk for membership in request.viewer.memberships):
        through = request.viewer.account.title
        raise PermissionDenied(f"You belong to {group.title} through {through}: leave that account, or take it out.")
    if request.method == "POST":
        actions.leave(group, by=request.viewer)
        messages.success(request, f"You have left {group.title}.")
        return redirect_after(request.viewer, group, lost=True)
    return render(request, "accounts/group_leave.html", {"group": group})


@require_http_methods(["GET", "POST"])
def group_close(request: PanelRequest, kind: Kind, pk: int | None = None) -> HttpResponse:
    """Close it for good, after saying what ends."""
    group = get_group(request.viewer, kind, pk, Verb.CLOSE)
    if request.method == "POST":
        actions.close(group, by=request.viewer)
        messages.success(request, f"{group.title} is closed.")
        return redirect_after(request.viewer, group, lost=True)
    context = {"group": group, "consequences": consequences_of_closing(group)}
    return render(request, "accounts/group_close.html", context)


def redirect_after(viewer: Viewer, group: AnyGroup, *, lost: bool) -> HttpResponse:
    """Back to the page, or, when the person cannot see it any more, to what is left."""
    if not lost:
        return redirect(group_path(viewer, group))
    if isinstance(group, Account):
        return redirect("home")
    return redirect(f"{group.kind}_list", number=viewer.account.number)
