"""The administration: staff look at credentials without their secrets, and administrators revoke them."""

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from accounts.models import Event, Notification, User
from accounts.roles import Role
from api.actions import make_credential
from api.models import ApplicationCredential
from tests.factories import signed_in
from tests.people import Cast

LIST = reverse("admin:api_applicationcredential_changelist")


@pytest.fixture
def credential(cast: Cast) -> ApplicationCredential:
    return make_credential(by=cast.creator, name="nightly-builds", role=Role.CREATOR)[0]


def revoke(user: User, credential: ApplicationCredential) -> None:
    signed_in(user).post(LIST, {"action": "revoke", "_selected_action": [credential.pk]})


def test_it_shows_everything_but_the_secret(cast: Cast, credential: ApplicationCredential) -> None:
    client = signed_in(cast.root)
    assertContains(client.get(LIST), "nightly-builds")
    page = client.get(reverse("admin:api_applicationcredential_change", args=[credential.pk]))
    assertContains(page, "nightly-builds")
    assertNotContains(page, credential.secret_hash)
    assertNotContains(page, 'name="_save"')


def test_an_administrator_revokes_by_the_action(cast: Cast, credential: ApplicationCredential) -> None:
    revoke(cast.root, credential)
    row = ApplicationCredential.objects.get()
    assert (row.is_live, row.revoked_by) == (False, cast.root)
    assert Event.objects.get(verb="credential revoked").detail["person"] == "carol"
    assert Notification.objects.filter(user=cast.carol, subject__contains="was revoked").exists()
    revoke(cast.root, credential)
    assert Event.objects.filter(verb="credential revoked").count() == 1


def test_whoever_may_only_look_revokes_none(cast: Cast, credential: ApplicationCredential) -> None:
    cast.sam.user_permissions.add(Permission.objects.get(codename="view_applicationcredential"))
    assertContains(signed_in(cast.sam).get(LIST), "nightly-builds")
    revoke(cast.sam, credential)
    assert ApplicationCredential.objects.get().is_live
