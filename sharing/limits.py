"""How many offers an account makes a day: what everybody may, unless staff said otherwise."""

from django.conf import settings

from accounts.models import Account
from sharing.models import OfferLimit

HOW_TO_ASK = "An admin can ask staff for more on the account's page."


def offers_per_day(account: Account) -> int:
    """How many offers an account may make in a day. One query."""
    own = OfferLimit.objects.filter(account=account).values_list("offers_per_day", flat=True).first()
    return settings.OFFERS_PER_DAY if own is None else own
