"""A whole panel is killed and started again while files come, are fetched, unpacked, converted and deleted."""

import gzip
import hashlib
import random
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from images.demo_disks import MIB
from tests.bench.upload import disk_file
from tests.images.kills.panel import Panel, Sender, panel, wait_until
from tests.images.outside.servers import ranged, serving

SEED = 20261121


def sha512(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha512").hexdigest()


def killing(running: Panel, moments: list[int]) -> Callable[[int], None]:
    """Kill the panel, and start it again, when these bytes are about to be sent."""
    left = sorted(moments)

    def before(offset: int) -> None:
        if left and offset >= left[0]:
            left.pop(0)
            running.kill()
            running.start()

    return before


def assert_sound(running: Panel) -> None:
    assert running.do("census") == {"problems": []}


def send_through_kills(running: Panel, source: Path, moments: list[int]) -> None:
    sender, size = Sender(running), source.stat().st_size
    url = sender.begin(size)
    sender.send(url, source, before=killing(running, moments))
    assert running.kills == len(moments)
    wait_until(lambda: sender.show(url)["status"] == "received")
    shown = sender.show(url)
    assert (shown["data"]["size"], shown["data"]["sha512"]) == (size, sha512(source))
    assert_sound(running)


@pytest.mark.long  # daily, a browser does the same (tests/journeys/test_uploads.py)
def test_an_upload_survives_a_kill(tmp_path: Path) -> None:
    source = disk_file(tmp_path, size=16 * MIB)
    with panel(tmp_path / "panel") as running:
        send_through_kills(running, source, [9 * MIB])


@pytest.mark.long
def test_an_upload_of_four_gibibytes_survives_three_kills(tmp_path: Path) -> None:
    source = disk_file(tmp_path, size=4096 * MIB)
    moments = [1500 * MIB, 2600 * MIB, 3900 * MIB]
    with panel(tmp_path / "panel") as running:
        send_through_kills(running, source, moments)


@pytest.mark.long
def test_an_upload_survives_ten_kills_anywhere(tmp_path: Path) -> None:
    source = disk_file(tmp_path, size=1024 * MIB)
    moments = random.Random(SEED).sample(range(1024), 10)
    with panel(tmp_path / "panel") as running:
        send_through_kills(running, source, [moment * MIB for moment in moments])


def kill_at_times(running: Panel, done: Callable[[], bool], seconds: list[float]) -> None:
    """Kill and start again after each of these times, then wait until it is done."""
    for each in seconds:
        time.sleep(each)
        running.kill()
        running.start()
    wait_until(done)


def has_image(running: Panel, name: str) -> bool:
    looked = running.do("look")
    assert not any(status == "failed" for status, *_ in looked["uploads"].values()), looked
    return name in looked["images"]


@pytest.mark.long
def test_what_workers_do_survives_kills(tmp_path: Path) -> None:
    """Import, unpacking, conversion and deletion: tasks of the dead come back, and end as if nothing had been."""
    source, times = disk_file(tmp_path, size=256 * MIB), random.Random(SEED)
    with serving(paced(source.read_bytes())) as server, panel(tmp_path / "panel", **allowing(server.port)) as running:
        running.do("start_imports", server.url(), "Imported")
        kill_at_times(running, lambda: has_image(running, "Imported"), [times.uniform(1, 4) for _ in range(3)])
        assert running.do("look")["images"]["Imported"] == sha512(source)

        packed = tmp_path / "disk.img.gz"
        packed.write_bytes(gzip.compress(source.read_bytes(), compresslevel=0))
        sender = Sender(running)
        url = sender.begin(packed.stat().st_size, "filename ZGlzay5pbWcuZ3o=,unpack dHJ1ZQ==")
        sender.send(url, packed)
        running.do("create", sender.show(url)["id"], "Unpacked")
        kill_at_times(running, lambda: has_image(running, "Unpacked"), [times.uniform(0.1, 1.5) for _ in range(3)])
        assert running.do("look")["images"]["Unpacked"] == sha512(source)

        running.do("convert", "Imported", "qcow2")
        copy = "Imported as qcow2"
        kill_at_times(running, lambda: has_image(running, copy), [times.uniform(0.1, 3) for _ in range(3)])

        running.do("delete", "Unpacked")
        kill_at_times(running, lambda: not has_image(running, "Unpacked"), [0])
        assert set(running.do("look")["images"]) == {"Imported", copy}
        assert_sound(running)
        assert running.kills == 10


def allowing(port: int) -> dict[str, str]:
    return {"STOCKROOM_IMPORT_HOSTS": "127.0.0.1", "STOCKROOM_IMPORT_PORTS": str(port)}


class Paced:
    """Writes to a line of 50 MiB a second."""

    def __init__(self, file: object) -> None:
        self.file = file

    def write(self, content: bytes) -> None:
        for start in range(0, len(content), 5 * MIB):
            self.file.write(content[start : start + 5 * MIB])  # type: ignore[attr-defined]
            time.sleep(0.1)

    def __getattr__(self, name: str) -> object:
        return getattr(self.file, name)


def paced(content: bytes) -> Callable[[BaseHTTPRequestHandler], None]:
    """A server that gives parts of a file, and takes its time."""
    answer = ranged(content)

    def answer_slowly(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile = Paced(handler.wfile)  # type: ignore[assignment]
        answer(handler)

    return answer_slowly
