"""Which credentials still let a program in, and who sees them."""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q, Subquery
from django.utils import timezone

if TYPE_CHECKING:
    from accounts.models import Account, User
    from accounts.viewer import Viewer
    from api.models import ApplicationCredential


class CredentialQuerySet(models.QuerySet["ApplicationCredential"]):
    """Application credentials."""

    def live(self) -> "CredentialQuerySet":
        """Neither revoked nor past their end."""
        return self.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=timezone.now()), revoked_at__isnull=True)

    def opening(self) -> "CredentialQuerySet":
        """Those that let a program in now: live, of somebody who may sign in and is in the account, which is open.

        It is one condition, so that a dead credential costs what a wrong one costs.
        """
        here = Q(user__memberships__group=F("account"))
        return self.live().filter(here, user__is_active=True, account__closed_at__isnull=True)

    def of(self, user: "User", account: "Account") -> "CredentialQuerySet":
        """Those that a person has for one account, and has not revoked."""
        return self.filter(user=user, account=account, revoked_at__isnull=True)

    def shown_to(self, viewer: "Viewer") -> "CredentialQuerySet":
        """Those for the viewer's account that nobody has revoked: one's own; an admin sees those of everybody."""
        kept = self.filter(account=viewer.account, revoked_at__isnull=True)
        return kept if viewer.is_admin else kept.filter(user=viewer.user)

    def older_than(self, credential_id: str) -> "CredentialQuerySet":
        """Those that stand after one in the list, the newest first; all of them where nothing is named."""
        newest_first = self.order_by("-created_at", "-pk")
        if not credential_id:
            return newest_first
        moment = Subquery(self.model.objects.filter(pk=credential_id).values("created_at"))
        return newest_first.filter(Q(created_at__lt=moment) | Q(created_at=moment, pk__lt=credential_id))
