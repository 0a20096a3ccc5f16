"""Shares: the rows "this image is offered to this address", and whom an account trusts."""

from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts import numbers
from sharing.querysets import ShareQuerySet, TrustQuerySet


class AddressKind(models.TextChoices):
    """How the producer named the recipient."""

    NUMBER = "number", "Account number"
    LOGIN = "login", "Login"
    EMAIL = "email", "Email address"
    TEAM = "team", "Group"
    ORGANIZATION = "organization", "Organization"


class Share(models.Model):
    """This image is offered to this address (OpenStack: image member).

    It is keyed by what the producer named. ``recipient`` is what that resolved to, and nothing on the producer's
    side (page, API, count, event, error) reads it before acceptance: nobody finds out who exists. Two shares may
    reach one recipient; removing one leaves what the other grants.
    """

    class Status(models.TextChoices):
        PENDING = "pending", "Pending Acceptance"
        ACCEPTED = "accepted", "Accepted"
        REJECTED = "rejected", "Rejected"

    image = models.ForeignKey("images.Image", on_delete=models.PROTECT, related_name="shares")
    kind = models.CharField(max_length=12, choices=AddressKind)
    address = models.CharField(max_length=254, help_text="Normalised; the id of a group or organization.")
    recipient = models.ForeignKey(Group, on_delete=models.PROTECT, null=True, blank=True, related_name="shares")
    status = models.CharField(max_length=8, choices=Status, default=Status.PENDING)
    message = models.TextField(max_length=1000, blank=True)
    reason = models.TextField(max_length=1000, blank=True, help_text="Why it was rejected.")
    export = models.BooleanField("may download and copy", default=True)
    offered_at = models.DateTimeField(default=timezone.now)
    offered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    offer_expires_at = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    access_until = models.DateTimeField(null=True, blank=True)

    objects = ShareQuerySet.as_manager()

    class Meta:
        ordering = ["-offered_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["image", "kind", "address"], name="share_once_per_image_and_address"),
            models.CheckConstraint(
                condition=Q(status="pending", decided_at__isnull=True, decided_by__isnull=True)
                | (~Q(status="pending") & Q(decided_at__isnull=False, decided_by__isnull=False)),
                name="share_decided_at_with_decided_by",
            ),
            models.CheckConstraint(
                condition=~Q(status="accepted") | Q(recipient__isnull=False), name="share_accepted_by_somebody"
            ),
            models.CheckConstraint(condition=~Q(address=""), name="share_has_an_address"),
        ]
        indexes = [
            models.Index(fields=["recipient", "status", "-offered_at"], name="share_of_recipient"),
            models.Index(fields=["kind", "address"], condition=Q(recipient__isnull=True), name="share_unresolved"),
        ]

    def __str__(self) -> str:
        return f"{self.image} to {self.address_text}"

    @property
    def is_expired(self) -> bool:
        """Whether a pending offer has run out. Derived from the clock, never from a job having run."""
        return self.status == self.Status.PENDING and _is_past(self.offer_expires_at)

    @property
    def has_ended(self) -> bool:
        """Whether an accepted share has reached its date."""
        return self.status == self.Status.ACCEPTED and _is_past(self.access_until)

    @property
    def state(self) -> str:
        """The status as people see it: pending, accepted, rejected, expired or ended."""
        if self.is_expired:
            return "expired"
        return "ended" if self.has_ended else self.status

    @property
    def state_text(self) -> str:
        """The status in words."""
        return {"expired": "Expired", "ended": "Ended"}.get(self.state, self.get_status_display())

    @property
    def can_be_offered_again(self) -> bool:
        """Whether offering it starts anew: not while it waits or gives access."""
        return self.state in ("rejected", "expired", "ended")

    @property
    def is_addressed(self) -> bool:
        """Whether the producer named it by a text, and did not choose a group or organization of their own."""
        return self.kind not in (AddressKind.TEAM, AddressKind.ORGANIZATION)

    @property
    def address_text(self) -> str:
        """What the producer named, as people read it."""
        if self.kind == AddressKind.NUMBER:
            return numbers.grouped(self.address)
        if self.is_addressed or self.recipient is None:
            return self.address
        return str(getattr(self.recipient, f"as_{self.kind}"))

    @property
    def recipient_title(self) -> str:
        """The recipient's own name, for the recipient's own pages."""
        return title_of(self.recipient) if self.recipient else ""


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
            models.CheckConstraint(condition=~Q(recipient=models.F("producer")), name="trust_of_somebody_else"),
        ]

    def __str__(self) -> str:
        return f"{title_of(self.recipient)} trusts {self.producer_title}"

    @property
    def key(self) -> str:
        """What tells the row's elements apart on a page."""
        return str(self.pk)

    @property
    def producer_title(self) -> str:
        """Who is trusted, as people read it."""
        return title_of(self.producer)


def title_of(group: Group) -> str:
    """The name of an account, group or organization, of which only the common row is at hand."""
    for kind in ("as_account", "as_team", "as_organization"):
        if hasattr(group, kind):
            return str(getattr(group, kind).title)
    return group.name


def _is_past(moment: datetime | None) -> bool:
    return moment is not None and moment <= timezone.now()
