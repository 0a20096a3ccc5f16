"""Who sees which share. The default is nothing."""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils import timezone

if TYPE_CHECKING:
    from accounts.models import Account, Organization
    from accounts.viewer import Viewer
    from images.models import Image
    from sharing.models import Share, Trust


class ShareQuerySet(models.QuerySet["Share"]):
    """Shares, from the producer's side (``of_image``) or the consumer's (``offered_to``)."""

    def of_image(self, image: "Image") -> "ShareQuerySet":
        """The Image Sharing table: everything about one image of ours."""
        return self.filter(image=image).select_related(
            "offered_by", "decided_by", "recipient__as_account", "recipient__as_team", "recipient__as_organization"
        )

    def live(self) -> "ShareQuerySet":
        """Of images that are shared and exist: others reach nobody."""
        return self.filter(image__visibility="shared").exclude(image__status="deleted")

    def open(self) -> "ShareQuerySet":
        """That wait for a decision at this moment."""
        in_time = Q(offer_expires_at__isnull=True) | Q(offer_expires_at__gt=timezone.now())
        return self.live().filter(in_time, status="pending")

    def giving_access(self) -> "ShareQuerySet":
        """That give access at this moment, image permitting."""
        in_time = Q(access_until__isnull=True) | Q(access_until__gt=timezone.now())
        return self.filter(in_time, status="accepted")

    def offered_to(self, viewer: "Viewer") -> "ShareQuerySet":
        """The offers that the viewer may know of: to the account, to themselves, and to what they manage."""
        return self.live().filter(recipient__in=viewer.decides_for | {viewer.account.pk}).with_sides()

    def decidable_by(self, viewer: "Viewer") -> "ShareQuerySet":
        """The offers on which the viewer may decide."""
        return self.live().filter(recipient__in=viewer.decides_for).with_sides()

    def with_sides(self) -> "ShareQuerySet":
        """With the image, its producer and the recipient, in the same query."""
        return self.select_related(
            "image__account",
            "image__region",
            "image__data",
            "recipient__as_account",
            "recipient__as_team",
            "recipient__as_organization",
        )


class TrustQuerySet(models.QuerySet["Trust"]):
    """Who is trusted by whom."""

    def covers(self, recipient_id: int, *, producer: "Account", organization: "Organization | None") -> bool:
        """Whether a recipient trusts this account or its organization."""
        producers = {producer.pk} | ({organization.pk} if organization else set())
        return self.filter(recipient=recipient_id, producer__in=producers).exists()
