"""Changes of an image on a day to come: planning them, cancelling them, and doing them when their time has come."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from django.utils import timezone

from accounts.errors import Conflict, wrong
from accounts.viewer import Viewer
from images import hooks, letters
from images.actions.changes import deactivate, delete, set_visibility
from images.actions.events import record_image
from images.actions.plans import cancel, end_plans
from images.models import Image, PlannedChange
from images.permissions import Verb, get_image, require, visibility_refusal

Change = PlannedChange.Change

ONE_DAY = timedelta(days=1)
LATEST = timedelta(days=3650)
AT_A_TIME = 500  # changes in one run of the task; the next one goes on
NOBODY_LEFT = "{} is no longer in the account."
VERBS: dict[str, Verb] = {
    Change.DELETE: Verb.DELETE,
    Change.DEACTIVATE: Verb.DEACTIVATE,
    Change.VISIBILITY: Verb.CHANGE_VISIBILITY,
}
PERFORM: dict[str, Callable[[PlannedChange, Viewer], Image]] = {
    Change.DELETE: lambda planned, by: delete(planned.image_id, by=by),
    Change.DEACTIVATE: lambda planned, by: deactivate(planned.image_id, by=by),
    Change.VISIBILITY: lambda planned, by: set_visibility(planned.image_id, by=by, visibility=planned.visibility),
}


@transaction.atomic
def plan_change(image_id: UUID, *, by: Viewer, change: str, at: datetime, visibility: str = "") -> PlannedChange:
    """Have an image deleted, deactivated or made less or more visible at a moment to come, and tell its consumers.

    What was planned of the same kind before is replaced.

    Args:
        change: one of ``PlannedChange.Change``.
        visibility: the new one, for a change of visibility.

    Raises:
        Http404, PermissionDenied, Conflict: as when it is done now.
        ValidationError: the moment is past, or too far away.
    """
    image = get_image(by, image_id, Verb.SEE, lock=True)
    _require_possible(image, by, change, visibility)
    now = timezone.now()
    if not now < at <= now + LATEST:
        raise wrong("on", "Choose a day from tomorrow on, within ten years.", "past")
    end_plans(image, by, [change])
    is_soon = at - now <= ONE_DAY  # they are told now, so that telling them a day before would be twice
    planned = PlannedChange.objects.create(
        image=image,
        change=change,
        visibility=visibility,
        at=at,
        planned_by=by.user,
        warned_at=now if is_soon else None,
    )
    record_image("planned", image, by, what=planned.get_change_display(), day=f"{at:%Y-%m-%d}", new=visibility)
    hooks.change_planned.ask(planned, "planned")
    return planned


@transaction.atomic
def cancel_planned_change(image_id: UUID, planned_id: int, *, by: Viewer) -> PlannedChange:
    """Let an image be as it is, and tell its consumers.

    Raises:
        Http404: no such image for this viewer, or nothing of the kind is planned any more.
        PermissionDenied: they may not make this change, so they do not decide on it either.
    """
    image = get_image(by, image_id, Verb.SEE_SHARES, lock=True)
    planned = image.planned_changes.open().filter(pk=planned_id).select_related("image__account").first()
    if planned is None:
        raise Http404
    require(by, VERBS[planned.change], image)
    cancel(planned, by)
    record_image("plan cancelled", image, by, what=planned.get_change_display())
    hooks.change_planned.ask(planned, "cancelled")
    return planned


def carry_out_due() -> int:
    """Do what is due. Each in a transaction of its own, and once, however often this runs.

    Returns:
        How many changes were looked at.
    """
    due = list(PlannedChange.objects.due().order_by("at", "pk").values_list("pk", "image_id")[:AT_A_TIME])
    return sum(_carry_out(planned_id, image_id) for planned_id, image_id in due)


def warn_of_planned() -> int:
    """Tell consumers of what happens within a day, once.

    Returns:
        Of how many changes they were told.
    """
    soon = list(PlannedChange.objects.soon().values_list("pk", flat=True)[:AT_A_TIME])
    return sum(_warn(planned_id) for planned_id in soon)


def _require_possible(image: Image, by: Viewer, change: str, visibility: str) -> None:
    """Refuse what would be refused now.

    Raises:
        PermissionDenied: only an admin of the owner account plans; or it may not have this visibility.
        Conflict: the image is protected, or is so already.
    """
    require(by, VERBS[change], image)
    if change == Change.VISIBILITY and (reason := visibility_refusal(by, visibility, image)):
        raise PermissionDenied(reason)
    if change == Change.DELETE and image.protected:
        raise Conflict(f"“{image.name}” is protected against deletion. Remove the protection first.")
    if change == Change.DEACTIVATE and not image.is_active:
        raise Conflict(f"“{image.name}” is deactivated already.")
    if change == Change.VISIBILITY and visibility == image.visibility:
        raise Conflict(f"“{image.name}” is {visibility} already.")


@transaction.atomic
def _carry_out(planned_id: int, image_id: UUID) -> bool:
    """Do one change, or write down why not; the locks are taken in the order of every action: image first."""
    image = Image.objects.select_for_update(of=("self",)).select_related("account").get(pk=image_id)
    due = PlannedChange.objects.due().select_for_update(of=("self",)).select_related("planned_by")
    planned = due.filter(pk=planned_id).first()
    if planned is None:  # cancelled, or done by another worker, meanwhile
        return False
    planned.image = image
    planned.done_at = timezone.now()
    planned.save(update_fields=["done_at"])
    if problem := _perform(planned):
        planned.problem = problem[:300]
        planned.save(update_fields=["problem"])
        what = planned.get_change_display()
        record_image("plan dropped", image, None, account=image.account, what=what, because=problem)
        letters.planned_not_done(planned)
    return True


def _perform(planned: PlannedChange) -> str:
    """Act for whoever planned it, with the rights that they have now; why it could not be done, otherwise."""
    user, account = planned.planned_by, planned.image.account
    viewer = Viewer.of(user, number=account.number) if user.is_active else None
    if viewer is None:
        return NOBODY_LEFT.format(user.get_full_name())
    try:
        with transaction.atomic():
            PERFORM[planned.change](planned, viewer)
    except (PermissionDenied, Conflict) as refused:
        return str(refused)
    except Http404:
        return "The image is not there any more."
    return ""


@transaction.atomic
def _warn(planned_id: int) -> bool:
    soon = PlannedChange.objects.soon().select_for_update(of=("self",), skip_locked=True)
    planned = soon.filter(pk=planned_id).select_related("image__account").first()
    if planned is None:
        return False
    planned.warned_at = timezone.now()
    planned.save(update_fields=["warned_at"])
    hooks.change_planned.ask(planned, "soon")
    return True
