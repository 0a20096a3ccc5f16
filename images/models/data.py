"""Image data: the bytes of an image, stored once, apart from the records that name them."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from images.querysets import ImageDataQuerySet, UploadQuerySet


class ImageData(models.Model):
    """The bytes of one or more images, complete and checked. Two images may share them (hand-over, copy)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    store = models.CharField(max_length=40, default="default")
    store_key = models.CharField(max_length=200)
    disk_format = models.CharField(max_length=10)
    container_format = models.CharField(max_length=10, default="bare")
    size = models.PositiveBigIntegerField(help_text="Bytes stored.")
    virtual_size = models.PositiveBigIntegerField(help_text="Bytes of the disk that a server sees.")
    checksum = models.CharField("MD5", max_length=32)
    os_hash_algo = models.CharField(max_length=10, default="sha512")
    os_hash_value = models.CharField("SHA-512", max_length=128)
    created_at = models.DateTimeField(auto_now_add=True)
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
        ]

    def __str__(self) -> str:
        return f"{self.disk_format}, {self.size} bytes"


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


class Upload(models.Model):
    """An upload on its way to become image data. Its id is the address to send bytes to."""

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting for data"
        RECEIVING = "receiving", "Uploading"
        RECEIVED = "received", "Uploaded"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="uploads")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)
    filename = models.CharField(max_length=255, blank=True)
    size = models.PositiveBigIntegerField(null=True, blank=True, help_text="Bytes announced.")
    store = models.CharField(max_length=40, default="default")
    store_key = models.CharField(max_length=200, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.WAITING)
    problem = models.TextField(
        blank=True, help_text="Why the last data was refused: a browser that was cut off cannot read the answer."
    )
    data = models.OneToOneField(ImageData, on_delete=models.PROTECT, null=True, blank=True, related_name="upload")

    objects = UploadQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status="received", data__isnull=False) | (~Q(status="received") & Q(data__isnull=True)),
                name="upload_received_with_data",
            )
        ]
        indexes = [models.Index(fields=["account", "-created_at"], name="upload_of_account")]

    def __str__(self) -> str:
        return self.filename or str(self.id)
