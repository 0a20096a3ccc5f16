"""Formations: named sets of servers that are launched and deleted as one."""

import uuid

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from accounts.validators import is_one_line
from images.models import Region
from servers.models.regions import Flavor
from servers.querysets import FormationQuerySet

MOST_OF_ONE = 50  # servers of one part
MOST_PARTS = 20
MOST_SERVERS = 50  # of a formation


class Formation(models.Model):
    """A named set of servers in one region. It is launched while it has servers that nobody has asked to delete."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="formations")
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=80, validators=[is_one_line])
    description = models.TextField(max_length=1000, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = FormationQuerySet.as_manager()

    class Meta:
        ordering = ["name", "created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "name"], condition=Q(closed_at__isnull=True), name="formation_name_once_per_account"
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, closed_by__isnull=True)
                | Q(closed_at__isnull=False, closed_by__isnull=False),
                name="formation_closed_at_with_closed_by",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class FormationPart(models.Model):
    """So many servers of a formation from one image, in one size."""

    formation = models.ForeignKey(Formation, on_delete=models.CASCADE, related_name="parts")
    name = models.CharField(max_length=60, validators=[is_one_line], help_text="What its servers are called.")
    image = models.ForeignKey("images.Image", on_delete=models.PROTECT, related_name="+")
    image_name = models.CharField(max_length=255, help_text="As the account knew it when it was chosen.")
    flavor = models.ForeignKey(Flavor, on_delete=models.PROTECT, related_name="+")
    count = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1), MaxValueValidator(MOST_OF_ONE)]
    )

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["formation", "name"], name="formationpart_name_once_per_formation"),
            models.CheckConstraint(condition=Q(count__gte=1), name="formationpart_has_servers"),
        ]

    def __str__(self) -> str:
        return f"{self.count} × {self.name}"
