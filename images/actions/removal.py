"""Bytes that nobody needs any more."""

import logging
from contextlib import suppress

from django.db import transaction
from django.utils import timezone

from images.actions.claims import is_alive
from images.actions.holds import conversion_holder, let_go
from images.models import ImageData, Upload
from images.problems import StoreProblem
from images.stores import get_store

logger = logging.getLogger(__name__)


@transaction.atomic
def remove_data(data: ImageData) -> bool:
    """Remove the bytes and keep the row, unless somebody has come to need them.

    The bytes go before the row says so: after a crash in between, the next run removes nothing and says so then.
    """
    locked = ImageData.objects.select_for_update(of=("self",)).filter(pk=data.pk).first()
    if locked is None or not ImageData.objects.unneeded().filter(pk=data.pk).exists():
        return False
    # Where the locked row says: the data may have been moved since the other one was loaded.
    get_store(locked.store).delete(locked.store_key)
    locked.removed_at = timezone.now()
    locked.save(update_fields=["removed_at"])
    logger.info("Removed the image data %s (%s bytes).", data.pk, data.size)
    return True


def discard(upload: Upload) -> None:
    """Throw a locked upload away, inside a transaction, and its bytes after that.

    The bytes go last: a record without bytes would become an image without bytes. Bytes without a record are collected
    later, if this process dies in between or the store does not work.
    """
    data, store, keys = upload.data, upload.store, [upload.store_key, upload.archive_key]
    let_go(conversion_holder(upload.pk))  # what a conversion was to be made of
    upload.delete()
    if data:
        transaction.on_commit(lambda: remove_data(data), robust=True)
    else:
        transaction.on_commit(lambda: forget(store, *keys), robust=True)


@transaction.atomic
def discard_expired(upload: Upload) -> bool:
    """Throw an upload away, unless it was gone on with meanwhile; says whether it was."""
    locked = Upload.objects.select_for_update(of=("self",)).select_related("data").filter(pk=upload.pk).first()
    if locked is None or locked.expires_at > timezone.now() or is_alive(locked):
        return False
    discard(locked)
    return True


def forget(store: str, *keys: str) -> None:
    """Remove bytes that no row names any more, complete or not; empty keys name none.

    What a store keeps that does not work now is collected later.
    """
    for key in filter(None, keys):
        with suppress(StoreProblem):
            get_store(store).abort(key)
            get_store(store).delete(key)
