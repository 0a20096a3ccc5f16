"""What the background worker does for people: mail, and telling who was invited."""

import logging
from datetime import timedelta
from smtplib import SMTPException

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils import timezone

from accounts import letters
from accounts.mails import mail_of
from accounts.models import Invitation, Notification

logger = logging.getLogger(__name__)

# A worker that takes a message has this long to send it; then it is due again. Longer than EMAIL_TIMEOUT.
FIRST_PAUSE = timedelta(minutes=2)
LONGEST_PAUSE = timedelta(hours=6)
MOST_AT_ONCE = 50  # messages in one task, so that it ends well within its time (TASK_SECONDS)


def send_mail() -> int:
    """Send what is due in the outbox. Each message is taken in a transaction of its own, which ends before sending.

    Returns:
        How many messages went out.
    """
    sent = 0
    for _ in range(MOST_AT_ONCE):
        message = _take()
        if message is None:
            break
        sent += _send(message)
    return sent


def tell_invited(invitation_id: str) -> None:
    """Tell whoever may answer an invitation, unless it was taken back meanwhile."""
    with transaction.atomic():
        invitation = Invitation.objects.with_groups().filter(pk=invitation_id, status="pending").first()
        if invitation:
            letters.invited(invitation)


@transaction.atomic
def _take() -> Notification | None:
    """The next message, with its next attempt put off, so that no other worker takes it meanwhile."""
    message = Notification.objects.due(timezone.now()).select_for_update(skip_locked=True, of=("self",)).first()
    if message is None:
        return None
    message.mail_attempts += 1
    message.mail_after = timezone.now() + min(FIRST_PAUSE * 2 ** (message.mail_attempts - 1), LONGEST_PAUSE)
    message.save(update_fields=["mail_attempts", "mail_after"])
    return message


def _send(message: Notification) -> bool:
    address = _address(message)
    if address:
        try:
            mail_of(message, address).send()
        except (OSError, SMTPException):
            logger.warning(
                "Message %s could not be mailed (attempt %s).", message.pk, message.mail_attempts, exc_info=True
            )
            return False
    Notification.objects.filter(pk=message.pk).update(mailed_at=timezone.now())
    return bool(address)


def _address(message: Notification) -> str:
    """Where the mail goes. A person's address counts once confirmed: until then it may be somebody else's."""
    if message.user is None:
        return message.email
    if message.kind in message.user.not_mailed:
        return ""
    confirmed = EmailAddress.objects.filter(user=message.user, user__is_active=True, verified=True)
    found = confirmed.order_by("-primary", "pk").first()
    return str(found.email) if found else ""
