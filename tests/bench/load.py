"""A panel under load from programs: ``python -m tests.bench.load``.

gunicorn with two workers on PostgreSQL, 20,000 images, asked by wrk over 1 and 8 connections. The processor's time is
that of gunicorn's processes and of PostgreSQL's, for one request; the client is left out, but shares the cores.
"""

import argparse
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tests.bench.panel import panel
from tests.images.kills.panel import ask, descendants, wait_until

if TYPE_CHECKING:
    from tests.bench.programs import Load

IMAGES = 20_000
CONNECTIONS = (1, 8)
SECONDS = 5
TICKS = os.sysconf("SC_CLK_TCK")
SCRIPT = Path(__file__).with_name("ask.lua")


@dataclass(frozen=True)
class Measured:
    """How a server did.

    Attributes:
        rate: requests in a second.
        web, database: milliseconds of the processor for one request.
    """

    rate: float
    web: float
    database: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=SECONDS, help="how long each request is asked")
    parser.add_argument("--only", default="", help="a part of the names of the requests that are asked")
    chosen = parser.parse_args()
    if shutil.which("wrk") is None:
        print("The load comes from wrk. Install it with: sudo apt-get install wrk")
        return 1
    os.environ |= {f"STOCKROOM_QUOTA_{name}": "" for name in ("BYTES", "UPLOADS", "IMAGES")}
    with panel("postgresql"):
        from tests.bench.programs import World

        world = World()
        world.keep_password_for_real()
        world.grow(IMAGES)
        with TemporaryDirectory(prefix="stockroom-bench-") as folder, serving() as server:
            empty, *others = world.loads()
            loads = [empty, *(load for load in others if chosen.only in load.name)]
            report(server, loads, Path(folder), seconds=chosen.seconds)
    return 0


def report(server: "Server", loads: "Sequence[Load]", folder: Path, *, seconds: int) -> None:
    """Print how fast each request is answered, and what it costs above the empty view."""
    print(f"{'':32} {'1 connection':>26} {'8 connections':>26}")
    print(f"{'request':32} " + f"{'a second':>10} {'CPU ms':>7} {'database':>8} " * len(CONNECTIONS))
    empty: list[Measured] = []
    for load in loads:
        found = [server.measure(load, folder, connections=some, seconds=seconds) for some in CONNECTIONS]
        empty = empty or found
        columns = [
            f"{one.rate:10.0f} {one.web - floor.web * (one is not floor):7.2f} {one.database:8.2f}"
            for one, floor in zip(found, empty, strict=True)
        ]
        print(f"{load.name:32} {' '.join(columns)}", flush=True)


class Server:
    """gunicorn, and the PostgreSQL that it asks."""

    def __init__(self, port: int, web: int, database: int) -> None:
        self._port = port
        self._web = web
        self._database = database

    def measure(self, load: "Load", folder: Path, *, connections: int, seconds: int) -> Measured:
        """Ask for some seconds, or until all has been asked once."""
        lines = folder / "lines"
        lines.write_text("\n".join(load.next_lines()))
        before = cpu_of(self._web), cpu_of(self._database)
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(SCRIPT)]
        where = f"http://127.0.0.1:{self._port}"
        once = "once" if load.is_once else "again"
        said = subprocess.run([*command, where, "--", str(lines), once], check=True, capture_output=True, text=True)
        found = re.search(r"(\d+) requests in ([\d.]+)(s|m)", said.stdout)
        assert found, said.stdout
        refused = re.search(r"Non-2xx or 3xx responses: (\d+)", said.stdout)
        # The last line is sent by every connection when all have been.
        assert refused is None or (load.is_once and int(refused[1]) <= connections), f"{load.name}: {said.stdout}"
        count = int(found[1])
        assert count, f"{load.name}: no answer in {seconds} seconds"
        load.asked(count)
        web, database = cpu_of(self._web) - before[0], cpu_of(self._database) - before[1]
        return Measured(count / float(found[2]), web / count * 1000, database / count * 1000)


def cpu_of(parent: int) -> float:
    """Seconds of the processor that a process and those below it have used so far, with those that have ended."""
    used = 0
    for pid in (parent, *descendants(parent)):
        used += sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:15]))
    return used / TICKS


@contextmanager
def serving() -> Iterator[Server]:
    """A gunicorn on the database of this process, with the panel's own configuration."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.bench.settings",
        "PORT": str(port),
        "HOST": "127.0.0.1",
        "STOCKROOM_DEMO": "0",
    }
    subprocess.run(
        [sys.executable, "manage.py", "createcachetable"], env=environment, check=True, stdout=subprocess.DEVNULL
    )
    command = [sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.py", "--log-level", "warning"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: answers(port))
        yield Server(port, process.pid, postmaster())
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def postmaster() -> int:
    """The process of PostgreSQL above all its others."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
    return int(Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()[1])


def answers(port: int) -> bool:
    """Whether there is a server."""
    with suppress(OSError, HTTPException):
        return ask(port, "GET", "/empty/program/")[0] == HTTPStatus.OK
    return False


if __name__ == "__main__":
    sys.exit(main())
