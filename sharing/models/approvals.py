"""Offers that wait until a second person of the producer's organization approves them."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts import numbers
from sharing.models.shares import AddressKind
from sharing.querysets import OfferRequestQuerySet

if TYPE_CHECKING:
    from accounts.models import Account


class OfferRequest(models.Model):
    """An offer that somebody wants to make outside of the organization. It becomes a share when it is approved.

    It holds what was typed and nothing about whom that reaches: an offer that nobody has made yet must not tell
    whether there is somebody.
    """

    class Status(models.TextChoices):
        OPEN = "open", "Waits for approval"
        APPROVED = "approved", "Approved"
        REFUSED = "refused", "Refused"
        WITHDRAWN = "withdrawn", "Withdrawn"

    image = models.ForeignKey("images.Image", on_delete=models.PROTECT, related_name="offer_requests")
    organization = models.ForeignKey(
        "accounts.Organization",
        on_delete=models.PROTECT,
        related_name="offer_requests",
        help_text="Whose rules ask for a second person.",
    )
    kind = models.CharField(max_length=12, choices=AddressKind)
    address = models.CharField(max_length=254, help_text="Normalised; the id of a group or organization.")
    address_title = models.CharField(max_length=254, help_text="The address as people read it.")
    message = models.TextField(max_length=1000, blank=True)
    export = models.BooleanField("may download and copy", default=True)
    access_until = models.DateTimeField(null=True, blank=True)
    offers_future = models.BooleanField(default=False)
    requested_at = models.DateTimeField(default=timezone.now)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    expires_at = models.DateTimeField(help_text="Nobody can approve it from then on.")
    status = models.CharField(max_length=9, choices=Status, default=Status.OPEN)
    answer = models.TextField(max_length=1000, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = OfferRequestQuerySet.as_manager()

    class Meta:
        ordering = ["-requested_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["image", "kind", "address"],
                condition=Q(status="open"),
                name="offerrequest_open_once_per_image_and_address",
            ),
            models.CheckConstraint(
                condition=Q(status="open", decided_at__isnull=True, decided_by__isnull=True)
                | (~Q(status="open") & Q(decided_at__isnull=False, decided_by__isnull=False)),
                name="offerrequest_decided_at_with_decided_by",
            ),
            models.CheckConstraint(
                condition=Q(status="withdrawn") | Q(decided_by__isnull=True) | ~Q(decided_by=F("requested_by")),
                name="offerrequest_decided_by_a_second_person",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "status", "-requested_at"], name="offerrequest_of_organization")
        ]

    def __str__(self) -> str:
        return f"{self.image} to {self.address_text}"

    @property
    def key(self) -> str:
        """What tells the row's elements apart on a page."""
        return str(self.pk)

    @property
    def account(self) -> "Account":
        """The account that wants to share."""
        return self.image.account

    @property
    def is_expired(self) -> bool:
        """Whether nobody decided in time. Derived from the clock, never from a job having run."""
        return self.status == self.Status.OPEN and self.expires_at <= timezone.now()

    @property
    def state_text(self) -> str:
        """The status in words."""
        return "Expired" if self.is_expired else self.get_status_display()

    @property
    def address_text(self) -> str:
        """What the producer named, as people read it."""
        return numbers.grouped(self.address) if self.kind == AddressKind.NUMBER else self.address_title
