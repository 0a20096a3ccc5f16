"""A receiver on loopback: it keeps what it is sent, and answers as the test says."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass
class Receiver:
    """A server that takes webhooks.

    Attributes:
        statuses: of its answers, in this order; then always the last.
        seconds: that it takes for an answer.
        location: where it sends everybody on, with a status of that kind.
        got: the headers, in lower case, and the body of each request.
    """

    port: int = 0
    statuses: list[int] = field(default_factory=lambda: [200])
    text: bytes = b"thanks"
    seconds: float = 0
    location: str = ""
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def told(self) -> list[dict[str, Any]]:
        """What was sent, taken apart."""
        return [json.loads(body) for _headers, body in self.got]

    @property
    def types(self) -> list[str]:
        return [told["type"] for told in self.told]

    def signed_by(self, secret: str, which: int = -1) -> bool:
        """Whether one of the signatures of a request is by this secret: our own reading of the specification."""
        headers, body = self.got[which]
        text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        digest = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), text, hashlib.sha256).digest()
        return f"v1,{base64.b64encode(digest).decode()}" in headers["webhook-signature"].split(" ")


@contextmanager
def receiving(**options: Any) -> Iterator[Receiver]:
    """Run a receiver."""
    receiver = Receiver(**options)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            status = receiver.statuses.pop(0) if len(receiver.statuses) > 1 else receiver.statuses[0]
            self.close_connection = True
            time.sleep(receiver.seconds)
            with suppress(ConnectionError):
                self.answer(status)

        def answer(self, status: int) -> None:
            self.send_response(status)
            if receiver.location:
                self.send_header("Location", receiver.location)
            self.send_header("Content-Length", str(len(receiver.text)))
            self.end_headers()
            self.wfile.write(receiver.text)

        def log_message(self, *_arguments: object) -> None: ...

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_arguments: object) -> None:
            """Somebody who hangs up is part of the test."""

    with Quiet(("127.0.0.1", 0), Handler) as server:
        receiver.port = server.server_address[1]
        thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
