"""Credentials: an account's for a cloud, and a person's for signing in to servers."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from images.models import Region


class CloudKey(models.Model):
    """An account's credential for one region's cloud. The secret is encrypted, and never shown or shared again."""

    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="cloud_keys")
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="cloud_keys")
    credential_id = models.CharField("application credential", max_length=255)
    encrypted_secret = models.TextField(blank=True, help_text="Emptied when the key is removed.")
    project_id = models.CharField(max_length=64, blank=True, help_text="The project in that cloud, as it said itself.")
    given_for: "models.JSONField[list[str], list[str]]" = models.JSONField(
        "given for", default=list, blank=True, help_text="The hosts to which it may go, as the account was told then."
    )
    networks: "models.JSONField[list[dict[str, Any]] | None, list[dict[str, Any]] | None]" = models.JSONField(
        null=True, blank=True, help_text="What that cloud offers to the project; null: it has not said yet."
    )
    networks_at = models.DateTimeField("networks asked for", null=True, blank=True)
    tested_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=255, blank=True, help_text="What the last test found.")
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "region"], condition=Q(removed_at__isnull=True), name="cloudkey_once_per_region"
            ),
            models.CheckConstraint(
                condition=Q(removed_at__isnull=True, removed_by__isnull=True)
                | Q(removed_at__isnull=False, removed_by__isnull=False, encrypted_secret=""),
                name="cloudkey_removed_at_with_removed_by",
            ),
            models.CheckConstraint(
                condition=Q(networks__isnull=True, networks_at__isnull=True)
                | Q(networks__isnull=False, networks_at__isnull=False),
                name="cloudkey_networks_with_networks_at",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.region_id} of {self.account}"


class SshKey(models.Model):
    """A public key of a person, which their new servers let in."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="ssh_keys")
    name = models.CharField(max_length=80)
    public_key = models.TextField(max_length=8000)
    fingerprint = models.CharField(max_length=64, help_text="SHA256:…")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["user", "name"], name="sshkey_name_once_per_person"),
            models.UniqueConstraint(fields=["user", "fingerprint"], name="sshkey_once_per_person"),
        ]

    def __str__(self) -> str:
        return self.name
