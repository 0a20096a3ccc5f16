"""How long shares last: what the panel and an organization say, when the producer does not."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone

from sharing.models import Rules


@dataclass(frozen=True)
class Lasting:
    """The days after which shares of an account end.

    Attributes:
        default_days: unless the producer says otherwise; None for no end.
        max_days: at the latest; None for any time.
    """

    default_days: int | None
    max_days: int | None


def lasting_by(rules: Rules | None) -> Lasting:
    """What holds for an account: the stricter of the panel's settings and the rules of its organization."""
    most = _least(settings.SHARE_MAX_DAYS, rules.max_days if rules else None)
    default = (rules.default_days if rules else None) or settings.SHARE_DEFAULT_DAYS or None
    return Lasting(default_days=_least(default, most), max_days=most)


def checked_end(rules: Rules | None, wanted: datetime | None) -> datetime | None:
    """When a share may end.

    Args:
        rules: under which its account shares.
        wanted: None for no end, which becomes the latest one where there is such a rule.

    Raises:
        ValidationError: it is past, or later than allowed.
    """
    now = timezone.now()
    if wanted is not None and wanted <= now:
        raise ValidationError({"until": "Choose a date that is not past."}, code="past")
    most = lasting_by(rules).max_days
    latest = now + timedelta(days=most) if most else None
    if wanted is None or latest is None:
        return wanted or latest
    if wanted > latest + timedelta(days=1):  # the day of the limit counts whole
        raise ValidationError({"until": f"Shares may last {most} days at most."}, code="late")
    return wanted


def _least(*days: int | None) -> int | None:
    return min((number for number in days if number), default=None)
