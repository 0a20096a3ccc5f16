"""Bytes that nobody needs any more."""

import logging
from collections.abc import Iterator

from django.db import transaction
from django.utils import timezone

from images.actions.holds import let_go
from images.models import ImageData, Upload
from images.stores import get_store

logger = logging.getLogger(__name__)


def collect_data(*, dry_run: bool) -> Iterator[ImageData]:
    """Remove data that no live image names, no upload is about to, and nobody holds; each in its own transaction.

    Args:
        dry_run: only tell what would go.

    Yields:
        What was removed, or would be.
    """
    for data in ImageData.objects.unneeded().order_by("created_at"):
        if dry_run or remove_data(data):
            yield data


def discard_expired_uploads(*, dry_run: bool) -> Iterator[Upload]:
    """Throw away uploads whose time is over.

    Args:
        dry_run: only tell what would go.

    Yields:
        What was thrown away, or would be. Data that had come is left to ``collect_data``.
    """
    for upload in Upload.objects.filter(expires_at__lte=timezone.now()).order_by("expires_at"):
        if not dry_run:
            _discard(upload)
        yield upload


@transaction.atomic
def remove_data(data: ImageData) -> bool:
    """Remove the bytes and keep the row, unless somebody has come to need them.

    The bytes go before the row says so: after a crash in between, the next run removes nothing and says so then.
    """
    locked = ImageData.objects.select_for_update(of=("self",)).filter(pk=data.pk).first()
    if locked is None or not ImageData.objects.unneeded().filter(pk=data.pk).exists():
        return False
    get_store(data.store).delete(data.store_key)
    locked.removed_at = timezone.now()
    locked.save(update_fields=["removed_at"])
    logger.info("Removed the image data %s (%s bytes).", data.pk, data.size)
    return True


def discard(upload: Upload) -> None:
    """Throw a locked upload away with its bytes, inside a transaction."""
    data, store, keys = upload.data, upload.store, [upload.store_key, upload.archive_key]
    let_go(f"{upload.origin}:{upload.pk}")  # what a conversion was to be made of
    upload.delete()
    if data:
        remove_data(data)
    else:
        transaction.on_commit(lambda: _forget(store, [key for key in keys if key]))


@transaction.atomic
def _discard(upload: Upload) -> None:
    """Throw an upload away, unless it was gone on with meanwhile."""
    locked = Upload.objects.select_for_update(of=("self",)).select_related("data").filter(pk=upload.pk).first()
    if locked is not None and locked.expires_at <= timezone.now():
        discard(locked)


def _forget(store: str, keys: list[str]) -> None:
    for key in keys:
        get_store(store).abort(key)
        get_store(store).delete(key)
