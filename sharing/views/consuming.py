"""Pages of those who are asked: Shared with us, deciding, leaving, and whom an account trusts."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.middleware import PanelRequest
from accounts.models import Account
from accounts.views.going_back import go_back, next_url
from images.permissions import Verb, get_image
from sharing import actions
from sharing.actions.decisions import why_not_leave
from sharing.deciding import decision_refusal
from sharing.forms import AcceptForm, LeaveForm, ReasonForm, TrustForm
from sharing.inbox import open_offers
from sharing.models import Share, Trust
from sharing.notices import dismiss, notices_for

MOST_REJECTED = 100


@require_GET
def offer_list(request: PanelRequest) -> HttpResponse:
    """Shared with us: what waits, what was rejected, who need not ask."""
    viewer = request.viewer
    rejected = Share.objects.offered_to(viewer).filter(status=Share.Status.REJECTED).order_by("-decided_at", "-pk")
    producers = _producers(request) if viewer.is_admin else {}
    context = {
        "notices": notices_for(viewer, open_offers(viewer)),
        "rejected": notices_for(viewer, list(rejected[:MOST_REJECTED])),
        "trusts": Trust.objects.of_accounts(viewer.decides_for | {viewer.account.pk}),
        "trust_form": TrustForm(producers=producers) if producers else None,
    }
    return render(request, "sharing/offer_list.html", context)


@require_POST
def offer_accept(request: PanelRequest, share: int) -> HttpResponse:
    """Accept an offer, into another account where the form says so, and perhaps without asking next time."""
    form = AcceptForm(request.POST, viewer=request.viewer)
    if not form.is_valid():
        raise Http404
    try:
        accepted = _accept(request, share, form)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        text = f"“{accepted.image.name}” is now among the saved images of {accepted.recipient_title}."
        messages.success(request, text)
    return go_back(request, _inbox(request))


@transaction.atomic
def _accept(request: PanelRequest, share: int, form: AcceptForm) -> Share:
    accepted = actions.accept(share, by=request.viewer, into=form.cleaned_data["into"])
    producer = accepted.image.account
    trusted: Group | None = None
    if form.cleaned_data["trust"] == AcceptForm.ACCOUNT:
        trusted = producer
    elif form.cleaned_data["trust"] == AcceptForm.ORGANIZATION:
        trusted = producer.organization
    recipient: Account | None = getattr(accepted.recipient, "as_account", None)  # groups trust nobody
    if trusted and recipient:
        actions.trust(trusted, recipient=recipient, by=request.viewer)
    return accepted


@require_http_methods(["GET", "POST"])
def offer_reject(request: PanelRequest, share: int) -> HttpResponse:
    """Reject an offer, with a reason if one likes."""
    viewer = request.viewer
    offer = get_object_or_404(Share.objects.offered_to(viewer).exclude(status=Share.Status.ACCEPTED), pk=share)
    if reason := decision_refusal(viewer, offer):
        raise PermissionDenied(reason)
    form = ReasonForm(request.POST or None)
    back = next_url(request, _inbox(request))
    if request.method == "POST" and form.is_valid():
        actions.reject(share, by=viewer, reason=form.cleaned_data["reason"])
        messages.success(request, f"You rejected “{offer.image.name}”. Shared with us keeps it under Rejected.")
        return redirect(back)
    return render(request, "sharing/offer_reject.html", {"offer": offer, "form": form, "back": back})


@require_POST
def offer_dismiss(request: PanelRequest, share: int) -> HttpResponse:
    """Close a notice for now. The offer stays, and its notice comes back with the next sign-in."""
    get_object_or_404(Share.objects.offered_to(request.viewer), pk=share)
    dismiss(request, share)
    return go_back(request, _inbox(request))


@require_http_methods(["GET", "POST"])
def share_leave(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Remove Image: give back an image that somebody else shares."""
    viewer = request.viewer
    image = get_image(viewer, pk, Verb.SEE)
    held = list(Share.objects.held_by(viewer, image))
    if reason := why_not_leave(viewer, held):
        raise PermissionDenied(reason)
    holders = {
        share.recipient_id: share.recipient_title
        for share in held
        if share.recipient_id is not None and share.recipient_id in viewer.decides_for
    }
    form = LeaveForm(request.POST or None, holders=holders, own=viewer.account.pk)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        actions.leave(image.pk, by=viewer, holders=data["holders"], reason=data["reason"])
        messages.success(request, f"“{image.name}” was removed. Shared with us keeps it under Rejected.")
        return redirect("image_list", number=viewer.account.number)
    return render(request, "sharing/share_leave.html", {"image": image, "form": form, "holders": holders})


@require_POST
def trust_add(request: PanelRequest) -> HttpResponse:
    """Let a producer, whose images the account has accepted, share with it without asking."""
    form = TrustForm(request.POST, producers=_producers(request))
    if not form.is_valid():
        raise Http404
    row = actions.trust(form.cleaned_data["producer"], recipient=request.viewer.account, by=request.viewer)
    text = f"{row.producer_title} can now share with {request.viewer.account.title} without asking."
    messages.success(request, text)
    return redirect(_inbox(request))


@require_POST
def trust_remove(request: PanelRequest, trust: int) -> HttpResponse:
    """Ask again from now on."""
    row = actions.stop_trusting(trust, by=request.viewer)
    messages.success(
        request, f"{row.producer_title} is asked for again: its offers wait for your decision from now on."
    )
    return redirect(_inbox(request))


def _producers(request: PanelRequest) -> dict[int, Group]:
    """The producers whose images the account of the page has accepted, and does not trust yet, by id."""
    shares = Share.objects.giving_access().filter(recipient=request.viewer.account.pk).with_sides()
    trusted = set(Trust.objects.of_accounts([request.viewer.account.pk]).values_list("producer_id", flat=True))
    accounts = {share.image.account_id: share.image.account for share in shares}
    return {pk: account for pk, account in accounts.items() if pk not in trusted and pk != request.viewer.account.pk}


def _inbox(request: PanelRequest) -> str:
    return reverse("offer_list", kwargs={"number": request.viewer.account.number})
