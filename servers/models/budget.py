"""What servers may cost and be, as an organization decides for its accounts."""

from datetime import date

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from servers.models.regions import Flavor


class Budget(models.Model):
    """How much an account of an organization may spend on servers in a month of the calendar."""

    organization = models.ForeignKey("accounts.Organization", on_delete=models.PROTECT, related_name="budgets")
    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="budgets")
    amount = models.DecimalField(
        "amount a month", max_digits=12, decimal_places=2, validators=[MinValueValidator(0, "Enter 0 or more.")]
    )
    warned_month = models.DateField(
        null=True, blank=True, help_text="The first day of the month in which people were told last."
    )
    warned_percent = models.PositiveSmallIntegerField(default=0, help_text="How much was spent when they were told.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "account"], name="budget_once_per_account"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="budget_is_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} a month for {self.account}"

    def warned_percent_in(self, month: date) -> int:
        """Of how much people have been told in a month, given by its first day; 0 where they have not been."""
        return self.warned_percent if self.warned_month == month else 0


class ServerRules(models.Model):
    """Which servers the accounts of an organization may make. Without it: any."""

    organization = models.OneToOneField(
        "accounts.Organization", on_delete=models.PROTECT, primary_key=True, related_name="server_rules"
    )
    flavors = models.ManyToManyField(Flavor, blank=True, related_name="+", help_text="None chosen: all of them.")

    class Meta:
        verbose_name_plural = "server rules"

    def __str__(self) -> str:
        return f"Server rules of {self.organization}"
