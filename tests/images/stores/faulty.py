"""A tiny server that behaves as a store does when something is wrong with it."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from threading import Event, Thread
from typing import Any, Protocol

from images.stores.s3 import S3Store

ACCESS, SECRET, BUCKET = "key-of-the-panel", "a-secret-that-nobody-may-see", "bucket-of-images"


class Answer(Protocol):
    """Answers one request."""

    def __call__(self, request: BaseHTTPRequestHandler) -> None: ...


def error(status: int, code: str) -> Answer:
    """An answer that says no, as a store says it."""
    body = f"<Error><Code>{code}</Code><Message>at {SECRET}</Message></Error>".encode()

    def answer(request: BaseHTTPRequestHandler) -> None:
        length = int(request.headers.get("Content-Length") or 0)
        request.rfile.read(length)
        request.send_response(status)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(body)

    return answer


@contextmanager
def store_that(answer: Answer, tls: SSLContext | None = None, **options: Any) -> Iterator[S3Store]:
    """A store whose server gives the same answer to everything, in the open or behind TLS."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            if self.raw_requestline and self.parse_request():
                answer(self)
            self.close_connection = True

        def end_headers(self) -> None:
            self.send_header("Connection", "close")  # else a client asks again on a line that is about to close
            super().end_headers()

        def handle(self) -> None:
            with suppress(OSError):  # a client that does not trust us hangs up
                super().handle()

        def log_message(self, *_: object) -> None:
            """The tests look at what the store says."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        options["endpoint"] = f"https://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield store_at(server.server_port, **options)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def store_at(port: int, **options: Any) -> S3Store:
    """A store on a port of this machine that soon loses its patience."""
    patience = {"connect_seconds": 0.5, "read_seconds": 0.5, "attempts": 1}
    where = {"endpoint": f"http://127.0.0.1:{port}", "bucket": BUCKET, "access_key": ACCESS, "secret_key": SECRET}
    return S3Store(**patience | where | options)


@contextmanager
def silence() -> Iterator[Answer]:
    """An answer that never comes, as long as the context lasts."""
    over = Event()

    def wait(request: BaseHTTPRequestHandler) -> None:
        over.wait(30)

    try:
        yield wait
    finally:
        over.set()
