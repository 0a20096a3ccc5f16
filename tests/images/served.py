"""A gunicorn with nothing but image data in it, for tests and benchmarks of what only a real server shows.

Chunked bodies, half-closed connections, ``sendfile`` and memory do not exist in Django's test client.
"""

import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.urls import path
from django.utils import timezone

from images.problems import DataProblem
from images.stores import get_store
from images.streams import Intake, Received, receive
from images.transfers.bodies import checked_multipart, discard_rest, raw_chunks
from images.transfers.downloads import Download, serve
from tests.images.sinks import StoreSink

MAX_BYTES = 8 * 1024**3
INTAKE = Intake(max_bytes=MAX_BYTES, max_virtual_bytes=1024**4)
STARTED = timezone.now()
PATIENCE = 30  # seconds


def application() -> WSGIHandler:
    """What gunicorn serves: the views of this file without middleware, so that bodies and bytes are all there is."""
    import django

    django.setup()
    settings.MIDDLEWARE = []
    settings.ROOT_URLCONF = __name__
    return WSGIHandler()


def put(request: HttpRequest) -> HttpResponse:
    """Take a raw body."""
    store = get_store()
    key = store.begin()
    try:
        chunks = raw_chunks(request, max_bytes=MAX_BYTES)
        received = receive(store=store, key=key, chunks=chunks, intake=INTAKE)
    except DataProblem as problem:
        store.abort(key)
        discard_rest(request)
        return told(problem)
    return JsonResponse(facts(key, received))


def form(request: HttpRequest) -> HttpResponse:
    """Take a multipart form. Nobody signs in here, so the token is not asked for."""
    request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
    store = get_store()

    try:
        upload = checked_multipart(request, lambda _filename: StoreSink(store, INTAKE), max_bytes=MAX_BYTES)
    except DataProblem as problem:
        return told(problem)
    if upload.problem:
        return told(upload.problem)
    return JsonResponse(
        (facts(*upload.file) if upload.file else {}) | {"fields": upload.fields.dict(), "filename": upload.filename}
    )


def data(request: HttpRequest, key: str) -> HttpResponseBase:
    """Give stored data out, or remove it."""
    store = get_store()
    if request.method == "DELETE":
        store.delete(key)
        return HttpResponse(status=204)
    return serve(
        request,
        Download(store=store, key=key, size=store.size(key), filename="disk.img", etag=key, last_modified=STARTED),
    )


def memory(request: HttpRequest) -> HttpResponse:
    """The most memory that this process ever had, in bytes."""
    return JsonResponse({"peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024})


urlpatterns = [path("put", put), path("form", form), path("data/<key>", data), path("memory", memory)]


def facts(key: str, received: Received) -> dict[str, object]:
    """What a client learns about data that was taken."""
    return {
        "key": key,
        "size": received.size,
        "md5": received.md5,
        "sha512": received.sha512,
        "format": received.inspection.disk_format,
    }


def told(problem: DataProblem) -> JsonResponse:
    """What a client learns about data that was not taken."""
    return JsonResponse({"error": str(problem), "code": problem.code}, status=problem.status)


@contextmanager
def gunicorn(folder: Path, **environment: str) -> Iterator[int]:
    """A running server whose image store lies below ``folder``; gives its port.

    Args:
        environment: more variables for it.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.set_inheritable(True)
        command = [sys.executable, "-m", "gunicorn", "--bind", f"fd://{listener.fileno()}", "--no-control-socket"]
        command += ["--worker-class", "gthread", "--threads", "4", "--log-level", "warning"]
        process = subprocess.Popen(
            [*command, f"{__name__}:application()"],
            env=os.environ
            | {"DJANGO_SETTINGS_MODULE": "tests.settings", "STOCKROOM_DATA_DIR": str(folder)}
            | environment,
            pass_fds=[listener.fileno()],
        )
        port = listener.getsockname()[1]
        try:
            wait_for(port)
            yield port
        finally:
            process.terminate()
            process.wait(PATIENCE)


def wait_for(port: int) -> None:
    """Wait until the server answers: the socket takes connections before there is anybody to serve them."""
    deadline = time.monotonic() + PATIENCE
    while True:
        connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        try:
            connection.request("GET", "/memory")
            connection.getresponse().read()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
        finally:
            connection.close()
