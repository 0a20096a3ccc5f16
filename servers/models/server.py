"""Servers: what people want of them, and what their cloud says of them."""

import uuid

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.functional import cached_property

from accounts.validators import is_one_line
from images.models import Region
from servers.models.regions import Flavor
from servers.querysets import ServerQuerySet, SnapshotQuerySet


class Server(models.Model):
    """A machine booted from an image.

    ``wanted`` is what people asked for, ``status`` what the cloud last said. Whoever changes ``wanted`` leaves it to a
    task to bring the two together; the task may run twice, or die anywhere, and goes on from what the cloud says.
    """

    class Wanted(models.TextChoices):
        RUNNING = "running", "Running"
        STOPPED = "stopped", "Stopped"
        DELETED = "deleted", "Deleted"

    class Status(models.TextChoices):
        BUILDING = "building", "Building"
        RUNNING = "running", "Running"
        STOPPED = "stopped", "Stopped"
        FAILED = "failed", "Failed"
        DELETED = "deleted", "Deleted"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="servers")
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="servers")
    name = models.CharField(max_length=255, validators=[is_one_line])
    image = models.ForeignKey("images.Image", on_delete=models.PROTECT, related_name="servers")
    image_name = models.CharField(max_length=255, help_text="As the account knew it when the server was made.")
    data = models.ForeignKey("images.ImageData", on_delete=models.PROTECT, related_name="servers")
    shares = models.ManyToManyField(
        "sharing.Share",
        related_name="servers",
        blank=True,
        help_text="Through which the account had the image when it booted; none for an own or open one.",
    )
    flavor = models.ForeignKey(Flavor, on_delete=models.PROTECT, related_name="servers")
    vcpus = models.PositiveIntegerField()
    ram = models.PositiveIntegerField(help_text="MiB")
    disk = models.PositiveIntegerField(help_text="GiB; 0: as large as the image.")
    price = models.DecimalField("price per hour", max_digits=10, decimal_places=5, default=0)
    formation = models.ForeignKey(
        "servers.Formation", on_delete=models.PROTECT, null=True, blank=True, related_name="servers"
    )
    part = models.ForeignKey(
        "servers.FormationPart",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="servers",
        help_text="Which part of the formation it fills; none once the part was taken out.",
    )

    network = models.BooleanField("may reach the network", default=False)
    network_code = models.CharField(
        max_length=64, blank=True, help_text="What its cloud calls the network; empty: whichever that takes first."
    )
    network_name = models.CharField(max_length=255, blank=True, help_text="As that cloud said when it was chosen.")
    ports: "models.JSONField[dict[str, int], dict[str, int]]" = models.JSONField(
        "forwarded ports", default=dict, blank=True, help_text="Of the server, and where this host answers for each."
    )
    encrypted_user_data = models.TextField(blank=True)
    ssh_keys: "models.JSONField[list[str], list[str]]" = models.JSONField(default=list, blank=True)

    wanted = models.CharField(max_length=8, choices=Wanted, default=Wanted.RUNNING)
    status = models.CharField(max_length=8, choices=Status, default=Status.BUILDING)
    problem = models.CharField(max_length=500, blank=True, help_text="What people should know of it.")
    progress = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Percent of what it waits for.")
    disk_number = models.PositiveIntegerField(default=1, help_text="Each rebuild begins a new disk.")
    reboots_wanted = models.PositiveIntegerField(default=0)
    reboots_done = models.PositiveIntegerField(default=0)
    cloud_id = models.CharField(max_length=64, blank=True, help_text="What an OpenStack cloud calls it.")
    address = models.CharField(max_length=255, blank=True, help_text="Where it is reached, if the cloud says so.")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Tries in vain since somebody last asked.")
    claim = models.UUIDField(null=True, blank=True, help_text="Of the worker that sees to it at this moment.")
    seen_at = models.DateTimeField(null=True, blank=True, help_text="When that worker last gave a sign of life.")

    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField(null=True, blank=True, help_text="When it first ran from the disk it has.")
    changed_at = models.DateTimeField(auto_now=True)
    deleted_at = models.DateTimeField(null=True, blank=True, help_text="When somebody asked for that.")
    deleted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    gone_at = models.DateTimeField(null=True, blank=True, help_text="When nothing of it was left in the cloud.")

    objects = ServerQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["account", "-created_at", "-id"], name="server_of_account"),
            models.Index(fields=["image"], condition=Q(gone_at__isnull=True), name="server_of_image"),
            models.Index(fields=["region"], condition=Q(gone_at__isnull=True), name="server_of_region"),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="server_has_a_name"),
            models.CheckConstraint(
                condition=Q(part__isnull=True) | Q(formation__isnull=False), name="server_of_a_part_is_of_its_formation"
            ),
            models.CheckConstraint(
                condition=(~Q(wanted="deleted") & Q(deleted_at__isnull=True, deleted_by__isnull=True))
                | Q(wanted="deleted", deleted_at__isnull=False, deleted_by__isnull=False),
                name="server_deleted_at_with_deleted_by",
            ),
            models.CheckConstraint(
                condition=Q(gone_at__isnull=True) | Q(wanted="deleted", status="deleted"),
                name="server_gone_after_it_was_deleted",
            ),
            models.CheckConstraint(
                condition=Q(network_code="", network_name="")
                | (Q(network=True) & ~Q(network_code="") & ~Q(network_name="")),
                name="server_in_a_network_may_reach_it",
            ),
            models.CheckConstraint(condition=Q(reboots_done__lte=models.F("reboots_wanted")), name="server_reboots"),
            models.CheckConstraint(
                condition=Q(claim__isnull=True) | Q(seen_at__isnull=False), name="server_claimed_by_one_who_lives"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean_name(self, name: str) -> None:
        """Check a name before it is given.

        Raises:
            ValidationError: on the field ``name``.
        """
        try:
            Server.name.field.clean(name, self)
        except ValidationError as error:
            raise ValidationError({"name": error}) from error

    @property
    def is_live(self) -> bool:
        """Whether it still exists for people."""
        return self.wanted != self.Wanted.DELETED

    @property
    def has_run(self) -> bool:
        """Whether it has a disk of its own, from which it can be started again."""
        return self.started_at is not None

    @property
    def is_settled(self) -> bool:
        """Whether the cloud has done what people asked for, or has given up."""
        if self.status == self.Status.FAILED and self.is_live:
            return True
        return self.status == self.wanted and self.reboots_done == self.reboots_wanted

    @property
    def is_busy(self) -> bool:
        """Whether something is on its way."""
        return not self.is_settled

    @property
    def holder(self) -> str:
        """What it is called in the hold on its data."""
        return f"server:{self.pk}"

    @cached_property
    def is_being_saved(self) -> bool:
        """Whether an image was being made from it when this was first asked. One query."""
        return self.snapshots.open().exists()


class Snapshot(models.Model):
    """An image that is being made from a server."""

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Being made"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    server = models.ForeignKey(Server, on_delete=models.PROTECT, related_name="snapshots")
    name = models.CharField(max_length=255, validators=[is_one_line])
    status = models.CharField(max_length=8, choices=Status, default=Status.WAITING)
    progress = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Percent.")
    problem = models.CharField(max_length=500, blank=True)
    image = models.ForeignKey(
        "images.Image", on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="What it became."
    )
    store = models.CharField(max_length=40, default="default", help_text="Where its data is kept.")
    store_key = models.CharField(max_length=200, blank=True, help_text="What has been written of it so far.")
    claim = models.UUIDField(null=True, blank=True, help_text="Of the worker that makes it at this moment.")
    seen_at = models.DateTimeField(null=True, blank=True, help_text="When that worker last gave a sign of life.")
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = SnapshotQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=(Q(status="done") & Q(image__isnull=False)) | (~Q(status="done") & Q(image__isnull=True)),
                name="snapshot_done_has_an_image",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["done", "failed"], finished_at__isnull=False)
                | (~Q(status__in=["done", "failed"]) & Q(finished_at__isnull=True)),
                name="snapshot_finished_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(claim__isnull=True) | Q(seen_at__isnull=False, status="running"),
                name="snapshot_claimed_is_running",
            ),
            models.UniqueConstraint(
                fields=["server"], condition=Q(status__in=["waiting", "running"]), name="snapshot_one_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        """Whether it waits or is being made."""
        return self.status in (self.Status.WAITING, self.Status.RUNNING)
