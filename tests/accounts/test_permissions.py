"""Who may do what with accounts, groups and organizations."""

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from pytest_django import DjangoAssertNumQueries

from accounts.permissions import NEEDED_ROLE, Verb, get_group, may, rights_table, role_in
from accounts.roles import DECIDING_ROLE, ROLES_OF_KIND, Kind, Role
from tests.factories import viewer
from tests.people import Cast


@pytest.mark.parametrize("kind", NEEDED_ROLE)
def test_who_decides_may_everything_and_the_others_only_look(kind: Kind) -> None:
    for verb, needed in NEEDED_ROLE[kind].items():
        assert needed in ROLES_OF_KIND[kind]
        assert needed is (ROLES_OF_KIND[kind][0] if verb is Verb.SEE else DECIDING_ROLE[kind])


def test_the_reason_names_the_role_and_the_account(cast: Cast) -> None:
    with pytest.raises(PermissionDenied, match="Only an admin of Acme Producers can rename it"):
        get_group(cast.creator, Kind.ACCOUNT, None, Verb.CHANGE_SETTINGS)


def test_a_group_of_others_does_not_exist(cast: Cast) -> None:
    for kind, group in ((Kind.TEAM, cast.golden_testers), (Kind.ORGANIZATION, cast.acme_group)):
        with pytest.raises(Http404):
            get_group(cast.consumer, kind, group.pk, Verb.SEE)


def test_an_id_of_another_kind_does_not_exist(cast: Cast) -> None:
    with pytest.raises(Http404):
        get_group(cast.producer, Kind.TEAM, cast.acme_group.pk, Verb.SEE)
    with pytest.raises(Http404):
        get_group(cast.producer, Kind.ORGANIZATION, cast.golden_testers.pk, Verb.SEE)


def test_finding_a_group_costs_nothing(cast: Cast, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    alice = cast.producer
    with django_assert_num_queries(0):
        assert get_group(alice, Kind.TEAM, cast.golden_testers.pk, Verb.MANAGE_PEOPLE) == cast.golden_testers


def test_a_member_through_the_account_sees_the_organization_and_manages_nothing(cast: Cast) -> None:
    assert role_in(cast.creator, cast.acme_group) is Role.MEMBER
    assert get_group(cast.creator, Kind.ORGANIZATION, cast.acme_group.pk, Verb.SEE) == cast.acme_group
    assert not may(cast.creator, Verb.MANAGE_ACCOUNTS, cast.acme_group)
    assert role_in(viewer(cast.carol), cast.acme_group) is None


def test_the_table_for_people_has_the_rights_of_all_apps() -> None:
    table = rights_table(Kind.ACCOUNT)
    assert [part.about for part in table] == ["An image", "Servers", "Programs", "The account"]
    share = next(roles for text, roles in table[0].lines if text == "Share it")
    assert share == [(Role.OBSERVER, False), (Role.CREATOR, True), (Role.ADMIN, True)]
