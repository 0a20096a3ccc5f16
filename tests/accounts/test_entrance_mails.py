"""Mails of signing in and up: in our words and our frame, whatever allauth sends."""

import re
from collections.abc import Iterator
from pathlib import Path

import allauth
import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.template.loader import get_template
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from accounts.entrance_mails import entrance_mail
from tests.accounts.test_signing_in import NEWCOMER
from tests.factories import PASSWORD
from tests.people import Cast

# Of what is switched off here: codes by mail, keys of the browser; and what allauth does not send any more.
NEVER_SENT = {"login_code", "password_reset_code", "webauthn_added", "webauthn_removed", "email_confirm"}
NEW = {"password1": "another-long-horse", "password2": "another-long-horse"}


def mails_of_allauth() -> Iterator[str]:
    for path in sorted(Path(allauth.__file__).parent.glob("templates/*/email/*_subject.txt")):
        app, name = path.parts[-3], path.name.removesuffix("_subject.txt")
        if app in ("account", "mfa") and name not in NEVER_SENT:
            yield f"{app}/email/{name}"


def sent() -> EmailMultiAlternatives:
    last = mail.outbox[-1]
    assert isinstance(last, EmailMultiAlternatives)
    return last


def html() -> str:
    [(content, kind)] = sent().alternatives
    assert kind == "text/html"
    return str(content)


def link() -> str:
    """Where the button leads; the text has the same link on a line of its own."""
    found = re.search(r'class="button".*?<a href="([^"]+)"', html(), re.DOTALL)
    assert found
    assert f"\n{found[1]}\n" in str(sent().body)
    return found[1]


@pytest.mark.parametrize("name", [*mails_of_allauth()])
def test_each_has_a_letter_of_ours(name: str) -> None:
    get_template(f"{name.replace('/email/', '/letters/')}.txt")  # raises where there is none


def test_the_walk_found_some() -> None:
    assert len(list(mails_of_allauth())) >= 10


def test_whoever_signs_up_confirms_the_address(client: Client, cast: Cast) -> None:
    client.post(reverse("account_signup"), NEWCOMER)
    assert sent().subject == "Confirm your email address"
    assert "with the login newcomer" in html()
    assert "Confirm this address" in html()
    assert client.get(link()).status_code == 200


def test_whoever_has_signed_up_before_is_told(client: Client, cast: Cast) -> None:
    client.post(reverse("account_signup"), NEWCOMER | {"email": "erin@example.org"})
    assert sent().subject == "You have signed up already"
    assert link().endswith(reverse("account_reset_password"))


def test_a_forgotten_password(client: Client, cast: Cast) -> None:
    client.post(reverse("account_reset_password"), {"email": "erin@example.org"})
    assert sent().subject == "Choose a new password"
    assert "for the login erin" in str(sent().body)
    assert "because somebody gave this address" in html()
    assert client.get(link(), follow=True).status_code == 200


@pytest.mark.parametrize("is_open", [True, False])
def test_an_address_that_nobody_has(client: Client, cast: Cast, settings: Settings, is_open: bool) -> None:
    settings.SIGNUP_OPEN = is_open
    client.post(reverse("account_reset_password"), {"email": "nobody@example.org"})
    assert sent().subject == "No login has this address"
    assert ("you can do it now" in html()) is is_open
    assert link().endswith(reverse("account_signup") if is_open else "/me/")


def test_a_change_is_told_with_where_it_came_from(client: Client, cast: Cast) -> None:
    client.post(reverse("account_login"), {"login": "erin", "password": PASSWORD})
    browser = "<b>Browser</b>"
    client.post(reverse("account_change_password"), NEW | {"oldpassword": PASSWORD}, headers={"user-agent": browser})
    assert sent().subject == "Your password was changed"
    assert "127.0.0.1" in html()
    assert f"\n> {browser}\n" in str(sent().body)
    assert browser not in html()
    assert "such messages always come by mail" in html()


def test_it_says_what_it_says_as_text_too(cast: Cast) -> None:
    context = {"from_email": "old@example.org", "to_email": "new@example.org"}
    told = str(entrance_mail("account/email/email_changed", "old@example.org", context).body)
    assert "go to new@example.org from now on, and no longer to old@example.org" in told
