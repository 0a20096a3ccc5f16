"""Image data: the bytes of an image, stored once, apart from the records that name them."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from images.querysets import ImageDataQuerySet
from images.stores import ELSEWHERE


class ImageData(models.Model):
    """The bytes of one or more images, complete and checked. Two images may share them (hand-over, copy)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    store = models.CharField(max_length=40, default="default")
    store_key = models.CharField(max_length=200)
    stamp = models.CharField(
        max_length=200, blank=True, help_text="What the store said of the bytes when they were last known to be right."
    )
    disk_format = models.CharField(max_length=10)
    container_format = models.CharField(max_length=10, default="bare")
    size = models.PositiveBigIntegerField(help_text="Bytes stored.")
    virtual_size = models.PositiveBigIntegerField(help_text="Bytes of the disk that a server sees.")
    checksum = models.CharField("MD5", max_length=32)
    os_hash_algo = models.CharField(max_length=10, default="sha512")
    os_hash_value = models.CharField("SHA-512", max_length=128)
    created_at = models.DateTimeField(auto_now_add=True)
    verified_at = models.DateTimeField(
        null=True, blank=True, help_text="When the stored bytes were last read and compared with the checksum."
    )
    damaged_at = models.DateTimeField(null=True, blank=True, help_text="When they were found not to be right.")
    damage = models.CharField(max_length=255, blank=True, help_text="What is wrong with them.")
    removed_at = models.DateTimeField(
        null=True, blank=True, help_text="When the bytes were deleted: no image named them and nobody held them."
    )

    objects = ImageDataQuerySet.as_manager()

    class Meta:
        verbose_name = "image data"
        verbose_name_plural = "image data"
        constraints = [
            models.UniqueConstraint(fields=["store", "store_key"], name="imagedata_stored_once"),
            models.CheckConstraint(condition=Q(size__gt=0), name="imagedata_is_not_empty"),
            models.CheckConstraint(
                condition=Q(damaged_at__isnull=True, damage="") | (Q(damaged_at__isnull=False) & ~Q(damage="")),
                name="imagedata_damage_has_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.disk_format}, {self.size} bytes"

    @property
    def place_in_cloud(self) -> str:
        """What the cloud of the region calls the image whose data lies there and never came here; else empty."""
        return self.store_key.rpartition("/")[2] if self.store == ELSEWHERE else ""

    @property
    def is_damaged(self) -> bool:
        """Whether the stored bytes are known to be wrong: nobody gets them."""
        return self.damaged_at is not None

    @property
    def why_not_given(self) -> str:
        """What somebody hears who wants damaged data; empty while the data is right."""
        if not self.is_damaged:
            return ""
        return (
            f"The data of this image is damaged. {self.damage} Nobody gets it, so that nobody starts from wrong bytes. "
            "Its owner can upload the image again, or ask whoever runs this panel to put back a backup."
        )


class DataHold(models.Model):
    """Somebody needs the bytes for a while (a server, a download, a conversion), whatever becomes of the image."""

    data = models.ForeignKey(ImageData, on_delete=models.PROTECT, related_name="holds")
    holder = models.CharField(max_length=80, help_text="What holds it: a kind and an id.")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(
        null=True, blank=True, help_text="For holders that may die without letting go, like a download."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["data", "holder"], name="datahold_once_per_holder")]

    def __str__(self) -> str:
        return f"{self.holder} holds {self.data_id}"


class Leftover(models.Model):
    """Bytes that are no longer where image data is read from, kept for those who are still reading them."""

    store = models.CharField(max_length=40)
    store_key = models.CharField(max_length=200)
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    created_at = models.DateTimeField(auto_now_add=True)
    delete_after = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["store", "store_key"], name="leftover_once")]

    def __str__(self) -> str:
        return f"{self.store}:{self.store_key}"


class ContentCheck(models.Model):
    """What a look inside of image data found: partitions, file systems, and what had better not be shared.

    It belongs to the data, and so to its checksum: other bytes are other data, which nobody has looked into yet.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Looking"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    data = models.OneToOneField(ImageData, on_delete=models.PROTECT, related_name="content_check")
    status = models.CharField(max_length=10, choices=Status, default=Status.WAITING)
    requested_at = models.DateTimeField()
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    finished_at = models.DateTimeField(null=True, blank=True)
    findings: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(
        default=dict, blank=True, help_text="What was looked at and what was found; never what is in a file."
    )
    problem = models.TextField(blank=True, help_text="Why nobody could look.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["done", "failed"], finished_at__isnull=False)
                | (~Q(status__in=["done", "failed"]) & Q(finished_at__isnull=True)),
                name="contentcheck_finished_has_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"Look into {self.data_id}"
