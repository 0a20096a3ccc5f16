"""Signing up and in, from the first mail to the second factor."""

import re
import time
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertContains, assertRedirects
from pytest_django.fixtures import Settings

from accounts import actions
from accounts.models import Invitation, User
from accounts.roles import Role
from tests.factories import PASSWORD
from tests.people import Cast

NEWCOMER = {
    "email": "new@example.org",
    "username": "newcomer",
    "password1": "correct-horse-battery",
    "password2": "correct-horse-battery",
}


def link_in_mail() -> str:
    found = re.search(r"https?://[^/\s]+(/\S+)", str(mail.outbox[-1].body))
    assert found
    return found[1]


@pytest.mark.parametrize("name", ["alice", "Alice@example.org"])
def test_by_login_or_address(client: Client, cast: Cast, name: str) -> None:
    response = client.post(reverse("account_login"), {"login": name, "password": PASSWORD})
    assertRedirects(response, "/", fetch_redirect_response=False)


def test_pages_lead_to_signing_in_and_back(client: Client, cast: Cast) -> None:
    page = reverse("account_detail", kwargs={"number": cast.acme.number})
    sign_in = client.get(page)
    assertRedirects(sign_in, f"{reverse('account_login')}?next={page}")
    response = client.post(sign_in.headers["Location"], {"login": "alice", "password": PASSWORD})
    assertRedirects(response, page)


def test_next_never_leads_away(client: Client, cast: Cast) -> None:
    response = client.post(
        f"{reverse('account_login')}?next=https://evil.example/", {"login": "alice", "password": PASSWORD}
    )
    assertRedirects(response, "/", fetch_redirect_response=False)


def test_wrong_passwords_are_limited(client: Client, cast: Cast) -> None:
    for _ in range(11):
        response = client.post(reverse("account_login"), {"login": "alice", "password": "wrong"})
    response = client.post(reverse("account_login"), {"login": "alice", "password": PASSWORD})
    assert response.status_code in {200, 429}
    assert "_auth_user_id" not in client.session


def test_a_deactivated_person_is_out_at_once(client: Client, cast: Cast) -> None:
    client.post(reverse("account_login"), {"login": "erin", "password": PASSWORD})
    assert client.get("/me/").status_code == 200
    actions.deactivate_person(cast.erin, by=cast.root)
    assert client.get("/me/").status_code == 302
    again = Client()
    again.post(reverse("account_login"), {"login": "erin", "password": PASSWORD})
    assert "_auth_user_id" not in again.session


def test_signing_up_makes_a_person_and_asks_for_the_address(client: Client, cast: Cast) -> None:
    response = client.post(reverse("account_signup"), NEWCOMER)
    assertRedirects(response, reverse("account_email_verification_sent"))
    newcomer = User.objects.get(username="newcomer")
    assert newcomer.personal_account.title == "newcomer"
    assert not EmailAddress.objects.get(user=newcomer).verified
    assert "_auth_user_id" not in client.session


def test_the_link_confirms_and_brings_what_waited(client: Client, cast: Cast) -> None:
    waiting = actions.invite(cast.acme, address="new@example.org", role=Role.CREATOR, by=cast.producer)
    Invitation.objects.filter(pk=waiting.pk).update(invited_at=timezone.now() - timedelta(seconds=5))
    client.post(reverse("account_signup"), NEWCOMER)
    link = link_in_mail()
    assert client.get(link).status_code == 200
    assert client.post(link).status_code == 302
    newcomer = User.objects.get(username="newcomer")
    assert EmailAddress.objects.get(user=newcomer).verified
    assert list(Invitation.objects.pending_for(newcomer)) == [waiting]
    response = client.post(reverse("account_login"), {"login": "newcomer", "password": NEWCOMER["password1"]})
    assert response.status_code == 302


