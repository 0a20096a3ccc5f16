"""Looking inside of an image before it is shared. What is found belongs to the data, and so to its checksum."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django_q.tasks import async_task

from accounts.errors import Conflict
from accounts.viewer import Viewer
from images.actions.events import record_image
from images.actions.health import local_file
from images.actions.holds import hold, let_go
from images.looks import is_underway, look_into, why_not_look
from images.models import ContentCheck, ImageData
from images.permissions import Verb, get_image
from images.problems import DataProblem

Status = ContentCheck.Status


@transaction.atomic
def request_look(image_id: UUID, *, by: Viewer) -> ContentCheck:
    """Have an image looked into in the background. One that waits or runs is enough.

    Raises:
        Http404, PermissionDenied: as ``get_image``.
        Conflict: nobody can look into this one.
    """
    image = get_image(by, image_id, Verb.LOOK_INSIDE, lock=True)
    if reason := why_not_look(image.data):
        raise Conflict(reason)
    now = timezone.now()
    asked = {"status": Status.WAITING, "requested_at": now, "requested_by": by.user}
    check, is_new = ContentCheck.objects.select_for_update().get_or_create(data=image.data, defaults=asked)
    if not is_new and is_underway(check):
        return check
    for name, value in asked.items():
        setattr(check, name, value)
    check.finished_at, check.findings, check.problem = None, {}, ""
    check.save()
    hold(image.data, holder_of(check.pk))
    record_image("looked into", image, by)
    transaction.on_commit(lambda: async_task("images.tasks.run_look", check.pk, cluster="data"))
    return check


def run_look(check_id: int) -> ContentCheck | None:
    """Look into the data, and keep what was found. Dies this process, then the next one looks again.

    Returns:
        The result; None if there is nothing to do.
    """
    check = _begun(check_id)
    if check is None:
        return None
    try:
        found, problem = _looked(check.data)
    except DataProblem as failed:
        return _finish(check, status=Status.FAILED, findings={}, problem=str(failed))
    return _finish(check, status=Status.DONE, findings=found, problem=problem)


def holder_of(check_id: int) -> str:
    """What a look is called in the hold on its data."""
    return f"look:{check_id}"


@transaction.atomic
def _begun(check_id: int) -> ContentCheck | None:
    rows = ContentCheck.objects.select_for_update(of=("self",)).select_related("data")
    check = rows.filter(pk=check_id, status__in=[Status.WAITING, Status.RUNNING]).first()
    if check is not None:
        check.status = Status.RUNNING
        check.save(update_fields=["status"])
    return check


def _looked(data: ImageData) -> tuple[dict[str, object], str]:
    with local_file(data) as path:
        return look_into(path, data.disk_format)


@transaction.atomic
def _finish(check: ContentCheck, *, status: str, findings: dict[str, object], problem: str) -> ContentCheck:
    check.status, check.findings, check.problem = status, findings, problem
    check.finished_at = timezone.now()
    check.save(update_fields=["status", "findings", "problem", "finished_at"])
    let_go(holder_of(check.pk))
    return check
