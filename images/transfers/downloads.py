"""Giving image data out: whole or in part, without ever holding it in memory."""

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import http_date, quote_etag

from images.problems import DamagedData
from images.stores.base import ByteRange, ImageStore
from images.stores.files import FileStore
from images.transfers.filenames import attachment
from images.transfers.ranges import SeveralParts, content_range, wanted_ranges
from images.transfers.slots import Slot, hold

LINK_SECONDS = 60  # how long an address of the store works; who has begun to read then, reads on
GIVEN = {200, 206, 302}  # the statuses with which the data, or a way to it, is given


class DataResponse(FileResponse):
    """Sends some image data: by ``sendfile`` where the server can, in large blocks where it cannot.

    It keeps a slot until it is closed, so that slow lines leave room for pages (``images.transfers.slots``).
    """

    block_size = 1024 * 1024

    def __init__(self, body: ByteRange | SeveralParts, *, slot: Slot, **options: Any) -> None:
        super().__init__(body, **options)
        # Also for a response that never gets as far as a server, because something after the view failed.
        self._give_back = weakref.finalize(self, slot.close)

    def close(self) -> None:
        """Close the data, and give the slot back."""
        self._give_back()
        super().close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """Image data as somebody gets it.

    Attributes:
        store: where the data is.
        key: under which key.
        stamp: what the store said of the data when it was checked; empty gives out whatever is there.
        size: the length of the data in bytes.
        filename: what to call the file; any text.
        etag: a hash of the data, in hex.
        last_modified: when the data became complete.
        content_type: the media type.
    """

    store: ImageStore
    key: str
    stamp: str = ""
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

    def open(self, span: range) -> ByteRange:
        """Open these bytes.

        Raises:
            NoSuchData, DamagedData: they are gone, or not what they were.
        """
        return self.store.read(self.key, start=span.start, stop=span.stop, stamp=self.stamp)

    def require_intact(self) -> None:
        """Ask the store whether the data is what it was, where somebody else will read it.

        Raises:
            NoSuchData, DamagedData: as ``open``.
        """
        found = self.store.stamp(self.key)
        if self.stamp and found != self.stamp:
            raise DamagedData("The stored data was changed after it was checked.")


def serve(request: HttpRequest, download: Download, *, links: bool = True) -> HttpResponseBase:
    """Answer a GET or HEAD for image data, so that a broken download can go on where it stopped.

    The bytes come from whoever sends them best: the store itself where it has an address for that, the web server in
    front if the settings name one, and this process otherwise.

    Args:
        request: a request whose rights are checked already.
        download: what they may have.
        links: whether the client may be sent to an address of the store's own.

    Returns:
        200, 206, 302, 304, 412 or 416.

    Raises:
        NoSuchData, DamagedData: the data is gone, or not what it was.
        Busy: too many transfers are going on.
    """
    condition = get_conditional_response(request, etag=download.tag, last_modified=download.timestamp)
    if links and condition is None and request.method == "GET" and (address := _link(download)):
        # The address is for this person and this minute: nobody may keep it.
        return HttpResponse(status=302, headers={"Location": address, "Cache-Control": "private, no-store"})
    response = condition or _data(request, download)
    response.headers["ETag"] = download.tag
    response.headers["Last-Modified"] = http_date(download.timestamp)
    # Rights can end at any time, so a stored copy is used only after asking here again.
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def begins(request: HttpRequest, download: Download) -> bool:
    """Whether the first byte is asked for: a download that goes on is the same download."""
    spans = _wanted(request, download)
    return spans is None or any(span.start == 0 for span in spans)


def _link(download: Download) -> str:
    """An address of the store's own for the data; empty if there is none, or the settings want none."""
    if not settings.DOWNLOAD_LINKS:
        return ""
    address = download.store.link(
        download.key, filename=download.filename, content_type=download.content_type, seconds=LINK_SECONDS
    )
    if address:
        download.require_intact()
    return address


def _data(request: HttpRequest, download: Download) -> HttpResponseBase:
    """The answer when no condition of the request forbids one."""
    spans = _wanted(request, download)
    if spans == []:
        # RFC 9110 section 15.5.17: the true length tells the client what it could have asked for.
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{download.size}"})
    response = _body(request, download, spans)
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Content-Disposition"] = attachment(download.filename)
    return response


def _body(request: HttpRequest, download: Download, spans: list[range] | None) -> HttpResponseBase:
    if request.method == "HEAD":
        headers = {"Content-Type": download.content_type, "Content-Length": str(download.size)}
        return HttpResponse(headers=headers)
    if header := _sendfile(download):
        # The web server knows the range that was asked for, and answers it.
        return HttpResponse(headers={"Content-Type": download.content_type} | header)
    return _part(download, spans) if spans is None or len(spans) == 1 else _several(download, spans)


def _part(download: Download, spans: list[range] | None) -> DataResponse:
    span = spans[0] if spans else range(download.size)
    response = _streamed(lambda: download.open(span))
    response.headers["Content-Type"] = download.content_type
    response.headers["Content-Length"] = str(len(span))
    if spans:
        response.status_code = 206
        response.headers["Content-Range"] = content_range(span, download.size)
    return response


def _sendfile(download: Download) -> dict[str, str]:
    """The header that has the web server send the file; empty if the panel does it."""
    store, wanted = download.store, settings.SENDFILE
    if not wanted["header"] or not isinstance(store, FileStore):
        return {}
    download.require_intact()
    path = store.path_below_root(download.key)
    place = f"{wanted['prefix']}{store.name}/{path}" if wanted["prefix"] else str(store.root.absolute() / path)
    return {wanted["header"]: quote(place)}


def _several(download: Download, spans: list[range]) -> DataResponse:
    body = SeveralParts(download.open, spans, size=download.size, content_type=download.content_type)
    response = _streamed(body.opened)
    response.status_code = 206
    response.headers["Content-Type"] = f"multipart/byteranges; boundary={body.boundary}"
    response.headers["Content-Length"] = str(body.length)
    return response


def _streamed(opened: Callable[[], ByteRange | SeveralParts]) -> DataResponse:
    slot = hold()
    try:
        return DataResponse(opened(), slot=slot)
    except BaseException:
        slot.close()
        raise


def _wanted(request: HttpRequest, download: Download) -> list[range] | None:
    """The bytes asked for: None for all of them, an empty list where none of them exist.

    RFC 9110 section 14.2: a range means something in a GET only, and not when If-Range names another version.
    """
    condition = request.headers.get("If-Range")
    same_version = condition in {None, download.tag, http_date(download.timestamp)}
    if request.method != "GET" or not same_version:
        return None
    return wanted_ranges(request.headers.get("Range", ""), size=download.size)
