"""The outbox: mail that is due goes out once, and comes back when the mail server is away."""

from datetime import timedelta
from smtplib import SMTPException

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from django_q.models import Schedule
from pytest_django.fixtures import Settings

from accounts.models import Notification, User
from accounts.querysets import MAIL_ATTEMPTS
from accounts.records import invite_by_mail, notify
from accounts.tasks import send_mail
from tests.people import Cast


def tell(user: User) -> Notification:
    notify([user], subject="An offer", body="Alice offers <one> image.", path="/a/1/shared/")
    return Notification.objects.latest("pk")


def fail(_message: EmailMultiAlternatives) -> None:
    raise SMTPException("away")


def test_a_message_goes_out_once(cast: Cast, settings: Settings) -> None:
    settings.SITE_URL = "https://panel.example"
    tell(cast.erin)
    assert send_mail() == 1
    assert send_mail() == 0
    [message] = mail.outbox
    assert message.to == ["erin@example.org"]
    assert "Alice offers <one> image." in message.body
    assert "https://panel.example/a/1/shared/" in message.body


def test_a_message_has_an_html_part_that_escapes(cast: Cast) -> None:
    tell(cast.erin)
    send_mail()
    message = mail.outbox[0]
    assert isinstance(message, EmailMultiAlternatives)
    [(html, kind)] = message.alternatives
    assert kind == "text/html"
    assert "Alice offers &lt;one&gt; image." in str(html)


def test_a_line_end_in_a_subject_makes_no_header(cast: Cast) -> None:
    notify([cast.erin], subject="An offer\nBcc: x@example.org", body="…")
    send_mail()
    assert mail.outbox[0].subject == "An offer Bcc: x@example.org"


def test_only_a_confirmed_address_gets_mail(cast: Cast) -> None:
    EmailAddress.objects.filter(user=cast.erin).update(verified=False)
    message = tell(cast.erin)
    assert send_mail() == 0
    message.refresh_from_db()
    assert message.mailed_at
    assert not mail.outbox


def test_a_deactivated_person_gets_no_mail(cast: Cast) -> None:
    User.objects.filter(pk=cast.erin.pk).update(is_active=False)
    tell(cast.erin)
    assert send_mail() == 0


def test_a_stranger_is_written_to(cast: Cast) -> None:
    invite_by_mail("x@nowhere.example", subject="Hello", body="…")
    assert send_mail() == 1
    assert mail.outbox[0].to == ["x@nowhere.example"]


def test_a_failed_message_waits_longer_each_time(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EmailMultiAlternatives, "send", fail)
    message = tell(cast.erin)
    pauses = []
    for _ in range(MAIL_ATTEMPTS + 1):
        send_mail()
        message.refresh_from_db()
        pauses.append(message.mail_after - timezone.now())
        Notification.objects.update(mail_after=timezone.now())
    assert message.mail_attempts == MAIL_ATTEMPTS
    assert message.mailed_at is None
    assert timedelta(minutes=1) < pauses[0] < timedelta(minutes=3)
    assert pauses[1] > timedelta(minutes=3)


def test_one_failure_holds_up_nobody(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []

    def send(message: EmailMultiAlternatives) -> None:
        if "erin@example.org" in message.to:
            raise OSError("refused")
        sent.extend(message.to)

    monkeypatch.setattr(EmailMultiAlternatives, "send", send)
    tell(cast.erin)
    tell(cast.bob)
    assert send_mail() == 1
    assert sent == ["bob@example.org"]


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_mail_is_sent(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    open_ones = []
    monkeypatch.setattr(EmailMultiAlternatives, "send", lambda _: open_ones.append(connection.in_atomic_block))
    tell(cast.erin)
    send_mail()
    assert open_ones == [False]


def test_schedules_are_those_of_the_settings(db: None, settings: Settings) -> None:
    Schedule.objects.create(name="Old", func="gone.away")
    for _ in range(2):
        call_command("sync_schedules")
    assert set(Schedule.objects.values_list("name", flat=True)) == set(settings.SCHEDULES)
    assert Schedule.objects.get(func="accounts.tasks.send_mail").cluster == "mail"
