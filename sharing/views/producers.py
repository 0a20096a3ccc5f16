"""Which producers a recipient trusts, and which it does not want to hear of."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.middleware import PanelRequest
from sharing import actions
from sharing.forms import BlockForm, TrustForm
from sharing.inbox import Tab
from sharing.models import Block, Share, Trust
from sharing.notices import Notice
from sharing.views.consuming import inbox_of


def producers_context(request: PanelRequest) -> dict[str, Any]:
    """Whom the viewer's account, and what else they decide for, trust and block. Three queries."""
    viewer = request.viewer
    mine = viewer.decides_for | {viewer.account.pk}
    producers = _trustworthy(request) if viewer.is_admin else {}
    return {
        "trusts": Trust.objects.of_accounts(mine),
        "blocks": Block.objects.of_recipients(mine),
        "trust_form": TrustForm(producers=producers) if producers else None,
    }


@require_POST
def trust_add(request: PanelRequest) -> HttpResponse:
    """Let a producer, whose images the account has accepted, share with it without asking."""
    form = TrustForm(request.POST, producers=_trustworthy(request))
    if not form.is_valid():
        raise Http404
    row = actions.trust(form.cleaned_data["producer"], recipient=request.viewer.account, by=request.viewer)
    text = f"{row.producer_title} can now share with {request.viewer.account.title} without asking."
    messages.success(request, text)
    return redirect(inbox_of(request, Tab.PRODUCERS))


@require_POST
def trust_remove(request: PanelRequest, trust: int) -> HttpResponse:
    """Ask again from now on."""
    row = actions.stop_trusting(trust, by=request.viewer)
    text = f"{row.producer_title} is asked for again: its offers wait for your decision from now on."
    messages.success(request, text)
    return redirect(inbox_of(request, Tab.PRODUCERS))


@require_http_methods(["GET", "POST"])
def offer_block(request: PanelRequest, share: int) -> HttpResponse:
    """Hear no more of the producer of an offer, after saying what that means."""
    viewer = request.viewer
    notice = Notice(get_object_or_404(Share.objects.offered_to(viewer), pk=share), viewer)
    if not notice.may_block:
        raise PermissionDenied(f"Only an admin of {notice.offer.recipient_title} can block a producer for it.")
    between = Share.objects.live().filter(recipient=notice.offer.recipient_id, image__account=notice.producer)
    accepted = between.giving_access().count()
    form = BlockForm(request.POST if request.method == "POST" else None, accepted=accepted)
    if form.is_valid():
        row = actions.block(
            notice.producer,
            recipient=notice.offer.recipient or viewer.account.group_ptr,
            by=viewer,
            give_back=form.cleaned_data.get("give_back", False),
        )
        messages.success(request, f"Offers of {row.producer.title} no longer reach {notice.whom}. It is not told.")
        return redirect(inbox_of(request))
    context = {
        "notice": notice,
        "form": form,
        "pending": between.waiting().count(),
        "accepted": accepted,
        "back": inbox_of(request),
    }
    return render(request, "sharing/offer_block.html", context)


@require_POST
def block_remove(request: PanelRequest, block: int) -> HttpResponse:
    """Hear of a producer again."""
    row = actions.unblock(block, by=request.viewer)
    messages.success(request, f"Offers of {row.producer.title} reach you again, also those that still wait.")
    return redirect(inbox_of(request, Tab.PRODUCERS))


def _trustworthy(request: PanelRequest) -> dict[int, Group]:
    """The producers whose images the account of the page has accepted, and neither trusts nor blocks, by id."""
    account = request.viewer.account.pk
    shares = Share.objects.giving_access().filter(recipient=account).select_related("image__account")
    trusted = Trust.objects.of_accounts([account]).values_list("producer_id", flat=True)
    blocked = Block.objects.of_recipients([account]).values_list("producer_id", flat=True)
    left_out = {account, *trusted.union(blocked)}
    accounts = {share.image.account_id: share.image.account for share in shares}
    return {pk: producer for pk, producer in accounts.items() if pk not in left_out}
