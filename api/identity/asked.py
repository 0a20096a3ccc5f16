"""What a program asks for when it asks for a token: the parts of the body, read and checked.

Keystone says of what is missing or of the wrong kind only what it expected, and so do we (wire contract, part A).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from accounts import numbers
from accounts.models import Account, Membership
from api.errors import Refusal

DEFAULT_ID, DEFAULT_NAME = "default", "Default"
LONGEST = 4096  # characters of a text; Keystone hashes no more of a password
MALFORMED = (
    "The server could not comply with the request since it is either malformed or otherwise incorrect. "
    "The client is assumed to be in error."
)


def expecting(what: str, where: str) -> Refusal:
    """400, for what is missing, or is not what it should be."""
    return Refusal(400, f"Expecting to find {what} in {where}. {MALFORMED}")


def object_in(said: Any, name: str, where: str) -> dict[str, Any]:
    """A part of the body that is an object.

    Raises:
        Refusal: 400, it is none.
    """
    found = said.get(name) if isinstance(said, dict) else None
    if not isinstance(found, dict):
        raise expecting(name, where)
    return found


def text_in(said: dict[str, Any], name: str, where: str) -> str:
    """A part of the body that is a text, and not an empty one.

    Raises:
        Refusal: 400, it is none.
    """
    found = said.get(name)
    if not isinstance(found, str) or not 0 < len(found) <= LONGEST:
        raise expecting(name, where)
    return found


@dataclass(frozen=True)
class Domain:
    """A domain as a program names it: by id or by name."""

    id: str = ""
    name: str = ""

    @classmethod
    def read(cls, said: dict[str, Any], where: str) -> "Domain":
        """The domain of a user or a project.

        Raises:
            Refusal: 400, there is none, or it has neither id nor name.
        """
        domain = object_in(said, "domain", where)
        if "id" in domain:
            return cls(id=text_in(domain, "id", "domain"))
        return cls(name=text_in(domain, "name", "domain"))

    @property
    def is_default(self) -> bool:
        """Whether it is the one in which all people are, and every account can be found."""
        return self.id == DEFAULT_ID or self.name.casefold() == DEFAULT_ID

    def has(self, account: Account) -> bool:
        """Whether an account can be found in it: in that of its organization, and in the default one."""
        if self.is_default:
            return True
        organization = account.organization
        if organization is None or not organization.is_open:
            return False
        return self.id == str(organization.pk) or self.name == organization.title


class Kind(Enum):
    """What kind of scope is asked for."""

    NOT_SAID = auto()
    UNSCOPED = auto()
    ACCOUNT = auto()
    OTHER = auto()  # a domain, the system, a trust: nobody has a role in these


@dataclass(frozen=True)
class Scope:
    """Which account a token is asked for: by number, or by name and domain."""

    kind: Kind
    number: str = ""
    name: str = ""
    domain: Domain = Domain()

    @classmethod
    def read(cls, auth: dict[str, Any]) -> "Scope":
        """The scope that is asked for.

        Raises:
            Refusal: 400, it is none that Identity knows, or more than one.
        """
        said = auth.get("scope")
        if said is None:
            return cls(Kind.NOT_SAID)
        if said == "unscoped" or (isinstance(said, dict) and set(said) == {"unscoped"}):
            return cls(Kind.UNSCOPED)
        if not isinstance(said, dict) or len(said) != 1 or not set(said) <= KNOWN_SCOPES:
            raise expecting("one of project, domain, system, or OS-TRUST:trust", "scope")
        return cls._of_project(object_in(said, "project", "scope")) if "project" in said else cls(Kind.OTHER)

    @classmethod
    def _of_project(cls, project: dict[str, Any]) -> "Scope":
        if "id" in project:
            return cls(Kind.ACCOUNT, number=numbers.normalise(text_in(project, "id", "project")))
        name = text_in(project, "name", "project")
        return cls(Kind.ACCOUNT, name=name, domain=Domain.read(project, "project"))

    def fits(self, account: Account) -> bool:
        """Whether it can mean this account."""
        if self.number:
            return account.number == self.number
        return self.kind is Kind.ACCOUNT and account.title == self.name and self.domain.has(account)

    def choose(self, memberships: Iterable[Membership]) -> Membership | None:
        """The one account that it means, out of those of a person; None when it means none, or several."""
        found = [membership for membership in memberships if self.fits(membership.group.as_account)]
        return found[0] if len(found) == 1 else None

    @property
    def is_nothing(self) -> bool:
        """Whether no account is asked for."""
        return self.kind in {Kind.NOT_SAID, Kind.UNSCOPED}


KNOWN_SCOPES = {"project", "domain", "system", "OS-TRUST:trust"}
