"""Sending what waits for webhooks: at least once, and in order as long as their receivers are there.

A delivery is taken in a transaction of its own, which puts its next attempt off; a worker that is killed after that has
lost nothing. The threads only speak HTTP: everything that is read or written is done by the one that takes.
"""

import json
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from time import monotonic

from django.db import transaction
from django.utils import timezone

from accounts.encryption import SecretLost, decrypt
from accounts.history import Line, as_row
from accounts.records import record
from images.outside import WEBHOOKS, Address, OutsideProblem, sent
from sharing import webhook_letters
from sharing.actions.webhooks import PURPOSE
from sharing.models import Delivery, Webhook
from sharing.signing import signed_headers

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
# After each attempt in vain; with the last one the delivery has failed. Together about 28 hours.
PAUSES = (MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 12 * HOUR)
MOST_ATTEMPTS = len(PAUSES) + 1
GIVES_UP_AFTER = 15  # attempts in vain, one after the other, of a webhook
LIFETIME = timedelta(days=30)  # of a line of the log
SECONDS = 15  # for one attempt
AT_ONCE = 8  # webhooks
LOOK_SECONDS = 1.0  # between looks at what waits
LONGEST_START = 200  # characters
CANNOT_SIGN = "This panel cannot read the secret any more. Make a new secret."


@dataclass(frozen=True)
class Request:
    """What is sent, in plain values, so that a thread needs no database."""

    url: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Attempt:
    """What became of it.

    Attributes:
        status: of the answer; None if there was none.
        start: of the answer's text.
        error: a sentence; empty where there was an answer.
    """

    milliseconds: int
    status: int | None = None
    start: str = ""
    error: str = ""

    @property
    def succeeded(self) -> bool:
        """Whether the receiver said that it has it. A redirect says something else."""
        return self.status is not None and HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


def send_deliveries(*, seconds: float) -> int:
    """Send what is due, and what becomes due meanwhile.

    Args:
        seconds: to go on looking; what is on its way then is waited for.

    Returns:
        How many attempts there were.
    """
    until, attempts = monotonic() + seconds, 0
    running: dict[Future[Attempt], Delivery] = {}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while True:
            taken = take_due(AT_ONCE - len(running)) if monotonic() < until else []
            running |= {_begun(pool, delivery): delivery for delivery in taken}
            attempts += len(taken)
            if not running and (monotonic() >= until or not Webhook.objects.filter(is_active=True).exists()):
                return attempts
            _settle_those_done(running, pause=0 if taken else LOOK_SECONDS)


def _begun(pool: ThreadPoolExecutor, delivery: Delivery) -> Future[Attempt]:
    """An attempt on its way; one that is over where nothing can be signed, so that others do not wait for it."""
    try:
        return pool.submit(attempt, request_of(delivery))
    except SecretLost:
        over: Future[Attempt] = Future()
        over.set_result(Attempt(0, error=CANNOT_SIGN))
        return over


def _settle_those_done(running: dict[Future[Attempt], Delivery], *, pause: float) -> None:
    if not running:
        time.sleep(pause)
        return
    for future in wait(running, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED).done:
        settle(running.pop(future), future.result())


@transaction.atomic
def take_due(most: int) -> list[Delivery]:
    """What is due, at most one of each webhook, with the next attempt put off so that nobody else takes it."""
    now = timezone.now()
    due = Delivery.objects.due(now).with_details().select_for_update(skip_locked=True, of=("self",))
    taken: dict[int, Delivery] = {}
    for delivery in due[:most]:
        taken.setdefault(delivery.webhook_id, delivery)
    for delivery in taken.values():
        delivery.attempts += 1
        delivery.next_at = now + _pause_after(delivery.attempts)
        delivery.save(update_fields=["attempts", "next_at"])
    return list(taken.values())


def request_of(delivery: Delivery) -> Request:
    """What is sent, signed at this moment."""
    body = body_of(delivery)
    signed = signed_headers(delivery.message_id, int(time.time()), body, keys_of(delivery.webhook))
    return Request(delivery.webhook.url, signed | {"Content-Type": "application/json"}, body)


