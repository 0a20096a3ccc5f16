"""Who may do what with an image, as data; and the only door to guardian's grants.

The table is the one of the design, "Who may do what with an image of their own account". docs/permissions.md and
the permission matrix of the tests are made from it.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.contrib.auth.models import AnonymousUser, Group, Permission
from django.core.exceptions import PermissionDenied
from django.http import Http404

from accounts.errors import Conflict
from accounts.models import User
from accounts.querysets import NOBODY
from accounts.roles import ROLES_OF_KIND, Kind, Role
from accounts.viewer import Viewer
from images import hooks
from images.models import Image, ImageGroupObjectPermission, Upload
from images.querysets import OPEN_TO_ALL, reached
from images.stores.elsewhere import NOT_HERE


class Verb(StrEnum):
    """What can be done with an image. The text completes "Only an admin of … can …"."""

    SEE = "see it"
    SEE_SHARES = "see whom it is shared with"
    EXPORT = "download and copy it"
    USE = "boot servers from it"
    CREATE = "add images"
    OFFER = "share it"
    LOOK_INSIDE = "look inside it"
    EDIT = "edit it"
    CHANGE_VISIBILITY = "change its visibility"
    PROTECT = "protect it"
    DEACTIVATE = "deactivate it"
    DELETE = "delete it"
    REMOVE_SHARE = "remove a share"
    LABEL = "label it"
    COPY = "copy it into the account"
    DEPRECATE = "deprecate it"
    ARRANGE = "arrange versions in families"
    HAND_OVER = "hand it over to another account"
    ASK_FOR_PUBLIC = "ask for it to be public"
    REPORT = "report it"
    HIDE = "hide it for themselves"


NEEDED_ROLE: dict[Verb, Role] = {
    Verb.SEE: Role.OBSERVER,
    Verb.SEE_SHARES: Role.OBSERVER,
    Verb.EXPORT: Role.OBSERVER,
    Verb.USE: Role.CREATOR,
    Verb.CREATE: Role.CREATOR,
    Verb.OFFER: Role.CREATOR,
    Verb.LOOK_INSIDE: Role.CREATOR,
    Verb.EDIT: Role.ADMIN,
    Verb.CHANGE_VISIBILITY: Role.ADMIN,
    Verb.PROTECT: Role.ADMIN,
    Verb.DEACTIVATE: Role.ADMIN,
    Verb.DELETE: Role.ADMIN,
    Verb.REMOVE_SHARE: Role.ADMIN,
    Verb.LABEL: Role.ADMIN,
    Verb.COPY: Role.CREATOR,
    Verb.DEPRECATE: Role.ADMIN,
    Verb.ARRANGE: Role.ADMIN,
    Verb.HAND_OVER: Role.ADMIN,
    Verb.ASK_FOR_PUBLIC: Role.ADMIN,
    Verb.REPORT: Role.OBSERVER,
    Verb.HIDE: Role.OBSERVER,
}

# What somebody who received an image can do with it: by grant, or because it is open to all.
FOR_CONSUMERS = frozenset({Verb.SEE, Verb.EXPORT, Verb.USE, Verb.LABEL, Verb.COPY, Verb.REPORT, Verb.HIDE})

# What needs the image data itself, and so an image that is whole, active and not obsolete.
OF_DATA = (Verb.USE, Verb.EXPORT, Verb.COPY)

# What needs the image data here, and not in the cloud of its region.
OF_DATA_HERE = (Verb.EXPORT, Verb.COPY, Verb.LOOK_INSIDE, Verb.HAND_OVER)

BOOT_ONLY = "It was made from an image that could only be booted, so nobody gets its data."

# Whoever could only boot an image was trusted with it alone.
NOT_PASSED_ON = (
    "It was made from an image that could only be booted, so it is neither opened to everybody nor given to another "
    "owner."
)
NOT_OF_LIMITED: dict[Verb, str] = {
    Verb.EXPORT: BOOT_ONLY,
    Verb.COPY: BOOT_ONLY,
    Verb.LOOK_INSIDE: BOOT_ONLY,
    Verb.HAND_OVER: NOT_PASSED_ON,
    Verb.ASK_FOR_PUBLIC: NOT_PASSED_ON,
}

# The one change of visibility for which one need not be admin.
PRIVATE_TO_SHARED = (Image.Visibility.PRIVATE, Image.Visibility.SHARED)


class Right(StrEnum):
    """The object permissions of a grant."""

    VIEW = "view_image"
    USE = "use_image"
    EXPORT = "export_image"


def refusal(viewer: Viewer, verb: Verb, image: Image | None = None) -> str:
    """Why the viewer may not, or nobody can, do this with an image that they can see; empty when they may.

    Args:
        image: None for what needs no image (adding one).
    """
    if reason := _refusal_by_rights(viewer, verb, image):
        return reason
    return "Its data is damaged, so that nobody gets it." if image and _wants_damaged(verb, image) else ""


def _wants_damaged(verb: Verb, image: Image) -> bool:
    return verb in OF_DATA and image.data.is_damaged


def _refusal_by_rights(viewer: Viewer, verb: Verb, image: Image | None) -> str:
    if not viewer.role.includes(NEEDED_ROLE[verb]):
        able = [role for role in ROLES_OF_KIND[Kind.ACCOUNT] if role.includes(NEEDED_ROLE[verb])]
        who = " or ".join(role.with_article for role in able)
        return f"Only {who} of {viewer.account.title} can {verb}."
    if image is None:
        return ""
    own = image.account_id == viewer.account.pk
    if not own and verb not in FOR_CONSUMERS:
        return f"Only {image.account.title}, which owns the image, can {verb}."
    if own and verb is Verb.LABEL:
        return "This image is your own: edit its name instead."
    return _refusal_of_kind(verb, image) or _refusal_of_data(viewer, verb, image)


def _refusal_of_kind(verb: Verb, image: Image) -> str:
    """Why nobody may, because of where the data lies or what it was made from."""
    if verb in OF_DATA_HERE and image.data.place_in_cloud:
        return NOT_HERE
    return NOT_OF_LIMITED.get(verb, "") if image.is_boot_only else ""


def _refusal_of_data(viewer: Viewer, verb: Verb, image: Image) -> str:
    if verb not in OF_DATA:
        return ""
    if not hasattr(image, "can_use"):
        image = Image.objects.with_rights(viewer).select_related("account").get(pk=image.pk)
    if verb is Verb.COPY and not image.is_active:
        return "The image is deactivated."  # a copy would be active again
    if verb in (Verb.EXPORT, Verb.COPY) and not image.can_export:
        otherwise = "The offer is for booting servers only." if image.can_use else "Accept the offer first."
        return _why_no_data(image, otherwise)
    if verb is Verb.USE and not image.can_use:
        return _why_no_data(image, "Accept the offer first.")
    return "" if image.account_id == viewer.account.pk else _first(hooks.use_refusals.ask(viewer, image))


def _first(reasons: Iterable[str]) -> str:
    return next(filter(None, reasons), "")


def _why_no_data(image: Image, otherwise: str) -> str:
    if not image.is_active:
        return "The image is deactivated by its owner."
    return f"The image is {image.life}: nobody can begin to use it any more." if image.is_over else otherwise


def limit_of(viewer: Viewer, parent: Image) -> Image | None:
    """Whose limits hold for what the viewer's account makes of a server of an image. At most one query.

    Returns:
        An image that the account could only boot; None where it may have the data anyway.
    """
    if parent.limits_from_id or parent.account_id == viewer.account.pk:
        return parent.limits_from
    # An image that is deactivated or obsolete by now was still given with its data.
    return None if Image.objects.filter(reached(viewer, "export_image"), pk=parent.pk).exists() else parent


def role_rights() -> tuple[str, dict[str, Role]]:
    """The table, for the page that shows what each role may do."""
    return "An image", {str(verb): role for verb, role in NEEDED_ROLE.items()}


def may(viewer: Viewer, verb: Verb, image: Image | None = None) -> bool:
    """Whether the viewer may do this."""
    return not refusal(viewer, verb, image)


def require(viewer: Viewer, verb: Verb, image: Image | None = None) -> None:
    """Refuse what the viewer may not do.

    Raises:
        PermissionDenied: with the reason, for the person.
        Conflict: they may, but nobody can, because the data is damaged.
    """
    if reason := _refusal_by_rights(viewer, verb, image):
        raise PermissionDenied(reason)
    if image and _wants_damaged(verb, image):
        raise Conflict(image.data.why_not_given)


def get_image(viewer: Viewer, pk: UUID, verb: Verb, *, lock: bool = False) -> Image:
    """Fetch and check in one call, for pages, actions and API alike.

    Args:
        lock: take the row for the transaction; the order of locks is image first, then share.

    Raises:
        Http404: the viewer cannot see it; the same as for an id that never existed.
        PermissionDenied: they can see it but may not do this; with the reason.
        Conflict: they may, but nobody can, because the data is damaged.
    """
    images = Image.objects.visible_to(viewer).with_rights(viewer).with_reference(viewer).with_tags()
    images = images.select_related("account__organization", "region", "family", "data__content_check", "created_by")
    if lock:
        images = images.select_for_update(of=("self",))
    image = images.filter(pk=pk).first()
    if image is None:
        raise Http404
    require(viewer, verb, image)
    return image


def get_own_image(viewer: Viewer, pk: UUID, verb: Verb, *, lock: bool = False) -> Image:
    """The same for what only the owner does: of an own image, in a query that asks for nobody's rights.

    Raises:
        Http404, PermissionDenied: as ``get_image``.
    """
    images = Image.objects.live().filter(account=viewer.account, pk=pk)
    image = (images.select_for_update(of=("self",)) if lock else images).first()
    if image is None:
        return get_image(viewer, pk, verb, lock=lock)
    image.account = viewer.account
    require(viewer, verb, image)
    return image


def get_upload(viewer: Viewer, pk: UUID) -> Upload:
    """Fetch and check an upload in one call, locked for the transaction.

    Raises:
        Http404: no such upload for this viewer (creators see their own, admins all of the account), or it expired.
        PermissionDenied: the viewer may no longer add images.
    """
    require(viewer, Verb.CREATE)
    uploads = Upload.objects.visible_to(viewer).unexpired().select_for_update(of=("self",))
    uploads = uploads.select_related("account", "data")
    upload = uploads.filter(pk=pk).first()
    if upload is None:
        raise Http404
    return upload


def may_operate(user: User | AnonymousUser, image: Image | None = None) -> bool:
    """Whether somebody of the staff may do to an image what its owner cannot undo.

    Args:
        image: asked about by those who may not do so with every image, but with this one because of a case about it.
    """
    if not (isinstance(user, User) and user.is_active and user.is_staff):
        return False
    return user.has_perm("images.change_image") or bool(image and any(hooks.under_review.ask(user, image)))


def may_set_quotas(user: User | AnonymousUser) -> bool:
    """Whether somebody decides how much accounts may keep: staff with the right to change quotas."""
    return user.is_active and user.is_staff and user.has_perm("images.change_quota")


def visibility_refusal(viewer: Viewer, new: str, image: Image | None = None) -> str:
    """Why the viewer may not give an image of the account this visibility; empty when they may.

    The design's table "Visibility": public is for staff, private to shared for creators, the rest for admins.

    Args:
        image: None for a new one, which counts as private.
    """
    old = image.visibility if image else Image.Visibility.PRIVATE
    if new == old:
        return ""
    if new == Image.Visibility.PUBLIC:
        return "Only staff can make an image public, because everybody then sees it in their list."
    opens = (old, new) == PRIVATE_TO_SHARED  # out of the open again nobody gets more than they have
    if reason := refusal(viewer, Verb.OFFER if opens else Verb.CHANGE_VISIBILITY):
        return reason
    if image and opens:
        return _first(hooks.revival_refusals.ask(viewer, image))
    return open_refusal(viewer, image) if new in OPEN_TO_ALL else ""


def open_refusal(viewer: Viewer, image: Image | None = None) -> str:
    """Why images of the viewer's account, or this one of them, cannot be open to everybody; empty when they can."""
    if image and image.is_boot_only:
        return NOT_PASSED_ON
    return _first(hooks.open_refusals.ask(viewer))


