"""Servers on loopback that behave as the test says, down to the single byte."""

import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass
class Server:
    """A running server and what it was asked.

    Attributes:
        port: where it listens on 127.0.0.1.
        asked: the path and the headers of each request, in lower case, in the order in which they came.
    """

    port: int
    asked: list[dict[str, str]] = field(default_factory=list)

    def url(self, path: str = "/disk.img", host: str = "127.0.0.1", scheme: str = "http") -> str:
        """An address that leads here."""
        return f"{scheme}://{host}:{self.port}{path}"


class EveryPort:
    """What ``IMPORT_PORTS`` is in tests: their servers listen where there is room."""

    def __contains__(self, port: object) -> bool:
        return True


Answering = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def serving(answer: Answering, *, context: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Serve every GET by ``answer``, over TLS with a context."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            told = {name.lower(): value for name, value in self.headers.items()}
            running.asked.append({":path": self.path} | told)
            self.close_connection = True
            with suppress(ConnectionError, ssl.SSLError):  # the client has heard enough
                answer(self)

        def log_message(self, *_arguments: object) -> None: ...

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_arguments: object) -> None:
            """A handshake that the client gives up is part of the test."""

    with Quiet(("127.0.0.1", 0), Handler) as server:
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        running = Server(server.server_address[1])
        thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield running
        finally:
            server.shutdown()
            thread.join()


def file_of(content: bytes, **headers: str) -> Answering:
    """A server that knows nothing but this file."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        send(handler, 200, content, **{"Content_Length": str(len(content))} | headers)

    return answer


def ranged(content: bytes, *, etag: str = '"v1"', obeys_if_range: bool = True) -> Answering:
    """A server that gives parts of a file."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        asked = handler.headers.get("Range", "")
        same = not obeys_if_range or handler.headers.get("If-Range", etag) == etag
        if not asked or not same:
            send(handler, 200, content, Content_Length=str(len(content)), ETag=etag)
            return
        start = int(asked.removeprefix("bytes=").removesuffix("-"))
        if start >= len(content):
            send(handler, 416, b"", Content_Range=f"bytes */{len(content)}", Content_Length="0", ETag=etag)
            return
        told = f"bytes {start}-{len(content) - 1}/{len(content)}"
        rest = content[start:]
        send(handler, 206, rest, Content_Range=told, Content_Length=str(len(rest)), ETag=etag)

    return answer


def redirect(location: str, status: int = 302) -> Answering:
    """A server that sends everybody on."""
    return lambda handler: send(handler, status, b"", Location=location, Content_Length="0")


def raw(*pieces: bytes, pause: float = 0) -> Answering:
    """A server that sends exactly these bytes, with a pause of so many seconds after each piece."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        for piece in pieces:
            handler.wfile.write(piece)
            handler.wfile.flush()
            time.sleep(pause)

    return answer


def send(handler: BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
    """A whole answer; underscores in names of headers stand for hyphens."""
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)