def body_of(delivery: Delivery) -> bytes:
    """The event, as the account of the webhook may know it: nothing of the other side's private part."""
    event, account = delivery.event, delivery.webhook.account
    data = as_row(Line(event, is_own=event.account_id == account.pk))
    del data["network_address"]
    told = {
        "type": f"{event.subject_kind}.{event.verb.replace(' ', '_')}",
        "timestamp": event.at.isoformat(),
        "account": {"number": account.number, "title": account.title},
        "data": data,
    }
    return json.dumps(told, ensure_ascii=False).encode()


def keys_of(webhook: Webhook) -> list[str]:
    """The secrets that are valid now, the new one first."""
    is_rotating = webhook.previous_until is not None and webhook.previous_until > timezone.now()
    encrypted = [webhook.secret, webhook.previous_secret] if is_rotating else [webhook.secret]
    return [decrypt(secret, purpose=PURPOSE) for secret in encrypted]


def attempt(request: Request) -> Attempt:
    """Send it, and say what came of it."""
    began = monotonic()
    try:
        address = Address.parsed(request.url, WEBHOOKS)  # the settings may have changed
        reply = sent(address, body=request.body, headers=request.headers, seconds=SECONDS)
    except OutsideProblem as problem:
        return Attempt(_milliseconds(began), error=str(problem))
    return Attempt(_milliseconds(began), reply.status, printable(reply.start))


@transaction.atomic
def settle(delivery: Delivery, attempt: Attempt) -> None:
    """Write down what became of an attempt. The webhook, or the line, may be gone."""
    webhook = Webhook.objects.select_for_update(of=("self",)).select_related("account").filter(pk=delivery.webhook_id)
    found = webhook.first()
    if found is None:
        return
    _note(delivery, attempt)
    if attempt.succeeded:
        webhook.update(failures=0)
        return
    found.failures += 1
    found.save(update_fields=["failures"])
    if found.is_active and (found.failures >= GIVES_UP_AFTER or attempt.status == HTTPStatus.GONE):
        _give_up(found)


def _note(delivery: Delivery, attempt: Attempt) -> None:
    told = {
        "response_status": attempt.status,
        "response_start": attempt.start,
        "milliseconds": attempt.milliseconds,
        "error": attempt.error[:500],
    }
    row = Delivery.objects.waiting().filter(pk=delivery.pk)
    if attempt.succeeded:
        row.update(status=Delivery.Status.DELIVERED, delivered_at=timezone.now(), **told)
    elif delivery.attempts >= MOST_ATTEMPTS:
        row.update(status=Delivery.Status.FAILED, **told)
    else:
        row.update(next_at=timezone.now() + _pause_after(delivery.attempts), **told)


def _give_up(webhook: Webhook) -> None:
    """Pause a webhook whose receiver is not there any more, or says so (410), and tell the admins."""
    webhook.is_active, webhook.gave_up_at = False, timezone.now()
    webhook.save(update_fields=["is_active", "gave_up_at"])
    host = Address.parsed(webhook.url, WEBHOOKS).host
    record(
        "webhook gave up",
        subject_kind="webhook",
        subject_id=webhook.pk,
        subject_name=host,
        by=None,
        account=webhook.account,
    )
    webhook_letters.gave_up(webhook, host)


def prune_deliveries() -> int:
    """Take old lines out of the logs.

    Returns:
        How many there were.
    """
    old, _by_model = Delivery.objects.filter(made_at__lt=timezone.now() - LIFETIME).delete()
    return old


def printable(start: bytes) -> str:
    """The beginning of an answer, as a line that a page can show."""
    text = "".join(sign if sign.isprintable() else " " for sign in start.decode(errors="replace"))
    return " ".join(text.split())[:LONGEST_START]


def _pause_after(attempts: int) -> timedelta:
    return PAUSES[min(attempts, len(PAUSES)) - 1]


def _milliseconds(began: float) -> int:
    return round((monotonic() - began) * 1000)
