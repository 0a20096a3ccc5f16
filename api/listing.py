"""The credentials that a viewer sees, as they stand in the list."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import OuterRef, Subquery

from accounts.models import Membership
from accounts.roles import Role
from accounts.viewer import Viewer
from api.models import ApplicationCredential

CREDENTIALS_ON_A_PAGE = 50


@dataclass(frozen=True)
class Line:
    """A credential in the list.

    Attributes:
        is_own: whether it is the viewer's.
        role_now: that of its person in the account.
    """

    credential: ApplicationCredential
    is_own: bool
    role_now: Role

    @property
    def role(self) -> Role:
        """What a program has by it now."""
        return min(self.credential.most, self.role_now, key=lambda role: role.rank)

    @property
    def is_less(self) -> bool:
        """Whether that is less than what it was made for, because its person has become less."""
        return self.role is not self.credential.most

    @property
    def look(self) -> str:
        """As ``{% status %}`` knows it; empty where there is nothing to say."""
        if self.credential.is_expired:
            return "expired"
        return "" if self.credential.user.is_active else "deactivated"

    @property
    def words(self) -> str:
        """What the status says."""
        return "Expired" if self.credential.is_expired else "Its person is deactivated"


@dataclass(frozen=True)
class Page:
    """A page of the list.

    Attributes:
        older: the id after which the next page begins; empty on the last one.
        shows_people: whether credentials of others can be among them.
    """

    lines: Sequence[Line]
    older: str
    shows_people: bool


def page_for(viewer: Viewer, *, before: str = "") -> Page:
    """The credentials that a viewer sees, the newest first. One query.

    Args:
        before: the id of the last one of the page before; empty for the first page.
    """
    role_now = Membership.objects.filter(group=OuterRef("account"), user=OuterRef("user")).values("role")
    rows = ApplicationCredential.objects.shown_to(viewer).older_than(before).select_related("user")
    found = list(rows.annotate(role_now=Subquery(role_now))[: CREDENTIALS_ON_A_PAGE + 1])
    shown = found[:CREDENTIALS_ON_A_PAGE]
    lines = [Line(each, each.user_id == viewer.user.pk, _role_now(each)) for each in shown]
    return Page(
        lines, shown[-1].pk if len(found) > len(shown) else "", viewer.is_admin and not viewer.account.is_personal
    )


def _role_now(credential: ApplicationCredential) -> Role:
    return Role(getattr(credential, "role_now", None) or credential.role)
