"""Image data moves from one store to another while people go on using it.

The copy is hashed on its way and counts only if its checksums are right. Then the row is switched in one short
transaction, and the old bytes stay for a while, for those who are still reading them. The copy has a ``Leftover`` row
from its beginning to the switch: whenever this process dies, nothing is lost, and what it began is found.
"""

import logging
import time
from collections.abc import Callable, Collection
from contextlib import closing
from datetime import datetime, timedelta
from enum import Enum, auto
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from images.actions.health import difference, flag, open_data, place_of
from images.hashing import Hashing
from images.models import DataHold, Image, ImageData, Leftover
from images.problems import DamagedData, DataProblem, StoreProblem
from images.querysets import ImageDataQuerySet
from images.stores import get_store
from images.stores.base import Writer
from images.streams import BLOCK

SIGN_OF_LIFE_SECONDS = 60

logger = logging.getLogger(__name__)


class Moved(Enum):
    """What has become of a wish to move."""

    DONE = auto()
    THERE_ALREADY = auto()
    GONE = auto()  # deleted, or moved by somebody else meanwhile
    HELD = auto()  # somebody needs it where it is, for as long as they say


def move_data(data_id: UUID, store_name: str, *, on_progress: Callable[[int], None] | None = None) -> Moved:
    """Move image data to another store. Safe to repeat, to kill, and to run twice at once.

    Args:
        store_name: where to.
        on_progress: called with the number of bytes copied so far.

    Raises:
        LookupError: no store has this name.
        DamagedData: the bytes are not right, and wrong ones are not moved.
        StoreProblem: one of the stores does not work.
    """
    get_store(store_name)
    data = ImageData.objects.filter(pk=data_id, removed_at__isnull=True).first()
    if data is None:
        return Moved.GONE
    if data.store == store_name:
        return Moved.THERE_ALREADY
    if _is_held(data):
        return Moved.HELD
    copy = _begin(data, store_name)
    try:
        stamp = _copy(data, copy, on_progress)
    except DataProblem:
        discard_leftover(copy)
        if not ImageData.objects.filter(pk=data.pk, removed_at__isnull=True).exists():
            return Moved.GONE
        raise
    if _switch(data, copy, stamp):
        logger.info("Moved the image data %s (%s bytes) from %s to %s.", data.pk, data.size, data.store, store_name)
        return Moved.DONE
    discard_leftover(copy)
    return Moved.GONE


def movable(*, source: str, images: Collection[UUID] = (), region: str = "") -> ImageDataQuerySet:
    """The data of live images in a store, the smallest first, so that most of it is soon where it should be.

    Args:
        source: the name of the store.
        images: of these alone; empty for all.
        region: of images that live there; empty for all.
    """
    wanted = Image.objects.live()
    if images:
        wanted = wanted.filter(pk__in=images)
    if region:
        wanted = wanted.filter(region=region)
    found = ImageData.objects.filter(pk__in=wanted.values("data"), store=source, removed_at__isnull=True)
    return found.order_by("size", "pk")


def discard_leftover(leftover: Leftover) -> bool:
    """Remove bytes that are read no longer, finished or not, and then the row that names them.

    Returns:
        Whether they were removed: not if somebody else did, or put them off, or image data has come to name them.
    """
    with transaction.atomic():
        row = Leftover.objects.select_for_update().filter(pk=leftover.pk, delete_after=leftover.delete_after).first()
        if row is None or is_stored_as_data(row.store, row.store_key):
            return False
        store = get_store(row.store)
        # In this order: whoever is still writing can finish no more once it is aborted.
        store.abort(row.store_key)
        store.delete(row.store_key)
        row.delete()
        return True


def is_stored_as_data(store: str, key: str) -> bool:
    """Whether image data has its bytes there."""
    return ImageData.objects.filter(store=store, store_key=key, removed_at__isnull=True).exists()


def _is_held(data: ImageData) -> bool:
    """Whether somebody needs the bytes where they are without an end; all others are through before the grace is."""
    return DataHold.objects.filter(data=data, expires_at__isnull=True).exists()


def _begin(data: ImageData, store_name: str) -> Leftover:
    key = get_store(store_name).begin()
    return Leftover.objects.create(store=store_name, store_key=key, size=data.size, delete_after=_later())


def _later() -> datetime:
    return timezone.now() + timedelta(hours=settings.LEFTOVER_HOURS)


def _copy(data: ImageData, copy: Leftover, on_progress: Callable[[int], None] | None) -> str:
    """Copy all bytes, and give the stamp of the copy.

    Raises:
        DamagedData: what was read is not what the row says; the row says so from now on.
    """
    hashing = Hashing(("md5", data.os_hash_algo))
    with closing(open_data(data)) as stored, closing(get_store(copy.store).write(copy.store_key)) as writer, hashing:
        alive_at = time.monotonic()
        for block in iter(lambda: stored.read(BLOCK), b""):
            hashing.feed(block)
            writer.write(block)
            if on_progress:
                on_progress(writer.offset)
            if time.monotonic() - alive_at > SIGN_OF_LIFE_SECONDS:
                alive_at = time.monotonic()
                _stay_alive(copy)
        return _finished(data, writer, hashing.hexdigests())


def _finished(data: ImageData, writer: Writer, found: dict[str, str]) -> str:
    if damage := difference(data, writer.offset, found):
        raise DamagedData(flag(data, damage).why_not_given)
    return writer.finish()


def _stay_alive(copy: Leftover) -> None:
    """Put off the time at which the copy would be taken for left over."""
    copy.delete_after = _later()
    if not Leftover.objects.filter(pk=copy.pk).update(delete_after=copy.delete_after):
        raise StoreProblem("The copy was collected before it was complete. Is the clock right?")


@transaction.atomic
def _switch(data: ImageData, copy: Leftover, stamp: str) -> bool:
    """Let the row name the copy, unless the data was removed or moved meanwhile."""
    row = ImageData.objects.select_for_update(of=("self",)).get(pk=data.pk)
    if row.removed_at or place_of(row) != place_of(data) or _is_held(row):
        return False
    if not Leftover.objects.filter(pk=copy.pk).delete()[0]:
        raise StoreProblem("The copy was collected before it was complete. Is the clock right?")
    Leftover.objects.create(
        store=row.store, store_key=row.store_key, size=row.size, delete_after=_until_nobody_reads(row)
    )
    row.store, row.store_key, row.stamp = copy.store, copy.store_key, stamp
    row.verified_at = timezone.now()
    row.save(update_fields=["store", "store_key", "stamp", "verified_at"])
    return True


def _until_nobody_reads(data: ImageData) -> datetime:
    """A grace for those who have just looked where the bytes are, and the time that others have said they need."""
    ends = DataHold.objects.filter(data=data, expires_at__isnull=False).values_list("expires_at", flat=True)
    return max([_later(), *filter(None, ends)])
