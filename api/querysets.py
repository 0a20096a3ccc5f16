"""Which credentials still let a program in, and whose they are."""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils import timezone

if TYPE_CHECKING:
    from accounts.models import Account, User
    from api.models import ApplicationCredential


class CredentialQuerySet(models.QuerySet["ApplicationCredential"]):
    """Application credentials."""

    def live(self) -> "CredentialQuerySet":
        """Neither revoked nor past their end."""
        return self.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=timezone.now()), revoked_at__isnull=True)

    def of(self, user: "User", account: "Account") -> "CredentialQuerySet":
        """Those that a person has for one account, and has not revoked."""
        return self.filter(user=user, account=account, revoked_at__isnull=True)
