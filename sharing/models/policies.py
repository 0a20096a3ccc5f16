"""What recipients and organizations decide beforehand: which images they take, and how theirs may be shared."""

from django.contrib.auth.models import Group
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from sharing.models.shares import title_of

DAYS = [MinValueValidator(1), MaxValueValidator(3650)]


class Policy(models.Model):
    """Which images of others an account takes, or all accounts of an organization; asked at accepting and at use."""

    class Mode(models.TextChoices):
        OFF = "off", "Off"
        AUDIT = "audit", "Only write down what would be refused"
        ENFORCED = "enforced", "Refuse"

    class Accepting(models.TextChoices):
        ACCOUNT = "account", "Each account decides for itself"
        ADMINS = "admins", "Admins of the account"
        CREATORS = "creators", "Admins and creators of the account"
        MANAGERS = "managers", "Managers of the organization who are in the account"

    group = models.OneToOneField(Group, on_delete=models.PROTECT, related_name="policy")
    mode = models.CharField(max_length=8, choices=Mode, default=Mode.OFF)
    only_trusted = models.BooleanField("only from trusted producers", default=False)
    only_inspected = models.BooleanField("only images that were looked into, without secrets found", default=False)
    max_age_days = models.PositiveSmallIntegerField("oldest image, in days", null=True, blank=True, validators=DAYS)
    accepting = models.CharField("who may accept", max_length=8, choices=Accepting, default=Accepting.ADMINS)
    by_sign_in = models.BooleanField(
        "producers may accept for us by signing in",
        default=True,
        help_text="With the login, password and second factor of one of our admins.",
    )

    class Meta:
        verbose_name_plural = "policies"

    def __str__(self) -> str:
        return f"Policy of {self.title}"

    @property
    def title(self) -> str:
        """Whose it is, as people read it."""
        return title_of(self.group)

    @property
    def is_enforced(self) -> bool:
        """Whether it refuses, and does not only write down what it would refuse."""
        return self.mode == self.Mode.ENFORCED


class Rules(models.Model):
    """How accounts of an organization may share their images."""

    class Outside(models.TextChoices):
        FREE = "free", "Allowed"
        APPROVAL = "approval", "Only when a second person approves"
        FORBIDDEN = "forbidden", "Not allowed"

    organization = models.OneToOneField("accounts.Organization", on_delete=models.PROTECT, related_name="rules")
    outside = models.CharField("sharing outside", max_length=9, choices=Outside, default=Outside.FREE)
    open_to_all = models.BooleanField("public and community images are allowed", default=True)
    default_days = models.PositiveSmallIntegerField(
        "shares end after, in days, unless somebody says otherwise", null=True, blank=True, validators=DAYS
    )
    max_days = models.PositiveSmallIntegerField(
        "shares end at the latest after, in days", null=True, blank=True, validators=DAYS
    )

    class Meta:
        verbose_name_plural = "rules"
        constraints = [
            models.CheckConstraint(
                condition=Q(default_days__isnull=True) | Q(max_days__isnull=True) | Q(default_days__lte=F("max_days")),
                name="rules_default_within_most",
            )
        ]

    def __str__(self) -> str:
        return f"Rules of {self.organization}"

    @property
    def allows_open(self) -> bool:
        """Whether images may be open to everybody: who may not share outside freely may not do it with all at once."""
        return self.open_to_all and self.outside == self.Outside.FREE
