"""Image data: sent, fetched and staged (API reference of Image v2, "Image data" and "Stage binary image data").

Data is sent as a whole, with its length or in chunks. It is hashed and inspected while it comes, as on the pages, and
never held in memory; what is refused or breaks leaves the image queued, with nothing of it. Nobody is sent to an
address of the store's own for a download, as browsers are: clients take ``X-Auth-Token`` along wherever they are led
(requests takes only ``Authorization`` away), and a store must not learn it.
"""

from http import HTTPStatus
from typing import ClassVar, NoReturn, cast

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from accounts.viewer import Viewer
from api.endpoints import ApiRequest, ImageEndpoint
from api.errors import Refusal
from api.image import reading
from api.image.records import queued_status
from images import actions
from images.actions.claims import TakenOver
from images.models import Image, Upload
from images.permissions import Verb, require
from images.problems import NoSuchData
from images.transfers.bodies import declared_length, raw_chunks, receiving
from images.transfers.giving import give
from sharing.models import Share

BYTES = "application/octet-stream"
MOST_DIGITS = 18  # of a number of bytes: what fits into a column of 64 bits
FORMATS = ("disk_format", "container_format")

# What holds for all data, in the words of Glance (wire contract, section C).
DEACTIVATED = "The requested image has been deactivated. Image data download is forbidden."
NO_UPLOAD = "You are not authorized to complete upload_image action."
WRONG_SIZE = "Invalid or missing image size in request headers."
GONE = (
    "Image {} could not be found after upload. The image may have been deleted during the upload, cleaning up the "
    "chunks uploaded."
)
REJECTED = "Your account has rejected this image. Accept it first."

# Of no bytes at all. openstacksdk looks at no status: it keeps what comes, and fails only where a sum differs. Of an
# image that was rejected it is told none, so it would take the refusal for the image.
MD5_OF_NOTHING = "d41d8cd98f00b204e9800998ecf8427e"


class Receiving(ImageEndpoint):
    """An address that data is sent to.

    Attributes:
        state: what the image is while its data comes, as Glance calls it.
        staged: whether the data waits for an import.
    """

    state: ClassVar[str]
    staged: ClassVar[bool] = False

    def put(self, request: HttpRequest, image_id: str) -> HttpResponse:
        """Take the data of a queued image."""
        asked = cast("ApiRequest", request)
        with receiving(request):
            _require_bytes(request)
            upload = _queued(asked, image_id, self.state)
            if not self.staged:
                _require_formats(upload)
            self._fill(asked, upload, image_id)
        return HttpResponse(status=204)

    def _fill(self, asked: ApiRequest, queued: Upload, image_id: str) -> None:
        size = announced_size(asked)
        chunks = raw_chunks(asked, max_bytes=settings.IMAGE_MAX_BYTES)
        try:
            upload = actions.fill(queued.pk, by=asked.viewer, chunks=chunks, size=size, staged=self.staged)
        except TakenOver:
            raise _taken_over(asked, image_id) from None
        except Http404:
            _queued(asked, image_id, self.state)  # it has become an image since we asked, or is gone
            raise
        if upload.problem:
            raise Refusal(409, upload.problem)  # the data is here, and the image cannot be made any more


class ImageFile(Receiving):
    """``/v2/images/{image_id}/file``."""

    state = "saving"

    def get(self, request: HttpRequest, image_id: str) -> HttpResponseBase:
        """Give the data, whole or in part; nothing while it has not come."""
        asked = cast("ApiRequest", request)
        found = reading.find(asked.viewer, image_id, region=asked.region_code)
        if isinstance(found, Upload):
            return HttpResponse(status=204)
        if isinstance(found, Share):
            raise Refusal(403, REJECTED, {"Content-MD5": MD5_OF_NOTHING})
        if not found.is_active:
            raise PermissionDenied(DEACTIVATED)
        require(asked.viewer, Verb.EXPORT, found)
        try:
            return _with_md5(give(request, found, by=asked.viewer, links=False), found)
        except NoSuchData:
            reading.no_image(image_id)


class ImageStage(Receiving):
    """``/v2/images/{image_id}/stage``."""

    state = "uploading"
    staged = True


def announced_size(request: HttpRequest) -> int | None:
    """How many bytes are to come; None if they come in chunks and nothing says how many.

    Raises:
        Refusal: 400 if ``X-OpenStack-Image-Size`` is no number of bytes, or another than that of the body.
        LengthRequired: the request says neither how long it is nor that it comes in chunks.
    """
    length, text = declared_length(request), request.headers.get("X-OpenStack-Image-Size")
    if text is None:
        return length
    if not (text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS):
        raise Refusal(400, WRONG_SIZE)
    if length not in (None, int(text)):
        raise Refusal(400, f"X-OpenStack-Image-Size says {text} bytes, and the body has {length}.")
    return int(text)


def refuse_change(viewer: Viewer, found: Image | Upload | Share, message: str) -> None:
    """Refuse what is asked of an image that somebody else owns, or of one's own by whoever may not add images.

    Args:
        message: what is said of images of others.

    Raises:
        PermissionDenied: with the reason.
    """
    if isinstance(found, Share) or (isinstance(found, Image) and found.account_id != viewer.account.pk):
        raise PermissionDenied(message)
    require(viewer, Verb.CREATE)


def _queued(asked: ApiRequest, image_id: str, state: str) -> Upload:
    """A queued image that waits for its data.

    Raises:
        Refusal: 404 for what the viewer cannot see, 409 for what has its data or gets it.
        PermissionDenied: it is somebody else's, or the viewer may not add images.
    """
    found = reading.find(asked.viewer, image_id, region=asked.region_code)
    refuse_change(asked.viewer, found, NO_UPLOAD)
    if not isinstance(found, Upload) or queued_status(found) != "queued":
        _no_transition(found, state)
    return found


def _no_transition(found: Image | Upload | Share, state: str) -> NoReturn:
    status = queued_status(found) if isinstance(found, Upload) else found.status
    raise Refusal(409, f"Image status transition from {status} to {state} is not allowed")


def _require_bytes(request: HttpRequest) -> None:
    """Forms and texts are no image data; Glance reads nothing of them either."""
    if request.content_type != BYTES:
        raise Refusal(
            415,
            f"The request media type {request.content_type} is not supported by this server. \n\n "
            f"Invalid content type {request.content_type}",
        )


def _require_formats(upload: Upload) -> None:
    missing = [name for name in FORMATS if not (upload.plan or {}).get(name)]
    if missing:
        noun = "Property" if len(missing) == 1 else "Properties"
        raise Refusal(400, f"{noun} {', '.join(missing)} must be set prior to saving data.")


def _taken_over(asked: ApiRequest, image_id: str) -> Exception:
    """What a sender hears whom nobody listens to any more: the image was deleted, or another one sends it."""
    try:
        found = reading.find(asked.viewer, image_id, region=asked.region_code)
    except Refusal:
        return Refusal(410, GONE.format(image_id))
    status = queued_status(found) if isinstance(found, Upload) else "active"
    return Refusal(409, f"Image status transition from {status} to active is not allowed")


def _with_md5(response: HttpResponseBase, image: Image) -> HttpResponseBase:
    """As Glance: of all the data, also where a part is given."""
    if response.status_code in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
        response.headers["Content-MD5"] = image.data.checksum
    return response
