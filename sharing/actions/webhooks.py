"""What admins of an account do with its webhooks."""

from collections.abc import Iterable
from datetime import timedelta

from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.http import Http404
from django.utils import timezone

from accounts.encryption import encrypt
from accounts.errors import Conflict, wrong
from accounts.models import Event
from accounts.permissions import Verb, lock
from accounts.querysets import NOBODY
from accounts.records import record
from accounts.viewer import Viewer
from images.outside import WEBHOOKS, Address
from sharing.models import Delivery, Webhook
from sharing.models.webhooks import SEPARATOR
from sharing.signing import new_secret

PURPOSE = "webhook"  # of the key that secrets are encrypted with
MOST_WEBHOOKS = 10  # of an account
OLD_SECRET_LASTS = timedelta(days=1)

# One statement for each event, whether or not anybody listens: what an offer costs tells nothing of its recipient.
QUEUE = """
    INSERT INTO sharing_delivery (webhook_id, event_id, status, attempts, made_at, next_at, response_start, error)
    SELECT id, %s, 'waiting', 0, %s, %s, '', '' FROM sharing_webhook
    WHERE is_active AND account_id IN (%s, %s) AND (verbs = '' OR verbs LIKE %s)
"""


@transaction.atomic
def create_webhook(*, by: Viewer, url: str, verbs: Iterable[str] = ()) -> tuple[Webhook, str]:
    """Have the events of the account sent to an address.

    Args:
        verbs: of the events that are sent; empty for all.

    Returns:
        The webhook, and its secret, which is shown this once.

    Raises:
        PermissionDenied: only an admin of the account does this.
        RefusedAddress: the panel does not send anything there.
        ValidationError: the account has as many as it may have.
    """
    account = lock(by.account, by=by, verb=Verb.MANAGE_WEBHOOKS)
    Address.parsed(url, WEBHOOKS)
    if Webhook.objects.of(account).count() >= MOST_WEBHOOKS:
        raise wrong("url", f"An account has {MOST_WEBHOOKS} webhooks at most. Remove one first.", "too_many")
    secret = new_secret()
    webhook = Webhook.objects.create(
        account=account, url=url, verbs=_joined(verbs), secret=encrypt(secret, purpose=PURPOSE), made_by=by.user
    )
    _record("webhook made", webhook, by)
    return webhook, secret


@transaction.atomic
def edit_webhook(webhook_id: int, *, by: Viewer, url: str, verbs: Iterable[str] = ()) -> Webhook:
    """Send other events, or elsewhere. What waits goes to the new address.

    Raises:
        Http404: the account has no such webhook.
        PermissionDenied, RefusedAddress: as ``create_webhook``.
    """
    webhook = _locked(webhook_id, by)
    Address.parsed(url, WEBHOOKS)
    webhook.url, webhook.verbs = url, _joined(verbs)
    webhook.save(update_fields=["url", "verbs"])
    _record("webhook edited", webhook, by)
    return webhook


@transaction.atomic
def rotate_secret(webhook_id: int, *, by: Viewer) -> tuple[Webhook, str]:
    """Make a new secret. For a day, what is sent bears the signatures of both; one before the old ends now.

    Returns:
        The webhook, and its new secret, which is shown this once.

    Raises:
        Http404, PermissionDenied: as ``edit_webhook``.
    """
    webhook, secret = _locked(webhook_id, by), new_secret()
    webhook.previous_secret, webhook.previous_until = webhook.secret, timezone.now() + OLD_SECRET_LASTS
    webhook.secret = encrypt(secret, purpose=PURPOSE)
    webhook.save(update_fields=["secret", "previous_secret", "previous_until"])
    _record("webhook secret rotated", webhook, by)
    return webhook, secret


@transaction.atomic
def pause_webhook(webhook_id: int, *, by: Viewer) -> Webhook:
    """Send nothing for now. What happens meanwhile is not sent later either; what waits stays.

    Raises:
        Http404, PermissionDenied: as ``edit_webhook``.
        Conflict: it is paused.
    """
    webhook = _locked(webhook_id, by)
    if not webhook.is_active:
        raise Conflict("This webhook is paused already.")
    webhook.is_active = False
    webhook.save(update_fields=["is_active"])
    _record("webhook paused", webhook, by)
    return webhook


