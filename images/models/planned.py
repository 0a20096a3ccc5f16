"""Changes of an image that somebody has planned for a day to come."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from images.models.image import Image
from images.querysets import PlannedChangeQuerySet


class PlannedChange(models.Model):
    """On this day an image is deleted, deactivated or gets another visibility, unless somebody cancels that before.

    It is due by the clock. Whether the person who planned it may still do it is asked then, and not only now.
    """

    class Change(models.TextChoices):
        DELETE = "delete", "deletion"
        DEACTIVATE = "deactivate", "deactivation"
        VISIBILITY = "visibility", "change of visibility"

    image = models.ForeignKey("images.Image", on_delete=models.PROTECT, related_name="planned_changes")
    change = models.CharField(max_length=10, choices=Change)
    visibility = models.CharField(max_length=10, choices=Image.Visibility, blank=True, help_text="The new one.")
    at = models.DateTimeField(help_text="When it is done.")
    planned_at = models.DateTimeField(default=timezone.now)
    planned_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    warned_at = models.DateTimeField(null=True, blank=True, help_text="Consumers were told for the last time before.")
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    done_at = models.DateTimeField(null=True, blank=True, help_text="When its time had come.")
    problem = models.CharField(max_length=300, blank=True, help_text="Why it was not done when its time had come.")

    objects = PlannedChangeQuerySet.as_manager()

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["image", "change"],
                condition=Q(cancelled_at__isnull=True, done_at__isnull=True),
                name="plannedchange_open_once_per_image_and_change",
            ),
            models.CheckConstraint(
                condition=Q(cancelled_at__isnull=True, cancelled_by__isnull=True)
                | Q(cancelled_at__isnull=False, cancelled_by__isnull=False),
                name="plannedchange_cancelled_at_with_cancelled_by",
            ),
            models.CheckConstraint(
                condition=Q(cancelled_at__isnull=True) | Q(done_at__isnull=True), name="plannedchange_ends_once"
            ),
            models.CheckConstraint(
                condition=Q(change="visibility") & ~Q(visibility="") | ~Q(change="visibility") & Q(visibility=""),
                name="plannedchange_says_which_visibility",
            ),
            models.CheckConstraint(
                condition=Q(problem="") | Q(done_at__isnull=False), name="plannedchange_problem_when_due"
            ),
        ]
        indexes = [
            models.Index(
                fields=["at"],
                condition=Q(cancelled_at__isnull=True, done_at__isnull=True),
                name="plannedchange_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_change_display().capitalize()} of {self.image}"

    @property
    def is_open(self) -> bool:
        """Whether it is still to come."""
        return self.cancelled_at is None and self.done_at is None

    @property
    def is_a_loss(self) -> bool:
        """Whether those with whom the image is shared have less by it."""
        return self.change != self.Change.VISIBILITY or self.visibility == Image.Visibility.PRIVATE

    @property
    def result(self) -> str:
        """What the image will be: completes "Will be …"."""
        if self.change == self.Change.VISIBILITY:
            return self.get_visibility_display().lower()
        return {"delete": "deleted", "deactivate": "deactivated"}[self.change]
