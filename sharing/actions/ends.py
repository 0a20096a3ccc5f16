"""What the clock does to shares: both sides are told that one ends soon, and that it has ended, each of it once.

Access itself ends by the grants, at that very moment and without a task; this only tells people. What was told stands
on the row (``Share.warned_days``), so that it is told once, however often the task runs and however long it did not.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from images.models import Image
from sharing import announcements
from sharing.models import Share

ENDED = 0  # as the number of days that are left
WARNINGS = (1, 7)  # days before the end
AT_A_TIME = 200  # images in one transaction
MOST_TURNS = 20  # the task runs again in some minutes


@dataclass(frozen=True)
class Occasion:
    """Something that people are told about shares.

    Attributes:
        to_recipients: the name of the text; empty when they are not told.
        to_producers: the name of the text.
        days: what stands on the row afterwards.
        shares: which shares it is about, at the moment of asking.
    """

    to_recipients: str
    to_producers: str
    days: int
    shares: Callable[[], Q]


def attend_to_ends() -> int:
    """Tell people what they have not been told yet.

    Returns:
        Of how many shares.
    """
    return sum(_attend(occasion) for occasion in OCCASIONS)


def days_left(share: Share) -> int | None:
    """What a share has been warned of, for somebody who hears of its end at this moment; None for nothing yet."""
    if share.access_until is None:
        return None
    left = share.access_until - timezone.now()
    return next((days for days in WARNINGS if left <= timedelta(days=days)), None)


def _attend(occasion: Occasion) -> int:
    told = 0
    for _turn in range(MOST_TURNS):
        some = _tell(occasion)
        told += some
        if not some:
            break
    return told


@transaction.atomic
def _tell(occasion: Occasion) -> int:
    """Mark some shares and tell of them, in one transaction. The rows of the images are the locks of their shares."""
    which = occasion.shares()
    images = Image.objects.filter(pk__in=Share.objects.filter(which).values("image")).order_by("pk")
    locked = list(images.select_for_update(of=("self",), skip_locked=True).values_list("pk", flat=True)[:AT_A_TIME])
    shares = list(Share.objects.filter(which, image__in=locked).with_sides().order_by("access_until", "pk"))
    Share.objects.filter(pk__in=[share.pk for share in shares]).update(warned_days=occasion.days)
    reaching = [share for share in shares if share.image.grants_apply]
    if occasion.to_recipients:
        announcements.tell_recipients(occasion.to_recipients, reaching, days=occasion.days)
    announcements.tell_producers(occasion.to_producers, reaching, days=occasion.days)
    return len(shares)


def _not_told(days: int) -> Q:
    return Q(warned_days=None) | Q(warned_days__gt=days)


def _ended() -> Q:
    return _not_told(ENDED) & Q(status=Share.Status.ACCEPTED, access_until__lte=timezone.now())


def _ends_within(days: int) -> Q:
    """Not of shares that were for a shorter time from the beginning: whoever accepted them knew."""
    now, before = timezone.now(), timedelta(days=days)
    soon = Q(status=Share.Status.ACCEPTED, access_until__gt=now, access_until__lte=now + before)
    return _not_told(days) & soon & Q(decided_at__lt=F("access_until") - before)


def _unanswered() -> Q:
    return _not_told(ENDED) & Q(status=Share.Status.PENDING, offer_expires_at__lte=timezone.now())


# What has ended comes first, so that nobody is warned of it any more.
OCCASIONS = (
    Occasion("ended", "ended_for_others", ENDED, _ended),
    *(Occasion("ends_soon", "ends_soon_for_others", days, partial(_ends_within, days)) for days in WARNINGS),
    Occasion("", "unanswered", ENDED, _unanswered),
)
