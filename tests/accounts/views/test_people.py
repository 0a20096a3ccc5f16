"""Profile, theme, invitations and notifications."""

import pytest
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from accounts import actions
from accounts.models import Membership, Notification, User
from accounts.records import notify
from accounts.roles import Role
from tests.accounts.conftest import Browse
from tests.people import Cast


def test_the_profile_keeps_a_new_name(cast: Cast, browse: Browse) -> None:
    erin = browse(cast.erin)
    assertContains(erin.post("/me/", {"name": "Erin E."}, follow=True), "Your name is saved.")
    assert User.objects.get(pk=cast.erin.pk).name == "Erin E."
    assertContains(erin.post("/me/", {"name": ""}), "data-error-summary")


def test_pages_of_no_account_show_the_last_one(cast: Cast, browse: Browse) -> None:
    alice = browse(cast.alice)
    alice.get(reverse("account_detail", kwargs={"number": cast.acme.number}))
    page = alice.get("/me/")
    assert page.context["viewer"].account == cast.acme
    assertContains(page, reverse("team_list", kwargs={"number": cast.acme.number}))


@pytest.mark.parametrize(("theme", "kept"), [("dark", "dark"), ("light", "light"), ("", ""), ("</html>", "")])
def test_the_theme_is_kept_in_a_cookie(cast: Cast, browse: Browse, theme: str, kept: str) -> None:
    erin = browse(cast.erin)
    erin.post(reverse("theme"), {"theme": theme})
    assert erin.get("/me/").context["theme"] == kept


@pytest.mark.parametrize(("target", "expected"), [
    ("/notifications/", "/notifications/"), ("https://evil.example/", "/me/"), ("//evil.example", "/me/"), ("", "/me/"),
])  # fmt: skip
def test_the_theme_never_leads_away(cast: Cast, browse: Browse, target: str, expected: str) -> None:
    response = browse(cast.erin).post(reverse("theme"), {"theme": "dark", "next": target})
    assertRedirects(response, expected, fetch_redirect_response=False)


def test_an_invitation_says_what_joining_means(cast: Cast, browse: Browse) -> None:
    sent = actions.invite(cast.night_shift, address="erin", role=Role.MEMBER, by=cast.consumer)
    page = reverse("invitation", kwargs={"token": sent.pk})
    erin = browse(cast.erin)
    assertContains(erin.get("/notifications/"), page)
    assertContains(erin.get(page), "share with it are yours to use at once")
    response = erin.post(reverse("invitation_accept", kwargs={"token": sent.pk}), follow=True)
    assertContains(response, "You are now in Night Shift.")
    assert Membership.objects.filter(user=cast.erin, group=cast.night_shift.pk).exists()
    assertContains(erin.get(page), "has been accepted")


def test_an_admin_answers_for_the_account(cast: Cast, browse: Browse) -> None:
    sent = actions.invite_account(cast.acme_group, number=cast.rival.number, by=cast.producer)
    rhea = browse(cast.rhea)
    assertContains(rhea.get(reverse("invitation", kwargs={"token": sent.pk})), "Everybody in Rival Images")
    response = rhea.post(reverse("invitation_accept", kwargs={"token": sent.pk}), follow=True)
    assertContains(response, "Rival Images is now in Acme Group.")


def test_an_invitation_of_others_does_not_exist(cast: Cast, browse: Browse) -> None:
    sent = actions.invite(cast.night_shift, address="erin", role=Role.MEMBER, by=cast.consumer)
    trudy = browse(cast.trudy)
    assert trudy.get(reverse("invitation", kwargs={"token": sent.pk})).status_code == 404
    for name in ("invitation_accept", "invitation_decline"):
        assert trudy.post(reverse(name, kwargs={"token": sent.pk})).status_code == 404
        assert browse(cast.erin).get(reverse(name, kwargs={"token": sent.pk})).status_code == 405


def test_declining(cast: Cast, browse: Browse) -> None:
    sent = actions.invite(cast.night_shift, address="erin", role=Role.MEMBER, by=cast.consumer)
    erin = browse(cast.erin)
    response = erin.post(reverse("invitation_decline", kwargs={"token": sent.pk}), follow=True)
    assertContains(response, "You have declined the invitation to Night Shift.")
    assertContains(erin.get(reverse("invitation", kwargs={"token": sent.pk})), "has been declined")


def test_messages_are_opened_and_read(cast: Cast, browse: Browse) -> None:
    for number in range(60):
        notify([cast.erin], subject=f"Message {number}", body="…", path="/me/")
    erin, last = browse(cast.erin), Notification.objects.latest("pk")
    page = erin.get("/notifications/")
    assert len(page.context["notifications"]) == 50
    assert len(erin.get(f"/notifications/{page.context['older']}").context["notifications"]) == 10
    assertRedirects(erin.post(reverse("notification_open", kwargs={"pk": last.pk})), "/me/")
    assert Notification.objects.unread_by(cast.erin).count() == 59
    erin.post(reverse("notification_read_all"))
    assert not Notification.objects.unread_by(cast.erin).exists()


def test_messages_of_others_do_not_exist(cast: Cast, browse: Browse) -> None:
    notify([cast.erin], subject="Private", body="…")
    trudy, last = browse(cast.trudy), Notification.objects.latest("pk")
    assertNotContains(trudy.get("/notifications/"), "Private")
    assert trudy.post(reverse("notification_open", kwargs={"pk": last.pk})).status_code == 404


@pytest.mark.parametrize(("page", "field"), [("/me/", "name"), ("/new-account/", "title")])
def test_nobody_writes_the_panels_letters_by_a_name(cast: Cast, browse: Browse, page: str, field: str) -> None:
    answer = browse(cast.trudy).post(page, {field: "Acme\n\nYour account is locked: http://evil.example"})
    assertContains(answer, "Use one line")
