"""Changing and ending an image that exists."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django_q.tasks import async_task

from accounts.errors import Conflict
from accounts.models import Event
from accounts.viewer import Viewer
from images import hooks
from images.actions.events import record_copy, record_image
from images.actions.plans import end_plans, end_plans_of_visibility
from images.models import Image, ImageTag, PlannedChange
from images.permissions import Verb, get_own_image, refresh_grants, require, visibility_refusal
from images.validators import valid_tags

ONE_DOWNLOAD = timedelta(days=1)  # how long a download may go on in parts
ONE_START = timedelta(minutes=1)  # programs ask for the beginning several times: to look, and again when the line broke

# What ``edit`` may change. Visibility, protection and status have actions of their own.
EDITABLE = (
    "name",
    "description",
    "os_family",
    "os_version",
    "architecture",
    "min_disk",
    "min_ram",
    "hidden",
    "properties",
    "default_login",
    "ports",
)


@transaction.atomic
def edit(image_id: UUID, *, by: Viewer, tags: Sequence[str] | None = None, **facts: Any) -> Image:
    """Change what is said of an image. Never touches who reaches it.

    Args:
        tags: all tags from now on; None leaves them.
        facts: columns out of ``EDITABLE``.

    Raises:
        Http404, PermissionDenied: as ``get_own_image``.
        ValidationError: per field.
    """
    return change_facts(get_own_image(by, image_id, Verb.EDIT, lock=True), by, facts, tags=tags)


def change_facts(image: Image, by: Viewer, facts: dict[str, Any], *, tags: Sequence[str] | None = None) -> Image:
    """Change and record; the image is locked and the right is checked."""
    if unknown := set(facts) - set(EDITABLE):
        raise TypeError(f"edit() cannot change {', '.join(sorted(unknown))}.")
    changed = [name for name, value in facts.items() if getattr(image, name) != value]
    for name in changed:
        setattr(image, name, facts[name])
    image.clean_fields(exclude=["account", "region", "data", "created_by", "parent"])
    if tags is not None and _replace_tags(image, tags):
        changed.append("tags")
    if changed:
        image.save(update_fields=[*(name for name in changed if name != "tags"), "updated_at"])
        record_image("edited", image, by, fields=sorted(changed))
    return image


def _replace_tags(image: Image, tags: Sequence[str]) -> bool:
    """Make the tags exactly these, and say whether that changed anything."""
    before, after = set(tags_of(image)), set(tags)
    if before == after:
        return False
    valid_tags(after)
    image.tags.filter(name__in=before - after).delete()
    ImageTag.objects.bulk_create(ImageTag(image=image, name=name) for name in sorted(after - before))
    image.tag_names = sorted(after)
    return True


def tags_of(image: Image) -> list[str]:
    """The words by which an image is found, in the order of the alphabet. At most one query."""
    if not hasattr(image, "tag_names"):
        image.tag_names = list(image.tags.values_list("name", flat=True))
    return image.tag_names


@dataclass(frozen=True)
class Revision:
    """What is to be different about an image, all of it or nothing.

    Attributes:
        facts: columns out of ``EDITABLE``.
        tags: all tags from now on; None leaves them.
        visibility, protected: None leaves them.
    """

    facts: dict[str, Any] = field(default_factory=dict)
    tags: Sequence[str] | None = None
    visibility: str | None = None
    protected: bool | None = None


@transaction.atomic
def revise(image_id: UUID, *, by: Viewer, decide: Callable[[Image], Revision], verb: Verb = Verb.SEE) -> Image:
    """Change several things of an image at once, each by the rights and with the events that it has alone.

    Args:
        decide: told how the locked image is, says what is to change; what it raises, changes nothing.
        verb: what they have to be allowed before that is asked.

    Raises:
        Http404: the viewer cannot see the image.
        PermissionDenied: it is another account's, or they may not change one of these.
        ValidationError: per field.
    """
    image = get_own_image(by, image_id, verb, lock=True)
    if image.account_id != by.account.pk or not by.is_creator:
        require(by, Verb.EDIT, image)  # also where nothing would be different
    revision = decide(image)
    _require_rights(revision, image, by)
    if revision.visibility is not None:
        change_visibility(image, by, revision.visibility)
    if revision.protected is not None:
        change_protection(image, by, protected=revision.protected)
    return change_facts(image, by, revision.facts, tags=revision.tags)


def _require_rights(revision: Revision, image: Image, by: Viewer) -> None:
    if revision.facts or revision.tags is not None:
        require(by, Verb.EDIT, image)
    if revision.protected is not None:
        require(by, Verb.PROTECT, image)
    if revision.visibility is not None and (reason := visibility_refusal(by, revision.visibility, image)):
        raise PermissionDenied(reason)


@transaction.atomic
def set_visibility(image_id: UUID, *, by: Viewer, visibility: str) -> Image:
    """Decide who sees an image. Leaving "shared" keeps the shares and makes their grants inactive.

    Raises:
        Http404: the viewer cannot see the image.
        PermissionDenied: they may not give it this visibility (``visibility_refusal``).
    """
    image = get_own_image(by, image_id, Verb.SEE, lock=True)
    if image.account_id != by.account.pk:
        require(by, Verb.CHANGE_VISIBILITY, image)
    if reason := visibility_refusal(by, visibility, image):
        raise PermissionDenied(reason)
    return change_visibility(image, by, visibility)


def change_visibility(image: Image, by: Viewer, visibility: str) -> Image:
    """Change, record, tell; the image is locked and the right is checked."""
    old = image.visibility
    if visibility == old:
        return image
    image.visibility = visibility
    image.save(update_fields=["visibility", "updated_at"])
    end_plans_of_visibility(image, by)
    refresh_grants(image)
    record_image("visibility changed", image, by, old=old, new=visibility)
    hooks.image_changed.ask(image, by)
    return image


def protect(image_id: UUID, *, by: Viewer) -> Image:
    """Keep an image from being deleted.

    Raises:
        Http404, PermissionDenied: as ``get_own_image``.
    """
    return _set_protected(image_id, by, protected=True)


def unprotect(image_id: UUID, *, by: Viewer) -> Image:
    """Let an image be deleted again.

    Raises:
        Http404, PermissionDenied: as ``get_own_image``.
    """
    return _set_protected(image_id, by, protected=False)


@transaction.atomic
def _set_protected(image_id: UUID, by: Viewer, *, protected: bool) -> Image:
    return change_protection(get_own_image(by, image_id, Verb.PROTECT, lock=True), by, protected=protected)


def change_protection(image: Image, by: Viewer, *, protected: bool) -> Image:
    """Change and record; the image is locked and the right is checked."""
    if image.protected is not protected:
        image.protected = protected
        image.save(update_fields=["protected", "updated_at"])
        record_image("protected" if protected else "unprotected", image, by)
    return image


@transaction.atomic
def deactivate(image_id: UUID, *, by: Viewer) -> Image:
    """Let nobody boot or copy an image for now. Running servers go on, shares stay.

    Raises:
        Http404, PermissionDenied: as ``get_own_image``.
    """
    return switch_off(get_own_image(by, image_id, Verb.DEACTIVATE, lock=True), by)


@transaction.atomic
def reactivate(image_id: UUID, *, by: Viewer) -> Image:
    """Let an image be used again.

    Raises:
        Http404: as ``get_own_image``.
        PermissionDenied: as ``get_own_image``; or staff have deactivated it.
    """
    image = get_own_image(by, image_id, Verb.DEACTIVATE, lock=True)
    if reason := why_not_reactivate(image):
        raise PermissionDenied(reason)
    return switch_on(image, by)


def why_not_reactivate(image: Image) -> str:
    """Why the owner of an image cannot let it be used again; empty when an admin can."""
    return "Staff deactivated this image, so only they can reactivate it." if image.deactivated_by_staff else ""


def switch_off(image: Image, by: Viewer) -> Image:
    """Change and record; the image is locked and the right is checked."""
    if image.is_active:
        image.status = Image.Status.DEACTIVATED
        image.deactivated_at, image.deactivated_by = timezone.now(), by.user
        _save_status(image)
        end_plans(image, by, [PlannedChange.Change.DEACTIVATE])
        record_image("deactivated", image, by)
    return image


def switch_on(image: Image, by: Viewer) -> Image:
    """Change and record; the image is locked and the right is checked."""
    if not image.is_active:
        image.status = Image.Status.ACTIVE
        image.deactivated_at = image.deactivated_by = None
        image.deactivated_by_staff = False
        _save_status(image)
        record_image("reactivated", image, by)
    return image


def _save_status(image: Image) -> None:
    image.save(update_fields=["status", "deactivated_at", "deactivated_by", "deactivated_by_staff", "updated_at"])
    hooks.grants_changed.ask(image)


@transaction.atomic
def delete(image_id: UUID, *, by: Viewer) -> Image:
    """Delete an image. The row stays as a tombstone; the data goes when nobody needs it any more.

    Raises:
        Http404, PermissionDenied: as ``get_own_image``.
        Conflict: the image is protected.
    """
    image = get_own_image(by, image_id, Verb.DELETE, lock=True)
    if image.protected:
        raise Conflict(f"“{image.name}” is protected against deletion. Remove the protection first.")
    return bury(image, by)


def bury(image: Image, by: Viewer) -> Image:
    """Make a locked image a tombstone, and tell those who had it."""
    image.status, image.deleted_at, image.deleted_by = Image.Status.DELETED, timezone.now(), by.user
    image.save(update_fields=["status", "deleted_at", "deleted_by", "updated_at"])
    end_plans(image, by)
    refresh_grants(image)
    record_image("deleted", image, by)
    hooks.image_changed.ask(image, by)
    transaction.on_commit(lambda: async_task("images.tasks.clean_up", cluster="data"))
    return image


@transaction.atomic
def record_download(image: Image, *, by: Viewer, begins: bool) -> None:
    """Write down that somebody downloads an image, once however many requests it takes them.

    The producer is told of what was shared with consent.

    Args:
        begins: whether the first byte is asked for. A part from further on belongs to a download that was recorded;
            when none was within a day, somebody leaves out the first byte in order not to be seen.
    """
    earlier = Event.objects.of("image", image.pk).filter(verb="downloaded", account=by.account, actor=by.user)
    if not earlier.filter(at__gt=timezone.now() - (ONE_START if begins else ONE_DOWNLOAD)).exists():
        record_copy("downloaded", image, by)
