"""Account, organization and team: three kinds of ``django.contrib.auth``'s group.

They are multi-table subclasses of ``Group``, so that guardian, the admin and the ORM share one table of
membership. ``Group.name`` is a technical name; people see ``title``.
"""

from typing import ClassVar

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q

from accounts import numbers
from accounts.roles import Kind
from accounts.validators import is_one_line


class Closable(models.Model):
    """What is never deleted: it is closed, and the row stays as a tombstone, so that its id is never reused."""

    kind: ClassVar[Kind]

    title = models.CharField("name", max_length=120, validators=[is_one_line])
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, closed_by__isnull=True)
                | Q(closed_at__isnull=False, closed_by__isnull=False),
                name="%(class)s_closed_at_with_closed_by",
            ),
            models.CheckConstraint(condition=~Q(title=""), name="%(class)s_has_a_title"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        """Whether people can still work in it and be reached through it."""
        return self.closed_at is None


class Verifiable(models.Model):
    """Of which staff have made sure that it is who its name says, so that others need not be taken in by a name."""

    verified_at = models.DateTimeField(null=True, blank=True)
    verified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(verified_at__isnull=True, verified_by__isnull=True)
                | Q(verified_at__isnull=False, verified_by__isnull=False),
                name="%(class)s_verified_at_with_verified_by",
            )
        ]

    @property
    def is_verified(self) -> bool:
        """Whether staff have verified it, and it still has that name: renaming ends it."""
        return self.verified_at is not None


class Organization(Verifiable, Closable, Group):
    """A set of people and accounts under one management (OpenStack: domain)."""

    kind = Kind.ORGANIZATION
    group_ptr = models.OneToOneField(
        Group, on_delete=models.PROTECT, parent_link=True, primary_key=True, related_name="as_organization"
    )
    objects: ClassVar[models.Manager["Organization"]]  # type: ignore[assignment]  # finds its own kind, not groups

    class Meta:
        constraints = [*Closable.Meta.constraints, *Verifiable.Meta.constraints]


class Team(Closable, Group):
    """A named set of people. The pages call it a group."""

    kind = Kind.TEAM
    group_ptr = models.OneToOneField(
        Group, on_delete=models.PROTECT, parent_link=True, primary_key=True, related_name="as_team"
    )
    objects: ClassVar[models.Manager["Team"]]  # type: ignore[assignment]  # finds its own kind, not groups

    class Meta(Closable.Meta):
        verbose_name = "group"


class Account(Verifiable, Closable, Group):
    """The tenant that owns images and servers (OpenStack: project). Its number is its id everywhere."""

    kind = Kind.ACCOUNT
    group_ptr = models.OneToOneField(
        Group, on_delete=models.PROTECT, parent_link=True, primary_key=True, related_name="as_account"
    )
    objects: ClassVar[models.Manager["Account"]]  # type: ignore[assignment]  # finds its own kind, not groups
    number = models.CharField(max_length=numbers.LENGTH, unique=True, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, null=True, blank=True, related_name="accounts"
    )
    personal_of = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="personal_account",
        help_text="The one person of a personal account.",
    )

    class Meta:
        constraints = [*Closable.Meta.constraints, *Verifiable.Meta.constraints]
        permissions = [("verify_account", "Can say that accounts and organizations are who their names say")]

    def __str__(self) -> str:
        return f"{self.title} ({self.grouped_number})"

    @property
    def grouped_number(self) -> str:
        """The number as people read it: ``4071 3859 62``."""
        return numbers.grouped(self.number)

    @property
    def is_personal(self) -> bool:
        """Whether exactly one person is in this account, for ever."""
        return self.personal_of_id is not None


# What people can belong to, except staff groups.
AnyGroup = Account | Organization | Team
