"""Image data through a whole panel, held beside the least that has to be done: ``python -m tests.bench.transfers``.

Uploads come by the tus protocol to gunicorn, imports from a bare file server through a worker, downloads through
gunicorn. Three floors are measured in the same run and take turns with the rest, because both move with what else the
machine does:

- one thread: a bare loop that reads the file, computes md5 and sha512, writes it and brings it to the disk;
- two threads: the same, with a thread for each of the two hashes beside the one that reads and writes;
- sendfile: a bare server that sends the file with ``sendfile`` to the same client.

The server, the workers and the client share the same cores, and so do the floors.
"""

import argparse
import hashlib
import mmap
import os
import resource
import signal
import socket
import statistics
import struct
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import TypeVar

from images.demo_disks import MIB
from tests.bench.upload import blocks, disk_file, floor, say
from tests.images.kills.panel import Panel, Sender, ask, descendants, panel

AT_ONCE = 8
RECEIVE = MIB  # bytes that the client asks for at once
FLOORS = ("one thread", "two threads", "sendfile")
GUNICORN, WORKER = "gunicorn", "config.worker"

T = TypeVar("T")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mebibytes", type=int, nargs="*", default=[1024, 4096], help="sizes of one file")
    parser.add_argument(
        "--each", type=int, default=512, help=f"MiB of each of {AT_ONCE} files at once; 0 leaves it out"
    )
    parser.add_argument("--rounds", type=int, default=3, help="how often each way is measured")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="stockroom-bench-") as name:
        for size in chosen.mebibytes:
            compare(Path(name), size=size * MIB, at_once=1, rounds=chosen.rounds)
        if chosen.each:
            compare(Path(name), size=chosen.each * MIB, at_once=AT_ONCE, rounds=chosen.rounds)


def compare(folder: Path, *, size: int, at_once: int, rounds: int) -> None:
    """Measure each way in turns, and print medians."""
    source = disk_file(folder, size=size)
    with sending(source) as server, panel(folder / f"{size}x{at_once}", **limits(server.port)) as running:
        bench = Bench(running, source, server, at_once)
        bench.prepare()
        measured: dict[str, list[Measured]] = {name: [] for name in bench.ways}
        for _ in range(rounds):
            for name, way in bench.ways.items():
                measured[name].append(measure(running, way, is_floor=name in FLOORS))
        report(size, at_once, measured)
    source.unlink()


@dataclass(frozen=True)
class Measured:
    """What it took to move files once.

    Attributes:
        cpu: seconds of the processor in the panel or the floor; the client is left out.
        memory: the most that one process of each kind has used, in bytes.
    """

    seconds: float
    cpu: float
    memory: dict[str, int]


def measure(running: Panel, way: Callable[[], float], *, is_floor: bool) -> Measured:
    """Go one way."""
    cpu = cpu_of_children if is_floor else partial(cpu_of_panel, running)
    forget_peaks(running)
    before = cpu()
    seconds = way()
    return Measured(seconds, cpu() - before, peaks(running))


def limits(port: int) -> dict[str, str]:
    """Settings of the panel: it may import from here, and as much as it likes."""
    quota = {f"STOCKROOM_QUOTA_{name}": "" for name in ("BYTES", "UPLOADS", "IMPORTS", "IMAGES")}
    return {"STOCKROOM_IMPORT_HOSTS": "127.0.0.1", "STOCKROOM_IMPORT_PORTS": str(port)} | quota


