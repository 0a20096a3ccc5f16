"""Uploads whose bytes have all come but that nobody attends to any more: the process that did has died.

Whoever sent them has nothing left to send, so nobody would ever come back to them.
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
    whole = Q(
        origin=Upload.Origin.UPLOAD, status__in=[Upload.Status.WAITING, Upload.Status.RECEIVING], offset=F("size")
    )
    silent = Q(seen_at__lt=now - NEGLECTED) | Q(seen_at__gt=now + NEGLECTED)  # the clock may have been set back
    neglected = Upload.objects.unexpired().filter(whole | Q(status=Upload.Status.PROCESSING), silent)
    return sum(_attend_to(pk, status) for pk, status in neglected.values_list("pk", "status"))


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
def _attend_to(upload_id: UUID, status: str) -> int:
    """The sign of life keeps others from doing the same while the task waits for its turn."""
    touched = Upload.objects.filter(pk=upload_id, status=status).update(seen_at=timezone.now())
    if touched:
        task = "unpack" if status == Upload.Status.PROCESSING else "complete"
        async_task(f"images.tasks.{task}", str(upload_id), cluster="data")
    return touched


@transaction.atomic
def _claimed(upload_id: UUID) -> Upload | None:
    upload = Upload.objects.select_for_update(of=("self",)).filter(pk=upload_id, offset=F("size")).first()
    try:
        if upload is not None:
            claim(upload)
    except Conflict:
        return None
    return upload
