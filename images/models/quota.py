"""How much an account may keep."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from images.querysets import QuotaRequestQuerySet


class Quota(models.Model):
    """What staff have allowed one account; what is empty is as for everybody (``settings.QUOTA``)."""

    account = models.OneToOneField(
        "accounts.Account", on_delete=models.PROTECT, primary_key=True, related_name="image_quota"
    )
    bytes = models.PositiveBigIntegerField(null=True, blank=True, help_text="Bytes of image data.")
    images = models.PositiveIntegerField(null=True, blank=True, help_text="Images.")
    uploads = models.PositiveIntegerField(null=True, blank=True, help_text="Unfinished uploads at once.")
    imports = models.PositiveIntegerField(null=True, blank=True, help_text="Unfinished imports at once.")
    note = models.CharField(max_length=255, blank=True, help_text="Why; for staff.")
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"Quota of {self.account}"


class QuotaRequest(models.Model):
    """An account asks for more, and staff answer."""

    class Status(models.TextChoices):
        OPEN = "open", "Waiting for staff"
        GRANTED = "granted", "Granted"
        REFUSED = "refused", "Refused"
        WITHDRAWN = "withdrawn", "Withdrawn"

    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="quota_requests")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    bytes = models.PositiveBigIntegerField(null=True, blank=True, help_text="Bytes of image data wanted.")
    images = models.PositiveIntegerField(null=True, blank=True, help_text="Images wanted.")
    reason = models.TextField(max_length=2000)
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    answer = models.TextField(max_length=2000, blank=True)

    objects = QuotaRequestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account"], condition=Q(status="open"), name="quotarequest_one_open"),
            models.CheckConstraint(
                condition=Q(status="open", decided_at__isnull=True, decided_by__isnull=True)
                | (~Q(status="open") & Q(decided_at__isnull=False, decided_by__isnull=False)),
                name="quotarequest_decided_at_with_decided_by",
            ),
        ]

    def __str__(self) -> str:
        return f"Request of {self.account}"

    @property
    def is_open(self) -> bool:
        """Whether staff have still to answer."""
        return self.status == self.Status.OPEN
