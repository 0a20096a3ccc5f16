"""How much an account keeps and does at once, how much it may, and the check that ten starts at once do not pass.

What counts is what the account brought in itself: its images, and the uploads that are no image yet. Images that
others share with it are counted where they came from.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings
from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import Count, Q, Sum
from django.db.models.functions import Coalesce, Greatest

from accounts.models import Account
from accounts.permissions import lock_rows
from images.models import Image, Quota, QuotaRequest, Upload
from images.problems import QuotaExceeded
from images.sizes import short_size
from images.stores import ELSEWHERE

HIGH = 80  # percent; from here on the page warns


class Counted(StrEnum):
    """What is counted, named as the columns of ``Quota``."""

    BYTES = "bytes"
    IMAGES = "images"
    UPLOADS = "uploads"
    IMPORTS = "imports"

    @property
    def label(self) -> str:
        """What is counted, in words."""
        return LABELS[self]

    def write(self, amount: int) -> str:
        """An amount: "1.5 TiB", or "1,000"."""
        return short_size(amount) if self is Counted.BYTES else intcomma(amount)

    def name_amount(self, amount: int | None) -> str:
        """An amount of it in a sentence: "1.5 TiB of image data", "1,000 images"; None is any number."""
        if self is Counted.BYTES:
            return "any amount of image data" if amount is None else f"{self.write(amount)} of image data"
        things = self.label.lower()
        if amount is None:
            return f"any number of {things}"
        return f"{self.write(amount)} {things.removesuffix('s') if amount == 1 else things}"


Limits = Mapping[Counted, int | None]

LABELS: Mapping[Counted, str] = {
    Counted.BYTES: "Image data",
    Counted.IMAGES: "Images",
    Counted.UPLOADS: "Unfinished uploads",
    Counted.IMPORTS: "Unfinished imports",
}
EXPLANATIONS: Mapping[Counted, str] = {
    Counted.BYTES: "The images of this account and the uploads on their way. Data that two images share counts once.",
    Counted.IMAGES: "The images of this account, and uploads that become one by themselves.",
    Counted.UPLOADS: "Files that are being sent or wait for their form, and conversions.",
    Counted.IMPORTS: "Imports that run or wait.",
}
# What an account can ask for more of; how much it does at once is for staff to decide.
ASKED_FOR = (Counted.BYTES, Counted.IMAGES)
ADVICE: Mapping[Counted, str] = {
    Counted.BYTES: "Delete images, or ask for more on the account page.",
    Counted.IMAGES: "Delete some, or ask for more on the account page.",
    Counted.UPLOADS: "Finish or discard one first.",
    Counted.IMPORTS: "Wait until one is done, or discard one.",
}


@dataclass(frozen=True)
class Level:
    """How much of one thing an account has.

    Attributes:
        limit: how much it may have; None for any number.
    """

    counted: Counted
    used: int
    limit: int | None

    @property
    def label(self) -> str:
        """What is counted, in words."""
        return self.counted.label

    @property
    def explanation(self) -> str:
        """What counts, and what does not."""
        return EXPLANATIONS[self.counted]

    @property
    def percent(self) -> int | None:
        """How full it is, rounded down; more than 100 where the limit was lowered. None without a limit."""
        if self.limit is None:
            return None
        return self.used * 100 // self.limit if self.limit else 100

    @property
    def is_high(self) -> bool:
        """Whether it is time to make room."""
        return self.percent is not None and self.percent >= HIGH

    @property
    def is_full(self) -> bool:
        """Whether nothing more fits."""
        return self.limit is not None and self.used >= self.limit

    @property
    def text(self) -> str:
        """As a sentence says it: "410 GiB of 1 TiB"."""
        used = self.counted.write(self.used)
        return f"{used}, without a limit" if self.limit is None else f"{used} of {self.counted.write(self.limit)}"

    def require(self, more: int, account: Account) -> None:
        """Refuse what does not fit.

        Args:
            more: how much is to come.

        Raises:
            QuotaExceeded: with the numbers, and what to do.
        """
        if self.limit is None or self.used + more <= self.limit:
            return
        has = f"{account.title} has {self.text}"
        if self.counted is not Counted.BYTES:
            raise QuotaExceeded(f"{has} {self.label.lower()}. {ADVICE[self.counted]}")
        raise QuotaExceeded(f"{has}, and this needs {self.counted.write(more)} more. {ADVICE[self.counted]}")


def levels_of(account: Account, *, without: Upload | None = None) -> dict[Counted, Level]:
    """Everything that is counted for an account. Three queries, however much it has.

    Args:
        without: an upload that is left out.
    """
    limits, used = limits_of(account), _used_by(account, without)
    return {counted: Level(counted, used[counted], limits[counted]) for counted in Counted}


def limits_of(account: Account) -> dict[Counted, int | None]:
    """What an account may have: what staff have set for it, and for the rest what holds for everybody."""
    own = Quota.objects.filter(account=account).values(*Counted).first() or {}
    return {counted: settings.QUOTA[counted] if own.get(counted) is None else own[counted] for counted in Counted}


def wanted_by(asked: QuotaRequest) -> dict[Counted, int]:
    """What a request asks for altogether."""
    wanted = {Counted.BYTES: asked.bytes, Counted.IMAGES: asked.images}
    return {counted: amount for counted, amount in wanted.items() if amount is not None}


def write_limits(limits: Limits) -> str:
    """Limits in a sentence: "1.5 TiB of image data and 1,000 images"."""
    *others, last = [counted.name_amount(limit) for counted, limit in limits.items()]
    return f"{', '.join(others)} and {last}" if others else last


def why_not_ask(limits: Limits, waiting: QuotaRequest | None) -> str:
    """Why nobody can ask for more just now; empty when an admin can.

    Args:
        waiting: the request that staff have not answered.
    """
    if waiting:
        return "Staff have not answered the last request. Withdraw it to ask for something else."
    if all(limits[counted] is None for counted in ASKED_FOR):
        return "Nothing limits the images of this account."
    return ""


def most_pressing_first(levels: Mapping[Counted, Level]) -> list[Level]:
    """For reading: the fullest of those that are high, then the others in their own order."""
    return sorted(levels.values(), key=lambda level: -(level.percent or 0) if level.is_high else 0)


def reserve(account: Account, *, size: int = 0, images: int = 0, uploads: int = 0, imports: int = 0) -> None:
    """Make sure that what is about to start still fits. Called in the transaction that then writes the row.

    The account's row is taken for the transaction, so that of ten that start at once each sees those before it. It is
    a row of the groups: taken after that of an upload and before that of an image.

    Args:
        size: bytes that are to come.
        images: how many images are to be made.
        uploads, imports: how many start.

    Raises:
        QuotaExceeded: with the numbers, and what to do.
    """
    lock_rows([account.pk])
    levels = levels_of(account)
    more = {Counted.BYTES: size, Counted.IMAGES: images, Counted.UPLOADS: uploads, Counted.IMPORTS: imports}
    for counted, amount in more.items():
        if amount > 0:
            levels[counted].require(amount, account)


def confirm(account: Account, *, size: int = 0, images: int = 0) -> None:
    """Make sure that what this transaction has written fits; for what cannot take the account's row any earlier.

    Args:
        size: how many of the bytes that count now are new.
        images: how many of the images.

    Raises:
        QuotaExceeded: with the numbers without what is new, and what to do.
    """
    lock_rows([account.pk])
    levels = levels_of(account)
    for counted, amount in {Counted.BYTES: size, Counted.IMAGES: images}.items():
        if amount > 0:
            level = levels[counted]
            Level(counted, level.used - amount, level.limit).require(amount, account)


def room(upload: Upload, *, least: int = 0) -> int:
    """How many bytes an upload of unknown size may have, besides everything else that counts.

    Takes no lock: it stops a stream early, and ``confirm`` decides at its end.

    Args:
        least: how many bytes it has for certain.

    Raises:
        QuotaExceeded: it may not have as many.
    """
    level = levels_of(upload.account, without=upload)[Counted.BYTES]
    level.require(least, upload.account)
    most: int = settings.IMAGE_MAX_BYTES
    return most if level.limit is None else min(most, level.limit - level.used)


def _used_by(account: Account, without: Upload | None) -> dict[Counted, int]:
    """What counts. An upload that was refused keeps no bytes and becomes nothing; one that is over is swept away."""
    by_data = Image.objects.live().filter(account=account).values("data", "data__size", "data__store")
    is_here = ~Q(data__store=ELSEWHERE)
    kept = by_data.annotate(times=Count("pk")).aggregate(bytes=Sum("data__size", filter=is_here), images=Sum("times"))
    unfinished = Upload.objects.unexpired().filter(account=account).exclude(status=Upload.Status.FAILED)
    if without:
        unfinished = unfinished.exclude(pk=without.pk)
    is_import = Q(origin=Upload.Origin.IMPORT)
    coming = unfinished.aggregate(
        bytes=Sum(Greatest(Coalesce("size", 0), "offset")),
        images=Count("pk", filter=Q(plan__isnull=False)),
        uploads=Count("pk", filter=~is_import),
        imports=Count("pk", filter=is_import),
    )
    return {counted: (kept.get(counted) or 0) + (coming[counted] or 0) for counted in Counted}
