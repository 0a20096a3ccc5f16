"""Everything that takes up room and that nobody needs: found, explained, and removed if one says so."""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import TypeVar

from django.db.models import Q
from django.utils import timezone

from accounts.templatetags.panel import ago
from images.actions.conversions import dead_folders, remove_dead_folders
from images.actions.moving import discard_leftover
from images.actions.removal import discard_expired, remove_data
from images.models import DataHold, ImageData, Leftover, Upload
from images.problems import StoreProblem
from images.stores import get_store, store_names
from images.stores.base import Stored

# What is younger and has no name may be getting one at this moment.
ORPHAN_AGE = timedelta(hours=24)
BATCH = 500  # keys that are looked up at once

logger = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Find:
    """Something that nobody needs.

    Attributes:
        kind: what it is, in the singular ("upload").
        name: by which it can be found.
        why: a sentence.
        size: bytes that are free without it.
        problem: why it could not be removed; empty if it was, or was only looked for.
    """

    kind: str
    name: str
    why: str
    size: int = 0
    problem: str = ""


def collect(*, remove: bool, look_into_stores: bool = True) -> Iterator[Find]:
    """Find what nobody needs. Safe to run at any time, at once and twice; what is being written is left alone.

    Args:
        remove: whether to remove it as well, each thing by itself.
        look_into_stores: whether to compare what lies in the stores with the records, which takes the longest.

    Yields:
        What was removed or would be. Without removing, what only removing would set free is not among it.
    """
    yield from _expired_uploads(remove=remove)
    yield from _expired_holds(remove=remove)
    yield from _unneeded_data(remove=remove)
    yield from _leftovers(remove=remove)
    yield from _folders(remove=remove)
    for name in store_names() if look_into_stores else ():
        yield from _orphans(name, remove=remove)


def _expired_uploads(*, remove: bool) -> Iterator[Find]:
    for upload in Upload.objects.filter(expires_at__lte=timezone.now()).order_by("expires_at").select_related("data"):
        why = f"its time was over {ago(upload.expires_at)}"
        find = Find("upload", str(upload.pk), why, upload.data.size if upload.data else upload.offset)
        yield from _dealt_with(find, partial(discard_expired, upload), remove=remove)


def _expired_holds(*, remove: bool) -> Iterator[Find]:
    for row in DataHold.objects.filter(expires_at__lte=timezone.now()).order_by("expires_at"):
        find = Find("hold", row.holder, f"its time was over {ago(row.expires_at)}")
        yield from _dealt_with(find, partial(_forget_hold, row), remove=remove)


def _forget_hold(row: DataHold) -> bool:
    return bool(DataHold.objects.filter(pk=row.pk, expires_at__lte=timezone.now()).delete()[0])


def _unneeded_data(*, remove: bool) -> Iterator[Find]:
    for data in ImageData.objects.unneeded().order_by("created_at"):
        find = Find("image data", str(data.pk), "no image names it, and nobody holds it", data.size)
        yield from _dealt_with(find, partial(remove_data, data), remove=remove)


def _leftovers(*, remove: bool) -> Iterator[Find]:
    for row in Leftover.objects.filter(delete_after__lte=timezone.now()).order_by("delete_after"):
        find = Find("leftover", str(row), "its image data is elsewhere, and whoever read it here is through", row.size)
        yield from _dealt_with(find, partial(discard_leftover, row), remove=remove)


def _folders(*, remove: bool) -> Iterator[Find]:
    """What killed conversions left. Removing looks again, because a conversion may have begun meanwhile."""
    for folder in dead_folders():
        size = sum(path.lstat().st_size for path in folder.rglob("*"))
        yield Find("folder", folder.name, "its conversion has ended without clearing up", size)
    if remove:
        remove_dead_folders()


def _orphans(store_name: str, *, remove: bool) -> Iterator[Find]:
    """What lies in a store although no row names it: whoever began it died before it could say so."""
    store = get_store(store_name)
    before = timezone.now() - ORPHAN_AGE
    try:
        for batch in _batches(each for each in store.stored() if each.modified_at < before):
            known = _named(store_name, batch)
            for stored in batch:
                if (stored.key, stored.finished) not in known:
                    yield from _orphan(store_name, stored, remove=remove)
    except StoreProblem as problem:
        yield Find("store", store_name, "nobody can look into it", problem=str(problem))


def _orphan(store_name: str, stored: Stored, *, remove: bool) -> Iterator[Find]:
    def remove_it() -> bool:
        if (stored.key, stored.finished) in _named(store_name, [stored]):  # it was looked up a while ago
            return False
        store = get_store(store_name)
        (store.delete if stored.finished else store.abort)(stored.key)
        return True

    why = f"no record names it; last changed {ago(stored.modified_at)}"
    find = Find("orphan", f"{store_name}:{stored.key}", why, stored.size)
    yield from _dealt_with(find, remove_it, remove=remove)


def _named(store_name: str, batch: Iterable[Stored]) -> set[tuple[str, bool]]:
    """Which of these something names, as (key, finished).

    Unfinished bytes beside finished ones under the same key are what a writer had no time to clear up.
    """
    keys = {stored.key for stored in batch}
    uploads = Upload.objects.filter(Q(store_key__in=keys) | Q(archive_key__in=keys), store=store_name)
    of_uploads = {key for pair in uploads.values_list("store_key", "archive_key") for key in pair}
    moving = set(Leftover.objects.filter(store=store_name, store_key__in=keys).values_list("store_key", flat=True))
    data = ImageData.objects.filter(store=store_name, store_key__in=keys, removed_at__isnull=True)
    finished = set(data.values_list("store_key", flat=True))
    unfinished = (of_uploads | moving) - finished
    return {(key, True) for key in finished | of_uploads | moving} | {(key, False) for key in unfinished}


def _batches(items: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(items)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _dealt_with(find: Find, act: Callable[[], bool], *, remove: bool) -> Iterator[Find]:
    """The find; not if it turned out to be needed. A store that does not work holds up nothing else."""
    try:
        if not remove or act():
            yield find
    except (StoreProblem, LookupError) as problem:
        logger.warning("The %s %s could not be removed: %s", find.kind, find.name, problem)
        yield Find(find.kind, find.name, find.why, find.size, problem=str(problem))
