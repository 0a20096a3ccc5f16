"""What recipients and organizations decide beforehand: which images they take, and how theirs may be shared."""

from django.contrib.auth.models import Group
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from accounts.models import Account

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
        account: Account | None = getattr(self.group, "as_account", None)
        return account.title if account else self.group.as_organization.title

    @property
    def conditions(self) -> list[str]:
        """What an image has to be, to be taken; empty where every image is."""
        said = [
            "from producers that it trusts" if self.only_trusted else "",
            "looked into without finding secrets" if self.only_inspected else "",
            f"at most {self.max_age_days} days old" if self.max_age_days else "",
        ]
        return [condition for condition in said if condition]

    @property
    def in_words(self) -> str:
        """What it says, for events and for those who read it."""
        taken = f"only images {', '.join(self.conditions)}" if self.conditions else "every image"
        sign_in = "" if self.by_sign_in else "; producers may not accept by signing in"
        return f"{self.get_mode_display()}: {taken}; who accepts: {self.get_accepting_display().lower()}{sign_in}"

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
    def sentences(self) -> list[str]:
        """What they say, for those who have to keep them."""
        outside = {
            self.Outside.FREE: "Accounts may share outside of the organization.",
            self.Outside.APPROVAL: "Sharing outside of the organization waits until a second person approves it.",
            self.Outside.FORBIDDEN: "Accounts may not share outside of the organization.",
        }
        open_to_all = "Images may be" if self.allows_open else "No image may be"
        said = [
            outside[self.Outside(self.outside)],
            f"{open_to_all} open to everybody (public, community, in the marketplace).",
            f"Shares end after {self.default_days} days unless the producer says otherwise."
            if self.default_days
            else "",
            f"Shares end after {self.max_days} days at the latest." if self.max_days else "",
        ]
        return [sentence for sentence in said if sentence]

    @property
    def in_words(self) -> str:
        """What they say, for events."""
        return " ".join(self.sentences)

    @property
    def allows_open(self) -> bool:
        """Whether images may be open to everybody: who may not share outside freely may not do it with all at once."""
        return self.open_to_all and self.outside == self.Outside.FREE
