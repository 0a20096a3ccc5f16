"""The end of an image: announcing it, reminding those whom it concerns, and deleting what is retired."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.errors import wrong
from accounts.roles import Role
from accounts.viewer import Viewer
from images import hooks
from images.actions.changes import bury
from images.actions.events import record_image
from images.models import Image
from images.permissions import Verb, get_image
from images.querysets import ImageQuerySet

WARNINGS = (1, 7)  # days before
ONE_DAY = timedelta(days=1)
LATEST = timedelta(days=3650)
AT_A_TIME = 500  # images in one run of a task; the next one goes on
STAGES = ("obsolete", "retired")


@dataclass(frozen=True)
class End:
    """How an image ends. A date that is left out is that of the next stage; the first is now.

    Attributes:
        deprecated_at: whoever uses it is warned from then on.
        obsolete_at: nobody can begin to use it.
        retired_at: it is deleted.
        replacement: the id of an image of the same account to use in its place.
    """

    deprecated_at: datetime | None = None
    obsolete_at: datetime | None = None
    retired_at: datetime | None = None
    reason: str = ""
    replacement: UUID | None = None


@transaction.atomic
def announce_end(image_id: UUID, *, by: Viewer, end: End) -> Image:
    """Say when an image ends, and tell its consumers. What was announced before is replaced.

    Raises:
        Http404, PermissionDenied: as ``get_image``.
        ValidationError: no date, one that is past or too far away, the wrong order, or no such replacement.
    """
    image = get_image(by, image_id, Verb.DEPRECATE, lock=True)
    now = timezone.now()
    dates = _dates(image, end, now)
    image.replacement = _replacement(image, end.replacement)
    image.deprecated_at, image.obsolete_at, image.retired_at = dates
    image.end_reason, image.end_announced_at, image.end_announced_by = end.reason, now, by.user
    image.obsolete_warned_days = _told(image.obsolete_at, now)
    image.retired_warned_days = _told(image.retired_at, now)
    image.save()
    days = {name: f"{moment:%Y-%m-%d}" for name, moment in zip(("deprecated", *STAGES), dates, strict=True) if moment}
    record_image("end announced", image, by, **days)
    hooks.end_changed.ask(image, "announced")
    return image


@transaction.atomic
def cancel_end(image_id: UUID, *, by: Viewer) -> Image:
    """Let an image be current again, and tell its consumers.

    Raises:
        Http404, PermissionDenied: as ``get_image``.
    """
    image = get_image(by, image_id, Verb.DEPRECATE, lock=True)
    if image.deprecated_at is None:
        return image
    image.deprecated_at = image.obsolete_at = image.retired_at = image.replacement = None
    image.end_reason, image.end_announced_at, image.end_announced_by = "", None, None
    image.obsolete_warned_days = image.retired_warned_days = None
    image.save()
    record_image("end cancelled", image, by)
    hooks.end_changed.ask(image, "cancelled")
    return image


def warn_of_ends() -> int:
    """Tell consumers 7 days and 1 day before an image becomes obsolete, and before it is deleted; each once.

    Returns:
        How many warnings went out.
    """
    due = [(stage, days, pk) for stage in STAGES for days in WARNINGS for pk in _due(stage, days)]
    return sum(_warn(stage, days, pk) for stage, days, pk in due)


def delete_retired() -> int:
    """Delete the images whose time is over, as if whoever announced it deleted them now; not protected ones.

    Returns:
        How many.
    """
    return sum(_delete(pk) for pk in list(_retired().values_list("pk", flat=True)[:AT_A_TIME]))


def candidates_to_replace(image: Image) -> list[Image]:
    """The images of the account that may take an image's place, the versions of its family first."""
    others = Image.objects.live().filter(account=image.account_id, status=Image.Status.ACTIVE).exclude(pk=image.pk)
    others = others.exclude(obsolete_at__lte=timezone.now()).select_related("family").order_by("-created_at", "-pk")
    return sorted(others[:AT_A_TIME], key=lambda other: image.family_id is None or other.family_id != image.family_id)


