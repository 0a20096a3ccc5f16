"""What lies in clouds because of this panel: image data that was brought there, and members of images."""

from django.db import models
from django.db.models import Q

from images.models import Region


class CloudCopy(models.Model):
    """Image data that is brought to an account's project in a cloud once, so that servers boot from it there."""

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Being brought"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="+")
    data = models.ForeignKey("images.ImageData", on_delete=models.PROTECT, related_name="cloud_copies")
    name = models.CharField(max_length=255, help_text="What the image is called there.")
    status = models.CharField(max_length=8, choices=Status, default=Status.WAITING)
    progress = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Percent.")
    problem = models.CharField(max_length=500, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Tries in vain since it was asked for.")
    waits = models.PositiveSmallIntegerField(default=0, help_text="Times that somebody else was at it, one by one.")
    claim = models.UUIDField(null=True, blank=True, help_text="Of the worker that brings it at this moment.")
    seen_at = models.DateTimeField(null=True, blank=True, help_text="When that worker last gave a sign of life.")
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "copy in a cloud"
        verbose_name_plural = "copies in clouds"
        constraints = [
            models.UniqueConstraint(fields=["region", "account", "data"], name="cloudcopy_once"),
            models.CheckConstraint(
                condition=Q(claim__isnull=True) | Q(seen_at__isnull=False, status="running"),
                name="cloudcopy_claimed_is_running",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.data_id} in {self.region_id} for {self.account}"

    @property
    def holder(self) -> str:
        """What it is called in the hold on its data."""
        return f"cloud copy:{self.pk}"


class CloudMember(models.Model):
    """An account's project with which a registered image is shared in the cloud itself, because of shares here.

    ``member_id`` is what the cloud was asked to let in: it is removed there even when the account has another key.
    """

    image = models.ForeignKey("images.Image", on_delete=models.PROTECT, related_name="cloud_members")
    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="+")
    member_id = models.CharField("project", max_length=64)
    owner_project = models.CharField(max_length=64, blank=True, help_text="To which the image belongs there.")
    shares = models.ManyToManyField(
        "sharing.Share", related_name="+", blank=True, help_text="Because of which the account has the image."
    )
    accepted_at = models.DateTimeField(null=True, blank=True, help_text="When it was accepted in the cloud.")
    problem = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "member in a cloud"
        verbose_name_plural = "members in clouds"
        constraints = [models.UniqueConstraint(fields=["image", "account", "member_id"], name="cloudmember_once")]

    def __str__(self) -> str:
        return f"{self.account} has {self.image} in the cloud"
