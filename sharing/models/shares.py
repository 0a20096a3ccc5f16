"""Shares: the rows "this image is offered to this address"."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts import numbers
from sharing.querysets import ShareQuerySet


class AddressKind(models.TextChoices):
    """How the producer named the recipient."""

    NUMBER = "number", "Account number"
    LOGIN = "login", "Login"
    EMAIL = "email", "Email address"
    TEAM = "team", "Group"
    ORGANIZATION = "organization", "Organization"
    CODE = "code", "Claim code"
    MARKETPLACE = "marketplace", "Marketplace"


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
    address = models.CharField(
        max_length=254,
        help_text="Normalised; the id of a group or organization; the name of a claim code, and whom it is for.",
    )
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
    access_until = models.DateTimeField(null=True, blank=True, help_text="Access ends then by itself.")
    warned_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Both sides were told that it ends in so many days."
    )
    offers_future = models.BooleanField(
        default=False, help_text="The offer includes later versions of the image's family."
    )
    takes_future = models.BooleanField(default=False, help_text="The recipient agreed to have them.")
    before: "models.JSONField[dict[str, Any] | None, dict[str, Any] | None]" = models.JSONField(
        null=True, blank=True, help_text="What the row said before the last offer, so that this can be undone."
    )

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
                condition=~Q(status="accepted") | Q(recipient__isnull=False) | Q(kind="marketplace"),
                name="share_accepted_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(takes_future=False) | Q(offers_future=True, status="accepted"),
                name="share_takes_future_that_was_offered",
            ),
            models.CheckConstraint(condition=~Q(address=""), name="share_has_an_address"),
        ]
        indexes = [
            models.Index(fields=["recipient", "status", "-offered_at"], name="share_of_recipient"),
            models.Index(fields=["kind", "address"], condition=Q(recipient__isnull=True), name="share_unresolved"),
            # What the task that tells of ends looks for, without what it has told of already.
            models.Index(
                fields=["access_until"],
                condition=Q(Q(warned_days__isnull=True) | Q(warned_days__gt=0), status="accepted"),
                name="share_ending",
            ),
            models.Index(
                fields=["offer_expires_at"],
                condition=Q(Q(warned_days__isnull=True) | Q(warned_days__gt=0), status="pending"),
                name="share_expiring",
            ),
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
        return self.status == self.Status.ACCEPTED and self.is_past_its_end

    @property
    def is_past_its_end(self) -> bool:
        """Whether access would be over already, whatever anybody decides now."""
        return _is_past(self.access_until)

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
        if self.kind == AddressKind.CODE:
            name, _blank, whom = self.address.partition(" ")
            return whom or f"Claim code {name}"
        if self.kind == AddressKind.MARKETPLACE:
            return str(AddressKind.MARKETPLACE.label)
        if self.is_addressed or self.recipient is None:
            return self.address
        return str(getattr(self.recipient, f"as_{self.kind}"))

    @property
    def recipient_title(self) -> str:
        """The recipient's own name, for the recipient's own pages."""
        return title_of(self.recipient) if self.recipient else ""


def title_of(group: Group) -> str:
    """The name of an account, group or organization, of which only the common row is at hand."""
    for kind in ("as_account", "as_team", "as_organization"):
        if hasattr(group, kind):
            return str(getattr(group, kind).title)
    return group.name


def _is_past(moment: datetime | None) -> bool:
    return moment is not None and moment <= timezone.now()