def _dates(image: Image, end: End, now: datetime) -> tuple[datetime, datetime | None, datetime | None]:
    """The three dates, with those that were left out.

    Raises:
        ValidationError: at the field of the date that is wrong.
    """
    retired, obsolete, deprecated = end.retired_at, end.obsolete_at or end.retired_at, end.deprecated_at
    if deprecated is None and obsolete is None:
        raise wrong("deprecated", "Choose at least one day.", "required")
    deprecated = deprecated or image.deprecated_at or now
    deprecated = min(deprecated, obsolete) if obsolete and end.deprecated_at is None else deprecated
    for name, moment in {"deprecated": deprecated, "obsolete": obsolete, "retired": retired}.items():
        _check_moment(name, moment, getattr(image, f"{name}_at"), now)
    if obsolete and deprecated > obsolete:
        raise wrong("obsolete", "This is before it is deprecated.", "order")
    if obsolete and retired and obsolete > retired:
        raise wrong("retired", "This is before it is obsolete.", "order")
    return deprecated, obsolete, retired


def _check_moment(name: str, moment: datetime | None, old: datetime | None, now: datetime) -> None:
    if moment is None or moment == old:
        return
    if name == "retired" and moment <= now:
        raise wrong(name, "Choose a day from tomorrow on. To delete it now, use Delete image.", "past")
    if moment < now - timedelta(minutes=1):  # a minute for whoever says "now"
        raise wrong(name, "Choose a day that is not past.", "past")
    if moment > now + LATEST:
        raise wrong(name, "Choose a day within ten years.", "late")


def _replacement(image: Image, wanted: UUID | None) -> Image | None:
    if wanted is None:
        return None
    found = next((other for other in candidates_to_replace(image) if other.pk == wanted), None)
    if found is None:
        raise wrong("replacement", "Choose an image of this account that can be used.", "unknown")
    return found


def _told(moment: datetime | None, now: datetime) -> int | None:
    """How many days before a stage its consumers count as warned, because the announcement itself comes so late."""
    if moment is None:
        return None
    return next((days for days in WARNINGS if moment - now <= days * ONE_DAY), None)


def _due(stage: str, days: int) -> list[UUID]:
    now = timezone.now()
    near = Q(**{f"{stage}_at__gt": now, f"{stage}_at__lte": now + days * ONE_DAY})
    not_told = Q(**{f"{stage}_warned_days__isnull": True}) | Q(**{f"{stage}_warned_days__gt": days})
    found = Image.objects.live().filter(near, not_told, obsolete_at__isnull=False).order_by(f"{stage}_at", "pk")
    return list(found.values_list("pk", flat=True)[:AT_A_TIME])


@transaction.atomic
def _warn(stage: str, days: int, image_id: UUID) -> bool:
    image = _lock(image_id)
    moment: datetime | None = getattr(image, f"{stage}_at")
    told: int | None = getattr(image, f"{stage}_warned_days")
    now = timezone.now()
    is_near = image.is_live and moment is not None and now < moment <= now + days * ONE_DAY
    if not is_near or (told is not None and told <= days):  # changed, or done by another worker, meanwhile
        return False
    setattr(image, f"{stage}_warned_days", days)
    image.save(update_fields=[f"{stage}_warned_days"])
    hooks.end_changed.ask(image, f"{stage} soon")
    return True


@transaction.atomic
def _delete(image_id: UUID) -> bool:
    image = _lock(image_id)
    if image.end_announced_by is None or not _retired().filter(pk=image_id).exists():
        return False
    record_image("retired", image, None, account=image.account)
    bury(image, Viewer(image.end_announced_by, image.account, Role.ADMIN, ()))
    return True


def _retired() -> ImageQuerySet:
    over = Image.objects.live().filter(obsolete_at__isnull=False, retired_at__lte=timezone.now(), protected=False)
    return over.order_by("retired_at", "pk")


def _lock(image_id: UUID) -> Image:
    images = Image.objects.select_for_update(of=("self",)).select_related("account", "end_announced_by")
    return images.get(pk=image_id)