def test_what_came_after_the_link_was_sent_does_not_count(
    client: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.post(reverse("account_signup"), NEWCOMER)
    newcomer = User.objects.get(username="newcomer")
    hour_ago = time.time() - 3600
    with monkeypatch.context() as patched:
        patched.setattr(time, "time", lambda: hour_ago)
        key = EmailConfirmationHMAC(EmailAddress.objects.get(user=newcomer)).key
    actions.invite(cast.acme, address="new@example.org", role=Role.CREATOR, by=cast.producer)
    client.post(reverse("account_confirm_email", args=[key]))
    assert EmailAddress.objects.get(user=newcomer).verified
    assert not Invitation.objects.pending_for(newcomer).exists()


def test_a_known_address_gets_the_same_answer_and_another_mail(client: Client, cast: Cast) -> None:
    response = client.post(reverse("account_signup"), NEWCOMER | {"email": "erin@example.org"})
    assertRedirects(response, reverse("account_email_verification_sent"))
    assert not User.objects.filter(username="newcomer").exists()
    assert mail.outbox[-1].to == ["erin@example.org"]


@pytest.mark.parametrize(("login", "words"), [
    ("erin", "taken"), ("root-admin", "reserved"), ("4071385962", "starting with a letter"), ("e@x", "starting with"),
])  # fmt: skip
def test_logins_that_nobody_gets(client: Client, cast: Cast, login: str, words: str) -> None:
    response = client.post(reverse("account_signup"), NEWCOMER | {"username": login})
    assert not User.objects.filter(email="new@example.org").exists()
    assert response.status_code == 200
    assert response.context["form"].errors["username"]


def test_capital_letters_of_a_login_are_folded(client: Client, cast: Cast) -> None:
    client.post(reverse("account_signup"), NEWCOMER | {"username": "NewComer"})
    assert User.objects.get(email="new@example.org").username == "newcomer"


def test_sign_up_can_be_closed(client: Client, cast: Cast, settings: Settings) -> None:
    settings.SIGNUP_OPEN = False
    client.post(reverse("account_signup"), NEWCOMER)
    assert not User.objects.filter(username="newcomer").exists()


def test_a_forgotten_password(client: Client, cast: Cast) -> None:
    client.post(reverse("account_reset_password"), {"email": "erin@example.org"})
    form = client.get(link_in_mail(), follow=True)
    action = form.redirect_chain[-1][0]
    client.post(action, {"password1": "another-horse-9", "password2": "another-horse-9"})
    response = client.post(reverse("account_login"), {"login": "erin", "password": "another-horse-9"})
    assert response.status_code == 302


def test_asking_for_a_password_tells_nothing(client: Client, cast: Cast) -> None:
    answers = [
        client.post(reverse("account_reset_password"), {"email": email})
        for email in ("erin@example.org", "nobody@example.org")
    ]
    assert [answer.headers["Location"] for answer in answers] == [reverse("account_reset_password_done")] * 2


def test_a_second_factor_is_asked_for_and_kept_encrypted(client: Client, cast: Cast) -> None:
    client.post(reverse("account_login"), {"login": "erin", "password": PASSWORD})
    again = client.get(reverse("mfa_activate_totp"))  # whoever found the browser open cannot lock its person out
    page = client.post(again.headers["Location"], {"password": PASSWORD}, follow=True)
    secret = page.context["form"].secret
    code = totp.format_hotp_value(totp.hotp_value(secret, next(iter(totp.yield_hotp_counters_from_time()))))
    client.post(reverse("mfa_activate_totp"), {"code": code})
    kept = Authenticator.objects.get(user=cast.erin, type=Authenticator.Type.TOTP)
    assert secret not in str(kept.data)
    assertContains(client.get("/me/"), "Manage it and the recovery codes")
    assertContains(client.get(reverse("mfa_index")), "10 codes left")

    other = Client()
    response = other.post(reverse("account_login"), {"login": "erin", "password": PASSWORD})
    assertRedirects(response, reverse("mfa_authenticate"))
    assert "_auth_user_id" not in other.session
    codes = Authenticator.objects.get(user=cast.erin, type=Authenticator.Type.RECOVERY_CODES).wrap()
    other.post(reverse("mfa_authenticate"), {"code": codes.get_unused_codes()[0]})
    assert "_auth_user_id" in other.session


def test_the_administration_has_no_sign_in_of_its_own(client: Client, cast: Cast) -> None:
    page = reverse("admin:accounts_user_changelist")
    response = client.get(page, follow=True)
    assert response.redirect_chain[-1][0].startswith(reverse("account_login"))
