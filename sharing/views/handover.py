"""Handing an image over: asking an account to take it, and taking it."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import Conflict
from accounts.middleware import PanelRequest
from accounts.models import Account
from images.looks import Look
from images.models import Image
from images.permissions import Verb, get_image
from images.problems import QuotaExceeded
from images.quotas import ASKED_FOR, Counted, Level, levels_of
from images.views.answers import posted
from sharing import actions
from sharing.actions.handover import (
    accounts_to_take_into,
    asked_of,
    decision_refusal,
    why_not_hand_over,
    why_not_take_over,
)
from sharing.forms import ReasonForm
from sharing.forms.handover import HandOverForm, TakeOverForm
from sharing.handing_over import asked_for
from sharing.models import HandOver
from sharing.querysets import gives_access, is_waiting


@require_http_methods(["GET", "HEAD", "POST"])
def image_hand_over(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Ask an account to take an image over."""
    image = get_image(request.viewer, pk, Verb.HAND_OVER)
    if reason := why_not_hand_over(image):
        raise Conflict(reason)
    form = HandOverForm(posted(request), image=image)
    if form.is_bound and form.is_valid():
        try:
            hand_over = actions.ask_to_take_over(pk, by=request.viewer, wish=form.wish())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            text = f"{hand_over.address_text} is asked to take “{image.name}” over. Until then it stays yours."
            messages.success(request, text)
            return _to_image(request, pk)
    context = {"image": image, "form": form, "asked": asked_for(request.viewer, image), "shares": _count_shares(image)}
    return render(request, "sharing/hand_over/ask.html", context, status=422 if form.errors else 200)


@require_POST
def image_hand_over_cancel(request: PanelRequest, pk: UUID) -> HttpResponse:
    """Keep an image after all."""
    hand_over = actions.cancel_hand_over(pk, by=request.viewer)
    messages.success(request, f"“{hand_over.image.name}” stays with {request.viewer.account.title}.")
    return _to_image(request, pk)


@require_safe
def hand_over_detail(request: PanelRequest, hand_over: int) -> HttpResponse:
    """What an account is asked to take over, and what that means for it."""
    found = asked_of(request.viewer, hand_over)
    return _page(request, found, TakeOverForm(accounts=accounts_to_take_into(request.viewer, found)))


@require_POST
def hand_over_accept(request: PanelRequest, hand_over: int) -> HttpResponse:
    """Take an image over."""
    found = asked_of(request.viewer, hand_over)
    form = TakeOverForm(request.POST, accounts=accounts_to_take_into(request.viewer, found))
    if not form.is_valid():
        return _page(request, found, form)
    try:
        taken = actions.take_over(hand_over, by=request.viewer, into=form.cleaned_data["into"])
    except QuotaExceeded as refused:
        form.add_error(None, str(refused))
        return _page(request, found, form)
    account = taken.image.account
    messages.success(request, f"“{taken.image.name}” is an image of {account.title} now.")
    return redirect("image_detail", number=account.number, pk=taken.image_id)


@require_http_methods(["GET", "HEAD", "POST"])
def hand_over_reject(request: PanelRequest, hand_over: int) -> HttpResponse:
    """Do not take an image, with a reason if one likes."""
    found = asked_of(request.viewer, hand_over)
    if reason := decision_refusal(request.viewer, found):
        raise PermissionDenied(reason)
    form = ReasonForm(posted(request))
    if form.is_bound and form.is_valid():
        actions.turn_down_hand_over(hand_over, by=request.viewer, reason=form.cleaned_data["reason"])
        messages.success(request, f"You do not take “{found.image.name}”. {found.giver.title} is told.")
        return redirect(reverse("offer_list", kwargs={"number": request.viewer.account.number}))
    context = {"hand_over": found, "form": form}
    return render(request, "sharing/hand_over/reject.html", context, status=422 if form.errors else 200)


@require_POST
def versions_take(request: PanelRequest, share: int) -> HttpResponse:
    """Have later versions of a family as well."""
    taken = actions.take_later_versions(share, by=request.viewer)
    family = taken.image.family
    messages.success(request, f"Later versions of {family} come to {taken.recipient_title} by themselves.")
    return _to_image(request, taken.image_id)


@require_POST
def versions_stop(request: PanelRequest, share: int) -> HttpResponse:
    """Have no more versions than those that one has."""
    stopped = actions.stop_later_versions(share, by=request.viewer)
    messages.success(request, f"No more versions come to {stopped.recipient_title} by themselves.")
    return _to_image(request, stopped.image_id)


@dataclass(frozen=True)
class Effect:
    """What taking an image over does to what an account may keep."""

    level: Level
    after: Level


def _page(request: PanelRequest, hand_over: HandOver, form: TakeOverForm) -> HttpResponse:
    viewer, image = request.viewer, hand_over.image
    account = next((each for each in viewer.accounts if each.pk == hand_over.recipient_id), viewer.account)
    context = {
        "hand_over": hand_over,
        "image": image,
        "form": form,
        "look": Look(image.data),
        "shares": _count_shares(image),
        "effects": _effects(account, image),
        "account": account,
        "refusal": decision_refusal(viewer, hand_over) or why_not_take_over(hand_over, account),
    }
    return render(request, "sharing/hand_over/detail.html", context, status=422 if form.errors else 200)


def _effects(account: Account, image: Image) -> list[Effect]:
    held = Image.objects.live().filter(account=account, data=image.data_id).exists()
    more = {Counted.BYTES: 0 if held else image.data.size, Counted.IMAGES: 1}
    levels = levels_of(account)
    return [
        Effect(level, Level(counted, level.used + more[counted], level.limit))
        for counted, level in levels.items()
        if counted in ASKED_FOR
    ]


def _count_shares(image: Image) -> dict[str, int]:
    """How many shares come with an image: counts alone, since nobody names a producer's recipients to others."""
    return image.shares.aggregate(
        accepted=Count("pk", filter=gives_access()),
        pending=Count("pk", filter=is_waiting()),
    )


def _to_image(request: PanelRequest, pk: UUID) -> HttpResponse:
    return redirect("image_detail", number=request.viewer.account.number, pk=pk)
