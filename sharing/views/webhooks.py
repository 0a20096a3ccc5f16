"""Webhooks of an account: where its events are sent, and what became of each."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.forms import attempt
from accounts.middleware import PanelRequest
from accounts.models import Account
from accounts.pages import tabs_of
from accounts.permissions import Verb, get_group
from accounts.roles import Kind
from accounts.verbs import choices
from sharing import actions
from sharing.actions.webhooks import MOST_WEBHOOKS
from sharing.forms.webhooks import WebhookForm
from sharing.models import Webhook

DELIVERIES_ON_A_PAGE = 50


@require_GET
def webhook_list(request: PanelRequest) -> HttpResponse:
    """Where the events of the account are sent."""
    account = _account(request)
    webhooks = list(Webhook.objects.of(account).select_related("made_by"))
    context = {
        "group": account,
        "tabs": tabs_of(request.viewer, account, "webhooks"),
        "webhooks": webhooks,
        "why_not_add": f"{MOST_WEBHOOKS} are the most that an account may have." if _is_full(webhooks) else "",
    }
    return render(request, "sharing/webhooks/list.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
def webhook_create(request: PanelRequest) -> HttpResponse:
    """Make one, and show its secret this once."""
    account = _account(request)
    form = WebhookForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        made = attempt(form, lambda: actions.create_webhook(by=request.viewer, **form.arguments()))
        if made:
            return _secret_page(request, *made)
    return _form_page(request, form, {"group": account})


@require_GET
def webhook_detail(request: PanelRequest, webhook: int) -> HttpResponse:
    """What is sent where, and the log of what was."""
    found = _webhook(request, webhook)
    before = request.GET.get("before", "")
    lines = found.deliveries.with_details().order_by("-event_id")
    if before.isascii() and before.isdigit():
        lines = lines.filter(event_id__lt=int(before[:18]))
    page = list(lines[: DELIVERIES_ON_A_PAGE + 1])
    context = {
        "group": request.viewer.account,
        "webhook": found,
        "deliveries": page[:DELIVERIES_ON_A_PAGE],
        "older": f"?before={page[DELIVERIES_ON_A_PAGE - 1].event_id}" if len(page) > DELIVERIES_ON_A_PAGE else "",
        "newer": request.path if before else "",
    }
    return render(request, "sharing/webhooks/detail.html", context)


@require_http_methods(["GET", "POST"])
def webhook_edit(request: PanelRequest, webhook: int) -> HttpResponse:
    """Send other events, or elsewhere."""
    found = _webhook(request, webhook)
    form = WebhookForm.of(found, request.POST if request.method == "POST" else None)
    if form.is_valid():
        edited = attempt(form, lambda: actions.edit_webhook(webhook, by=request.viewer, **form.arguments()))
        if edited:
            messages.success(request, "The webhook is saved.")
            return _to(request, edited)
    return _form_page(request, form, {"group": request.viewer.account, "webhook": found})


@never_cache
@require_http_methods(["GET", "POST"])
def webhook_rotate(request: PanelRequest, webhook: int) -> HttpResponse:
    """Make a new secret, after saying what happens to the old one."""
    found = _webhook(request, webhook)
    if request.method == "POST":
        return _secret_page(request, *actions.rotate_secret(webhook, by=request.viewer))
    return render(request, "sharing/webhooks/rotate.html", {"webhook": found})


@require_http_methods(["GET", "POST"])
def webhook_remove(request: PanelRequest, webhook: int) -> HttpResponse:
    """Take it away, after saying what goes with it."""
    found = _webhook(request, webhook)
    if request.method == "POST":
        actions.remove_webhook(webhook, by=request.viewer)
        messages.success(request, "The webhook is removed.")
        return redirect("webhook_list", number=request.viewer.account.number)
    return render(request, "sharing/webhooks/remove.html", {"webhook": found})


@require_POST
def webhook_pause(request: PanelRequest, webhook: int) -> HttpResponse:
    """Send nothing for now."""
    paused = actions.pause_webhook(webhook, by=request.viewer)
    messages.success(request, "The webhook is paused.")
    return _to(request, paused)


@require_POST
def webhook_resume(request: PanelRequest, webhook: int) -> HttpResponse:
    """Send again."""
    resumed = actions.resume_webhook(webhook, by=request.viewer)
    messages.success(request, "The webhook is active again. What waits is sent first.")
    return _to(request, resumed)


@require_POST
def webhook_test(request: PanelRequest, webhook: int) -> HttpResponse:
    """Send an event that says that it is a test."""
    delivery = actions.send_test(webhook, by=request.viewer)
    messages.success(request, "A test is on its way. The log below shows what became of it within a minute.")
    return _to(request, delivery.webhook)


@require_POST
def delivery_resend(request: PanelRequest, webhook: int, event: int) -> HttpResponse:
    """Send something once more."""
    again = actions.resend(webhook, event, by=request.viewer)
    messages.success(request, "It is sent again within a minute.")
    return _to(request, again.webhook)


def _account(request: PanelRequest) -> Account:
    account = get_group(request.viewer, Kind.ACCOUNT, None, Verb.MANAGE_WEBHOOKS)
    assert isinstance(account, Account)
    return account


def _webhook(request: PanelRequest, webhook_id: int) -> Webhook:
    webhook = Webhook.objects.of(_account(request)).select_related("made_by").filter(pk=webhook_id).first()
    if webhook is None:
        raise Http404
    return webhook


def _is_full(webhooks: list[Webhook]) -> bool:
    return len(webhooks) >= MOST_WEBHOOKS


def _form_page(request: PanelRequest, form: WebhookForm, context: dict[str, Any]) -> HttpResponse:
    chosen = set(form["verbs"].value() or [])
    topics = [(title, [(verb, label, verb in chosen) for verb, label in labelled]) for title, labelled in choices()]
    status = 422 if form.errors else 200
    return render(request, "sharing/webhooks/form.html", context | {"form": form, "topics": topics}, status=status)


def _secret_page(request: PanelRequest, webhook: Webhook, secret: str) -> HttpResponse:
    return render(request, "sharing/webhooks/secret.html", {"webhook": webhook, "secret": secret})


def _to(request: PanelRequest, webhook: Webhook) -> HttpResponse:
    return redirect("webhook_detail", number=request.viewer.account.number, webhook=webhook.pk)
