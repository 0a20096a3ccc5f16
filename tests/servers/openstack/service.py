"""OpenStack Keystone, Glance or Nova, whole, on this machine and in one process.

Started by ``tests.servers.openstack.services`` as a program of its own, with the Python of the environment in which
these services are installed. Prints the port when it can be asked, and ends when its standard input does: never later
than the tests that started it.
"""

import os
import socketserver
import sys
import threading
from typing import Any
from wsgiref import simple_server


class Server(socketserver.ThreadingMixIn, simple_server.WSGIServer):
    """Answers several requests at once, as real services do."""

    daemon_threads = True
    request_queue_size = 64


class Handler(simple_server.WSGIRequestHandler):
    """Says nothing of what was asked."""

    def log_message(self, *args: object) -> None: ...


def main(kind: str, port: int) -> None:
    """Serve on loopback until standard input ends.

    Args:
        kind: "keystone", "glance" or "nova"; the environment names their configuration.
    """
    sys.excepthook = _fail
    with simple_server.make_server("127.0.0.1", port, _application(kind), Server, Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sys.stdout.write(f"{server.server_port}\n")
        sys.stdout.flush()
        sys.stdin.read()
        server.shutdown()
    os._exit(0)  # the threads of Nova would go on


def _application(kind: str) -> Any:
    if kind == "keystone":
        from keystone.wsgi.api import application
    elif kind == "glance":
        from glance.wsgi.api import application
    else:
        from nova import monkey_patch

        monkey_patch.patch()  # with threads as they are: said before anything else of it is imported
        from tests.servers.openstack.compute import application
    return application


def _fail(*error: Any) -> None:
    sys.__excepthook__(*error)
    os._exit(1)


if __name__ == "__main__":
    chosen, place = sys.argv[1:]
    del sys.argv[1:]  # Keystone would take them for its own
    main(chosen, int(place))