def hide_refusal(image: Image) -> str:
    """Why the viewer of an image (``with_rights``) cannot hide it for themselves; empty when they can."""
    if image.through_group:
        return ""
    return "Only what came through a group or organization can be hidden. Remove it from the account instead."


def set_grants(image: Image, group: Group | None, rights: Mapping[Right, datetime | None]) -> None:
    """Make a group's grants for an image exactly these. Called under the lock of the image, by ``sharing`` alone.

    Args:
        group: None writes nothing, in as many statements as for a group: the time it takes tells nothing.
        rights: each right with the moment at which it ends (None: without an end). Empty takes all away, again in
            as many statements: a producer must not notice that an offer gives nothing.
    """
    ids = _permission_ids()
    grants = ImageGroupObjectPermission.objects.filter(content_object=image, group=group.pk if group else NOBODY)
    grants.exclude(permission__in=[ids[right] for right in rights]).delete()
    hooks.grants_changed.ask(image)
    if not rights or group is None:
        grants.update(active=image.grants_apply)
        return
    ImageGroupObjectPermission.objects.bulk_create(
        [
            ImageGroupObjectPermission(
                content_object=image,
                group=group,
                permission_id=ids[right],
                image_created_at=image.created_at,
                active=image.grants_apply,
                access_until=until,
            )
            for right, until in rights.items()
        ],
        update_conflicts=True,
        unique_fields=["group", "permission", "content_object"],
        update_fields=["image_created_at", "active", "access_until"],
    )


def granted_rights(image: Image) -> dict[int, dict[Right, ImageGroupObjectPermission]]:
    """Every grant of an image: by group id, then by right."""
    found: dict[int, dict[Right, ImageGroupObjectPermission]] = {}
    for grant in ImageGroupObjectPermission.objects.filter(content_object=image).select_related("permission"):
        found.setdefault(grant.group_id, {})[Right(grant.permission.codename)] = grant
    return found


def refresh_grants(image: Image) -> None:
    """Copy onto an image's grants whether it is shared and live, after either changed."""
    ImageGroupObjectPermission.objects.filter(content_object=image).update(active=image.grants_apply)
    hooks.grants_changed.ask(image)


def _permission_ids() -> dict[Right, int]:
    found = Permission.objects.filter(content_type__app_label="images", content_type__model="image")
    return {Right(codename): pk for codename, pk in found.filter(codename__in=Right).values_list("codename", "pk")}
