"""Giving image data out: whole or in part, without ever holding it in memory."""

import re
from dataclasses import dataclass
from datetime import datetime

from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header, http_date, quote_etag

from images.stores import ImageStore

RANGE = re.compile(r"bytes=\s*(\d{0,19})-(\d{0,19})\s*", re.ASCII | re.IGNORECASE)


class DataResponse(FileResponse):
    """Sends a part of some image data: by ``sendfile`` where the server can, in large blocks where it cannot."""

    block_size = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """Image data as somebody gets it.

    Attributes:
        store: where the data is.
        key: under which key.
        size: the length of the data in bytes.
        filename: what to call the file; any text.
        etag: a hash of the data, in hex.
        last_modified: when the data became complete.
        content_type: the media type.
    """

    store: ImageStore
    key: str
    size: int
    filename: str
    etag: str
    last_modified: datetime
    content_type: str = "application/octet-stream"

    @property
    def tag(self) -> str:
        """The hash as an entity tag."""
        return quote_etag(self.etag)

    @property
    def timestamp(self) -> int:
        """Seconds since 1970, the precision of HTTP."""
        return int(self.last_modified.timestamp())


def serve(request: HttpRequest, download: Download) -> HttpResponseBase:
    """Answer a GET or HEAD for image data, so that a broken download can go on where it stopped.

    One range is honoured; several at once, or a malformed one, get the whole, as RFC 9110 section 14.2 allows.

    Args:
        request: a request whose rights are checked already.
        download: what they may have.

    Returns:
        200, 206, 304, 412 or 416.
    """
    condition = get_conditional_response(request, etag=download.tag, last_modified=download.timestamp)
    response = condition or _data(request, download)
    response.headers["ETag"] = download.tag
    response.headers["Last-Modified"] = http_date(download.timestamp)
    # Rights can end at any time, so a stored copy is used only after asking here again.
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["X-Content-Type-Options"] = "nosniff"
    if response.status_code in {200, 206}:
        response.headers["Content-Type"] = download.content_type
        response.headers["Content-Disposition"] = attachment(download.filename)
    return response


def attachment(filename: str) -> str:
    """A Content-Disposition that saves a file under this name, in any script (RFC 6266).

    Slashes and characters that cannot be seen become "_": names come from people and end up in folders of others.
    """
    name = "".join("_" if char in "/\\" or not char.isprintable() else char for char in filename).strip(" .")
    return content_disposition_header(as_attachment=True, filename=name or "image") or "attachment"


def _data(request: HttpRequest, download: Download) -> HttpResponse | DataResponse:
    """The answer when no condition of the request forbids one."""
    size = download.size
    part = _wanted(request, download)
    if part is not None and len(part) == 0:
        # RFC 9110 section 15.5.17: the true length tells the client what it could have asked for.
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    span = range(size) if part is None else part
    response = _body(request, download, span)
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Content-Length"] = str(len(span))
    if part is not None:
        response.status_code = 206
        response.headers["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{size}"
    return response


def _body(request: HttpRequest, download: Download, span: range) -> HttpResponse | DataResponse:
    if request.method == "HEAD":
        return HttpResponse()
    return DataResponse(download.store.read(download.key, start=span.start, stop=span.stop))


def _wanted(request: HttpRequest, download: Download) -> range | None:
    """The bytes asked for: None for all of them, an empty range where none of them exist.

    RFC 9110 section 14.2: a range means something in a GET only, and not when If-Range names another version.
    """
    header = request.headers.get("Range", "")
    condition = request.headers.get("If-Range")
    same_version = condition in {None, download.tag, http_date(download.timestamp)}
    if request.method != "GET" or not same_version:
        return None
    match = RANGE.fullmatch(header)
    return parsed_range(match[1], match[2], size=download.size) if match else None


def parsed_range(first: str, last: str, *, size: int) -> range | None:
    """One range of RFC 9110 section 14.1.2: "0-499", "500-", or "-500" for the last 500 bytes."""
    if not first:
        return range(max(0, size - int(last)), size) if last else None
    start = int(first)
    stop = min(int(last) + 1, size) if last else size
    if last and int(last) < start:
        return None
    return range(start, max(start, stop))
