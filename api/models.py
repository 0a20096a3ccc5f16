"""What the API keeps: credentials that people make for programs, and tokens that ended before their time."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.roles import ROLES_OF_KIND, Kind, Role
from accounts.validators import is_one_line
from api.querysets import CredentialQuerySet
from api.validators import is_storable

if TYPE_CHECKING:
    from accounts.models import Account

LONGEST_DESCRIPTION = 1000  # characters


class ApplicationCredential(models.Model):
    """By which a program signs in as a person, for one of their accounts and with one role (OpenStack Identity v3).

    The secret is shown once; what is kept says only whether one that is given is the same. The row stays when it is
    revoked, so that events which name it can still be understood.
    """

    id = models.CharField(primary_key=True, max_length=32, editable=False)
    name = models.CharField(max_length=120, validators=[is_one_line])
    description = models.TextField(blank=True, validators=[is_storable, MaxLengthValidator(LONGEST_DESCRIPTION)])
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="application_credentials")
    account: "models.ForeignKey[Account, Account]" = models.ForeignKey(
        "accounts.Account", on_delete=models.PROTECT, related_name="application_credentials"
    )
    role = models.CharField(max_length=10, choices=[(role, role.label) for role in ROLES_OF_KIND[Kind.ACCOUNT]])
    secret_hash = models.CharField(max_length=64, help_text="SHA-256 of the secret, which has 256 random bits.")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Empty: without an end.")
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    last_used_at = models.DateTimeField(null=True, blank=True, help_text="When a token was last made with it.")

    objects = CredentialQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "name"], condition=Q(revoked_at__isnull=True), name="credential_name_once_per_person"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="credential_has_a_name"),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_by__isnull=True)
                | Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="credential_revoked_at_with_revoked_by",
            ),
        ]
        indexes = [
            models.Index(
                fields=["account", "-created_at"], condition=Q(revoked_at__isnull=True), name="credential_of_account"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_live(self) -> bool:
        """Whether it is neither revoked nor past its end."""
        return self.revoked_at is None and not self.is_expired

    @property
    def is_expired(self) -> bool:
        """Whether its end has come."""
        return self.expires_at is not None and self.expires_at <= timezone.now()

    @property
    def most(self) -> Role:
        """The highest role that it gives."""
        return Role(self.role)


class RevokedToken(models.Model):
    """A token that somebody ended before its time. The row is needed until the token would have ended anyway."""

    audit_id = models.CharField(primary_key=True, max_length=32)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.audit_id
