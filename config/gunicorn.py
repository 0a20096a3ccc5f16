"""gunicorn's configuration; docs/adr/0003 says why this server, docs/operating.md how to tune it."""

import os
import socket
from typing import Any

from django.core.exceptions import ImproperlyConfigured

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
wsgi_app = "config.wsgi"
# The application is loaded before the workers part, so that they share its memory and answer their first request fast.
preload_app = True
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "2"))
# A thread is cheap while it waits, and an upload over a slow line only waits: 32 of them per worker leave room for
# pages beside the uploads. Python computes on one thread per worker anyway, so more threads cost memory, not speed.
threads = int(os.environ.get("WEB_THREADS", "32"))
timeout = 60  # seconds without a sign of life from a worker as a whole; a request may take as long as it needs
graceful_timeout = 30  # seconds that running requests have when the panel stops
keepalive = 5
# gunicorn would let a header SCRIPT_NAME say what all addresses begin with, if a proxy on this machine passes it on, as
# most do with those of anybody. The panel always stands at the root.
forwarder_headers = ""
# gunicorn 27 would open a socket in the home folder.
control_socket_disable = True
# A body that stalls this long ends the request, so that a vanished client gives its thread back.
STALLED_SECONDS = 120


def on_starting(server: Any) -> None:
    """Refuse to serve a demo panel to the world, whatever the environment says."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.db import connections

    from config.safety import refuse_public_demo

    try:
        refuse_public_demo(server.cfg.settings["bind"].get())
    except ImproperlyConfigured as refusal:
        raise SystemExit(str(refusal)) from None
    finally:
        connections.close_all()  # a connection must not be shared with the workers


def when_ready(server: Any) -> None:
    """Limit how long a client may stall, and say where the panel is."""
    from django.urls import get_resolver

    from config.welcome import welcome

    for listener in server.LISTENERS:
        forget_stalled_clients(listener.sock)
    _ = get_resolver().url_patterns  # imports the views here, once, instead of at the first request of each worker
    print(welcome(), flush=True)


def forget_stalled_clients(listener: socket.socket) -> None:
    """Give every connection a limit for each read. On Linux, accepted sockets inherit it from the listening one."""
    limit = STALLED_SECONDS.to_bytes(8, "little") + bytes(8)  # struct timeval
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
