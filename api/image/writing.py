"""Making, changing and deleting images: what is asked of an id that stands for an image, or for a queued one."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404

from accounts.errors import Conflict
from api.endpoints import ApiRequest
from api.errors import Refusal
from api.image import fields, patches, reading
from api.image.imports import METHODS
from api.image.patches import Change
from api.image.records import queued_record, queued_status
from images import actions
from images.actions import NewImage, Revision
from images.descent import NOT_SURE, come_from_others
from images.models import Image, Region, Upload
from images.permissions import Verb, refusal
from images.querysets import OPEN_TO_ALL
from sharing.models import Share

T = TypeVar("T")
IMPORT_METHODS = ",".join(METHODS)


def either(asked: ApiRequest, text: str, verb: Verb, *, image: Callable[[UUID], T], queued: Callable[[UUID], T]) -> T:
    """Do something with what an id stands for.

    Args:
        text: the id as it stands in the address.
        verb: what is done, as a right; whoever has rejected the image hears that they have it not.
        image: does it with an image.
        queued: does it with a queued one.

    Raises:
        Refusal: 404, the same for what is somebody else's and for what never was.
        PermissionDenied: they can see it, and may not do this.
    """
    pk = reading.read_id(text)
    if asked.region_code:
        reading.record(asked.viewer, text, region=asked.region_code)  # elsewhere there is none
    # In this order nothing is missed: an upload goes as its image comes. Those of others are not asked for, so that the
    # time which a 404 takes tells nothing of them.
    if Upload.objects.filter(pk=pk, account=asked.viewer.account).exists():
        with suppress(Http404):
            return queued(pk)
    with suppress(Http404):
        return image(pk)
    found = reading.find(asked.viewer, text)
    if isinstance(found, Share):
        raise PermissionDenied(refusal(asked.viewer, verb, found.image))
    return reading.no_image(text)


# --- Making -----------------------------------------------------------------------------------------


def make(asked: ApiRequest, said: dict[str, Any]) -> Upload:
    """Note a new image whose data is to come.

    Args:
        said: the body of the request.

    Raises:
        Refusal: 400, 403 or 413; see ``fields.check``.
        PermissionDenied: they may not add images, or not with this visibility.
        Conflict: the id is in use.
    """
    for name, value in said.items():
        fields.check(name, value, is_new=True)
    owner = said.get("owner")
    if owner not in (None, asked.viewer.account.number):
        raise Refusal(403, f"You are not permitted to create images owned by '{fields.cut(owner)}'")
    image_id = UUID(said["id"]) if "id" in said else None
    begun = NewImage("", _region(asked.region_code), visibility=Image.Visibility.SHARED)
    with fields.in_words_of_glance():
        return actions.start_queued(by=asked.viewer, new=fields.new_image(said, begun), image_id=image_id)


def headers_of(asked: ApiRequest, upload: Upload) -> dict[str, str]:
    """Where a new image is, how its data can come, and where that is kept."""
    return {
        "Location": asked.build_absolute_uri(f"{asked.path}/{upload.pk}"),
        "OpenStack-image-import-methods": IMPORT_METHODS,
        "OpenStack-image-store-ids": (upload.plan or {})["region"],
    }


def _region(code: str) -> Region:
    """Where a new image will live.

    Args:
        code: of the address; empty for the default region.
    """
    region = Region.objects.filter(pk=code).first() if code else Region.objects.filter(is_default=True).first()
    if region is None:
        raise Refusal(404, "The resource could not be found.") if code else Refusal(400, "There is no default region.")
    return region


# --- Changing ---------------------------------------------------------------------------------------


def change(asked: ApiRequest, text: str, changes: list[Change]) -> dict[str, Any]:
    """Apply a patch, all of it or nothing.

    Returns:
        The image as it is then, for a program.

    Raises:
        As ``either`` and ``patches.apply``; Refusal: 400 or 413 for values that the panel does not take.
    """

    def decide(image: Image) -> Revision:
        revision = fields.revision(patches.apply(changes, fields.properties_of(vars(image))), image)
        _require_own_making(image, revision)
        return revision

    def decide_queued(upload: Upload, new: NewImage) -> NewImage:
        said = patches.apply(changes, fields.properties_of(new.facts))
        _require_queued(upload, said)
        return fields.new_image(said, new)

    found = revise(asked, text, decide=decide, decide_queued=decide_queued)
    return queued_record(found) if isinstance(found, Upload) else reading.record(asked.viewer, text)


def revise(
    asked: ApiRequest,
    text: str,
    *,
    decide: Callable[[Image], Revision],
    decide_queued: Callable[[Upload, NewImage], NewImage],
    verb: Verb = Verb.SEE,
) -> Image | Upload:
    """Change what is said of an image, whether its data has come or not; see ``actions.revise`` and ``edit_queued``."""

    def image(pk: UUID) -> Image | Upload:
        return actions.revise(pk, by=asked.viewer, decide=decide, verb=verb)

    def queued(pk: UUID) -> Image | Upload:
        return actions.edit_queued(pk, by=asked.viewer, decide=decide_queued)

    with fields.in_words_of_glance():
        return either(asked, text, Verb.EDIT, image=image, queued=queued)


def _require_own_making(image: Image, revision: Revision) -> None:
    """What came from somebody else is opened to everybody only where a person says that this is allowed."""
    if revision.visibility in OPEN_TO_ALL and revision.visibility != image.visibility and come_from_others([image]):
        raise Refusal(403, f"{NOT_SURE} That is on its page in the panel.")


def _require_queued(upload: Upload, said: dict[str, Any]) -> None:
    """What data is expected is not changed while it comes."""
    if queued_status(upload) != "queued" and (wrong := next((name for name in fields.OF_DATA if name in said), None)):
        raise Refusal(403, f"Attribute {wrong} can be only replaced for a queued image.")


# --- Deleting, switching off and on -----------------------------------------------------------------


def delete(asked: ApiRequest, text: str) -> None:
    """Delete an image; throw away a queued one.

    Raises:
        As ``either``; Refusal: 403 while it is protected.
    """
    image, queued = (partial(action, by=asked.viewer) for action in (actions.delete, actions.discard_queued))
    try:
        either(asked, text, Verb.DELETE, image=image, queued=queued)
    except Conflict:
        raise Refusal(403, f"Image {text} is protected and cannot be deleted.") from None
    except Refusal as refused:
        raise Refusal(refused.status, f"Failed to find image {text} to delete") from None


def switch(asked: ApiRequest, text: str, action: Callable[..., Image]) -> None:
    """Deactivate or reactivate an image.

    Args:
        action: ``actions.deactivate`` or ``actions.reactivate``.

    Raises:
        As ``either``; Refusal: 403 for a queued one.
    """

    def queued(pk: UUID) -> Image:
        status = queued_status(actions.get_queued(asked.viewer, pk))
        raise Refusal(403, f"Not allowed to {action.__name__} image in status '{status}'")

    either(asked, text, Verb.DEACTIVATE, image=partial(action, by=asked.viewer), queued=queued)
