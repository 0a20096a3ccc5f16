"""Whether stored bytes are what they were when they were checked. Whoever reads image data reads it through here.

A cheap check is made at each reading (``ImageStore.stamp``), a whole one by the clock (``verify_next``). What is not
right is flagged, its owners are told, and nobody gets it until a whole check finds it right.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone
from django_q.tasks import async_task

from images import letters
from images.actions.events import record_image
from images.hashing import Hashing
from images.models import Image, ImageData
from images.problems import DamagedData, NoSuchData, StoreProblem
from images.querysets import ImageDataQuerySet
from images.reading import fresh_blocks
from images.stores import ELSEWHERE, get_store
from images.stores.base import ByteRange

CYCLE = timedelta(days=7)  # each piece of image data is read and compared as often
SECOND_LOOK = timedelta(days=1)  # and what is damaged more often: a backup may have been put back
LONGEST_DAMAGE = 255

logger = logging.getLogger(__name__)
T = TypeVar("T")


# --- Reading ----------------------------------------------------------------------------------------


def reading(data: ImageData, read: Callable[[ImageData], T]) -> T:
    """Do something that opens image data, and flag the data if that shows that it is damaged.

    Call it outside of a transaction: what it notes has to outlive the error.

    Args:
        data: as it was loaded; it may have been moved to another store since.
        read: opens the data where the row that it is given says, with the stamp of that row.

    Raises:
        DamagedData: the data is not what it was; from now on the row says so.
        NoSuchData: the data was deleted meanwhile.
        StoreProblem: the store does not work; that says nothing about the data.
    """
    if data.is_damaged:
        raise DamagedData(data.why_not_given)
    try:
        return read(data)
    except (DamagedData, NoSuchData) as problem:
        found = flag(data, _what_is_wrong(problem), look_again=True)
        if found.removed_at:
            raise NoSuchData("This image was deleted a moment ago.") from problem
        if found.is_damaged:
            raise DamagedData(found.why_not_given) from problem
        return reading(found, read)  # it has been moved since the row was loaded


def open_data(data: ImageData, *, start: int = 0, stop: int | None = None) -> ByteRange:
    """Open image data from byte ``start`` up to but not including ``stop``.

    Raises:
        As ``reading``.
    """
    return reading(data, lambda row: _open(row, start, stop))


@contextmanager
def local_file(data: ImageData) -> Iterator[Path]:
    """Image data as a file on this machine while the context lasts; see ``ImageStore.local_file``.

    Raises:
        As ``reading``.
    """
    row = reading(data, _touched)
    with get_store(row.store).local_file(row.store_key) as path:
        yield path


def _open(row: ImageData, start: int, stop: int | None) -> ByteRange:
    return get_store(row.store).read(row.store_key, start=start, stop=stop, stamp=row.stamp)


def _touched(row: ImageData) -> ImageData:
    """The row, once its data was opened and closed again: the cheapest way to have the stamp compared."""
    _open(row, 0, 1).close()
    return row


def _what_is_wrong(problem: StoreProblem) -> str:
    return "It is missing from its store." if isinstance(problem, NoSuchData) else str(problem)


# --- Verifying --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Verdict:
    """What reading all of some data has shown.

    Attributes:
        data: the row, as it is now.
        is_right: whether the bytes are what they were when the image was made.
    """

    data: ImageData
    is_right: bool


def verify_data(
    data_id: UUID, *, bytes_per_second: int = 0, on_progress: Callable[[int], None] | None = None
) -> Verdict | None:
    """Read all of some image data, and compare its size and both checksums with those of the row.

    Right bytes lose the flag of damage and get a new stamp, whatever happened to the file meanwhile: a backup that
    was put back has other times. No transaction is open while the bytes are read.

    Args:
        bytes_per_second: read no faster than this; 0 for as fast as it goes.
        on_progress: called with the number of bytes read so far.

    Returns:
        What was found; None if the data is gone, or was moved meanwhile.

    Raises:
        StoreProblem: the store does not work; that says nothing about the data.
    """
    data = ImageData.objects.filter(pk=data_id, removed_at__isnull=True).first()
    if data is None:
        return None
    try:
        stamp, damage = _compared(data, bytes_per_second, on_progress)
    except (NoSuchData, DamagedData) as problem:
        stamp, damage = "", _what_is_wrong(problem)
    row = flag(data, damage) if damage else _clear(data, stamp)
    if row.removed_at or place_of(row) != place_of(data):
        return None
    return Verdict(row, is_right=not damage)


def due_for_verification(*, older_than: timedelta = CYCLE) -> ImageDataQuerySet:
    """Data that nobody has compared for so long, the longest first; damaged data is looked at again after a day."""
    now = timezone.now()
    stored = (
        ImageData.objects.filter(removed_at__isnull=True)
        .exclude(store=ELSEWHERE)
        .annotate(looked_at=Coalesce("damaged_at", "verified_at", "created_at"))
    )
    whole = stored.filter(damaged_at__isnull=True, looked_at__lte=now - older_than)
    flagged = stored.filter(damaged_at__lte=now - min(older_than, SECOND_LOOK))
    return (whole | flagged).order_by("looked_at", "pk")


def verify_next(*, seconds: float) -> Iterator[Verdict]:
    """Verify what has waited longest, until the time is over; the last one is read to its end.

    A store that does not work holds up nothing that lies in another one.
    """
    deadline = time.monotonic() + seconds
    for pk in list(due_for_verification().values_list("pk", flat=True)[:10_000]):
        if time.monotonic() >= deadline:
            return
        try:
            verdict = verify_data(pk, bytes_per_second=settings.VERIFY_BYTES_PER_SECOND)
        except (StoreProblem, LookupError) as problem:
            logger.warning("The image data %s could not be verified: %s", pk, problem)
        else:
            if verdict:
                yield verdict


def _compared(data: ImageData, limit: int, on_progress: Callable[[int], None] | None) -> tuple[str, str]:
    """The stamp of the bytes, and what is wrong with them."""
    store = get_store(data.store)
    stamp = store.stamp(data.store_key)
    size, pace = 0, Pace(limit)
    try:
        # The stamp sees to it that all of it is of one version, even where the line to the store breaks in between.
        with (
            closing(store.read(data.store_key, stamp=stamp)) as stored,
            Hashing(("md5", data.os_hash_algo)) as hashing,
        ):
            for block in fresh_blocks(stored):
                hashing.feed(block)
                size += len(block)
                if on_progress:
                    on_progress(size)
                pace.keep(size)
            found = hashing.hexdigests()
    except OSError as error:
        return stamp, f"Its store could not read it ({error.strerror})."
    if store.stamp(data.store_key) != stamp:
        return stamp, "It was changed while it was read."
    return stamp, difference(data, size, found)


def difference(data: ImageData, size: int, found: dict[str, str]) -> str:
    """What is wrong with bytes of this size and these hashes, by name; empty if nothing is."""
    if size != data.size:
        return f"It has {size:,} bytes instead of {data.size:,}."
    if found != {"md5": data.checksum, data.os_hash_algo: data.os_hash_value}:
        return "Its bytes do not match its checksum any more."
    return ""


class Pace:
    """Keeps a reader from being faster than it should be, so that others find the disk free."""

    def __init__(self, bytes_per_second: int) -> None:
        self._limit = bytes_per_second
        self._began = time.monotonic()

    def keep(self, size: int) -> None:
        """Wait until so many bytes are allowed."""
        if self._limit:
            time.sleep(max(0.0, self._began + size / self._limit - time.monotonic()))


# --- Noting -----------------------------------------------------------------------------------------


@transaction.atomic
def flag(data: ImageData, damage: str, *, look_again: bool = False) -> ImageData:
    """Note that the bytes are not right, unless they have been moved or removed since the row was loaded.

    Args:
        look_again: whether to have all of it read: the cheap check may be wrong, a whole one is not.
    """
    row = _locked(data)
    if row.removed_at or place_of(row) != place_of(data):
        return row
    is_news = row.damaged_at is None
    row.damaged_at, row.damage = timezone.now(), damage[:LONGEST_DAMAGE]
    row.save(update_fields=["damaged_at", "damage"])
    if is_news:
        logger.error("The image data %s is damaged: %s (%s in the store %s)", row.pk, damage, row.store_key, row.store)
        for image in _named_by(row):
            record_image("found damaged", image, None, account=image.account, damage=row.damage)
            letters.data_damaged(image, row.damage)
    if is_news and look_again:
        async_task("images.tasks.verify", str(row.pk), cluster="data")
    return row


@transaction.atomic
def _clear(data: ImageData, stamp: str) -> ImageData:
    """Note that the bytes are right."""
    row = _locked(data)
    if row.removed_at or place_of(row) != place_of(data):
        return row
    was_damaged = row.damaged_at is not None
    row.verified_at, row.stamp, row.damaged_at, row.damage = timezone.now(), stamp, None, ""
    row.save(update_fields=["verified_at", "stamp", "damaged_at", "damage"])
    if was_damaged:
        logger.info("The image data %s is right again.", row.pk)
        for image in _named_by(row):
            record_image("found right again", image, None, account=image.account)
            letters.data_right_again(image)
    return row


def _locked(data: ImageData) -> ImageData:
    return ImageData.objects.select_for_update(of=("self",)).get(pk=data.pk)


def place_of(data: ImageData) -> tuple[str, str]:
    """Where the bytes are: the store, and the key in it."""
    return data.store, data.store_key


def _named_by(data: ImageData) -> QuerySet[Image]:
    return Image.objects.live().filter(data=data).select_related("account").order_by("pk")
