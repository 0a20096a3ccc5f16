"""Verified: staff made sure that an account or organization is who its name says."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.template.loader import render_to_string
from django.urls import reverse

from accounts import actions
from accounts.errors import Conflict
from accounts.models import Account, Event, Organization
from accounts.roles import Role
from tests.accounts.conftest import Browse
from tests.factories import join
from tests.people import Cast


@pytest.fixture(params=["acme", "acme_group"])
def party(cast: Cast, request: pytest.FixtureRequest) -> Account | Organization:
    """An account, and an organization."""
    found: Any = getattr(cast, request.param)
    actions.make_reviewer(cast.sam)
    return found  # type: ignore[no-any-return]


def test_it_is_kept_and_told(cast: Cast, party: Any) -> None:
    verified = actions.verify(party, by=cast.sam)
    assert (verified.is_verified, verified.verified_by) == (True, cast.sam)
    assert Event.objects.get(verb="verified").actor_login == "sam"


def test_renaming_ends_it(cast: Cast, party: Any) -> None:
    actions.verify(party, by=cast.sam)
    actions.rename(party, title=party.title, by=cast.producer)
    assert type(party).objects.get(pk=party.pk).is_verified
    actions.rename(party, title="Stockroom Staff", by=cast.producer)
    assert not type(party).objects.get(pk=party.pk).is_verified
    assert Event.objects.get(verb="verification ended").actor_login == "alice"


def test_it_can_be_taken_back(cast: Cast, party: Any) -> None:
    actions.verify(party, by=cast.sam)
    assert not actions.unverify(party, by=cast.root).is_verified


def test_twice_is_told(cast: Cast, party: Any) -> None:
    actions.verify(party, by=cast.sam)
    with pytest.raises(Conflict, match="verified already"):
        actions.verify(party, by=cast.root)
    actions.unverify(party, by=cast.sam)
    with pytest.raises(Conflict, match="not verified"):
        actions.unverify(party, by=cast.sam)


def test_what_is_closed_is_not_verified(cast: Cast, party: Any) -> None:
    actions.close(party, by=cast.producer)
    with pytest.raises(Conflict, match="is closed"):
        actions.verify(party, by=cast.sam)


@pytest.mark.parametrize("login", ["alice", "bob"])
def test_people_do_not_verify(cast: Cast, party: Any, login: str) -> None:
    with pytest.raises(PermissionDenied):
        actions.verify(party, by=getattr(cast, login))


def test_staff_without_the_permission_do_not_verify(cast: Cast) -> None:
    with pytest.raises(PermissionDenied):
        actions.verify(cast.acme, by=cast.sam)


def test_the_administration_calls_the_actions(cast: Cast, browse: Browse, party: Any) -> None:
    sam = browse(cast.sam)
    changelist = reverse(f"admin:accounts_{party._meta.model_name}_changelist")
    for operation, is_verified in (("verify", True), ("unverify", False)):
        page = sam.post(changelist, {"action": operation, "_selected_action": [party.pk]}, follow=True)
        assert f"{party.title} is verified" in page.content.decode()
        assert type(party).objects.get(pk=party.pk).is_verified is is_verified
    page = sam.post(changelist, {"action": "unverify", "_selected_action": [party.pk]}, follow=True)
    assert "is not verified" in page.content.decode()


def test_the_badge_is_a_word_and_a_shape(cast: Cast, party: Any) -> None:
    badge = "components/verified.html"
    assert render_to_string(badge, {"party": party}).strip() == ""
    shown = render_to_string(badge, {"party": actions.verify(party, by=cast.sam)})
    assert "Verified" in shown
    assert "<svg" in shown


def test_nobody_verifies_what_they_are_in(cast: Cast, party: Any) -> None:
    join(cast.sam, party, Role.OBSERVER if party == cast.acme else Role.MEMBER)
    for act in (actions.verify, actions.unverify):
        with pytest.raises(PermissionDenied, match="somebody else of the staff"):
            act(party, by=cast.sam)
    assert not type(party).objects.get(pk=party.pk).is_verified


def test_nor_the_organization_of_their_account(cast: Cast) -> None:
    actions.make_reviewer(cast.sam)
    join(cast.sam, cast.acme, Role.OBSERVER)
    with pytest.raises(PermissionDenied, match="You are in Acme Group yourself"):
        actions.verify(cast.acme_group, by=cast.sam)


def test_an_administrator_does(cast: Cast) -> None:
    join(cast.root, cast.acme, Role.ADMIN)
    assert actions.verify(cast.acme, by=cast.root).is_verified
