"""Deciding on offers: accept, accept all of one producer, reject, close for now; and leaving."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods, require_POST

from accounts.errors import Conflict
from accounts.middleware import PanelRequest
from accounts.models import Account
from accounts.views.going_back import go_back, next_url
from images.permissions import Verb, get_image
from sharing import actions
from sharing.actions.decisions import why_not_leave
from sharing.forms import AcceptAllForm, AcceptForm, LeaveForm, ReasonForm
from sharing.inbox import offers_from
from sharing.models import Share
from sharing.notices import Notice, dismiss, notices_for

GONE = "It is not offered any more."


@require_http_methods(["GET", "POST"])
def offer_accept(request: PanelRequest, share: int) -> HttpResponse:
    """Accept an offer, with a label, into another account and without asking next time, where somebody says so."""
    notice = _decided_on(request, share)
    form = AcceptForm(request.POST if request.method == "POST" else None, notice=notice)
    back = next_url(request, inbox_of(request))
    if form.is_valid() and (accepted := _accept(request, share, form)):
        messages.success(request, _said_of(accepted, request.viewer.account, form.cleaned_data.get("label")))
        return redirect(back)
    context = {"notice": notice, "form": form, "back": back}
    return render(request, "sharing/offer_accept.html", context, status=422 if form.errors else 200)


def _said_of(accepted: Share, account: Account, label: str | None) -> SafeString:
    """What an accepted offer gave to whom, with the way to the image: lists are long, and sorted by other dates."""
    into: Account = getattr(accepted.recipient, "as_account", None) or account
    return format_html(
        '“<a href="{}">{}</a>” is now among the saved images of {}{}.',
        reverse("image_detail", args=[into.number, accepted.image_id]),
        accepted.image.name,
        accepted.recipient_title,
        f", as “{label}”" if label else "",
    )


def _accept(request: PanelRequest, share: int, form: AcceptForm) -> Share | None:
    try:
        return _accept_as_said(request, share, form)
    except ValidationError as error:
        form.add_error(None, ValidationError(error.messages))
        return None


@transaction.atomic
def _accept_as_said(request: PanelRequest, share: int, form: AcceptForm) -> Share:
    said = form.cleaned_data
    accepted = actions.accept(
        share,
        by=request.viewer,
        into=said.get("into"),
        future=said.get("future", False),
        label=said.get("label", ""),
    )
    producer = accepted.image.account
    trusted: Group | None = None
    if said.get("trust") == AcceptForm.ACCOUNT:
        trusted = producer
    elif said.get("trust") == AcceptForm.ORGANIZATION:
        trusted = producer.organization
    recipient: Account | None = getattr(accepted.recipient, "as_account", None)  # groups trust nobody
    if trusted and recipient:
        actions.trust(trusted, recipient=recipient, by=request.viewer)
    return accepted


@dataclass(frozen=True)
class Result:
    """What became of one offer out of several."""

    name: str
    problem: str = ""

    @property
    def status(self) -> str:
        """The name under which the component knows it."""
        return "failed" if self.problem else "accepted"


@require_http_methods(["GET", "POST"])
def offer_accept_all(request: PanelRequest, share: int) -> HttpResponse:
    """Accept what one producer offers, each offer by itself: one that cannot be accepted does not stop the others."""
    first = _decided_on(request, share)
    notices = {notice.offer.pk: notice for notice in notices_for(request.viewer, _of_same_producer(request, first))}
    form = AcceptAllForm(request.POST if request.method == "POST" else None, notices=notices.values())
    context = {"producer": first.producer, "form": form, "back": inbox_of(request), "first": first}
    if form.is_valid():
        chosen = [notices.get(pk) for pk in form.cleaned_data["offers"]]
        context["results"] = [_accept_one(request, notice) for notice in chosen]
        return render(request, "sharing/accept_all_result.html", context)
    return render(request, "sharing/accept_all.html", context, status=422 if form.errors else 200)


def _of_same_producer(request: PanelRequest, notice: Notice) -> list[Share]:
    return offers_from(request.viewer, notice.offer.image.account_id)


def _accept_one(request: PanelRequest, notice: Notice | None) -> Result:
    if notice is None:
        return Result("An offer that you saw", GONE)
    name = notice.offer.image.name
    return Result(name, _problem_with(lambda: actions.accept(notice.offer.pk, by=request.viewer)))


def _problem_with(accept: Callable[[], object]) -> str:
    """Why it did not work, in words; empty when it did."""
    try:
        accept()
    except Http404:
        return GONE
    except ValidationError as error:
        return " ".join(error.messages)
    except (PermissionDenied, Conflict) as refused:
        return str(refused)
    return ""


@require_http_methods(["GET", "POST"])
def offer_reject(request: PanelRequest, share: int) -> HttpResponse:
    """Reject an offer, with a reason if one likes."""
    notice = _decided_on(request, share)
    if notice.offer.status == Share.Status.ACCEPTED:
        raise Http404
    form = ReasonForm(request.POST if request.method == "POST" else None)
    back = next_url(request, inbox_of(request))
    if form.is_valid():
        actions.reject(share, by=request.viewer, reason=form.cleaned_data["reason"])
        text = f"You rejected “{notice.offer.image.name}”. Shared with us keeps it under Rejected."
        messages.success(request, text)
        return redirect(back)
    context = {"offer": notice.offer, "form": form, "back": back}
    return render(request, "sharing/offer_reject.html", context, status=422 if form.errors else 200)


@require_POST
def offer_dismiss(request: PanelRequest, share: int) -> HttpResponse:
    """Close a notice for now. The offer stays, and its notice comes back with the next sign-in."""
    get_object_or_404(Share.objects.offered_to(request.viewer), pk=share)
    dismiss(request, share)
    # Only the notice goes: another one that is closed at the same moment is still there to be closed.
    return HttpResponse() if request.htmx else go_back(request, inbox_of(request))


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
    form = LeaveForm(request.POST if request.method == "POST" else None, holders=holders, own=viewer.account.pk)
    if form.is_valid():
        data = form.cleaned_data
        actions.leave(image.pk, by=viewer, holders=data["holders"], reason=data["reason"])
        messages.success(request, f"“{image.name}” was removed. Shared with us keeps it under Rejected.")
        return redirect("image_list", number=viewer.account.number)
    context = {"image": image, "form": form, "holders": holders}
    return render(request, "sharing/share_leave.html", context, status=422 if form.errors else 200)


def inbox_of(request: PanelRequest, tab: str = "") -> str:
    """The address of Shared with us, on one of its tabs."""
    page = reverse("offer_list", kwargs={"number": request.viewer.account.number})
    return f"{page}?tab={tab}" if tab else page


def _decided_on(request: PanelRequest, share: int) -> Notice:
    """An offer on which the viewer decides.

    Raises:
        Http404: there is none, or its time is over.
        PermissionDenied: they see it, but somebody else decides.
    """
    offer = get_object_or_404(Share.objects.offered_to(request.viewer), pk=share)
    if offer.is_expired or offer.has_ended:
        raise Http404
    notice = Notice(offer, request.viewer)
    if notice.refusal:
        raise PermissionDenied(notice.refusal)
    return notice
