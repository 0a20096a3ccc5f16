"""Guardian's direct-foreign-key tables of object permissions for images.

A grant is what a share results in. ``sharing`` writes them through ``images.permissions``; ``images`` reads them.
The copied columns make a list of images one index scan for each of a viewer's groups (docs/adr: the list query).
"""

from django.core.exceptions import ValidationError
from django.db import models
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from images.models.image import Image


class ImageGroupObjectPermission(GroupObjectPermissionBase):
    """An account, group or organization may see, use or export an image."""

    content_object = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="grants")
    image_created_at = models.DateTimeField(help_text="The image's, so that the newest are found by the index.")
    active = models.BooleanField(default=True, help_text="The image is shared and live.")
    access_until = models.DateTimeField(null=True, blank=True, help_text="Empty: without an end.")

    class Meta(GroupObjectPermissionBase.Meta):
        verbose_name = "grant"
        indexes = [
            models.Index(
                fields=["group", "permission", "-image_created_at", "-content_object"],
                condition=models.Q(active=True),
                name="grant_of_group",
            )
        ]


class ImageUserObjectPermission(UserObjectPermissionBase):
    """Always empty: a person is reached through the personal account, so that a list looks in one table only.

    It exists because guardian would write to its generic table, which nothing here reads, if it did not.
    """

    content_object = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="+")

    def save(self, *args: object, **kwargs: object) -> None:
        """Refuse.

        Raises:
            ValidationError: always.
        """
        raise ValidationError("Share with the person's personal account instead (sharing.actions.offer).")
