"""Offers that wait for a second person: for managers of the organization, and for whoever asked."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.middleware import PanelRequest
from accounts.models import User
from accounts.pages import tabs_of
from accounts.permissions import Verb
from images.looks import Look
from sharing import actions
from sharing.actions.approvals import approve_refusal
from sharing.forms.governing import AnswerForm
from sharing.governing import address
from sharing.models import OfferRequest
from sharing.views.rules import organization_of

MOST_WAITING, MOST_DECIDED = 100, 20


class Asked:
    """A request, as one manager sees it."""

    def __init__(self, request: OfferRequest, user: User) -> None:
        self.request = request
        self.look = Look(request.image.data)
        self.refusal = approve_refusal(user, request)


@require_GET
def approval_list(request: PanelRequest, pk: int) -> HttpResponse:
    """What waits, and what was decided lately."""
    organization = organization_of(request, pk, Verb.APPROVE)
    rows = OfferRequest.objects.with_sides().filter(organization=pk)
    waiting = list(rows.open().order_by("requested_at", "pk")[: MOST_WAITING + 1])
    context = {
        "group": organization,
        "tabs": tabs_of(request.viewer, organization, "approvals"),
        "waiting": [Asked(each, request.viewer.user) for each in waiting[:MOST_WAITING]],
        "more": len(waiting) > MOST_WAITING,
        "decided": rows.exclude(status=OfferRequest.Status.OPEN).order_by("-decided_at", "-pk")[:MOST_DECIDED],
    }
    return render(request, "sharing/governing/approvals.html", context)


@require_POST
def approval_approve(request: PanelRequest, pk: int, wanted: int) -> HttpResponse:
    """Approve: the offer is made at once."""
    _require_of(request, pk, wanted)
    try:
        done = actions.approve_offer(wanted, by=request.viewer.user)
    except ValidationError as error:
        messages.error(request, f"It cannot be offered now. {' '.join(error.messages)}")
    else:
        messages.success(request, f"“{done.image.name}” is offered to {done.address_text}.")
    return _back(request, pk)


@require_http_methods(["GET", "HEAD", "POST"])
def approval_refuse(request: PanelRequest, pk: int, wanted: int) -> HttpResponse:
    """Refuse, with an answer."""
    asked = _require_of(request, pk, wanted)
    if reason := approve_refusal(request.viewer.user, asked):
        raise PermissionDenied(reason)
    form = AnswerForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        actions.refuse_offer(wanted, by=request.viewer.user, answer=form.cleaned_data["answer"])
        messages.success(request, f"Not approved. {asked.requested_by.get_full_name()} is told.")
        return _back(request, pk)
    context = {
        "asked": asked,
        "form": form,
        "back": address("organization_approvals", request.viewer, asked.organization),
    }
    return render(request, "sharing/governing/refuse.html", context, status=422 if form.errors else 200)


@require_POST
def approval_withdraw(request: PanelRequest, pk: UUID, wanted: int) -> HttpResponse:
    """Ask no longer."""
    request_ = actions.withdraw_offer(pk, wanted, by=request.viewer)
    messages.success(request, f"The offer to {request_.address_text} is withdrawn. Nobody was told of it.")
    page = reverse("image_detail", kwargs={"number": request.viewer.account.number, "pk": pk})
    return redirect(f"{page}#sharing")


def _require_of(request: PanelRequest, pk: int, wanted: int) -> OfferRequest:
    """The request, if it is one of this organization, of which the viewer is a manager."""
    organization_of(request, pk, Verb.APPROVE)
    asked = OfferRequest.objects.with_sides().filter(organization=pk, pk=wanted).first()
    if asked is None:
        raise Http404
    return asked


def _back(request: PanelRequest, pk: int) -> HttpResponse:
    return redirect("organization_approvals", number=request.viewer.account.number, pk=pk)
