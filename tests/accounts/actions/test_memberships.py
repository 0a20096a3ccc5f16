"""Changing and ending memberships."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404

from accounts import actions
from accounts.errors import Conflict
from accounts.models import AnyGroup, Event, Membership, Notification, User
from accounts.roles import Role
from tests.factories import join, viewer
from tests.people import Cast


def membership(user: User, group: AnyGroup) -> Membership:
    return Membership.objects.get(user=user, group=group.pk)


def test_another_role_is_recorded_and_told(cast: Cast) -> None:
    carols = membership(cast.carol, cast.acme)
    actions.change_role(cast.acme, carols.pk, role=Role.ADMIN, by=cast.producer)
    assert membership(cast.carol, cast.acme).role == Role.ADMIN
    assert Event.objects.get(verb="role changed").detail == {"person": "carol", "old": "creator", "new": "admin"}
    assert Notification.objects.get(user=cast.carol).subject == "You are now admin of Acme Producers"


def test_the_same_role_changes_nothing(cast: Cast) -> None:
    actions.change_role(cast.acme, membership(cast.carol, cast.acme).pk, role=Role.CREATOR, by=cast.producer)
    assert not Event.objects.filter(verb="role changed").exists()


def test_roles_belong_to_their_kind(cast: Cast) -> None:
    with pytest.raises(ValidationError):
        actions.change_role(cast.acme, membership(cast.carol, cast.acme).pk, role=Role.MANAGER, by=cast.producer)


def test_only_an_admin_changes_roles(cast: Cast) -> None:
    own = membership(cast.carol, cast.acme).pk
    with pytest.raises(PermissionDenied):
        actions.change_role(cast.acme, own, role=Role.ADMIN, by=cast.creator)
    with pytest.raises(PermissionDenied):
        actions.remove_member(cast.acme, own, by=cast.creator)


def test_a_member_of_another_account_is_not_found(cast: Cast) -> None:
    daves = membership(cast.dave, cast.beta).pk
    with pytest.raises(Http404):
        actions.change_role(cast.acme, daves, role=Role.ADMIN, by=cast.producer)
    with pytest.raises(Http404):
        actions.remove_member(cast.acme, daves, by=cast.producer)
    with pytest.raises(Http404):
        actions.remove_member(cast.beta, daves, by=cast.producer)


def test_the_last_admin_stays(cast: Cast) -> None:
    alices = membership(cast.alice, cast.acme).pk
    with pytest.raises(Conflict, match="last admin of Acme Producers"):
        actions.change_role(cast.acme, alices, role=Role.OBSERVER, by=cast.producer)
    with pytest.raises(Conflict):
        actions.remove_member(cast.acme, alices, by=cast.producer)
    with pytest.raises(Conflict):
        actions.leave(cast.acme, by=cast.producer)


def test_the_last_manager_stays(cast: Cast) -> None:
    for group in (cast.golden_testers, cast.acme_group):
        with pytest.raises(Conflict, match="last manager"):
            actions.leave(group, by=cast.producer)


def test_a_deactivated_admin_does_not_count(cast: Cast) -> None:
    join(cast.trudy, cast.acme, Role.ADMIN)
    User.objects.filter(pk=cast.trudy.pk).update(is_active=False)
    with pytest.raises(Conflict):
        actions.leave(cast.acme, by=cast.producer)


def test_with_a_second_admin_the_first_may_go(cast: Cast) -> None:
    join(cast.trudy, cast.acme, Role.ADMIN)
    actions.leave(cast.acme, by=cast.producer)
    assert not Membership.objects.filter(user=cast.alice, group=cast.acme.pk).exists()
    assert Event.objects.get(verb="left").actor == cast.alice


def test_who_is_removed_is_told(cast: Cast) -> None:
    actions.remove_member(cast.acme, membership(cast.carol, cast.acme).pk, by=cast.producer)
    assert not Membership.objects.filter(user=cast.carol, group=cast.acme.pk).exists()
    assert Notification.objects.get(user=cast.carol).subject == "You are no longer in Acme Producers"


def test_a_personal_account_stays_with_its_person(cast: Cast) -> None:
    own = viewer(cast.alice)
    with pytest.raises(PermissionDenied):
        actions.leave(own.account, by=own)
    with pytest.raises(PermissionDenied):
        actions.remove_member(own.account, membership(cast.alice, own.account).pk, by=own)


def test_who_is_in_an_organization_through_an_account_cannot_leave_it(cast: Cast) -> None:
    with pytest.raises(Http404):
        actions.leave(cast.acme_group, by=cast.creator)


def test_a_manager_takes_an_account_out(cast: Cast) -> None:
    join(cast.trudy, cast.acme, Role.ADMIN)
    actions.remove_account(cast.acme_group, cast.acme.pk, by=cast.producer)
    cast.acme.refresh_from_db()
    assert cast.acme.organization is None
    assert Notification.objects.get(user=cast.trudy).subject == "Acme Producers is no longer in Acme Group"
    with pytest.raises(Http404):
        actions.remove_account(cast.acme_group, cast.acme.pk, by=cast.producer)


def test_an_account_of_another_organization_is_not_found(cast: Cast) -> None:
    with pytest.raises(Http404):
        actions.remove_account(cast.acme_group, cast.beta.pk, by=cast.producer)
    with pytest.raises(Http404):
        actions.remove_account(cast.beta_holdings, cast.beta.pk, by=cast.producer)


def test_an_admin_takes_the_account_out(cast: Cast) -> None:
    with pytest.raises(PermissionDenied, match="join or leave an organization"):
        actions.leave_organization(by=cast.creator)
    actions.leave_organization(by=cast.producer)
    cast.acme.refresh_from_db()
    assert cast.acme.organization is None
    with pytest.raises(Http404):
        actions.leave_organization(by=cast.producer)
