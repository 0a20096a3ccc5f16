"""The panel as a process of its own on the test's database, for what only a server that dies can show."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection

PATIENCE = 30  # seconds


def application() -> WSGIHandler:
    """What gunicorn serves: the panel, with its static files as they lie in the source."""
    import django

    django.setup()
    return StaticFilesHandler(WSGIHandler())


class RealPanel:
    """A gunicorn that can be killed and started again on the same port."""

    def __init__(self, folder: Path, **environment: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port: int = listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._environment = (
            os.environ
            | environment
            | {
                "DJANGO_SETTINGS_MODULE": "tests.settings",
                "DATABASE_URL": database_url(),
                "STOCKROOM_IMAGE_DIR": str(settings.IMAGE_STORE_DIR),
            }
        )
        self._log = folder / "panel.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        threads = self._environment.get("WEB_THREADS", "8")
        command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{self.port}", "--no-control-socket"]
        command += ["--worker-class", "gthread", "--threads", threads, "--log-level", "warning"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, f"{__name__}:application()"],
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(self._log.read_text())
            time.sleep(0.05)

    def kill(self) -> None:
        """End the server as a power cut does."""
        if self._process:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(PATIENCE)
            self._process = None

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as line:
                line.sendall(b"GET /healthz HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
                return bool(line.recv(100))
        except OSError:
            return False


def database_url() -> str:
    """The database of the test that runs, as another process finds it."""
    known = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{known['NAME']}"
    host = known["OPTIONS"].get("host") or known["HOST"]
    return f"postgresql://{quote(known['USER'])}@/{known['NAME']}?host={quote(host, safe='')}"


@contextmanager
def running(folder: Path, **environment: str) -> Iterator[RealPanel]:
    """A panel that is killed in the end."""
    panel = RealPanel(folder, **environment)
    try:
        panel.start()
        yield panel
    finally:
        panel.kill()
