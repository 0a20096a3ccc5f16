"""Servers of this host through a whole panel: ``python -m tests.bench.servers``.

Somebody presses Create Server for an image of which the boot sector says hello, follows to the server's page as a
browser does, and reads its console as often as the page asks to. Then fifty at once are made and deleted.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from images.demo_disks import bootable_qcow2, bootable_raw
from tests.images.kills.panel import Panel, Sender, ask, descendants, panel, wait_until

if TYPE_CHECKING:
    from django.test.utils import CaptureQueriesContext

HELLO = "Hello from the boot sector."
FIFTY, AT_ONCE = 50, 10
DELAY = re.compile(r'hx-trigger="load(?: delay:(\d+)(ms|s))?"')
MORE = re.compile(r'<span hx-get="([^"]+)"')
CHILDREN = {"gunicorn": "panel", "config.worker servers": "worker", "config.run": "supervisor"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clicks", type=int, default=20, help="how often one server is made and watched")
    parser.add_argument("--rounds", type=int, default=3, help=f"how often {FIFTY} servers are made and deleted")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="stockroom-bench-") as name, panel(Path(name) / "panel") as running:
        os.environ |= {key: running.env[key] for key in running.env if key.startswith(("STOCKROOM", "D"))}
        person = Person(running)
        clicks(person, chosen.clicks)
        statements(person)
        for number in range(1, chosen.rounds + 1):
            crowd(person, number)


class Person:
    """Somebody with a browser, and what is known of the panel from outside: its database, files and processes."""

    def __init__(self, running: Panel) -> None:
        import django

        django.setup()
        self.panel = running
        self.sender = Sender(running)
        self.account = f"/a/{running.world['number']}"
        self.image = self._upload()
        self.flavor = _flavor()

    def _upload(self) -> str:
        disk = Path(self.panel.env["STOCKROOM_DATA_DIR"]) / "hello.qcow2"
        disk.write_bytes(bootable_qcow2(HELLO))
        url = self.sender.begin(disk.stat().st_size)
        self.sender.send(url, disk)
        self.panel.do("create", self.sender.show(url)["id"], "hello")
        self.panel.do("wait_for", "hello")

        from images.models import Image

        return str(Image.objects.get().pk)

    def get(self, path: str) -> str:
        status, _headers, body = ask(self.panel.port, "GET", path, self.sender.headers)
        assert status == 200, f"{path}: {status}"
        return body.decode()

    def post(self, path: str, **fields: Any) -> str:
        """Send a form; where it leads."""
        from http.client import HTTPConnection

        headers = self.sender.headers | {"Content-Type": "application/x-www-form-urlencoded"}
        connection = HTTPConnection("127.0.0.1", self.panel.port, timeout=60)
        connection.request("POST", path, urlencode(fields), headers)
        response = connection.getresponse()
        body = response.read().decode()
        connection.close()
        assert response.status == 302, f"{path}: {response.status} {body[-2000:]}"
        return str(response.headers["Location"])

    def create(self, count: int = 1) -> str:
        form = {"image": self.image, "flavor": self.flavor, "name": "bench", "count": count, "request": uuid4().hex}
        return self.post(f"{self.account}/servers/create/", **form)

    def delete(self, pk: object) -> None:
        self.post(f"{self.account}/servers/{pk}/delete/")


def _flavor() -> int:
    from images.models import Region
    from servers.models import Flavor, RegionCloud

    region = Region.objects.get()
    RegionCloud.objects.create(region=region)
    return int(Flavor.objects.create(region=region, code="bench", name="Bench", ram=64, disk=0).pk)


# --- From a click to the first line -----------------------------------------------------------------


def clicks(person: Person, count: int) -> None:
    """Watch one server after the other, and print medians."""
    click(person)  # it brings the image, and modules into memory
    took = [{"QEMU alone prints its line": floor()} | click(person) for _ in range(count)]
    print(f"\n{count} clicks on Create Server, milliseconds: median, and the slowest", flush=True)
    for name in took[0]:
        values = [each[name] * 1000 for each in took]
        print(f"  {name:34} {statistics.median(values):6.0f} {max(values):6.0f}")


def floor() -> float:
    """The same disk in QEMU, with nothing around it; seconds."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(bootable_raw(HELLO))
        file.flush()
        disk = json.dumps({"driver": "raw", "node-name": "disk", "file": {"driver": "file", "filename": file.name}})
        argv = ("-nodefaults", "-display", "none", "-accel", "tcg", "-m", "64M", "-serial", "stdio")
        start = time.perf_counter()
        with subprocess.Popen(
            ["qemu-system-x86_64", *argv, "-blockdev", disk, "-device", "virtio-blk-pci,drive=disk"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        ) as process:
            assert process.stdout
            assert HELLO.encode() in process.stdout.readline()
            seconds = time.perf_counter() - start
            process.kill()
    return seconds


def click(person: Person) -> dict[str, float]:
    """One server, from the click to its first line on the page; when each step had ended, in seconds."""
    start, begun = time.perf_counter(), time.time()
    place = person.create()
    answered = time.perf_counter()
    page = person.get(place)
    loaded = time.perf_counter()
    read_until_hello(person, page)
    shown = time.perf_counter()
    pk = place.rstrip("/").rpartition("/")[2]
    printed = _printed_at(person, pk) - begun
    person.delete(pk)
    wait_until(lambda: not _servers())
    return {
        "the form is answered": answered - start,
        "the page is there": loaded - start,
        "the machine has printed its line": printed,
        "the line is on the page": shown - start,
    }


def read_until_hello(person: Person, page: str) -> None:
    """Ask for the console as often as the page says."""
    while HELLO not in page:
        [url] = MORE.findall(page)
        [(delay, unit)] = DELAY.findall(page)
        time.sleep(int(delay or 0) / (1000 if unit == "ms" else 1))
        page = person.get(url.replace("&amp;", "&"))


def _printed_at(person: Person, pk: str) -> float:
    folder = Path(person.panel.env["STOCKROOM_DATA_DIR"]) / "servers" / pk
    return (folder / "console.0").stat().st_mtime


# --- Statements -------------------------------------------------------------------------------------


def statements(person: Person) -> None:
    """Print how many statements the database gets for what the panel's server does; the worker's come on top."""
    from servers import actions
    from tests.images.kills.world import viewer

    by = viewer()
    new = actions.NewServer(name="bench", image=UUID(person.image), flavor=person.flavor)
    counts = {}
    for count in (1, AT_ONCE):
        with counted() as made:
            servers = actions.create_servers(new, by=by, count=count)
        counts[f"create {count}"] = len(made)
        with counted() as deleted:
            for server in servers:
                actions.delete_server(server.pk, by=by)
        counts[f"delete {count}"] = len(deleted)
    wait_until(lambda: not _servers())
    print("\nstatements: " + ", ".join(f"{name}: {count}" for name, count in counts.items()), flush=True)


def counted() -> "CaptureQueriesContext":
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    return CaptureQueriesContext(connection)


# --- Fifty ------------------------------------------------------------------------------------------


def crowd(person: Person, number: int) -> None:
    """Make and delete fifty, and print how long it takes and what is left."""
    start = time.perf_counter()
    for _ in range(FIFTY // AT_ONCE):
        person.create(AT_ONCE)
    asked = time.perf_counter()
    wait_until(lambda: _servers(status="running") == FIFTY)
    up = time.perf_counter()
    memory = " ".join(f"{name} {size}" for name, size in memory_of(person.panel))
    print(
        f"\nround {number}: {FIFTY} asked for in {asked - start:.1f} s, running after {up - start:.1f} s ({memory} MiB)"
    )
    start = time.perf_counter()
    for pk in _ids():
        person.delete(pk)
    wait_until(lambda: not _servers())
    folder = Path(person.panel.env["STOCKROOM_DATA_DIR"]) / "servers"
    left = sorted(path.name for path in folder.rglob("*") if path.name not in ("bases", "lock", "accelerator.json"))
    memory = " ".join(f"{name} {size}" for name, size in memory_of(person.panel))
    print(f"  deleted after {time.perf_counter() - start:.1f} s; left over: {left or 'nothing'} ({memory} MiB)")


def _servers(**wanted: str) -> int:
    from servers.models import Server

    return int(Server.objects.filter(gone_at=None, **wanted).count())


def _ids() -> list[object]:
    from servers.models import Server

    return list(Server.objects.filter(gone_at=None).values_list("pk", flat=True))


def memory_of(running: Panel) -> Iterator[tuple[str, int]]:
    """MiB that the panel's server and the worker of servers have for themselves."""
    assert running.process
    found = dict.fromkeys(("panel", "worker"), 0)
    for process in descendants(running.process.pid):
        words = Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        kind = next((CHILDREN[key] for key in CHILDREN if key in words), "")
        if kind in found:
            found[kind] += _private(process)
    yield from found.items()


def _private(process: int) -> int:
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) // 1024


if __name__ == "__main__":
    main()
