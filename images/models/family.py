"""Families: images of one account that follow each other under one name."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from images.querysets import FamilyQuerySet

if TYPE_CHECKING:
    from images.models.image import Image


class Family(models.Model):
    """Versions of one image, like "debian-12-base". One of them is the latest: the newest, or the one pinned.

    A family is a name of its account's and nothing that others hold: dissolving it takes away the row and leaves the
    images. Others see its name on the images that they were given.
    """

    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="families")
    name = models.CharField(
        max_length=63,
        validators=[
            RegexValidator(
                r"\A[a-z0-9]+([.-][a-z0-9]+)*\Z",
                "Use small letters and digits, with single hyphens or dots between them, like debian-12-base.",
            )
        ],
    )
    description = models.TextField(max_length=1000, blank=True)
    pinned = models.ForeignKey(
        "images.Image",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The latest version, although there may be newer ones.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    objects = FamilyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "families"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "name"],
                name="family_once_per_account",
                violation_error_message="The account has a family of this name.",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="family_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name

    def latest_of(self, versions: "list[Image]") -> "Image | None":
        """The latest of these versions: the pinned one while it can be used, or else the newest without a warning.

        Args:
            versions: of this family, the newest first; perhaps only those that somebody may use.
        """
        usable = [version for version in versions if version.is_active and not version.is_over]
        pinned = next((version for version in usable if version.pk == self.pinned_id), None)
        return pinned or next((version for version in usable if version.life == version.Life.CURRENT), None)
