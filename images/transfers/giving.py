"""Giving somebody the data of an image, from a page or to a program, and writing down that they have it."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts.viewer import Viewer
from images.actions.changes import record_download
from images.actions.health import reading
from images.models import Image, ImageData
from images.stores import get_store
from images.transfers.downloads import GIVEN, Download, begins, serve


def give(request: HttpRequest, image: Image, *, by: Viewer, links: bool = True) -> HttpResponseBase:
    """The bytes, whole or in part; or where they are, for a minute.

    No DataHold is placed: the file is open before this function returns, and what is open stays readable when the
    data is removed meanwhile. Between the check and the opening nothing but this request's own work happens, and
    data that goes in that moment is a 404 like any image that has just been deleted.

    Args:
        request: a GET or HEAD.
        image: whose data they may have: that is checked already.
        links: whether the client may be sent to an address of the store's own.

    Raises:
        NoSuchData: it was deleted a moment ago.
        DamagedData: it is not what it was.
        Busy: too many transfers are going on.
    """
    response = reading(image.data, lambda data: serve(request, download_of(image, data), links=links))
    if request.method == "GET" and response.status_code in GIVEN:
        record_download(image, by=by, begins=begins(request, download_of(image, image.data)))
    return response


def download_of(image: Image, data: ImageData) -> Download:
    """The data of an image, under its name."""
    return Download(
        store=get_store(data.store),
        key=data.store_key,
        stamp=data.stamp,
        size=data.size,
        filename=f"{image.name}.{data.disk_format}",
        etag=data.checksum,
        last_modified=data.created_at,
    )
