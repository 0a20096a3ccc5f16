"""Image data on its way in: from a browser, from an address, out of another image."""

import uuid
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from images.querysets import UploadQuerySet


class Upload(models.Model):
    """An upload on its way to become image data, and then an image. Its id is the address to send bytes to.

    Bytes come in one or several goes. After each few seconds the row says how many of them are safe (``offset``) and
    what the hashes and the inspection know of these (``state``), so that whoever comes next goes on from there,
    in another process and after a power cut.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting for data"
        RECEIVING = "receiving", "Uploading"
        PROCESSING = "processing", "Processing"
        RECEIVED = "received", "Uploaded"
        FAILED = "failed", "Failed"

    class Origin(models.TextChoices):
        UPLOAD = "upload", "Upload"
        IMPORT = "import", "Import"
        CONVERSION = "conversion", "Conversion"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="uploads")
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.UPLOAD)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True, help_text="Moves on with every byte that comes.")
    filename = models.CharField(max_length=255, blank=True)
    metadata = models.TextField(
        blank=True, help_text="What its sender noted about the file, as in the tus protocol; given back as it is."
    )
    size = models.PositiveBigIntegerField(null=True, blank=True, help_text="Bytes announced.")
    unpack = models.BooleanField(default=False, help_text="It is a gzip or xz archive of the disk.")
    expected_checksum = models.CharField(
        max_length=150, blank=True, help_text="What the bytes must hash to, as algorithm:value."
    )

    store = models.CharField(max_length=40, default="default")
    store_key = models.CharField(max_length=200, blank=True)
    archive_key = models.CharField(max_length=200, blank=True, help_text="The whole archive, while it is unpacked.")
    status = models.CharField(max_length=10, choices=Status, default=Status.WAITING)
    offset = models.PositiveBigIntegerField(default=0, help_text="Bytes that are safely stored.")
    state = models.BinaryField(null=True, help_text="What hashes and inspection know of those bytes; signed.")
    claim = models.UUIDField(null=True, blank=True, help_text="Who is receiving or processing: a fresh id each time.")
    seen_at = models.DateTimeField(null=True, blank=True, help_text="The last sign of life of the claim.")
    rate = models.PositiveBigIntegerField(default=0, help_text="Bytes a second, lately.")
    percent = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MaxValueValidator(100)], help_text="How far the processing is."
    )
    problem = models.TextField(
        blank=True, help_text="Why the last data was refused: a browser that was cut off cannot read the answer."
    )
    plan: "models.JSONField[dict[str, Any] | None, dict[str, Any] | None]" = models.JSONField(
        null=True, blank=True, help_text="The image to make by itself once the data is there: the form's fields."
    )
    staged = models.BooleanField(
        default=False, help_text="It becomes the planned image only when somebody says so, and not by itself."
    )
    data = models.OneToOneField(
        "images.ImageData", on_delete=models.PROTECT, null=True, blank=True, related_name="upload"
    )

    objects = UploadQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status="received", data__isnull=False) | (~Q(status="received") & Q(data__isnull=True)),
                name="upload_received_with_data",
            ),
            models.CheckConstraint(
                condition=Q(size__isnull=True) | Q(offset__lte=models.F("size")), name="upload_within_its_size"
            ),
        ]
        indexes = [models.Index(fields=["account", "-created_at"], name="upload_of_account")]

    def __str__(self) -> str:
        return self.filename or str(self.id)

    @property
    def is_expired(self) -> bool:
        """Whether its time is over, so that it waits only for being swept away."""
        return self.expires_at <= timezone.now()

    @property
    def is_queued(self) -> bool:
        """Whether it was planned before its first byte: it then waits for other data when some was refused."""
        return self.plan is not None and self.origin == self.Origin.UPLOAD and not self.unpack

    @property
    def has_stopped(self) -> bool:
        """Whether it is an import that goes on only if somebody says so. One query, unless ``fetch`` was loaded."""
        if self.origin != self.Origin.IMPORT or self.status != self.Status.WAITING or not self.problem:
            return False
        return self.fetch.next_at is None

    @property
    def title(self) -> str:
        """What people call it: as the image that it will be, or as the file."""
        nameless = "File without a name" if self.plan is None else "Image without a name"
        return (self.plan or {}).get("name") or self.filename or nameless


class Import(models.Model):
    """Where the bytes of an upload are fetched from."""

    upload = models.OneToOneField(Upload, on_delete=models.CASCADE, primary_key=True, related_name="fetch")
    url = models.CharField(max_length=2000)
    checksum_url = models.CharField(max_length=2000, blank=True, help_text="A SHA256SUMS file that names the file.")
    validator = models.CharField(
        max_length=255, blank=True, help_text="ETag or Last-Modified: only the same version is gone on with."
    )
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Tries in a row that brought nothing.")
    restarts = models.PositiveSmallIntegerField(
        default=0, help_text="How often it came from its beginning again: another version, or a server without ranges."
    )
    next_at = models.DateTimeField(null=True, blank=True, help_text="When to try again.")
    since = models.DateTimeField(default=timezone.now, help_text="When somebody started it, or last tried it again.")

    def __str__(self) -> str:
        return f"Import from {self.host}"

    @property
    def host(self) -> str:
        """The server alone: an address may be signed, and then whoever reads it can use it."""
        return urlsplit(self.url).hostname or ""


class Conversion(models.Model):
    """The image whose data an upload is made of, in another format."""

    upload = models.OneToOneField(Upload, on_delete=models.CASCADE, primary_key=True, related_name="conversion")
    image = models.ForeignKey("images.Image", on_delete=models.PROTECT, related_name="conversions")
    disk_format = models.CharField(max_length=10)

    def __str__(self) -> str:
        return f"{self.image_id} as {self.disk_format}"
