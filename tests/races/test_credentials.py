"""Credentials made, revoked and lost at the same moment: a name is had once, and whoever leaves leaves none behind."""

import pytest

from accounts.actions import remove_member
from accounts.models import Event, Membership
from accounts.roles import Role
from api.actions import make_credential, revoke_credential
from api.models import ApplicationCredential
from tests.factories import viewer
from tests.people import Cast
from tests.races.conftest import AtOnce

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]


def test_a_name_is_had_once_even_in_two_accounts(cast: Cast, at_once: AtOnce) -> None:
    here, own = cast.creator, viewer(cast.carol)

    outcomes = at_once(
        lambda: make_credential(by=here, name="ci", role=Role.OBSERVER),
        lambda: make_credential(by=own, name="ci", role=Role.OBSERVER),
    )

    assert sorted(outcomes) == ["done", "invalid"]
    assert ApplicationCredential.objects.count() == 1


def test_whoever_is_removed_meanwhile_leaves_none_that_opens(cast: Cast, at_once: AtOnce) -> None:
    creator, admin = cast.creator, cast.producer
    membership = Membership.objects.get(user=cast.carol, group=cast.acme)

    made, removed = at_once(
        lambda: make_credential(by=creator, name="ci", role=Role.OBSERVER),
        lambda: remove_member(cast.acme, membership.pk, by=admin),
    )

    assert (made in {"done", "not found"}, removed) == (True, "done")
    assert not ApplicationCredential.objects.live().exists()


def test_it_is_revoked_once(cast: Cast, at_once: AtOnce) -> None:
    creator, admin = cast.creator, cast.producer
    credential, _secret = make_credential(by=creator, name="ci", role=Role.OBSERVER)

    outcomes = at_once(
        lambda: revoke_credential(credential.pk, by=creator), lambda: revoke_credential(credential.pk, by=admin)
    )

    assert sorted(outcomes) == ["done", "not found"]
    assert Event.objects.filter(verb="credential revoked").count() == 1
