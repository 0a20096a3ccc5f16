"""OpenStack Keystone or Glance, whole, on this machine and in one process.

Started by ``tests.servers.openstack.services`` as a program of its own, with the Python of the environment in which
these services are installed. Prints the port when it can be asked, and ends when its standard input does: never later
than the tests that started it.
"""

import socketserver
import sys
import threading
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
        kind: "keystone" or "glance"; the environment names their configuration.
    """
    if kind == "keystone":
        from keystone.wsgi.api import application
    else:
        from glance.wsgi.api import application
    with simple_server.make_server("127.0.0.1", port, application, Server, Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sys.stdout.write(f"{server.server_port}\n")
        sys.stdout.flush()
        sys.stdin.read()
        server.shutdown()


if __name__ == "__main__":
    chosen, place = sys.argv[1:]
    del sys.argv[1:]  # Keystone would take them for its own
    main(chosen, int(place))
