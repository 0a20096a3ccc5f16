"""Families: making them, arranging versions in them, and saying which version is the latest."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import transaction
from django.http import Http404

from accounts.errors import Conflict, wrong
from accounts.permissions import lock_groups
from accounts.records import record
from accounts.viewer import Viewer
from images import hooks
from images.actions.events import record_image
from images.models import Family, Image
from images.permissions import Verb, get_image, require


@transaction.atomic
def create_family(*, by: Viewer, name: str, description: str = "") -> Family:
    """Give a name to images that follow each other.

    Raises:
        PermissionDenied: the viewer may not arrange versions.
        ValidationError: per field; or the account has as many families as it may have.
    """
    require(by, Verb.ARRANGE)
    by = lock_groups(by, [by.account.organization])  # as putting an image into it does, perhaps in the same step
    _check_number(by)
    family = Family(account=by.account, created_by=by.user, name=name, description=description)
    _save(family)
    _record("created", family, by)
    return family


@transaction.atomic
def edit_family(family_id: int, *, by: Viewer, name: str, description: str = "") -> Family:
    """Change how a family is called and described.

    Raises:
        Http404: the account has no such family.
        PermissionDenied, ValidationError: as ``create_family``.
    """
    family = _locked(family_id, lock_groups(by))
    old, changed = family.name, (family.name, family.description) != (name, description)
    family.name, family.description = name, description
    _save(family)
    if changed:
        _record("edited", family, by, old=old)
    return family


@transaction.atomic
def dissolve_family(family_id: int, *, by: Viewer) -> str:
    """Take the name away. The images stay, and whoever took later versions gets no more of them.

    Returns:
        The name that it had.

    Raises:
        Http404, PermissionDenied: as ``edit_family``.
    """
    family = _locked(family_id, by)
    versions = family.versions.select_for_update(of=("self",)).select_related("account").order_by("pk")
    for version in list(versions):
        _leave(version, by)
    _record("dissolved", family, by)
    family.delete()
    return family.name


@transaction.atomic
def pin_version(family_id: int, image_id: UUID, *, by: Viewer) -> Family:
    """Roll back, or forward: this version is the latest from now on, whatever joins.

    Raises:
        Http404: no such family, or the image is no version of it.
        PermissionDenied: as ``edit_family``.
        Conflict: nobody could use it.
    """
    family = _locked(family_id, by)
    image = family.versions.live().filter(pk=image_id).first()
    if image is None:
        raise Http404
    if reason := why_not_latest(image):
        raise Conflict(reason)
    if family.pinned_id != image.pk:
        family.pinned = image
        family.save(update_fields=["pinned"])
        _record("rolled back", family, by, version=image.version)
    return family


@transaction.atomic
def unpin_version(family_id: int, *, by: Viewer) -> Family:
    """Let the newest version be the latest again.

    Raises:
        Http404, PermissionDenied: as ``edit_family``.
    """
    family = _locked(family_id, by)
    if family.pinned_id is not None:
        _unpin(family)
        _record("follows the newest", family, by)
    return family


@transaction.atomic
def put_into_family(image_id: UUID, family_id: int, *, by: Viewer, version: str) -> Image:
    """Make an image a version of a family, or call a version otherwise.

    Whoever agreed to have later versions of the family is given the image in the same step.

    Raises:
        Http404: the viewer cannot see the image, or the account has no such family.
        PermissionDenied: they may not arrange versions.
        ValidationError: the version is empty, or there is one like it.
    """
    get_image(by, image_id, Verb.ARRANGE)  # nobody holds up others with somebody else's image
    followers = {pk for some in hooks.family_followers.ask(family_id) for pk in some}
    by = lock_groups(by, [*Group.objects.filter(pk__in=followers), by.account.organization])
    family = _locked(family_id, by)
    image = get_image(by, image_id, Verb.ARRANGE, lock=True)
    joins = image.family_id != family.pk
    if joins and image.family_id is not None:
        _leave(image, by)
    if (image.family_id, image.version) == (family.pk, version):
        return image
    image.family, image.version = family, version
    _check_version(image)
    image.save(update_fields=["family", "version", "updated_at"])
    record_image("put into a family", image, by, family=family.name, version=version)
    if joins:
        hooks.family_grew.ask(image, by, followers)
    return image


@transaction.atomic
def take_out_of_family(image_id: UUID, *, by: Viewer) -> Image:
    """Let an image be no version of anything. Whoever has it keeps it, and gets no later versions because of it.

    Raises:
        Http404, PermissionDenied: as ``put_into_family``.
    """
    family_id = get_image(by, image_id, Verb.ARRANGE).family_id
    if family_id is not None:
        _locked(family_id, by)
    image = get_image(by, image_id, Verb.ARRANGE, lock=True)
    if image.family is not None:
        _leave(image, by)
    return image


def leave_family(image: Image) -> None:
    """The same for a locked image whose account gives it away, which is an event of its own."""
    if image.family is None:
        return
    if image.family.pinned_id == image.pk:
        _unpin(image.family)
    image.family, image.version = None, ""
    image.save(update_fields=["family", "version", "updated_at"])
    hooks.family_left.ask(image)


def why_not_latest(image: Image) -> str:
    """Why a version cannot be the latest one; empty when it can."""
    if not image.is_active:
        return "This version is deactivated."
    return f"This version is {image.life}." if image.is_over else ""


def _locked(family_id: int, by: Viewer) -> Family:
    """A family of the account, taken for the transaction: after the groups, before its images."""
    require(by, Verb.ARRANGE)
    found = Family.objects.filter(account=by.account).select_for_update(of=("self",))
    family = found.filter(pk=family_id).first()
    if family is None:
        raise Http404
    return family


def _leave(image: Image, by: Viewer) -> None:
    record_image("taken out of its family", image, by, family=str(image.family), version=image.version)
    leave_family(image)


def _unpin(family: Family) -> None:
    family.pinned = None
    family.save(update_fields=["pinned"])


def _save(family: Family) -> None:
    """Check and save; the account's row is locked, so that no other family takes the name meanwhile."""
    family.clean_fields(exclude=["account", "pinned", "created_by"])
    if Family.objects.filter(account=family.account, name=family.name).exclude(pk=family.pk).exists():
        raise wrong("name", f"There is a family {family.name} already.", "taken")
    family.save()


def _check_number(by: Viewer) -> None:
    """Keep lists readable; the account's row is locked, so that nobody makes another one meanwhile."""
    number = Family.objects.filter(account=by.account).count()
    if number >= settings.FAMILIES_PER_ACCOUNT:
        text = (
            f"{by.account.title} has {number} families, which is as many as an account may have. "
            "Dissolve one that is not needed, or use it for these versions."
        )
        raise wrong("name", text, "too_many")


def _check_version(image: Image) -> None:
    if not image.version.strip():
        raise wrong("version", "Say which version it is.", "required")
    image.clean_fields(exclude=["account", "region", "data", "created_by", "parent", "family", "replacement"])
    others = Image.objects.live().filter(family=image.family, version=image.version).exclude(pk=image.pk)
    if others.exists():
        raise wrong("version", f"{image.family} has a version {image.version} already.", "taken")


def _record(verb: str, family: Family, by: Viewer, **detail: Any) -> None:
    record(verb, subject_kind="family", subject_id=family.pk, subject_name=family.name, by=by, **detail)
