"""People, what they belong to, and the invitations by which they come to belong."""

import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.contrib.auth import get_backends
from django.contrib.auth.models import AbstractUser, Group
from django.db import models
from django.db.models import Q

from accounts import numbers
from accounts.querysets import InvitationQuerySet, MembershipQuerySet, UserManager
from accounts.roles import ROLES_OF_KIND, Kind, Role
from accounts.validators import is_one_line, login_validators

if TYPE_CHECKING:
    from accounts.models.groups import Account, Organization, Team


def role_fits_kind() -> Q:
    """The pairs of kind and role that exist."""
    fits = Q()
    for kind, roles in ROLES_OF_KIND.items():
        fits |= Q(kind=kind, role__in=roles)
    return fits


class User(AbstractUser):
    """A person. The login is a public handle; the address is private."""

    username = models.CharField(
        "login",
        max_length=32,
        unique=True,
        validators=login_validators,
        error_messages={"unique": "This login is taken. Choose another one."},
    )
    name = models.CharField(max_length=120, blank=True, validators=[is_one_line])
    first_name = None  # type: ignore[assignment]  # Django: None takes a column of the base away
    last_name = None  # type: ignore[assignment]  # Django: None takes a column of the base away
    is_demo = models.BooleanField(
        default=False, editable=False, help_text="Everybody knows the password: this person signs in on loopback only."
    )
    not_mailed: "models.JSONField[list[str], list[str]]" = models.JSONField(
        default=list, blank=True, editable=False, help_text="Kinds of messages that show in the panel only."
    )
    groups = models.ManyToManyField(  # type: ignore[assignment]  # the one of PermissionsMixin has no roles
        Group, through="accounts.Membership", related_name="user_set", related_query_name="user", blank=True
    )

    personal_account: "Account"

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        ordering = ["username"]

    def __str__(self) -> str:
        return self.username

    def get_full_name(self) -> str:
        """The name, or the login of a person who gave none."""
        return self.name or self.username

    def get_short_name(self) -> str:
        """The first word of the name."""
        return self.get_full_name().split()[0]

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Ask the backends. Unlike Django's, a superuser has no rights on an object that nobody gave.

        An administrator runs the panel; other people's images are not theirs (design: consent).
        """
        if obj is None:
            return super().has_perm(perm)
        return self.is_active and any(backend.has_perm(self, perm, obj) for backend in get_backends())


class Membership(models.Model):
    """A person's role in an account, group or organization (OpenStack: role assignment)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships")
    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="memberships")
    kind = models.CharField(max_length=12, choices=Kind)
    role = models.CharField(max_length=8, choices=Role)
    joined_at = models.DateTimeField(auto_now_add=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "group"], name="membership_once_per_person_and_group"),
            models.CheckConstraint(condition=role_fits_kind(), name="membership_role_fits_kind"),
        ]
        indexes = [models.Index(fields=["group", "role"], name="membership_of_group")]

    def __str__(self) -> str:
        return f"{self.user} is {self.get_role_display().lower()} of {self.group}"

    @property
    def of(self) -> "Account | Organization | Team":
        """The account, organization or team that this is a membership of. Costs nothing after ``with_groups()``."""
        group: Account | Organization | Team = getattr(self.group, f"as_{self.kind}")
        return group

    @property
    def rank(self) -> int:
        """How much the role may do."""
        return Role(self.role).rank


class Invitation(models.Model):
    """An invitation to join, which says what joining means. Nobody belongs to anything without accepting one.

    A person is invited by login or email address; an account (into an organization) by its number. Nothing on
    the inviting side tells whether the address exists: ``invitee`` is not read there before acceptance.
    """

    class Status(models.TextChoices):
        PENDING = "pending", "Pending"
        ACCEPTED = "accepted", "Accepted"
        DECLINED = "declined", "Declined"
        REVOKED = "revoked", "Revoked"

    class AddressKind(models.TextChoices):
        LOGIN = "login", "Login"
        EMAIL = "email", "Email address"
        NUMBER = "number", "Account number"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="invitations")
    kind = models.CharField(max_length=12, choices=Kind)
    role = models.CharField(max_length=8, choices=Role)
    address_kind = models.CharField(max_length=8, choices=AddressKind)
    address = models.CharField(max_length=254)
    invitee = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="invitations"
    )
    invited_account = models.ForeignKey(
        "accounts.Account", on_delete=models.PROTECT, null=True, blank=True, related_name="invitations_received"
    )
    status = models.CharField(max_length=8, choices=Status, default=Status.PENDING)
    invited_at = models.DateTimeField(auto_now_add=True)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["group", "address_kind", "address"],
                condition=Q(status="pending"),
                name="invitation_pending_once_per_address",
            ),
            models.CheckConstraint(condition=role_fits_kind(), name="invitation_role_fits_kind"),
            models.CheckConstraint(
                condition=Q(status="pending", decided_at__isnull=True, decided_by__isnull=True)
                | (~Q(status="pending") & Q(decided_at__isnull=False, decided_by__isnull=False)),
                name="invitation_decided_at_with_decided_by",
            ),
        ]

    def __str__(self) -> str:
        return f"Invitation of {self.address} to {self.group}"

    @property
    def to(self) -> "Account | Organization | Team":
        """The account, organization or team that one is invited to."""
        group: Account | Organization | Team = getattr(self.group, f"as_{self.kind}")
        return group

    @property
    def address_text(self) -> str:
        """What the inviting person typed, as people read it."""
        return numbers.grouped(self.address) if self.address_kind == self.AddressKind.NUMBER else self.address
