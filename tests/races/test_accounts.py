"""Two people change who belongs where at once: somebody who decides is always left, and nobody joins twice."""

import pytest

from accounts.actions import (
    accept_invitation,
    change_role,
    close,
    invite,
    invite_account,
    leave,
    remove_member,
    revoke_invitation,
)
from accounts.models import Event, Membership, User
from accounts.roles import Role
from accounts.viewer import Viewer
from tests.factories import make_account, make_organization, viewer
from tests.people import Cast
from tests.races.conftest import AtOnce

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]


def membership(user: User, cast: Cast) -> int:
    return Membership.objects.get(user=user, group=cast.beta.pk).pk


def admins(cast: Cast) -> int:
    return Membership.objects.deciding_for(cast.beta.pk).count()


def test_of_two_last_admins_who_leave_one_stays(cast: Cast, at_once: AtOnce, consumer: Viewer, frank: Viewer) -> None:
    outcomes = at_once(lambda: leave(cast.beta, by=consumer), lambda: leave(cast.beta, by=frank))

    assert sorted(outcomes) == ["conflict", "done"]
    assert admins(cast) == 1


def test_of_two_admins_who_demote_each_other_one_stays(
    cast: Cast, at_once: AtOnce, consumer: Viewer, frank: Viewer
) -> None:
    bobs, franks = membership(cast.bob, cast), membership(frank.user, cast)

    outcomes = at_once(
        lambda: change_role(cast.beta, franks, role=Role.OBSERVER, by=consumer),
        lambda: change_role(cast.beta, bobs, role=Role.OBSERVER, by=frank),
    )

    assert sorted(outcomes) == ["done", "forbidden"]
    assert admins(cast) == 1


def test_of_two_admins_who_remove_each_other_one_stays(
    cast: Cast, at_once: AtOnce, consumer: Viewer, frank: Viewer
) -> None:
    bobs, franks = membership(cast.bob, cast), membership(frank.user, cast)

    outcomes = at_once(
        lambda: remove_member(cast.beta, franks, by=consumer), lambda: remove_member(cast.beta, bobs, by=frank)
    )

    assert sorted(outcomes) == ["done", "not found"]
    assert admins(cast) == 1


def test_an_account_is_closed_once(cast: Cast, at_once: AtOnce, consumer: Viewer, frank: Viewer) -> None:
    outcomes = at_once(lambda: close(cast.beta, by=consumer), lambda: close(cast.beta, by=frank))

    assert sorted(outcomes) == ["done", "not found"]
    assert Event.objects.filter(verb="closed").count() == 1


def test_accepting_an_invitation_twice_is_joining_once(cast: Cast, at_once: AtOnce, consumer: Viewer) -> None:
    invitation = invite(cast.beta, address="trudy", role=Role.CREATOR, by=consumer)

    outcomes = at_once(*[lambda: accept_invitation(invitation.pk, by=cast.trudy)] * 3)

    assert outcomes == ["done"] * 3
    assert Membership.objects.filter(user=cast.trudy, group=cast.beta.pk).count() == 1
    assert Event.objects.filter(verb="joined", subject_name=cast.beta.title).count() == 1


def test_accepting_while_the_invitation_is_taken_back_agrees(cast: Cast, at_once: AtOnce, consumer: Viewer) -> None:
    invitation = invite(cast.beta, address="trudy", role=Role.CREATOR, by=consumer)

    accepted, revoked = at_once(
        lambda: accept_invitation(invitation.pk, by=cast.trudy),
        lambda: revoke_invitation(cast.beta, invitation.pk, by=consumer),
    )

    assert (accepted, revoked) in {("done", "conflict"), ("not found", "done")}
    joined = Membership.objects.filter(user=cast.trudy, group=cast.beta.pk).exists()
    assert joined == (accepted == "done")


def test_an_account_joins_one_of_two_organizations(cast: Cast, at_once: AtOnce) -> None:
    account = make_account("Gamma", cast.rhea)
    invitations = [
        invite_account(organization, number=account.number, by=viewer(manager))
        for organization, manager in ((cast.acme_group, cast.alice), (make_organization("Delta", cast.bob), cast.bob))
    ]

    outcomes = at_once(*(lambda one=one: accept_invitation(one.pk, by=cast.rhea) for one in invitations))

    assert sorted(outcomes) == ["conflict", "done"]
    account.refresh_from_db()
    assert account.organization_id == invitations[outcomes.index("done")].group_id


def test_joining_while_the_account_closes_leaves_no_way_in(cast: Cast, at_once: AtOnce, consumer: Viewer) -> None:
    invitation = invite(cast.beta, address="trudy", role=Role.CREATOR, by=consumer)

    accepted, closed = at_once(
        lambda: accept_invitation(invitation.pk, by=cast.trudy), lambda: close(cast.beta, by=consumer)
    )

    assert accepted in {"done", "not found"}
    assert closed == "done"
    assert Viewer.of(cast.trudy, number=cast.beta.number) is None
