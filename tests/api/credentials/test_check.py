"""Whether a secret that a program gives opens anything."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Membership
from accounts.roles import Role
from api.actions import make_credential, revoke_credential
from api.credentials import credential_for
from api.models import ApplicationCredential
from tests.people import Cast

Made = tuple[ApplicationCredential, str]


@pytest.fixture
def made(cast: Cast) -> Made:
    return make_credential(by=cast.creator, name="ci", role=Role.CREATOR)


def test_the_right_secret_opens_by_id_and_by_name(cast: Cast, made: Made) -> None:
    credential, secret = made
    assert credential_for(secret=secret, pk=credential.pk) == credential
    assert credential_for(secret=secret, user=cast.carol, name="ci") == credential


def test_it_brings_who_and_what_for(made: Made, django_assert_num_queries: Any) -> None:
    credential, secret = made
    with django_assert_num_queries(1):
        found = credential_for(secret=secret, pk=credential.pk)
        assert found
        assert (found.user.username, found.account.organization.title) == ("carol", "Acme Group")  # type: ignore[union-attr]


def test_whatever_is_wrong_costs_the_same(cast: Cast, made: Made, django_assert_num_queries: Any) -> None:
    credential, secret = made
    wrong: list[dict[str, Any]] = [
        {"secret": "no", "pk": credential.pk},
        {"secret": secret, "pk": "0" * 32},
        {"secret": secret[:-1], "user": cast.carol, "name": "ci"},
        {"secret": secret, "user": cast.carol, "name": "cd"},
        {"secret": secret, "user": cast.alice, "name": "ci"},
        {"secret": secret, "user": None, "name": "ci"},
        {"secret": secret, "user": cast.carol},
        {"secret": secret},
        {"secret": "", "pk": credential.pk},
        {"secret": secret, "pk": "nul\0"},
        {"secret": secret, "user": cast.carol, "name": "half \ud800"},
        {"secret": "\ud800", "pk": credential.pk},
        {"secret": credential.secret_hash, "pk": credential.pk},
    ]
    for given in wrong:
        with django_assert_num_queries(1):
            assert credential_for(**given) is None


def test_nothing_dead_opens(cast: Cast, made: Made) -> None:
    credential, secret = made

    def opens() -> bool:
        return credential_for(secret=secret, pk=credential.pk) is not None

    rows = ApplicationCredential.objects.filter(pk=credential.pk)
    rows.update(expires_at=timezone.now())
    assert not opens()
    rows.update(expires_at=timezone.now() + timedelta(hours=1))
    assert opens()
    type(cast.carol).objects.filter(pk=cast.carol.pk).update(is_active=False)
    assert not opens()
    type(cast.carol).objects.filter(pk=cast.carol.pk).update(is_active=True)
    Membership.objects.filter(user=cast.carol, group=cast.acme).delete()
    assert not opens()


def test_a_revoked_one_opens_nothing(cast: Cast, made: Made) -> None:
    credential, secret = made
    revoke_credential(credential.pk, by=cast.creator)
    assert credential_for(secret=secret, pk=credential.pk) is None
