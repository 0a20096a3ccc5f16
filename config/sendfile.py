"""The setting that names the web server which sends files in place of the panel."""

from typing import TypedDict

from django.core.exceptions import ImproperlyConfigured


class Sendfile(TypedDict):
    """How a file is handed to the web server.

    Attributes:
        header: the header that names the file; empty if the panel sends it itself.
        prefix: what stands before the name of the store; empty where the web server wants the path on the disk.
    """

    header: str
    prefix: str


def read_sendfile(text: str) -> Sendfile:
    """``nginx:/protected/`` or ``apache``; an empty text for none.

    Raises:
        ImproperlyConfigured: it is none of these.
    """
    server, _, prefix = text.partition(":")
    if server == "nginx" and prefix.startswith("/") and prefix.endswith("/"):
        return {"header": "X-Accel-Redirect", "prefix": prefix}
    if text == "apache":
        return {"header": "X-Sendfile", "prefix": ""}
    if not text:
        return {"header": "", "prefix": ""}
    raise ImproperlyConfigured("STOCKROOM_SENDFILE is nginx:/protected/ (any path with slashes around it) or apache.")