@transaction.atomic
def resume_webhook(webhook_id: int, *, by: Viewer) -> Webhook:
    """Send again, what waits first and at once.

    Raises:
        Http404, PermissionDenied: as ``edit_webhook``.
        Conflict: it is not paused.
    """
    webhook = _locked(webhook_id, by)
    if webhook.is_active:
        raise Conflict("This webhook is not paused.")
    webhook.is_active, webhook.failures, webhook.gave_up_at = True, 0, None
    webhook.save(update_fields=["is_active", "failures", "gave_up_at"])
    webhook.deliveries.waiting().update(next_at=timezone.now())
    _record("webhook resumed", webhook, by)
    return webhook


@transaction.atomic
def remove_webhook(webhook_id: int, *, by: Viewer) -> None:
    """Take a webhook away, with its log and its secrets. What waits is not sent.

    Raises:
        Http404, PermissionDenied: as ``edit_webhook``.
    """
    webhook = _locked(webhook_id, by)
    _record("webhook removed", webhook, by)
    webhook.delete()


@transaction.atomic
def send_test(webhook_id: int, *, by: Viewer) -> Delivery:
    """Send an event that says that this is a test, whichever events are chosen.

    Raises:
        Http404, PermissionDenied: as ``edit_webhook``.
        Conflict: it is paused.
    """
    webhook = _locked(webhook_id, by)
    if not webhook.is_active:
        raise Conflict("This webhook is paused: resume it first.")
    event = _record("webhook tested", webhook, by)
    delivery, _made = Delivery.objects.get_or_create(webhook=webhook, event=event)
    return delivery


@transaction.atomic
def resend(webhook_id: int, event_id: int, *, by: Viewer) -> Delivery:
    """Send something once more, with all its tries, and under the id that it had.

    Raises:
        Http404: the account has no such webhook, or its log no such line any more.
        PermissionDenied: as ``edit_webhook``.
        Conflict: the webhook is paused.
    """
    webhook = _locked(webhook_id, by)
    delivery = webhook.deliveries.select_for_update().filter(event=event_id).first()
    if delivery is None:
        raise Http404
    if not webhook.is_active:
        raise Conflict("This webhook is paused: resume it first.")
    delivery.status, delivery.attempts, delivery.delivered_at = Delivery.Status.WAITING, 0, None
    delivery.next_at = timezone.now()
    delivery.save(update_fields=["status", "attempts", "delivered_at", "next_at"])
    _record("delivery resent", webhook, by)
    return delivery


def queue_deliveries(event: Event) -> None:
    """Have an event sent to the webhooks that want it: of the account that acted, and of the one on the other side."""
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    sides = [event.account_id or NOBODY, event.counterpart_id or NOBODY]
    with connection.cursor() as cursor:
        cursor.execute(QUEUE, [event.pk, now, now, *sides, f"%{SEPARATOR}{event.verb}{SEPARATOR}%"])


def end_webhooks_of(group: Group, _by: Viewer) -> None:
    """An account is being closed: nothing of it is sent any more."""
    Webhook.objects.filter(account=group.pk).delete()


def _locked(webhook_id: int, by: Viewer) -> Webhook:
    account = lock(by.account, by=by, verb=Verb.MANAGE_WEBHOOKS)
    webhook = Webhook.objects.of(account).select_for_update(of=("self",)).filter(pk=webhook_id).first()
    if webhook is None:
        raise Http404
    return webhook


def _joined(verbs: Iterable[str]) -> str:
    chosen = SEPARATOR.join(sorted(set(verbs)))
    return f"{SEPARATOR}{chosen}{SEPARATOR}" if chosen else ""


def _record(verb: str, webhook: Webhook, by: Viewer) -> Event:
    """Write an event of the account. The path of an address may be a secret of the receiver: its host has to do."""
    host = Address.parsed(webhook.url, WEBHOOKS).host
    return record(verb, subject_kind="webhook", subject_id=webhook.pk, subject_name=host, by=by)
