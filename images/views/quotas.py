"""Asking staff for a larger quota."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.errors import Conflict
from accounts.middleware import PanelRequest
from accounts.permissions import Verb, get_group
from accounts.roles import Kind
from accounts.viewer import Viewer
from images import actions
from images.forms import QuotaRequestForm
from images.quotas import ASKED_FOR, levels_of, limits_of, why_not_ask
from images.views.answers import tell


@require_http_methods(["GET", "HEAD", "POST"])
def quota_request(request: PanelRequest) -> HttpResponse:
    """Ask staff for more."""
    viewer = request.viewer
    get_group(viewer, Kind.ACCOUNT, None, Verb.ASK_FOR_MORE)
    limits = limits_of(viewer.account)
    if reason := why_not_ask(limits, viewer.account.quota_requests.waiting().first()):
        raise Conflict(reason)
    form = QuotaRequestForm(request.POST if request.method == "POST" else None, limits=limits)
    if form.is_valid():
        actions.request_quota(by=viewer, wanted=form.wanted, reason=form.cleaned_data["reason"])
        tell(request, "Staff have your request. The admins of the account are told their answer.")
        return redirect(_section_url(viewer))
    levels = levels_of(viewer.account)
    context = {"form": form, "levels": [levels[counted] for counted in ASKED_FOR]}
    return render(request, "images/quota/request.html", context, status=422 if form.errors else 200)


@require_POST
def quota_withdraw(request: PanelRequest, pk: int) -> HttpResponse:
    """Take the request back."""
    actions.withdraw_quota_request(pk, by=request.viewer)
    tell(request, "The request is withdrawn.")
    return redirect(_section_url(request.viewer))


def _section_url(viewer: Viewer) -> str:
    return f"{reverse('account_detail', kwargs={'number': viewer.account.number})}#quota"
