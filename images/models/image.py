"""The image: the record of a bootable machine image."""

import uuid
from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.validators import is_one_line
from images.querysets import OPEN_TO_ALL, ImageQuerySet
from images.validators import valid_ports, valid_properties


class Region(models.Model):
    """Where image data lives and servers run."""

    code = models.SlugField(
        primary_key=True, max_length=20, validators=[RegexValidator(r"\A[A-Z][A-Z0-9-]*\Z", "Use capital letters.")]
    )
    name = models.CharField(max_length=80, unique=True)
    is_default = models.BooleanField(default=False, help_text="Chosen for a new image when nobody chooses.")
    store = models.CharField(max_length=40, default="default", help_text="Where new image data of the region is kept.")
    closed_at = models.DateTimeField(null=True, blank=True, help_text="No new images from then on.")

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["is_default"], condition=Q(is_default=True), name="region_has_one_default")
        ]

    def __str__(self) -> str:
        return self.code


class Image(models.Model):
    """A machine image: what its owner says of it, and which data it names.

    The owner is ``account``. Who else sees it is in the grants (``images.models.grants``) and in ``visibility``.
    """

    class Visibility(models.TextChoices):
        PRIVATE = "private", "Private"
        SHARED = "shared", "Shared"
        COMMUNITY = "community", "Community"
        PUBLIC = "public", "Public"

    class Status(models.TextChoices):
        ACTIVE = "active", "Active"
        DEACTIVATED = "deactivated", "Deactivated"
        DELETED = "deleted", "Deleted"

    class Source(models.TextChoices):
        UPLOAD = "upload", "Upload"
        IMPORT = "import", "Import"
        SNAPSHOT = "snapshot", "Server snapshot"
        REGISTERED = "registered", "Registered"
        CONVERSION = "conversion", "Conversion"
        COPY = "copy", "Copy"

    class Life(models.TextChoices):
        """How near its end an image is. Each begins at a date, and the clock alone says which it is."""

        CURRENT = "current", "Current"
        DEPRECATED = "deprecated", "Deprecated"
        OBSOLETE = "obsolete", "Obsolete"
        RETIRED = "retired", "Retired"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="images")
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="images")
    data = models.ForeignKey("images.ImageData", on_delete=models.PROTECT, related_name="images")
    name = models.CharField(max_length=255, validators=[is_one_line])
    description = models.TextField(max_length=4000, blank=True)
    visibility = models.CharField(max_length=10, choices=Visibility, default=Visibility.PRIVATE)
    status = models.CharField(max_length=12, choices=Status, default=Status.ACTIVE)
    source = models.CharField(max_length=12, choices=Source, default=Source.UPLOAD)
    os_family = models.CharField("operating system", max_length=40, blank=True)
    os_version = models.CharField("version", max_length=40, blank=True)
    architecture = models.CharField(max_length=20, blank=True, default="x86_64")
    min_disk = models.PositiveIntegerField(
        "minimum disk", default=0, help_text="GiB", validators=[MaxValueValidator(2**31 - 1)]
    )
    min_ram = models.PositiveIntegerField(
        "minimum memory", default=0, help_text="MiB", validators=[MaxValueValidator(2**31 - 1)]
    )
    protected = models.BooleanField(default=False, help_text="A protected image cannot be deleted.")
    hidden = models.BooleanField(default=False, help_text="Left out of lists; found by its id.")
    properties: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(
        default=dict, blank=True, validators=[valid_properties]
    )
    default_login = models.CharField(
        "login name", max_length=64, blank=True, help_text="Whom to sign in as on a server."
    )
    ports: "models.JSONField[list[int], list[int]]" = models.JSONField(
        default=list, blank=True, validators=[valid_ports]
    )
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")
    limits_from = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Somebody else's, whose limits hold for this one: it is booted, and nobody gets its data.",
    )
    family = models.ForeignKey(
        "images.Family", on_delete=models.PROTECT, null=True, blank=True, related_name="versions"
    )
    version = models.CharField(max_length=40, blank=True, validators=[is_one_line], help_text="In its family.")

    deprecated_at = models.DateTimeField(null=True, blank=True, help_text="Whoever uses it is warned from then on.")
    obsolete_at = models.DateTimeField(null=True, blank=True, help_text="Nobody can begin to use it from then on.")
    retired_at = models.DateTimeField(null=True, blank=True, help_text="It is deleted then.")
    end_reason = models.TextField(max_length=1000, blank=True)
    replacement = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaces")
    end_announced_at = models.DateTimeField(null=True, blank=True)
    end_announced_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    obsolete_warned_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Consumers were told that it becomes obsolete in so many days."
    )
    retired_warned_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Consumers were told that it is deleted in so many days."
    )
    handed_over_at = models.DateTimeField(
        null=True, blank=True, help_text="When the account took it over from another one."
    )

    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    updated_at = models.DateTimeField(auto_now=True)
    listed_at = models.DateTimeField(null=True, blank=True, help_text="In the marketplace since.")
    listed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    deactivated_at = models.DateTimeField(null=True, blank=True)
    deactivated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    deactivated_by_staff = models.BooleanField(default=False, help_text="Then its owner cannot reactivate it.")
    deleted_at = models.DateTimeField(null=True, blank=True)
    deleted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    # Set by ``ImageQuerySet.with_rights``.
    can_use: bool
    can_export: bool
    through_group: bool
    is_hidden_for_me: bool
    # Set by ``ImageQuerySet.with_reference``: the viewer's account's own words about it.
    reference_id: int | None
    own_label: str | None
    own_notes: str | None
    own_login: str | None
    own_ports: list[int] | None
    theirs_then: dict[str, Any] | None
    # Set by ``ImageQuerySet.with_tags``.
    tag_names: list[str]

    objects = ImageQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["account", "-created_at", "-id"], name="image_of_account"),
            models.Index(
                fields=["-created_at", "-id"], condition=Q(visibility="public", status="active"), name="image_public"
            ),
            models.Index(
                fields=["-created_at", "-id"],
                condition=Q(visibility="community", status="active"),
                name="image_community",
            ),
            models.Index(fields=["-created_at", "-id"], condition=Q(listed_at__isnull=False), name="image_listed"),
            # What programs look for by its name: their own, or whosever it is.
            models.Index(fields=["name", "account"], name="image_by_name"),
            models.Index(fields=["obsolete_at"], condition=Q(obsolete_at__isnull=False), name="image_ending"),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="image_has_a_name"),
            models.CheckConstraint(
                condition=Q(listed_at__isnull=True, listed_by__isnull=True)
                | Q(listed_at__isnull=False, listed_by__isnull=False),
                name="image_listed_at_with_listed_by",
            ),
            models.CheckConstraint(
                condition=Q(deactivated_at__isnull=True, deactivated_by__isnull=True)
                | Q(deactivated_at__isnull=False, deactivated_by__isnull=False),
                name="image_deactivated_at_with_deactivated_by",
            ),
            models.CheckConstraint(
                condition=(~Q(status="deleted") & Q(deleted_at__isnull=True, deleted_by__isnull=True))
                | Q(status="deleted", deleted_at__isnull=False, deleted_by__isnull=False),
                name="image_deleted_at_with_deleted_by",
            ),
            models.CheckConstraint(
                condition=~Q(status="deactivated") | Q(deactivated_at__isnull=False),
                name="image_deactivated_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(family__isnull=True, version="") | (Q(family__isnull=False) & ~Q(version="")),
                name="image_version_with_family",
            ),
            models.UniqueConstraint(
                fields=["family", "version"], condition=~Q(status="deleted"), name="image_version_once_per_family"
            ),
            models.CheckConstraint(
                condition=Q(deprecated_at__isnull=True, end_announced_at__isnull=True, end_announced_by__isnull=True)
                | Q(deprecated_at__isnull=False, end_announced_at__isnull=False, end_announced_by__isnull=False),
                name="image_end_announced_at_with_end_announced_by",
            ),
            models.CheckConstraint(
                condition=Q(obsolete_at__isnull=True)
                | Q(deprecated_at__isnull=False, deprecated_at__lte=models.F("obsolete_at")),
                name="image_deprecated_before_obsolete",
            ),
            models.CheckConstraint(
                condition=Q(retired_at__isnull=True)
                | Q(obsolete_at__isnull=False, obsolete_at__lte=models.F("retired_at")),
                name="image_obsolete_before_retired",
            ),
            models.CheckConstraint(
                condition=Q(deprecated_at__isnull=False) | Q(end_reason="", replacement__isnull=True),
                name="image_end_reason_with_an_end",
            ),
            models.CheckConstraint(
                condition=Q(replacement__isnull=True) | ~Q(replacement=models.F("id")),
                name="image_replaced_by_another",
            ),
            models.CheckConstraint(
                condition=Q(deactivated_by_staff=False) | Q(deactivated_at__isnull=False),
                name="image_deactivated_by_staff_has_a_time",
            ),
        ]
        permissions = [
            ("use_image", "Can boot servers from the image"),
            ("export_image", "Can download and copy the image"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_live(self) -> bool:
        """Whether it still exists for people (deactivated images do)."""
        return self.status != self.Status.DELETED

    @property
    def is_active(self) -> bool:
        """Whether servers can be booted from it."""
        return self.status == self.Status.ACTIVE

    @property
    def life(self) -> Life:
        """How near its end it is at this moment."""
        now = timezone.now()
        dates = ((self.Life.RETIRED, self.retired_at), (self.Life.OBSOLETE, self.obsolete_at))
        for life, moment in (*dates, (self.Life.DEPRECATED, self.deprecated_at)):
            if moment is not None and moment <= now:
                return life
        return self.Life.CURRENT

    @property
    def is_over(self) -> bool:
        """Whether nobody can begin to use it any more, because it is obsolete or retired."""
        return self.life in (self.Life.OBSOLETE, self.Life.RETIRED)

    @property
    def is_boot_only(self) -> bool:
        """Whether nobody gets its data, not even its owner: it was made from what could only be booted."""
        return self.limits_from_id is not None

    @property
    def is_open_to_all(self) -> bool:
        """Whether everybody can open its page: as in ``images.querysets``."""
        return self.visibility in OPEN_TO_ALL or self.listed_at is not None

    @property
    def grants_apply(self) -> bool:
        """Whether shares of it give anybody anything: it is shared and live."""
        return self.is_live and self.visibility == self.Visibility.SHARED


class ImageTag(models.Model):
    """A word by which an image is found."""

    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="tags")
    name = models.CharField(max_length=255)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["image", "name"], name="imagetag_once_per_image")]

    def __str__(self) -> str:
        return self.name
