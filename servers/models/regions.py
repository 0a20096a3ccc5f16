"""What runs the servers of a region, as staff set it."""

from urllib.parse import urlsplit

from django.db import models
from django.db.models import Q

from images.models import Region


class RegionCloud(models.Model):
    """The cloud of a region: how its servers are run. A region without one only keeps images."""

    class Kind(models.TextChoices):
        LOCAL = "local", "This host (QEMU)"
        OPENSTACK = "openstack", "OpenStack"

    region = models.OneToOneField(Region, on_delete=models.PROTECT, primary_key=True, related_name="cloud")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.LOCAL)
    auth_url = models.URLField("address of the Identity service", blank=True, help_text="https://…/v3")
    region_name = models.CharField(max_length=80, blank=True, help_text="What that cloud calls the region.")
    certificates = models.TextField(
        "certificate authority", blank=True, help_text="PEM; empty: the authorities that this system trusts."
    )
    endpoints: "models.JSONField[list[str], list[str]]" = models.JSONField(
        "allowed endpoints",
        default=list,
        blank=True,
        help_text="Where requests with a cloud key may go, besides the Identity service: the start of each address.",
    )
    closed_at = models.DateTimeField(null=True, blank=True, help_text="No new servers from then on.")

    class Meta:
        verbose_name = "cloud of a region"
        verbose_name_plural = "clouds of regions"
        constraints = [
            models.CheckConstraint(
                condition=(Q(kind="local") & Q(auth_url="")) | (Q(kind="openstack") & ~Q(auth_url="")),
                name="regioncloud_has_an_address_if_it_is_elsewhere",
            )
        ]

    def __str__(self) -> str:
        return f"{self.region_id}: {self.get_kind_display()}"

    @property
    def hosts(self) -> list[str]:
        """Where requests with a cloud key may go: the scheme, host and port of each address."""
        places = (urlsplit(address) for address in (self.auth_url, *self.endpoints) if address)
        return sorted({f"{place.scheme}://{place.netloc}".lower() for place in places})

    @property
    def needs_key(self) -> bool:
        """Whether an account needs a credential of its own there."""
        return self.kind != self.Kind.LOCAL


class Flavor(models.Model):
    """A size of servers in a region, and what it costs."""

    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="flavors")
    code = models.CharField(max_length=255, help_text="What the cloud calls it.")
    name = models.CharField(max_length=80)
    vcpus = models.PositiveIntegerField("virtual processors", default=1)
    ram = models.PositiveIntegerField("memory", help_text="MiB")
    disk = models.PositiveIntegerField(help_text="GiB; 0: as large as the image.")
    price = models.DecimalField(
        "price per hour", max_digits=10, decimal_places=5, default=0, help_text="In the currency of the panel."
    )
    closed_at = models.DateTimeField(null=True, blank=True, help_text="No new servers of this size from then on.")

    class Meta:
        ordering = ["region", "ram", "vcpus", "disk", "code"]
        constraints = [
            models.UniqueConstraint(fields=["region", "code"], name="flavor_once_per_region"),
            models.CheckConstraint(condition=Q(vcpus__gte=1, ram__gte=1, price__gte=0), name="flavor_has_a_size"),
        ]

    def __str__(self) -> str:
        return self.name
