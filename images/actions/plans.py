"""Ending what is planned for an image: because it has happened, is planned anew, or has lost its sense."""

from collections.abc import Iterable

from django.utils import timezone

from accounts.viewer import Viewer
from images.models import Image, PlannedChange


def end_plans(image: Image, by: Viewer, changes: Iterable[str] = PlannedChange.Change.values) -> None:
    """Cancel what is planned for a locked image, inside the transaction of what takes its place."""
    _cancel(image.planned_changes.open().filter(change__in=list(changes)), by)


def end_plans_of_visibility(image: Image, by: Viewer) -> None:
    """Cancel the plan to give a locked image the visibility that it has now."""
    plans = image.planned_changes.open().filter(change=PlannedChange.Change.VISIBILITY)
    _cancel(plans.filter(visibility=image.visibility), by)


def cancel(planned: PlannedChange, by: Viewer) -> None:
    """Cancel one plan for a locked image."""
    planned.cancelled_at, planned.cancelled_by = timezone.now(), by.user
    planned.save(update_fields=["cancelled_at", "cancelled_by"])


def _cancel(plans: Iterable[PlannedChange], by: Viewer) -> None:
    for planned in plans:
        cancel(planned, by)
