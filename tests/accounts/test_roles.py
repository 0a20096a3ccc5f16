"""Roles and what they include."""

import pytest

from accounts.roles import DECIDING_ROLE, ROLES_OF_KIND, Kind, Role


@pytest.mark.parametrize("kind", DECIDING_ROLE)
def test_who_decides_may_do_everything(kind: Kind) -> None:
    assert all(DECIDING_ROLE[kind].includes(role) for role in ROLES_OF_KIND[kind])


def test_a_role_includes_the_ones_before_it() -> None:
    assert Role.ADMIN.includes(Role.CREATOR)
    assert Role.CREATOR.includes(Role.OBSERVER)
    assert not Role.OBSERVER.includes(Role.CREATOR)
    assert not Role.MEMBER.includes(Role.MANAGER)


def test_roles_in_a_sentence() -> None:
    assert Role.ADMIN.with_article == "an admin"
    assert Role.MANAGER.with_article == "a manager"
