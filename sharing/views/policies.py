"""The policy of an account or organization: read by everybody in it, set by those who decide for it."""

from django.contrib import messages
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.forms import attempt
from accounts.middleware import PanelRequest
from accounts.models import Account, AnyGroup, Organization
from accounts.pages import tabs_of
from accounts.permissions import Verb, get_group, refusal, role_in
from accounts.roles import Kind
from sharing import actions
from sharing.actions.policies import fresh_policy
from sharing.forms.governing import PolicyForm, ProducerForm
from sharing.governing import address
from sharing.models import Policy, Trust
from sharing.previews import Preview, preview_of, written_down
from sharing.producers import producers_known_to


@require_http_methods(["GET", "HEAD", "POST"])
def policy_page(request: PanelRequest, kind: Kind, pk: int | None = None) -> HttpResponse:
    """What is taken and refused; for those who decide, with what a stricter policy would refuse before it is saved."""
    group = get_group(request.viewer, kind, pk, Verb.SEE)
    reason = why_not_set(request, group)
    if request.method != "POST":
        return show(request, group, None if reason else form_for(request, group))
    if reason:
        raise PermissionDenied(reason)
    form = form_for(request, group)
    unseen = unseen_refusals(group, form) if form.is_valid() else None
    if form.is_valid() and not unseen and _save(request, group, form):
        messages.success(request, "The policy is saved.")
        return redirect(path_of(request, group))
    return show(request, group, form, before_saving=unseen)


def unseen_refusals(group: AnyGroup, form: PolicyForm) -> Preview | None:
    """What the choice in a form would refuse, as long as the person has not seen it."""
    if form.was_seen or not form.instance.is_enforced:
        return None
    preview = preview_of(group, form.instance)
    return preview if preview.refused else None


def _save(request: PanelRequest, group: AnyGroup, form: PolicyForm) -> Policy | None:
    return attempt(form, lambda: actions.set_policy(group, by=request.viewer, **form.settings))


def why_not_set(request: PanelRequest, group: AnyGroup) -> str:
    """Why the viewer only reads the policy; empty when they set it."""
    role = role_in(request.viewer, group)
    return refusal(role, Verb.SET_POLICY, group) if role else ""


def form_for(request: PanelRequest, group: AnyGroup) -> PolicyForm:
    """The form, with what holds now or what was typed."""
    typed = request.POST if request.method == "POST" else None
    return PolicyForm(typed, instance=stored(group), group=group)


def stored(group: AnyGroup) -> Policy:
    """What holds now."""
    return Policy.objects.filter(group=group.pk).select_related("group").first() or fresh_policy(group)


def show(
    request: PanelRequest, group: AnyGroup, form: PolicyForm | None, *, before_saving: Preview | None = None
) -> HttpResponse:
    """The page.

    Args:
        form: None for those who only read.
        before_saving: what the choice in the form would refuse, to be confirmed.
    """
    policy, trusts = stored(group), list(Trust.objects.of_accounts([group.pk]).order_by("pk"))
    known = producers_known_to(group) if form else {}
    producers = {pk: each for pk, each in known.items() if pk not in {trust.producer_id for trust in trusts}}
    context = {
        "group": group,
        "tabs": tabs_of(request.viewer, group, "policy"),
        "policy": policy,
        "form": form,
        "reason": why_not_set(request, group),
        "above": organizations_policy(group),
        "before_saving": before_saving,
        "preview": preview_of(group, policy) if policy.mode != Policy.Mode.OFF and not before_saving else None,
        "written": written_down(group),
        "trusts": trusts,
        "producer_form": ProducerForm(producers=producers) if producers else None,
        "here": path_of(request, group),
        "trust_url": path_of(request, group, "trust"),
    }
    return render(request, "sharing/governing/policy.html", context, status=422 if form and form.errors else 200)


def organizations_policy(group: AnyGroup) -> Policy | None:
    """The policy that holds for an account beside its own."""
    if not isinstance(group, Account) or group.organization_id is None:
        return None
    rows = Policy.objects.filter(group=group.organization_id).select_related("group__as_organization")
    return rows.exclude(mode=Policy.Mode.OFF, accepting=Policy.Accepting.ACCOUNT, by_sign_in=True).first()


@require_POST
def policy_trust(request: PanelRequest, kind: Kind, pk: int | None = None) -> HttpResponse:
    """Trust a producer, for the account or the organization."""
    group = get_group(request.viewer, kind, pk, Verb.SET_POLICY)
    assert isinstance(group, Account | Organization)
    form = ProducerForm(request.POST, producers=producers_known_to(group))
    if not form.is_valid():
        messages.error(request, "Choose a producer out of the list.")
        return redirect(path_of(request, group))
    producer: Group = form.cleaned_data["producer"]
    try:
        row = actions.trust(producer, recipient=group, by=request.viewer)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, f"{group.title} trusts {row.producer_title}.")
    return redirect(path_of(request, group))


def path_of(request: PanelRequest, group: AnyGroup, page: str = "") -> str:
    """The address of the policy of a group, or of what is done there."""
    organization = group if isinstance(group, Organization) else None
    name = f"{group.kind}_policy{'_' if page else ''}{page}"
    return address(name, request.viewer, organization)
