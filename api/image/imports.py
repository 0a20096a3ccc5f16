"""Interoperable import: from staged data, or from an address (API reference of Image v2, "Import an image")."""

from typing import Any, cast

from django.http import Http404, HttpRequest, HttpResponse

from accounts.errors import Conflict
from api.bodies import read_object
from api.endpoints import REQUEST_ID, ApiRequest, ImageEndpoint, new_request_id
from api.errors import Refusal
from api.image import reading
from api.image.data import FORMATS, refuse_change
from api.image.records import queued_status
from images import actions
from images.models import Upload

# Which state an image has to be in for each method, and what Glance says when it is in another.
METHODS = {
    "glance-direct": ("uploading", "Image needs to be staged before 'glance-direct' method can be used"),
    "web-download": ("queued", "Image needs to be in 'queued' state to use 'web-download' method"),
}
NO_COPIES = (
    "The method 'copy-image' is not available: the data of an image is kept once, in its region, and nobody has to "
    "copy it to use it."
)


class ImageImport(ImageEndpoint):
    """``/v2/images/{image_id}/import``."""

    def post(self, request: HttpRequest, image_id: str) -> HttpResponse:
        """Make an image of what was staged, or have its data fetched."""
        asked, said = cast("ApiRequest", request), read_object(request)
        method = read_method(said)
        upload = _ready(asked, image_id, method["name"])
        _require_stores(upload, said)
        request_id = new_request_id()  # the task tells it, too
        try:
            if method["name"] == "web-download":
                actions.import_queued(upload.pk, by=asked.viewer, url=method["uri"], request_id=request_id)
            else:
                actions.use_staged(upload.pk, by=asked.viewer, request_id=request_id)
        except Http404:
            _ready(asked, image_id, method["name"])  # it has become an image since we asked, or is gone
            raise
        return HttpResponse(status=202, headers={REQUEST_ID: request_id})


def read_method(said: dict[str, Any]) -> dict[str, str]:
    """The method of an import, with what it needs.

    Raises:
        Refusal: 400, in the words of Glance.
    """
    if "method" not in said:
        raise Refusal(400, "Import request requires a 'method' field.")
    method = said["method"]
    if not isinstance(method, dict) or not isinstance(name := method.get("name"), str):
        raise Refusal(400, "Import request requires a 'name' field.")
    if name not in METHODS:
        raise Refusal(400, NO_COPIES if name == "copy-image" else f"Unknown import method name '{name[:40]}'.")
    for flag in ("all_stores", "all_stores_must_succeed"):
        if not isinstance(said.get(flag) or False, bool):
            raise Refusal(400, f"'{flag}' must be boolean value only")
    if name == "web-download" and not isinstance(method.get("uri"), str):
        raise Refusal(400, "The method 'web-download' needs a 'uri': the address of the file.")
    return method


def _ready(asked: ApiRequest, image_id: str, method: str) -> Upload:
    """A queued image in the state that a method needs.

    Raises:
        Refusal: 404 for what the viewer cannot see, 409 for what is in another state.
        PermissionDenied: it is somebody else's, or the viewer may not add images.
    """
    found = reading.find(asked.viewer, image_id, region=asked.region_code)
    refuse_change(asked.viewer, found, "You are not authorized to complete modify_image action.")
    state, otherwise = METHODS[method]
    if not isinstance(found, Upload):
        raise Conflict("Image with status active cannot be target for import")
    if queued_status(found) != state:
        raise Conflict(otherwise)
    for name in reversed(FORMATS):
        if not (found.plan or {}).get(name):
            raise Conflict(f"'{name}' needs to be set before import")
    return found


def _require_stores(upload: Upload, said: dict[str, Any]) -> None:
    """The store of an image is its region; Glance answers 409 for a store that it does not know."""
    region = (upload.plan or {})["region"]
    wanted = said.get("stores") or [region]
    if said.get("all_stores") and said.get("stores"):
        raise Refusal(400, "Stores parameter and all_stores parameter can't be both specified")
    if wanted != [region]:
        raise Conflict(f"The data of this image is kept in the store '{region}', and in no other.")
