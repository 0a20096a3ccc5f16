"""A consumer's own words about somebody else's image."""

from typing import Any

from django.conf import settings
from django.db import models

from accounts.validators import is_one_line
from images.validators import valid_ports


class Reference(models.Model):
    """An account's own entry for an image that is not its own: label, notes, login name, ports.

    It gives no access. For a community or marketplace image it means that the account has added it to its list.
    """

    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="references")
    image = models.ForeignKey("images.Image", on_delete=models.PROTECT, related_name="references")
    label = models.CharField(max_length=255, blank=True, validators=[is_one_line])
    notes = models.TextField(max_length=4000, blank=True)
    default_login = models.CharField("login name", max_length=64, blank=True)
    ports: "models.JSONField[list[int], list[int]]" = models.JSONField(
        default=list, blank=True, validators=[valid_ports]
    )
    theirs: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(
        default=dict, blank=True, help_text="What the producer said when this was written."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "image"], name="reference_once_per_account_and_image")
        ]
        indexes = [models.Index(fields=["image"], name="reference_of_image")]

    def __str__(self) -> str:
        return self.label or str(self.image_id)