class Bench:
    """The ways that image data goes, each as a function that says how many seconds it took.

    Args:
        server: a bare one that sends the source.
        at_once: how many files go at the same time.
    """

    def __init__(self, running: Panel, source: Path, server: "BareServer", at_once: int) -> None:
        self._panel = running
        self._sender = Sender(running)
        self._source = source
        self._server = server
        self._at_once = at_once
        self._image = ""
        self.ways: dict[str, Callable[[], float]] = {
            "one thread": lambda: self._bare(floor),
            "two threads": lambda: self._bare(floor_of_two_threads),
            "upload": self._upload,
            "import": self._import,
            "sendfile": lambda: self._fetch(self._server.port, "/"),
            "download": lambda: self._fetch(self._panel.port, self._image),
        }

    def prepare(self) -> None:
        """Make the image that is downloaded."""
        url = self._sent()
        made = self._panel.do("create", self._sender.show(url)["id"], "Bench")
        self._image = f"/a/{self._panel.world['number']}/images/{made['image']}/download/"

    def _bare(self, loop: Callable[[Path, Path], None]) -> float:
        """A floor, in processes of their own, so that they share no interpreter."""
        start = time.perf_counter()
        children = [self._forked(loop, number) for number in range(self._at_once)]
        for child in children:
            assert os.waitpid(child, 0)[1] == 0
        return time.perf_counter() - start

    def _forked(self, loop: Callable[[Path, Path], None], number: int) -> int:
        child = os.fork()
        if not child:
            loop(self._source, self._source.with_name(f"copy{number}"))
            os._exit(0)
        return child

    def _upload(self) -> float:
        start = time.perf_counter()
        urls = self._all(lambda _number: self._sent())
        seconds = time.perf_counter() - start
        for url in urls:
            ask(self._panel.port, "DELETE", url, self._sender.headers)
        return seconds

    def _sent(self) -> str:
        url = self._sender.begin(self._source.stat().st_size)
        self._sender.send(url, self._source)
        return url

    def _import(self) -> float:
        """From the moment that the bare server is asked: a worker looks at its queue once a second."""
        names = [f"Import {number} of {time.time()}" for number in range(self._at_once)]
        self._server.forget()
        self._panel.do("start_imports", f"http://127.0.0.1:{self._server.port}/disk.img", *names)
        seconds = self._panel.do("wait_for", *names)["now"] - self._server.asked_at
        self._panel.do("delete", *names)
        return float(seconds)

    def _fetch(self, port: int, path: str) -> float:
        start = time.perf_counter()
        got = self._all(lambda _number: fetched(port, path, self._sender.headers))
        assert set(got) == {self._source.stat().st_size}
        return time.perf_counter() - start

    def _all(self, act: Callable[[int], T]) -> list[T]:
        with ThreadPoolExecutor(self._at_once) as pool:
            return list(pool.map(act, range(self._at_once)))


def fetched(port: int, path: str, headers: dict[str, str]) -> int:
    """Download, and say how many bytes came."""
    head = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Connection: close"]
    head += [f"{name}: {value}" for name, value in headers.items()]
    buffer = bytearray(RECEIVE)
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall("\r\n".join([*head, "", ""]).encode())
        start = b""
        while b"\r\n\r\n" not in start:
            start += line.recv(RECEIVE)
        assert b" 200 " in start.partition(b"\r\n")[0], start
        got = len(start.partition(b"\r\n\r\n")[2])
        while count := line.recv_into(buffer):
            got += count
        return got


# --- Processor and memory ---------------------------------------------------------------------------


def members(running: Panel) -> Iterator[tuple[Path, str]]:
    """The processes of the panel that handle image data, and what each is."""
    assert running.process
    for each in descendants(running.process.pid):
        words = Path(f"/proc/{each}/cmdline").read_bytes().decode().split("\0")
        for kind in (GUNICORN, WORKER):
            if kind in words:
                yield Path(f"/proc/{each}"), kind


def cpu_of_panel(running: Panel) -> float:
    """Seconds of the processor that the panel has used so far."""
    times = [(folder / "stat").read_text().rpartition(")")[2].split()[11:13] for folder, _ in members(running)]
    return sum(int(ticks) for each in times for ticks in each) / os.sysconf("SC_CLK_TCK")


