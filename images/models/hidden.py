"""Images that a person does not want to see in lists."""

from django.conf import settings
from django.db import models


class HiddenImage(models.Model):
    """A person's own word that an image, which came through a group or organization, shall not be in their lists.

    It takes no access away: the image's page and its servers are reached as before.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="hidden_images")
    image = models.ForeignKey("images.Image", on_delete=models.PROTECT, related_name="hidden_by")
    hidden_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "image"], name="hidden_once_per_person_and_image")]

    def __str__(self) -> str:
        return f"{self.image} hidden by {self.user}"
