"""How much one account may ask of others in a day."""

from django.db import models


class OfferLimit(models.Model):
    """How many offers a day staff allow one account; others have ``settings.OFFERS_PER_DAY``."""

    account = models.OneToOneField(
        "accounts.Account", on_delete=models.PROTECT, primary_key=True, related_name="offer_limit"
    )
    offers_per_day = models.PositiveIntegerField(help_text="None at all with 0.")
    note = models.CharField(max_length=255, blank=True, help_text="Why; for staff.")
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"Offers of {self.account}"