def cpu_of_children() -> float:
    """The same of processes that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def forget_peaks(running: Panel) -> None:
    for folder, _kind in members(running):
        (folder / "clear_refs").write_text("5")  # proc(5): the peak begins anew at what is used now


def peaks(running: Panel) -> dict[str, int]:
    """The most memory that one process of each kind has used, in bytes."""
    found: dict[str, int] = {}
    for folder, kind in members(running):
        line = next(line for line in (folder / "status").read_text().splitlines() if line.startswith("VmHWM"))
        found[kind] = max(found.get(kind, 0), int(line.split()[1]) * 1024)
    return found


# --- Floors -----------------------------------------------------------------------------------------


def floor_of_two_threads(source: Path, target: Path) -> None:
    """As ``floor``, with a thread for each hash."""
    hashes = [hashlib.md5(usedforsecurity=False), hashlib.sha512()]
    queues: list[Queue[bytes | None]] = [Queue(8) for _ in hashes]

    def work(queue: "Queue[bytes | None]", update: Callable[[bytes], object]) -> None:
        while (block := queue.get()) is not None:
            update(block)

    threads = [Thread(target=work, args=(queue, each.update)) for queue, each in zip(queues, hashes, strict=True)]
    for thread in threads:
        thread.start()
    with target.open("wb", buffering=0) as file:
        for block in blocks(source):
            for queue in queues:
                queue.put(block)
            file.write(block)
        for queue, thread in zip(queues, threads, strict=True):
            queue.put(None)
            thread.join()
        os.fsync(file.fileno())
    target.unlink()


class BareServer:
    """Sends one file to whoever connects, in a process of its own.

    Attributes:
        asked_at: when somebody connected for the first time, on the clock that all processes share.
    """

    def __init__(self, source: Path) -> None:
        self._source = source
        self._asked_at = mmap.mmap(-1, 8)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]

    @property
    def asked_at(self) -> float:
        found: float = struct.unpack("d", self._asked_at[:])[0]
        return found

    def forget(self) -> None:
        self._asked_at[:] = bytes(8)

    def serve(self) -> None:
        while True:
            line, _ = self._listener.accept()
            if not self.asked_at:
                self._asked_at[:] = struct.pack("d", time.monotonic())
            Thread(target=self._send, args=(line,), daemon=True).start()

    def _send(self, line: socket.socket) -> None:
        with line, self._source.open("rb") as file:
            asked = b""
            while b"\r\n\r\n" not in asked:
                asked += line.recv(65536)
            size = self._source.stat().st_size
            line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % size)
            line.sendfile(file)


@contextmanager
def sending(source: Path) -> Iterator[BareServer]:
    """A bare server that runs."""
    server = BareServer(source)
    child = os.fork()
    if not child:
        server.serve()
    try:
        yield server
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


# --- Results ----------------------------------------------------------------------------------------


def report(size: int, at_once: int, measured: Mapping[str, Sequence[Measured]]) -> None:
    seconds = {name: statistics.median(each.seconds for each in rounds) for name, rounds in measured.items()}
    say(f"{at_once} of {size // MIB} MiB at once, medians of {len(measured['upload'])}:")
    for name, rounds in measured.items():
        cpu = statistics.median(each.cpu for each in rounds) / (at_once * size / 1024**3)
        ratios = "  ".join(f"{seconds[each] / seconds[name]:4.2f} of {each}" for each in floors_of(name))
        speed = at_once * size / seconds[name] / 1e6
        say(f"  {name:12} {speed:6.0f} MB/s  {cpu:5.1f} s of CPU a GiB  {ratios:38}  {most(rounds) if ratios else ''}")


def most(rounds: Sequence[Measured]) -> str:
    """The most memory in any round."""
    kinds = rounds[0].memory
    return "  ".join(f"{kind} {max(each.memory[kind] for each in rounds) // MIB} MiB" for kind in kinds)


def floors_of(name: str) -> Sequence[str]:
    """What a way is held beside."""
    if name in FLOORS:
        return ()
    return FLOORS[2:] if name == "download" else FLOORS[:2]


if __name__ == "__main__":
    main()
