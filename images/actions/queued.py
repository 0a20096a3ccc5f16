"""Queued images: what programs say of an image before its data comes.

A queued image is an upload with a plan, as an import is: the panel makes the image by itself as soon as all bytes are
there. The image then has the id of the upload, so that a program knows it by one id from its first request on. Like
every upload it ends when nothing has come for ``UPLOAD_LIFETIME_HOURS``.
"""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID, uuid4

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import Http404

from accounts.errors import Conflict
from accounts.viewer import Viewer
from images.actions.creation import NewImage, require_plan, require_planner
from images.actions.rights import noted
from images.actions.uploads import begun, throw_away
from images.models import Image, Upload
from images.permissions import Verb, get_upload, may, require
from images.quotas import reserve


@transaction.atomic
def start_queued(*, by: Viewer, new: NewImage, image_id: UUID | None = None) -> Upload:
    """Note an image whose data is to come, and make the address that it is sent to.

    Args:
        new: all that is said of it; without a name, the image will be named by its id.
        image_id: chosen by the program; None for a fresh one.

    Raises:
        PermissionDenied: the viewer may not add images, or not with this visibility.
        ValidationError: per field.
        QuotaExceeded: the account has as many images or uploads as it may.
        Conflict: something has this id already, or once had it.
    """
    require(by, Verb.CREATE)
    upload = Upload(pk=image_id or uuid4(), **begun(by, region=new.region))
    new = replace(new, **noted(by))
    require_plan(new.named(upload.pk), by=by)
    reserve(by.account, images=1, uploads=1)
    upload.plan = new.plan()
    if image_id is None:
        upload.save(force_insert=True)
    else:
        _insert(upload)
    return upload


def get_queued(viewer: Viewer, upload_id: UUID) -> Upload:
    """Fetch and check a queued image in one call: creators have their own, admins all of the account. One query.

    Raises:
        Http404: no such queued image for this viewer, or its time is over.
    """
    found = Upload.objects.queued(viewer).select_related("account", "data").filter(pk=upload_id).first()
    if found is None:
        raise Http404
    return found


@transaction.atomic
def edit_queued(upload_id: UUID, *, by: Viewer, decide: Callable[[Upload, NewImage], NewImage]) -> Upload:
    """Change what is said of a queued image.

    Args:
        decide: told how the locked one is and what was said of it, gives what is said from now on; what it raises,
            changes nothing.

    Raises:
        Http404: no such queued image for this viewer.
        PermissionDenied: not with this visibility; or whoever began it could not make it so.
        ValidationError: per field.
    """
    upload = lock_queued(by, upload_id)
    new = decide(upload, NewImage.planned(upload.plan or {}))
    require_plan(new.named(upload.pk), by=by)
    if upload.created_by_id == by.user.pk:
        new = replace(new, **noted(by))  # all of it was just checked with these rights
    else:
        require_planner(upload, new)
    upload.plan = new.plan()
    upload.save(update_fields=["plan"])
    return upload


@transaction.atomic
def discard_queued(upload_id: UUID, *, by: Viewer) -> Upload:
    """Throw a queued image away, with the bytes that have come.

    Raises:
        Http404: no such queued image for this viewer.
        PermissionDenied: it was said to be protected.
    """
    upload = lock_queued(by, upload_id)
    if (upload.plan or {}).get("facts", {}).get("protected"):
        raise PermissionDenied("This image is protected against deletion. Remove the protection first.")
    return throw_away(upload, by)


def lock_queued(by: Viewer, upload_id: UUID) -> Upload:
    """A queued image, locked for the transaction.

    Raises:
        Http404: as ``get_queued``.
    """
    if not may(by, Verb.CREATE):
        raise Http404  # observers have none, and are told nothing of those of others
    upload = get_upload(by, upload_id)
    if upload.plan is None:
        raise Http404
    return upload


def _insert(upload: Upload) -> None:
    """Store an upload under an id that somebody chose: nothing has it or had it, as deleted images keep theirs."""
    try:
        with transaction.atomic():
            upload.save(force_insert=True)
    except IntegrityError:
        raise _taken(upload) from None
    # Asked after the insert: an upload that becomes an image meanwhile makes it wait, and leaves its id to the image.
    if Image.objects.filter(pk=upload.pk).exists():
        raise _taken(upload)


def _taken(upload: Upload) -> Conflict:
    """What a program hears that chose an id which is in use, whoever uses it."""
    return Conflict(f"Image ID {upload.pk} already exists!")
