"""Whom a recipient trusts, and whom it does not want to hear of."""

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import F, Q

from sharing.models.shares import title_of
from sharing.querysets import BlockQuerySet, TrustQuerySet


class Trust(models.Model):
    """Offers of this producer are accepted at once by this recipient, which said so itself."""

    recipient = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="trusts")
    producer = models.ForeignKey(
        Group, on_delete=models.PROTECT, related_name="trusted_by", help_text="An account, or a whole organization."
    )
    trusted_at = models.DateTimeField(auto_now_add=True)
    trusted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    objects = TrustQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["recipient", "producer"], name="trust_once_per_pair"),
            models.CheckConstraint(condition=~Q(recipient=F("producer")), name="trust_of_somebody_else"),
        ]

    def __str__(self) -> str:
        return f"{self.recipient_title} trusts {self.producer_title}"

    @property
    def key(self) -> str:
        """What tells the row's elements apart on a page."""
        return str(self.pk)

    @property
    def recipient_title(self) -> str:
        """Who trusts, as people read it."""
        return title_of(self.recipient)

    @property
    def producer_title(self) -> str:
        """Who is trusted, as people read it."""
        return title_of(self.producer)


class Block(models.Model):
    """Offers of this producer reach this recipient no more. For the producer they stay pending, as if nobody looked."""

    recipient = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="blocks")
    producer = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="blocked_by")
    blocked_at = models.DateTimeField(auto_now_add=True)
    blocked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    objects = BlockQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["recipient", "producer"], name="block_once_per_pair")]

    def __str__(self) -> str:
        return f"{self.recipient_title} blocks {self.producer.title}"

    @property
    def key(self) -> str:
        """What tells the row's elements apart on a page."""
        return str(self.pk)

    @property
    def recipient_title(self) -> str:
        """For whom, as people read it."""
        return title_of(self.recipient)
