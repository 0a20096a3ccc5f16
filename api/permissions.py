"""Who may do what with application credentials, as data. docs/permissions.md is made from it."""

from enum import StrEnum

from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from accounts.roles import Role


class Verb(StrEnum):
    """What can be done. The text completes "Only an admin of … can …"."""

    MAKE = "make application credentials for themselves, with their own role at most"
    MANAGE_ALL = "see and revoke the application credentials of everybody"


NEEDED_ROLE: dict[Verb, Role] = {
    Verb.MAKE: Role.OBSERVER,
    Verb.MANAGE_ALL: Role.ADMIN,
}


def role_rights() -> tuple[str, dict[str, Role]]:
    """The table, for the page that shows what each role may do."""
    return "Programs", {str(verb): role for verb, role in NEEDED_ROLE.items()}


def may_revoke_as_staff(user: User | AnonymousUser) -> bool:
    """Whether somebody revokes credentials of any account: staff with the right to change them."""
    return user.is_active and user.is_staff and user.has_perm("api.change_applicationcredential")
