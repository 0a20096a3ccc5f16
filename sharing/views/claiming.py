"""Claim codes: the pages of those who make them, and of those who use them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from accounts.forms import attempt
from accounts.middleware import PanelRequest, last_viewer
from images.models import Image
from images.permissions import Verb, get_image
from sharing import actions, claiming
from sharing.actions import MadeCode
from sharing.actions.changes import share_of
from sharing.actions.claims import require_codes, require_renewable, why_not_claim
from sharing.deciding import decision_refusal
from sharing.forms import ClaimCodeForm, ClaimForm, DaysForm, TakeForm
from sharing.models import Share
from sharing.notices import notices_for
from sharing.rules import rules_of
from sharing.views.signing import facts_for_terms


@never_cache
@require_http_methods(["GET", "POST"])
def claim_code_create(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Make a claim code, and show it this one time."""
    image = get_image(request.viewer, pk, Verb.OFFER)
    require_codes(image, rules_of(image.account))
    form = ClaimCodeForm(request.POST if request.method == "POST" else None, viewer=request.viewer, images=[image])
    if form.is_valid():
        data, terms = form.cleaned_data, form.terms
        made = attempt(
            form,
            lambda: actions.make_claim_code(pk, by=request.viewer, terms=terms, whom=data["whom"], days=data["days"]),
        )
        if made:
            return _show(request, image, made)
    return _again(request, "sharing/claim_code_create.html", form, facts_for_terms(request.viewer, image))


@never_cache
@require_http_methods(["GET", "POST"])
def claim_code_renew(request: PanelRequest, pk: UUID, share: int) -> HttpResponse:
    """Make another code for an offer that nobody claimed in time, or that was turned down."""
    image = get_image(request.viewer, pk, Verb.OFFER)
    require_codes(image, rules_of(image.account))
    old = share_of(image, share)
    require_renewable(old)
    form = DaysForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        days = form.cleaned_data["days"]
        made = attempt(form, lambda: actions.renew_claim_code(pk, share, by=request.viewer, days=days))
        if made:
            return _show(request, image, made)
    return _again(request, "sharing/claim_code_renew.html", form, {"image": image, "share": old})


@require_GET
def claim(request: HttpRequest) -> HttpResponse:
    """The address that producers send along with a code: to the page of the account in which somebody works."""
    viewer = last_viewer(request)
    return redirect("claim_begin", number=viewer.account.number) if viewer else redirect("home")


@sensitive_post_parameters("code")
@never_cache
@require_http_methods(["GET", "POST"])
def claim_begin(request: PanelRequest) -> HttpResponse:
    """Add a shared image: from the code to the offer."""
    form = ClaimForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and (share := attempt(form, lambda: claiming.find_offer(request, form.cleaned_data["code"]))):
        claiming.remember(request, share)
        return redirect("claim_confirm", number=request.viewer.account.number, share=share.pk)
    too_many = form.has_error("__all__", "too_many_tries")
    return _again(request, "sharing/claim_begin.html", form, {}, wrong=429 if too_many else 422)


@never_cache
@require_http_methods(["GET", "POST"])
def claim_confirm(request: PanelRequest, share: int) -> HttpResponse:
    """The offer behind a code that was shown a moment ago, and accepting it for the account of the page."""
    offered_at = claiming.shown(request, share)
    offer = claiming.shown_offer(share, offered_at, request.viewer.account) if offered_at else None
    data = request.POST if request.method == "POST" else None
    form = TakeForm(data, viewer=request.viewer, offers_future=offer is not None and offer.offers_future)
    if offered_at and form.is_valid():
        return _accept(request, share, offered_at, form.cleaned_data)
    if offer is None:
        messages.error(request, claiming.NOT_THERE if offered_at else "Enter the code first.")
        return redirect("claim_begin", number=request.viewer.account.number)
    return _again(request, "sharing/claim_confirm.html", form, _offered(request, offer))


def _accept(request: PanelRequest, share_id: int, offered_at: datetime, said: dict[str, Any]) -> HttpResponse:
    number = request.viewer.account.number
    try:
        share = actions.claim_offer(share_id, by=request.viewer, offered_at=offered_at, **said)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("claim_begin", number=number)
    claiming.forget(request)
    text = f"“{share.image.name}” is now among the saved images of {request.viewer.account.title}."
    messages.success(request, text)
    return redirect("image_detail", number=number, pk=share.image_id)


def _offered(request: PanelRequest, offer: Share) -> dict[str, Any]:
    viewer = request.viewer
    [notice] = notices_for(viewer, [offer])
    refusal = why_not_claim(offer, viewer.account) or decision_refusal(viewer, offer)
    return {"notice": notice, "offer": offer, "image": offer.image, "refusal": refusal}


def _show(request: PanelRequest, image: Image, made: MadeCode) -> HttpResponse:
    """The one page that has the code. It is kept nowhere, so it cannot be shown behind a redirect."""
    context = {"image": image, "made": made, "share": made.share, "viewer": request.viewer}
    context["address"] = f"{settings.SITE_URL}{reverse('claim')}"
    context["text"] = render_to_string("sharing/claim_text.txt", context)
    return render(request, "sharing/claim_code.html", context)


def _again(
    request: PanelRequest, template: str, form: forms.Form, context: dict[str, Any], *, wrong: int = 422
) -> HttpResponse:
    """The form, as it is to be filled in or was filled in wrongly."""
    return render(request, template, context | {"form": form}, status=wrong if form.errors else 200)
