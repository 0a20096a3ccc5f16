"""A whole panel, server and workers, that can be killed at any moment; and somebody who sends files to it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path
from typing import Any

PATIENCE = 300  # seconds; each kill costs the claim of the dead and a start, on a machine with other work
PIECE = 1024 * 1024  # bytes that are sent at once
TOKEN = "t" * 32  # a site token is whatever the cookie says
SETTINGS = "tests.images.kills.settings"


class Panel:
    """A panel with a folder and a port of its own.

    Attributes:
        process: what started all others, while it runs.
        kills: how often it was killed.
    """

    def __init__(self, folder: Path, **settings: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        own = {"STOCKROOM_DATA_DIR": str(folder), "PORT": str(self.port), "DJANGO_SETTINGS_MODULE": SETTINGS}
        own["DATABASE_URL"] = f"sqlite:///{folder / 'stockroom.sqlite3'}"  # whichever one the tests themselves use
        self.env = os.environ | own | {"HOST": "127.0.0.1"} | settings
        folder.mkdir()
        self.log = (folder / "log").open("ab")
        self.kills = 0
        self.process: subprocess.Popen[bytes] | None = None
        self.world = self.do("make")

    def do(self, *command: str) -> dict[str, Any]:
        """One of the commands of ``world``."""
        program = [sys.executable, "-m", "tests.images.kills.world", *command]
        said = subprocess.run(program, env=self.env, check=True, stdout=subprocess.PIPE, stderr=self.log).stdout
        answer: dict[str, Any] = json.loads(said.splitlines()[-1])
        return answer

    def start(self) -> None:
        """Start everything, and wait until it answers."""
        program = [sys.executable, "-m", "config.run"]
        self.process = subprocess.Popen(program, env=self.env, stdout=self.log, stderr=self.log)
        wait_until(self.answers)

    def answers(self) -> bool:
        with suppress(OSError, HTTPException):
            return ask(self.port, "HEAD", "/accounts/login/")[0] < 500
        return False

    def kill(self) -> None:
        """Kill every process of it, as a power cut would."""
        if self.process is None:
            return
        self.kills += 1
        while family := list(descendants(self.process.pid)):
            for each in (self.process.pid, *family):
                with suppress(ProcessLookupError):
                    os.kill(each, signal.SIGKILL)
            self.process.poll()
            time.sleep(0.01)
        self.process.kill()
        self.process.wait()
        self.process = None


@contextmanager
def panel(folder: Path, **settings: str) -> Iterator[Panel]:
    """A panel that runs, and is gone afterwards."""
    running = Panel(folder, **settings)
    try:
        running.start()
        yield running
    finally:
        running.kill()
        running.log.close()


def descendants(parent: int) -> Iterator[int]:
    """The processes that a process has started, and those that these have, as far as they still run."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, above = path.read_text().rpartition(")")[2].split()[:2]
            if int(above) == parent and state != "Z":
                yield int(path.parent.name)
                yield from descendants(int(path.parent.name))


def wait_until(holds: Callable[[], bool], *, seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it takes too long"
        time.sleep(0.1)


class Sender:
    """Somebody with a browser who sends files by the tus protocol."""

    def __init__(self, panel: Panel) -> None:
        self.port = panel.port
        self.collection = f"/a/{panel.world['number']}/uploads/"
        self.headers = {
            "Cookie": f"{panel.world['cookie']}={panel.world['session']}; csrftoken={TOKEN}",
            "X-CSRFToken": TOKEN,
            "Origin": f"http://127.0.0.1:{panel.port}",
            "Tus-Resumable": "1.0.0",
        }

    def begin(self, size: int, metadata: str = "filename ZGlzay5pbWc=") -> str:
        """The address of a new upload."""
        told = {"Upload-Length": str(size), "Upload-Metadata": metadata, "Content-Length": "0"}
        status, headers, body = ask(self.port, "POST", self.collection, self.headers | told)
        assert status == 201, body
        return str(headers["Location"])

    def offset(self, url: str) -> int:
        """How much of it has come."""
        status, headers, _ = ask(self.port, "HEAD", url, self.headers)
        assert status in {200, 204}, status
        return int(headers["Upload-Offset"])

    def show(self, url: str) -> dict[str, Any]:
        """All that the panel says of an upload."""
        found: dict[str, Any] = json.loads(ask(self.port, "GET", url, self.headers)[2])
        return found

    def send(self, url: str, source: Path, *, before: Callable[[int], None] = lambda _offset: None) -> None:
        """Send what is missing, and begin again after each break, as clients do.

        Args:
            before: called before each piece with its offset.
        """
        size, last, since = source.stat().st_size, -1, time.monotonic()
        while (offset := self._known_offset(url)) < size:
            if offset != last:
                last, since = offset, time.monotonic()
            assert time.monotonic() < since + PATIENCE, "the upload does not go on"
            with suppress(OSError, HTTPException):
                self._patch(url, source, offset, before)
            time.sleep(0.2)

    def _known_offset(self, url: str) -> int:
        while True:
            with suppress(OSError, HTTPException, AssertionError):
                return self.offset(url)
            time.sleep(0.2)

    def _patch(self, url: str, source: Path, offset: int, before: Callable[[int], None]) -> int:
        size = source.stat().st_size
        told = {"Upload-Offset": offset, "Content-Type": "application/offset+octet-stream"}
        told |= {"Content-Length": size - offset, "Host": f"127.0.0.1:{self.port}", "Connection": "close"}
        head = [f"PATCH {url} HTTP/1.1", *(f"{name}: {value}" for name, value in (self.headers | told).items()), "", ""]
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as line, source.open("rb") as file:
            line.sendall("\r\n".join(head).encode())
            for start in range(offset, size, PIECE):
                before(start)
                line.sendfile(file, start, min(PIECE, size - start))
            response = HTTPResponse(line, method="PATCH")
            response.begin()
            return response.status


def ask(port: int, method: str, path: str, headers: dict[str, str] | None = None) -> tuple[int, Any, bytes]:
    """Ask for something small."""
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request(method, path, headers=headers or {})
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()
