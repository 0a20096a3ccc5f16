"""Uploads that go on where they stopped: the tus protocol, version 1.0.0 (https://tus.io/protocols/resumable-upload).

The page's own script (static/js/tus.js) speaks it, and any other client of the protocol can. What is beyond it: a GET
tells scripts what has become of an upload, as JSON, and every refusal has a sentence for a person.

Known to the server in ``Upload-Metadata``: filename, region (its code), unpack (true or false), checksum ("sha256:…").
"""

import base64
import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.http import http_date
from django.views.decorators.csrf import csrf_exempt

from accounts.middleware import PanelRequest
from images import actions
from images.actions.claims import InUse, is_alive
from images.models import Region, Upload
from images.permissions import Verb, require
from images.problems import BrokenUpload, Busy, Gone, WrongPart, WrongRequest
from images.stores import get_store
from images.transfers.bodies import check_same_site, declared_length, raw_chunks, receiving
from images.transfers.slots import RETRY_SECONDS
from images.views.answers import REFUSALS, refusal_as_json

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,expiration,checksum,termination"
ALGORITHMS = ("sha1", "md5", "sha256", "sha512")
BYTES = "application/offset+octet-stream"
FORMS = {"multipart/form-data", "application/x-www-form-urlencoded"}
MOST_METADATA = 8000  # characters; a header has no more room anyway
MOST_DIGITS = 18  # of a number of bytes: what fits into a column of 64 bits
IN_USE_SECONDS = 3  # after which a client may ask again whether the line of the other one is dead
TRUTHS = {"": True, "true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}

Handler = Callable[..., HttpResponseBase]


@csrf_exempt  # _answered checks it: the origin and the token, both from headers alone
def upload_collection(request: PanelRequest) -> HttpResponseBase:
    """Where uploads are made; and a list of those that wait to be gone on with."""
    return _answered(request, {"GET": _list, "POST": _create, "OPTIONS": _tell_abilities})


@csrf_exempt  # as above
def upload_resource(request: PanelRequest, pk: UUID) -> HttpResponseBase:
    """One upload: how far it is, more of its bytes, its end."""
    handlers: dict[str, Handler] = {
        "GET": _show,
        "HEAD": _tell_offset,
        "PATCH": _append,
        "DELETE": _discard,
        "OPTIONS": _tell_abilities,
    }
    return _answered(request, handlers, pk)


# --- What holds for every request -------------------------------------------------------------------


def _answered(request: PanelRequest, handlers: Mapping[str, Handler], *args: UUID) -> HttpResponseBase:
    request.method = request.headers.get("X-HTTP-Method-Override", request.method or "").upper()
    if request.method not in handlers:
        response: HttpResponseBase = HttpResponseNotAllowed(handlers)
    else:
        response = _handled(request, handlers[request.method], *args)
    response.headers["Tus-Resumable"] = VERSION
    response.headers["Cache-Control"] = "no-store"
    return response


def _handled(request: PanelRequest, handler: Handler, *args: UUID) -> HttpResponseBase:
    """Ask the handler. A client that is refused while it sends hears why: what it still sends is read, in the slot."""
    try:
        with receiving(request):
            _check(request)
            return handler(request, *args)
    except REFUSALS as refused:
        return _refused(refused)


def _has_body(request: PanelRequest) -> bool:
    return request.META.get("CONTENT_LENGTH") not in {None, "", "0"} or "Transfer-Encoding" in request.headers


def _check(request: PanelRequest) -> None:
    """Who asks, from where, and in which version, before anything of the body is read."""
    require(request.viewer, Verb.CREATE)
    if request.method not in {"GET", "OPTIONS"} and request.headers.get("Tus-Resumable") != VERSION:
        raise WrongRequest(f"This is for version {VERSION} of the tus protocol.", status=412)
    if request.content_type in FORMS and _has_body(request):
        raise WrongRequest(f"Send the bytes as {BYTES}, not in a form.", status=415)
    check_same_site(request)


def _refused(refused: Exception) -> HttpResponse:
    response = refusal_as_json(refused)
    match refused:
        case WrongRequest(status=412):
            response.headers["Tus-Version"] = VERSION
        case InUse():
            response.status_code = 423
            response.headers["Retry-After"] = str(IN_USE_SECONDS)
        case BrokenUpload():
            response.status_code = 409  # clients then ask for the offset and go on; they give up at any other 4xx
        case Busy():
            response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def _find(request: PanelRequest, pk: UUID, *, origins: Collection[str] = (Upload.Origin.UPLOAD,)) -> Upload:
    """The upload.

    Raises:
        Http404: there is none that this viewer may see, or it comes from elsewhere than a client.
        Gone: its time is over.
    """
    uploads = Upload.objects.visible_to(request.viewer).filter(origin__in=origins)
    upload = uploads.select_related("data").filter(pk=pk).first()
    if upload is None:
        raise Http404
    if upload.is_expired:
        raise Gone("The time of this upload is over. Choose the file again to start over.")
    return upload


def _open(request: PanelRequest, pk: UUID) -> Upload:
    """An upload that was not refused.

    Raises:
        As ``_find``.
        Gone: it was, with the reason.
    """
    upload = _find(request, pk)
    if upload.status == Upload.Status.FAILED:
        raise Gone(upload.problem)
    return upload


# --- Core protocol ----------------------------------------------------------------------------------


def _tell_abilities(_request: PanelRequest, *_args: UUID) -> HttpResponse:
    headers = {
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": settings.IMAGE_MAX_BYTES,
        "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
    }
    return HttpResponse(status=204, headers=headers)


def _tell_offset(request: PanelRequest, pk: UUID) -> HttpResponse:
    """How many bytes need not be sent again.

    Clients take an offset that is the length for success and send nothing more. If the server was killed before it
    could finish such an upload, it is finished now.
    """
    upload = _open(request, pk)
    if _has_come(upload):
        return HttpResponse(headers=_place(upload))
    if is_alive(upload):
        raise InUse("This file is being sent already, maybe in another tab.")
    if upload.offset == upload.size:
        upload = actions.receive_upload(pk, by=request.viewer, chunks=(), offset=upload.offset)
    return HttpResponse(headers=_place(upload))


def _append(request: PanelRequest, pk: UUID) -> HttpResponse:
    if request.content_type != BYTES:
        raise WrongRequest(f"Send the bytes as {BYTES}.", status=415)
    offset = _number(request, "Upload-Offset")
    size = _number(request, "Upload-Length") if "Upload-Length" in request.headers else None
    upload = _open(request, pk)
    upload = _received(request, upload, offset=offset, size=size)
    return HttpResponse(status=204, headers=_place(upload))


def _received(request: PanelRequest, upload: Upload, *, offset: int, size: int | None = None) -> Upload:
    """Take what the body holds.

    Raises:
        WrongRequest: more than the file has, or a checksum that is none.
        Whatever ``receive_upload`` raises.
    """
    whole, length = size or upload.size, declared_length(request)
    if whole is not None and length is not None and offset + length > whole:
        raise WrongRequest("This is more than the file was announced to have.", status=413)
    chunks = raw_chunks(request, max_bytes=settings.IMAGE_MAX_BYTES)
    checksum = request.headers.get("Upload-Checksum")
    return actions.receive_upload(
        upload.pk,
        by=request.viewer,
        chunks=chunks if checksum is None else _compared(chunks, checksum),
        offset=offset,
        size=size,
        trusted=checksum is None,
    )


def _has_come(upload: Upload) -> bool:
    """Whether all that the client has to do is done."""
    return upload.status in {Upload.Status.RECEIVED, Upload.Status.PROCESSING}


def _place(upload: Upload) -> dict[str, Any]:
    """How far an upload is, as headers."""
    size, offset = upload.size, upload.offset
    if upload.status == Upload.Status.PROCESSING:
        # While it is unpacked the row counts the disk inside, but clients ask for what they have sent.
        size = offset = get_store(upload.store).size(upload.archive_key)
    length = {"Upload-Defer-Length": 1} if size is None else {"Upload-Length": size}
    noted = {"Upload-Metadata": upload.metadata} if upload.metadata else {}
    return {"Upload-Offset": offset, "Upload-Expires": http_date(upload.expires_at.timestamp())} | length | noted


def _number(request: PanelRequest, header: str) -> int:
    text = request.headers.get(header, "")
    if not (text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS):
        raise WrongRequest(f"{header} has to be a number of bytes.")
    return int(text)


# --- Extension: creation ----------------------------------------------------------------------------


def _create(request: PanelRequest) -> HttpResponse:
    noted = request.headers.get("Upload-Metadata", "")
    size, told = _number(request, "Upload-Length"), parse_metadata(noted)
    if size == 0:
        raise ValidationError("This file is empty. Choose the disk image itself.")
    upload = actions.start_upload(by=request.viewer, size=size, metadata=noted, **_wishes(told))
    if request.content_type == BYTES and _has_body(request):
        upload = _received(request, upload, offset=0)
    headers = {"Location": _address(request, upload)} | _place(upload)
    return HttpResponse(status=201, headers=headers)


def _wishes(told: Mapping[str, str]) -> dict[str, Any]:
    """What the metadata means to ``start_upload``.

    Raises:
        ValidationError: it makes no sense.
    """
    unpack = TRUTHS.get(told.get("unpack", "false").lower())
    if unpack is None:
        raise ValidationError("“unpack” has to be true or false.")
    code = told.get("region", "")
    region = Region.objects.filter(code=code).first() if code else None
    if code and region is None:
        raise ValidationError(f"There is no region “{code[:40]}”.")
    return {
        "filename": told.get("filename", ""),
        "region": region,
        "unpack": unpack,
        "checksum": told.get("checksum", ""),
    }


def parse_metadata(text: str) -> dict[str, str]:
    """Read an ``Upload-Metadata`` header: pairs of a name and a text in base64, with commas between them.

    Raises:
        ValidationError: it breaks the rules of the protocol, or holds what is no text.
    """
    if len(text) > MOST_METADATA:
        raise ValidationError(f"Upload-Metadata has at most {MOST_METADATA} characters.")
    pairs = [pair.strip().split(" ") for pair in text.split(",")] if text else []
    try:
        told = {name: _decoded(value) for name, value in ((pair[0], "".join(pair[1:2])) for pair in pairs)}
    except ValueError as error:
        raise ValidationError("Upload-Metadata has to hold texts in base64.") from error
    if any(len(pair) not in (1, 2) or not pair[0] or not pair[0].isascii() for pair in pairs) or len(told) < len(pairs):
        raise ValidationError("Upload-Metadata has to hold different names, each with one text.")
    return told


def _decoded(value: str) -> str:
    text = base64.b64decode(value, validate=True).decode()
    if "\0" in text:
        raise ValueError("A text has no NUL.")
    return text


def _address(request: PanelRequest, upload: Upload) -> str:
    return reverse("upload_resource", kwargs={"number": request.viewer.account.number, "pk": upload.pk})


# --- Extension: checksum ----------------------------------------------------------------------------


def _compared(chunks: Iterator[bytes], header: str) -> Iterator[bytes]:
    """The bytes as they come; fails at their end if they are not what the header says.

    Raises:
        WrongRequest: at once, if the header makes no sense.
        WrongPart: at the end.
    """
    algorithm, _, text = header.partition(" ")
    if algorithm not in ALGORITHMS:
        raise WrongRequest(f"Upload-Checksum can be one of {', '.join(ALGORITHMS)}.")
    try:
        expected = base64.b64decode(text, validate=True)
    except ValueError as error:  # also for what is not ASCII
        raise WrongRequest("Upload-Checksum has to hold an algorithm and a hash in base64.") from error
    return _hashed(chunks, algorithm, expected)


def _hashed(chunks: Iterator[bytes], algorithm: str, expected: bytes) -> Iterator[bytes]:
    found = hashlib.new(algorithm, usedforsecurity=False)
    for chunk in chunks:
        found.update(chunk)
        yield chunk
    if found.digest() != expected:
        raise WrongPart(f"This part was damaged on its way: its {algorithm} is not what was announced. Send it again.")


# --- Extension: termination -------------------------------------------------------------------------


def _discard(request: PanelRequest, pk: UUID) -> HttpResponse:
    _find(request, pk)
    actions.discard_upload(pk, by=request.viewer)
    return HttpResponse(status=204)


# --- What is our own --------------------------------------------------------------------------------


def _list(request: PanelRequest) -> HttpResponse:
    """What the viewer themselves has begun to send: whoever chooses one of these files again goes on with it."""
    uploads = Upload.objects.visible_to(request.viewer).unexpired().waiting_for_bytes()
    mine = uploads.filter(created_by=request.viewer.user).order_by("-created_at")
    return JsonResponse({"uploads": [{"url": _address(request, each)} | _state(each) for each in mine]})


def _show(request: PanelRequest, pk: UUID) -> HttpResponse:
    """What has become of an upload, an import or a conversion."""
    return JsonResponse(_state(_find(request, pk, origins=Upload.Origin.values)))


def _state(upload: Upload) -> dict[str, Any]:
    """What a script needs to show an upload and to go on with it."""
    return {
        "id": str(upload.pk),
        "status": upload.status,
        "error": upload.problem,
        "filename": upload.filename,
        "offset": upload.offset,
        "size": upload.size,
        "percent": upload.percent,
        "unpack": upload.unpack,
        "alive": is_alive(upload),
        "fingerprint": parse_metadata(upload.metadata).get("fingerprint", ""),
        "data": _facts(upload),
    }


def _facts(upload: Upload) -> dict[str, Any] | None:
    """What was found out about the data, once it is there."""
    if (data := upload.data) is None:
        return None
    return {
        "format": data.disk_format,
        "size": data.size,
        "virtual_size": data.virtual_size,
        "md5": data.checksum,
        "sha512": data.os_hash_value,
    }
