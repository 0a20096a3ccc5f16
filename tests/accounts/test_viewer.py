"""Who is asking, and for which account."""

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import Account
from accounts.roles import Role
from accounts.viewer import Viewer
from tests.factories import join, viewer
from tests.people import Cast


def test_a_viewer_costs_one_query(cast: Cast, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        found = Viewer.of(cast.alice, number=cast.acme.number)
        assert found
        assert found.principals
        assert found.accounts
        assert found.managed_teams
        assert found.managed_organizations


def test_nobody_views_for_an_account_of_others(cast: Cast) -> None:
    assert Viewer.of(cast.bob, number=cast.acme.number) is None
    assert Viewer.of(cast.bob, number="0000000000") is None


def test_principals_are_everything_that_grants_may_name(cast: Cast) -> None:
    expected = {cast.acme, cast.acme_group, cast.golden_testers, cast.alice.personal_account}
    assert cast.producer.principals == {group.pk for group in expected}


def test_people_of_an_account_are_in_its_organization(cast: Cast) -> None:
    assert cast.acme_group.pk in cast.creator.principals
    assert cast.acme_group.pk not in viewer(cast.carol).principals


def test_only_admins_and_managers_decide(cast: Cast) -> None:
    own = cast.carol.personal_account.pk
    assert cast.creator.decides_for == {own}
    assert {cast.acme.pk, cast.golden_testers.pk, cast.acme_group.pk} <= cast.producer.decides_for


def test_the_personal_account_stands_first(cast: Cast) -> None:
    assert cast.producer.accounts == [cast.alice.personal_account, cast.acme]


def test_a_closed_account_has_no_viewer(cast: Cast) -> None:
    Account.objects.filter(pk=cast.acme.pk).update(closed_at=cast.acme.created_at, closed_by=cast.alice)
    assert Viewer.of(cast.alice, number=cast.acme.number) is None


@pytest.mark.parametrize(("role", "creates", "decides"), [
    (Role.OBSERVER, False, False), (Role.CREATOR, True, False), (Role.ADMIN, True, True),
])  # fmt: skip
def test_what_a_role_means(cast: Cast, role: Role, creates: bool, decides: bool) -> None:
    join(cast.erin, cast.beta, role)
    erin = viewer(cast.erin, cast.beta)
    assert (erin.is_creator, erin.is_admin) == (creates, decides)
