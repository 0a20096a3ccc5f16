"""Hand-overs: an account asks another one to take an image over."""

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts import numbers
from accounts.addresses import Kind
from sharing.models.shares import title_of
from sharing.querysets import HandOverQuerySet


class HandOver(models.Model):
    """This image is to become the property of this address, if whoever decides there agrees.

    Like a share it is keyed by what the giver named: ``recipient`` is what that resolved to, and nothing on the
    giver's side reads it. An unknown address waits until its time is over, and looks the same.
    """

    class Status(models.TextChoices):
        OPEN = "open", "Waits for an answer"
        ACCEPTED = "accepted", "Accepted"
        REJECTED = "rejected", "Rejected"
        CANCELLED = "cancelled", "Cancelled"

    image = models.ForeignKey("images.Image", on_delete=models.PROTECT, related_name="hand_overs")
    giver = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="given_images")
    kind = models.CharField(max_length=6, choices=Kind)
    address = models.CharField(max_length=254, help_text="Normalised.")
    recipient = models.ForeignKey(Group, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    message = models.TextField(max_length=1000, blank=True)
    reason = models.TextField(max_length=1000, blank=True, help_text="Why it was rejected.")
    keep_using = models.BooleanField(default=False, help_text="The giver has it shared with itself afterwards.")
    status = models.CharField(max_length=9, choices=Status, default=Status.OPEN)
    offered_at = models.DateTimeField(default=timezone.now)
    offered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    expires_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = HandOverQuerySet.as_manager()

    class Meta:
        verbose_name = "hand-over"
        ordering = ["-offered_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["image"], condition=Q(status="open"), name="handover_one_open_per_image"),
            models.CheckConstraint(
                condition=Q(status="open", decided_at__isnull=True, decided_by__isnull=True)
                | (~Q(status="open") & Q(decided_at__isnull=False, decided_by__isnull=False)),
                name="handover_decided_at_with_decided_by",
            ),
            models.CheckConstraint(condition=~Q(address=""), name="handover_has_an_address"),
        ]
        indexes = [
            models.Index(fields=["recipient"], condition=Q(status="open"), name="handover_waiting"),
            models.Index(fields=["giver"], condition=Q(status="open"), name="handover_asked"),
        ]

    def __str__(self) -> str:
        return f"{self.image} to {self.address_text}"

    @property
    def is_open(self) -> bool:
        """Whether it waits for an answer: the clock ends it, and no job need have run."""
        return self.status == self.Status.OPEN and self.expires_at > timezone.now()

    @property
    def address_text(self) -> str:
        """What the giver named, as people read it."""
        return numbers.grouped(self.address) if self.kind == Kind.NUMBER else self.address

    @property
    def recipient_title(self) -> str:
        """The recipient's own name, for the recipient's own pages."""
        return title_of(self.recipient) if self.recipient else ""
