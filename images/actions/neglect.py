"""Uploads that nobody attends to any more, although only the panel can go on with them: their task is lost.

Whoever sent all of a file has nothing left to send, and would never come back to it. Tasks come back by themselves,
but not after they have failed five times for a reason that nobody foresaw, and not when a second worker was handed one
too early, because the clock was set forward, and the first died: the second had left it to the first, and taken it off
the queue.
"""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from django.db.models import F, Q
from django.utils import timezone
from django_q.models import OrmQ
from django_q.signing import BadSignature, SignedPackage
from django_q.tasks import async_task

from images.actions.claims import claim_one
from images.actions.reception import Reception
from images.models import Upload
from images.querysets import UploadQuerySet

NEGLECTED = timedelta(minutes=2)  # without a sign of life
QUEUE = "data"
TASKS = {
    Upload.Origin.UPLOAD: "images.tasks.complete",
    Upload.Origin.IMPORT: "images.tasks.run_import",
    Upload.Origin.CONVERSION: "images.tasks.run_conversion",
}


def attend_to_uploads() -> int:
    """Put a task on the queue for each upload that is neglected, and say how many there are."""
    queued = set(_queued())
    lost = [task for task in map(_task_of, _silent().defer("state")) if task not in queued]
    for function, upload_id in lost:
        async_task(function, upload_id, cluster=QUEUE)
    return len(lost)


def complete_upload(upload_id: UUID) -> Upload | None:
    """Complete an upload whose bytes have all come.

    Returns:
        The upload; None if there is nothing to complete, somebody is at it, or nothing came of it.

    Raises:
        DataProblem: the data is refused, which the row says, or it may work later.
    """
    upload = claim_one(Upload.objects.filter(pk=upload_id, offset=F("size")))
    if upload is None:
        return None
    with Reception(upload) as reception:
        return reception.complete()


def _silent() -> UploadQuerySet:
    """What the panel has to go on with and has not for a while. Imports that wait for a person are not among it."""
    now = timezone.now()
    unfinished = Q(status__in=[Upload.Status.WAITING, Upload.Status.RECEIVING])
    whole = unfinished & Q(origin=Upload.Origin.UPLOAD, offset=F("size"))
    by_itself = unfinished & Q(origin__in=[Upload.Origin.IMPORT, Upload.Origin.CONVERSION])
    silent = (
        Q(seen_at__lt=now - NEGLECTED)
        | Q(seen_at__gt=now + NEGLECTED)  # the clock may have been set back
        | Q(seen_at=None, created_at__lt=now - NEGLECTED)
    )
    stopped = Q(origin=Upload.Origin.IMPORT, status=Upload.Status.WAITING, fetch__next_at=None) & ~Q(problem="")
    uploads = Upload.objects.unexpired().filter(whole | by_itself | Q(status=Upload.Status.PROCESSING), silent)
    return uploads.exclude(stopped).exclude(fetch__next_at__gt=now - NEGLECTED)


def _task_of(upload: Upload) -> tuple[str, str]:
    """The task that goes on with an upload, as it stands on the queue: its function and its argument."""
    is_unpacking = upload.status == Upload.Status.PROCESSING
    return "images.tasks.unpack" if is_unpacking else TASKS[Upload.Origin(upload.origin)], str(upload.pk)


def _queued() -> Iterator[tuple[str, str]]:
    """The tasks that will run before long. A lease that ends much later is from before the clock was set back."""
    for row in OrmQ.objects.filter(key=QUEUE, lock__lt=timezone.now() + 2 * NEGLECTED).iterator():
        try:
            task = SignedPackage.loads(row.payload)
        except BadSignature:  # from before the secret key was changed; the worker throws it away
            continue
        yield task["func"], str(next(iter(task["args"]), ""))
