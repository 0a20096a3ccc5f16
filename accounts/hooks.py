"""Questions that a lower app asks of higher ones. Higher apps register their answers in ``AppConfig.ready``."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, ParamSpec, TypeVar

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest

    from accounts.encryption import Rotation
    from accounts.models import Account, Event, Organization, Team, User
    from accounts.roles import Role
    from accounts.viewer import Viewer

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class GroupPage:
    """A page beside the people of an account, group or organization.

    Attributes:
        name: of its address.
        count: how much waits there; None where nothing is counted.
    """

    name: str
    label: str
    url: str
    count: int | None = None


class Hook(Generic[P, T]):
    """A list of functions of one signature. Asking calls all of them, in the order in which they registered."""

    def __init__(self) -> None:
        self._answers: list[Callable[P, T]] = []

    def register(self, answer: Callable[P, T]) -> Callable[P, T]:
        """Add an answer. Usable as a decorator."""
        if answer not in self._answers:
            self._answers.append(answer)
        return answer

    def ask(self, *args: P.args, **kwargs: P.kwargs) -> list[T]:
        """Every answer."""
        return [answer(*args, **kwargs) for answer in self._answers]


# A group, organization or account is being closed, inside the transaction: end what depends on it.
closing: "Hook[[Account | Organization | Team, Viewer], None]" = Hook()

# What closing would end, as sentences for the confirmation page ("3 images lose …").
closing_consequences: "Hook[[Account | Organization | Team], list[str]]" = Hook()

# A person has confirmed an email address, inside a transaction, by a link that was sent at this moment: what was
# addressed to it before that is now theirs.
email_confirmed: "Hook[[User, str, datetime], None]" = Hook()

# How many things wait for the viewer's decision: the counter in the navigation.
waiting: "Hook[[Viewer], int]" = Hook()

# Something was written down, inside its transaction. What an answer costs must not tell who is on the other side.
recorded: "Hook[[Event], None]" = Hook()

# Whether somebody already means something by this account number, so that it must never be given out.
number_is_spoken_for: "Hook[[str], bool]" = Hook()

# How many cases wait on the review desk, for somebody who decides there; None for everybody else.
review_desk: "Hook[[User], int | None]" = Hook()

# The first page of an account.
account_home: "Hook[[Account], str]" = Hook()

# What the roles of an account may do in another app: what it is about, and each right with the role it needs. For the
# table of the account page.
role_rights: "Hook[[], tuple[str, dict[str, Role]]]" = Hook()

# Sections that other apps add to the account page, as rendered fragments.
account_sections: "Hook[[HttpRequest, Viewer], str]" = Hook()

# More pages of an account, group or organization, which stand beside its people.
group_pages: "Hook[[Viewer, Account | Organization | Team], list[GroupPage]]" = Hook()

# A person has left an account, group or organization, or was taken out of it, inside the transaction: who, and by whom.
membership_ended: "Hook[[Account | Organization | Team, User, User], None]" = Hook()

# An account has left an organization, or was taken out of it, inside the transaction.
left_organization: "Hook[[Account, Organization], None]" = Hook()

# Encrypt every stored secret of the app under the secret key of today, and say what became of them.
secrets: "Hook[[], list[Rotation]]" = Hook()

# What else joining an organization means for an account, as sentences for the invitation.
joining_terms: "Hook[[Organization], list[str]]" = Hook()
