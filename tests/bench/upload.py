"""How fast image data comes in, held beside the least that has to be done: ``python -m tests.bench.upload``.

The floor reads a file, computes md5 and sha512 in one thread, writes the bytes and brings them to the disk. A ratio
of 1 is that loop; two hash threads make more possible on a machine with idle cores. Compare ratios rather than MB/s:
both move with what else the machine does, which is why the measurements take turns.
"""

import argparse
import hashlib
import json
import os
import secrets
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

from images.demo_disks import MIB, SECTOR, bootable_raw
from images.stores import FileStore
from images.streams import BLOCK, receive
from tests.images.served import INTAKE, gunicorn

BOUNDARY = b"bench-boundary"
FORM_HEAD = b'--%s\r\nContent-Disposition: form-data; name="file"; filename="disk.img"\r\n\r\n' % BOUNDARY
FORM_END = b"\r\n--%s--\r\n" % BOUNDARY


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mebibytes", type=int, default=1024, help="size of the file")
    parser.add_argument("--rounds", type=int, default=3, help="how often each way is measured")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="stockroom-bench-") as name:
        source = disk_file(Path(name), size=chosen.mebibytes * MIB)
        compare(source, Path(name), rounds=chosen.rounds)


def disk_file(folder: Path, *, size: int) -> Path:
    """A raw disk full of bytes that nothing can shorten."""
    path = folder / "source.img"
    with path.open("wb") as file:
        file.write(bootable_raw("Bench", size=2 * SECTOR)[:SECTOR])
        file.truncate(SECTOR)
        while (left := size - file.tell()) > 0:
            file.write(secrets.token_bytes(min(left, MIB)))
    return path


def compare(source: Path, folder: Path, *, rounds: int) -> None:
    """Measure each way in turns, and print medians."""
    with gunicorn(folder / "server") as port:
        ways: dict[str, Callable[[], None]] = {
            "floor (one thread)": lambda: floor(source, folder / "copy"),
            "receive()": lambda: received(source, folder / "store"),
            "PUT, known length": lambda: sent(port, "PUT", "/put", source),
            "POST, multipart": lambda: sent(port, "POST", "/form", source, head=FORM_HEAD, end=FORM_END),
        }
        received(source, folder / "store")  # brings the file into the page cache
        before = peak(port)
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, way in ways.items():
                seconds[name].append(timed(way))
        report(source.stat().st_size, seconds)
        grown = peak(port) - before
        say(f"Most memory of the server: {before / MIB:.0f} MiB before, {grown / MIB:.0f} MiB more after.")


def report(size: int, seconds: dict[str, list[float]]) -> None:
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    slowest = next(iter(medians.values()))
    say(f"{size // MIB} MiB, medians of {len(next(iter(seconds.values())))}:")
    for name, median in medians.items():
        say(f"  {name:20} {size / median / 1e6:6.0f} MB/s   {slowest / median:4.2f} of the floor")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def timed(way: Callable[[], None]) -> float:
    start = time.perf_counter()
    way()
    return time.perf_counter() - start


def blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb", buffering=0) as file:
        yield from iter(lambda: file.read(BLOCK), b"")


def floor(source: Path, target: Path) -> None:
    md5, sha512 = hashlib.md5(usedforsecurity=False), hashlib.sha512()
    with target.open("wb", buffering=0) as file:
        for block in blocks(source):
            md5.update(block)
            sha512.update(block)
            file.write(block)
        os.fsync(file.fileno())
    target.unlink()


def received(source: Path, folder: Path) -> None:
    store = FileStore(folder)
    key = store.begin()
    receive(store=store, key=key, chunks=blocks(source), intake=INTAKE)
    store.delete(key)


def sent(port: int, method: str, path: str, source: Path, *, head: bytes = b"", end: bytes = b"") -> None:
    """Send a body by ``sendfile``, so that the client takes as little of the machine as it can."""
    length = len(head) + source.stat().st_size + len(end)
    request = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {length}", "Connection: close"]
    request += [f"Content-Type: multipart/form-data; boundary={BOUNDARY.decode()}", "", ""]
    with socket.create_connection(("127.0.0.1", port)) as line, source.open("rb") as file:
        line.sendall("\r\n".join(request).encode() + head)
        line.sendfile(file)
        line.sendall(end)
        response = HTTPResponse(line)
        response.begin()
        answer = json.loads(response.read())
    if response.status != 200:
        raise RuntimeError(answer)
    ask(port, "DELETE", f"/data/{answer['key']}")


def peak(port: int) -> int:
    """The most memory that the server ever had, in bytes."""
    return int(json.loads(ask(port, "GET", "/memory"))["peak"])


def ask(port: int, method: str, path: str) -> bytes:
    connection = HTTPConnection("127.0.0.1", port)
    try:
        connection.request(method, path)
        return connection.getresponse().read()
    finally:
        connection.close()


if __name__ == "__main__":
    main()
