"""Uploads that nobody attends to any more, although only the panel can go on with them: the process that did has died.

Whoever sent all of a file has nothing left to send, and would never come back to it. Tasks come back by themselves,
but for one case: a second worker that was handed a task too early, because the clock was set forward, has left it to
the first and taken it off the queue, and then the first died.
"""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django_q.tasks import async_task

from accounts.errors import Conflict
from images.actions.reception import Reception, claim
from images.models import Upload

NEGLECTED = timedelta(minutes=2)  # without a sign of life


def attend_to_uploads() -> int:
    """Put a task on the queue for each upload that is neglected, and say how many there are."""
    now = timezone.now()
    unfinished = [Upload.Status.WAITING, Upload.Status.RECEIVING]
    whole = Q(origin=Upload.Origin.UPLOAD, status__in=unfinished, offset=F("size"))
    fetched = Q(origin=Upload.Origin.IMPORT, status=Upload.Status.RECEIVING)
    silent = Q(seen_at__lt=now - NEGLECTED) | Q(seen_at__gt=now + NEGLECTED)  # the clock may have been set back
    neglected = Upload.objects.unexpired().filter(whole | fetched | Q(status=Upload.Status.PROCESSING), silent)
    return sum(map(_attend_to, neglected.defer("state")))


def complete_upload(upload_id: UUID) -> Upload | None:
    """Complete an upload whose bytes have all come.

    Returns:
        The upload; None if there is nothing to complete, somebody is at it, or nothing came of it.

    Raises:
        DataProblem: the data is refused, which the row says, or it may work later.
    """
    upload = _claimed(upload_id)
    if upload is None:
        return None
    with Reception(upload) as reception:
        return reception.complete()


@transaction.atomic
def _attend_to(upload: Upload) -> int:
    """The sign of life keeps others from doing the same while the task waits for its turn."""
    touched = Upload.objects.filter(pk=upload.pk, claim=upload.claim, status=upload.status)
    if not touched.update(seen_at=timezone.now()):
        return 0
    async_task(f"images.tasks.{_task_of(upload)}", str(upload.pk), cluster="data")
    return 1


def _task_of(upload: Upload) -> str:
    if upload.status == Upload.Status.PROCESSING:
        return "unpack"
    return "run_import" if upload.origin == Upload.Origin.IMPORT else "complete"


@transaction.atomic
def _claimed(upload_id: UUID) -> Upload | None:
    upload = Upload.objects.select_for_update(of=("self",)).filter(pk=upload_id, offset=F("size")).first()
    try:
        if upload is not None:
            claim(upload)
    except Conflict:
        return None
    return upload
