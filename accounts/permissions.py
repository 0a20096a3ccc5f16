"""Who may do what with an account and its people, as data. docs/permissions.md is this table.

The first column of the design's table "Who may do what": one role, and everything that includes it.
"""

from enum import StrEnum

from django.core.exceptions import PermissionDenied

from accounts.roles import Role
from accounts.viewer import Viewer


class Verb(StrEnum):
    """What can be done with an account."""

    SEE = "see"
    MANAGE_PEOPLE = "manage the people"
    CHANGE_SETTINGS = "change the settings"
    CLOSE = "close it"


NEEDED_ROLE: dict[Verb, Role] = {
    Verb.SEE: Role.OBSERVER,
    Verb.MANAGE_PEOPLE: Role.ADMIN,
    Verb.CHANGE_SETTINGS: Role.ADMIN,
    Verb.CLOSE: Role.ADMIN,
}


def may(viewer: Viewer, verb: Verb) -> bool:
    """Whether the viewer may do this with the account of the page."""
    return viewer.role.includes(NEEDED_ROLE[verb])


def require(viewer: Viewer, verb: Verb) -> None:
    """Refuse what the viewer may not do with the account of the page.

    Raises:
        PermissionDenied: with the reason, for the person.
    """
    if not may(viewer, verb):
        needed = NEEDED_ROLE[verb].label.lower()
        raise PermissionDenied(f"Only {_article(needed)} {needed} of {viewer.account.title} can {verb}.")


def _article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"
