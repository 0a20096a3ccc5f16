"""Kinds of groups and the roles people have in them (the glossary: docs/glossary.md)."""

from django.db.models import TextChoices


class Kind(TextChoices):
    """What a row of ``auth_group`` stands for."""

    ACCOUNT = "account", "Account"
    ORGANIZATION = "organization", "Organization"
    TEAM = "team", "Group"
    STAFF = "staff", "Staff"


class Role(TextChoices):
    """A person's role. Observer < creator < admin in an account; member < manager in a group or organization."""

    OBSERVER = "observer", "Observer"
    CREATOR = "creator", "Creator"
    ADMIN = "admin", "Admin"
    MEMBER = "member", "Member"
    MANAGER = "manager", "Manager"

    @property
    def rank(self) -> int:
        """How much the role may do, within its kind."""
        return _RANKS[self]

    @property
    def with_article(self) -> str:
        """As it stands in a sentence: "an admin"."""
        word = self.label.lower()
        return f"an {word}" if word[0] in "aeiou" else f"a {word}"

    def includes(self, other: "Role") -> bool:
        """Whether this role may do everything that ``other`` may."""
        return self.rank >= other.rank


_RANKS = {Role.OBSERVER: 1, Role.MEMBER: 1, Role.CREATOR: 2, Role.ADMIN: 3, Role.MANAGER: 3}

ROLES_OF_KIND: dict[Kind, tuple[Role, ...]] = {
    Kind.ACCOUNT: (Role.OBSERVER, Role.CREATOR, Role.ADMIN),
    Kind.ORGANIZATION: (Role.MEMBER, Role.MANAGER),
    Kind.TEAM: (Role.MEMBER, Role.MANAGER),
    Kind.STAFF: (Role.MEMBER,),
}

# Who decides for the group: at least one person must always have this role.
DECIDING_ROLE: dict[Kind, Role] = {
    Kind.ACCOUNT: Role.ADMIN,
    Kind.ORGANIZATION: Role.MANAGER,
    Kind.TEAM: Role.MANAGER,
}
