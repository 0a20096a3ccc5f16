"""Writing down what happened and telling people: the last two steps of every action."""

import re
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction
from django_q.tasks import async_task

from accounts import hooks
from accounts.models import Account, Event, Notification, User
from accounts.viewer import Viewer

LONGEST_SUBJECT = 200  # characters, as the column has them
LONG_WORD = 40  # characters: leaving out more than that says too little

# Where the request that is being served came from; set by the middleware.
network_address: ContextVar[str | None] = ContextVar("network_address", default=None)
# Whether that request went to the administration: whoever is there acts for the panel, and not for the account.
in_administration: ContextVar[bool] = ContextVar("in_administration", default=False)


@dataclass(frozen=True)
class Message:
    """What one person is told.

    Attributes:
        body: plain text, without the link.
        path: the page to open.
        kind: what it is about, by which the person has chosen whether it also comes by mail.
    """

    user: User
    subject: str
    body: str
    path: str = ""
    kind: Notification.Kind = Notification.Kind.NEWS


def record(  # noqa: PLR0913  # the columns of an event are its arguments
    verb: str,
    *,
    subject_kind: str,
    subject_id: object,
    subject_name: str,
    by: Viewer | User | None,
    account: Account | None = None,
    counterpart: Group | None = None,
    address: str = "",
    **detail: Any,
) -> Event:
    """Write one event, in the transaction of the change that it speaks of.

    Args:
        verb: past tense, a word of the glossary ("offered").
        by: who did it, None for the clock or the system.
        account: for which account, when that is not the viewer's.
        counterpart: the group on the other side, which sees the shared part.
        address: the address as typed, when the event is about one.
        detail: the private part.
    """
    actor = by.user if isinstance(by, Viewer) else by
    account = account or (by.account if isinstance(by, Viewer) else None)
    # Without an actor the event speaks of somebody else: whose request it is must not show in it.
    came_from = network_address.get() if actor else None
    if came_from and in_administration.get():
        # The account sees who of the staff it was, but not where they sit; the administration shows the detail.
        detail["staff_address"], came_from = came_from, None
    event = Event.objects.create(
        verb=verb,
        subject_kind=subject_kind,
        subject_id=str(subject_id),
        subject_name=subject_name[:255],
        account=account,
        account_number=account.number if account else "",
        account_title=account.title if account else "",
        counterpart=counterpart,
        address=address,
        actor=actor,
        actor_login=actor.username if actor else "",
        network_address=came_from,
        detail=detail,
    )
    hooks.recorded.ask(event)
    return event


def notify(
    people: Iterable[User],
    *,
    subject: str,
    body: str,
    path: str = "",
    kind: Notification.Kind = Notification.Kind.NEWS,
) -> None:
    """Tell people in the panel and by mail. The rows are the outbox: nothing is lost when a mail server is away.

    Args:
        body: plain text, without the link.
        path: the page to open.
        kind: what it is about: people choose what they get by mail.
    """
    notify_each(Message(user, subject, body, path, kind) for user in set(people))


def notify_each(messages: Iterable[Message]) -> None:
    """Tell many people something of their own, in one query."""
    Notification.objects.bulk_create(
        Notification(user=one.user, kind=one.kind, subject=fitting(one.subject), body=tidy(one.body), path=one.path)
        for one in messages
    )
    transaction.on_commit(_wake_mailer)


def invite_by_mail(address: str, *, subject: str, body: str, path: str = "") -> None:
    """Write to an address that no person has. The text is ours, never that of the person who caused it."""
    Notification.objects.create(email=address, subject=fitting(subject), body=body, path=path)
    transaction.on_commit(_wake_mailer)


def fitting(subject: str) -> str:
    """A subject that fits its column: names in it may be long. No word is cut unless it is a long one."""
    if len(subject) <= LONGEST_SUBJECT:
        return subject
    words, _blank, begun = subject[:LONGEST_SUBJECT].rpartition(" ")
    return f"{words if len(begun) < LONG_WORD else subject[: LONGEST_SUBJECT - 1]}…"


def tidy(body: str) -> str:
    """A body in which empty lines come alone, whatever a letter has left out between them."""
    return re.sub(r"\n[ \t]*(\n[ \t]*)+", "\n\n", body.strip())


def _wake_mailer() -> None:
    async_task("accounts.tasks.send_mail", cluster="mail")
