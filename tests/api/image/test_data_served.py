"""Image data through a real server: chunks, lines that break, and a client that hears why it is refused."""

import secrets
import socket
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from api import tokens
from images.demo_disks import MIB, SECTOR, bootable_raw
from images.models import Image, Upload
from tests.api.image.sending import BYTES, kept, queue
from tests.people import Cast
from tests.plugins.real_panel import RealPanel, running

pytestmark = pytest.mark.django_db(transaction=True)

DISK = bootable_raw("Hello")[:SECTOR] + secrets.token_bytes(2 * MIB - SECTOR)
PATIENCE = 20  # seconds


@pytest.fixture
def panel(transactional_db: None, image_store: Path, tmp_path: Path) -> Iterator[RealPanel]:
    with running(tmp_path, WEB_THREADS="4") as panel:
        yield panel


class Sender:
    """Alice's program, which speaks HTTP itself."""

    def __init__(self, panel: RealPanel, cast: Cast) -> None:
        self.port = panel.port
        self.token = tokens.issue(cast.alice, number=cast.acme.number, methods=("password",)).signed()

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
        """One request, by the standard library: a body that is an iterator goes in chunks."""
        line = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        said = {"X-Auth-Token": self.token} | {name.replace("_", "-"): text for name, text in headers.items()}
        try:
            line.request(method, f"/image/v2/images/{path}", body, said, encode_chunked=True)
            answer = line.getresponse()
            return answer.status, dict(answer.headers), answer.read()
        finally:
            line.close()

    def begin(self, upload: Upload, **headers: str) -> socket.socket:
        """A line on which a body was announced."""
        told = {"Host": f"127.0.0.1:{self.port}", "X-Auth-Token": self.token, "Content-Type": BYTES}
        told |= {name.replace("_", "-"): text for name, text in headers.items()}
        head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        line = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        line.sendall(f"PUT /image/v2/images/{upload.pk}/file HTTP/1.1\r\n{head}\r\n".encode())
        return line


@pytest.fixture
def alice(panel: RealPanel, cast: Cast) -> Sender:
    return Sender(panel, cast)


def wait_until(happens: Callable[[], bool]) -> None:
    """Until the server has noticed something."""
    deadline = time.monotonic() + PATIENCE
    while not happens():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def pieces() -> Iterator[bytes]:
    """The disk in pieces that fit nothing."""
    for start in range(0, len(DISK), 300_007):
        yield DISK[start : start + 300_007]


def test_data_comes_and_goes_as_it_was(alice: Sender, cast: Cast) -> None:
    """In chunks, and from a client that waits for leave before it sends."""
    upload = queue(cast)
    status, _headers, body = alice.ask("PUT", f"{upload.pk}/file", pieces(), Content_Type=BYTES)
    assert (status, body) == (204, b"")
    assert Image.objects.get(pk=upload.pk).data.size == len(DISK)
    assert alice.ask("GET", f"{upload.pk}/file")[2] == DISK
    status, headers, body = alice.ask("GET", f"{upload.pk}/file", Range=f"bytes={MIB}-")
    assert (status, body == DISK[MIB:]) == (206, True)
    assert headers["Content-Range"] == f"bytes {MIB}-{2 * MIB - 1}/{2 * MIB}"

    upload = queue(cast)
    with alice.begin(upload, Content_Length=str(len(DISK)), Expect="100-continue") as line:
        assert line.recv(100).startswith(b"HTTP/1.1 100 Continue")
        line.sendall(DISK)
        assert line.recv(100).startswith(b"HTTP/1.1 204")
    assert alice.ask("GET", f"{upload.pk}/file")[2] == DISK


def test_after_a_line_broke_it_is_queued_with_nothing_of_it(alice: Sender, cast: Cast) -> None:
    upload = queue(cast)
    with alice.begin(upload, Content_Length=str(len(DISK))) as line:
        line.sendall(DISK[:MIB])
        wait_until(lambda: Upload.objects.get().status == "receiving")
        status, _headers, body = alice.ask("PUT", f"{upload.pk}/file", DISK, Content_Type=BYTES)
        assert (status, b"from saving to saving" in body) == (409, True)
        line.shutdown(socket.SHUT_WR)
        assert line.recv(100).startswith(b"HTTP/1.1 400")
    upload.refresh_from_db()
    assert (upload.status, upload.size, upload.offset, kept()) == ("waiting", None, 0, [])
    assert alice.ask("PUT", f"{upload.pk}/file", DISK, Content_Type=BYTES)[0] == 204


def test_who_sends_in_vain_hears_why(alice: Sender, cast: Cast) -> None:
    """All of them send everything before they listen, as most clients do."""
    upload, disk, told = queue(cast, "qcow2"), DISK * 8, {"Content_Type": BYTES}
    assert alice.ask("PUT", f"{upload.pk}/file", disk, **told)[0] == 415
    assert alice.ask("PUT", f"{upload.pk}/file", disk, Content_Type="text/plain")[0] == 415
    assert alice.ask("PUT", f"{upload.pk}/file", disk, **told, X_OpenStack_Image_Size="1")[0] == 400
    assert alice.ask("PUT", f"{cast.acme.number}/file", disk, **told)[0] == 404

    upload = queue(cast)
    for size in (len(DISK) - 1, len(DISK) + 1):
        assert alice.ask("PUT", f"{upload.pk}/file", pieces(), **told, X_OpenStack_Image_Size=str(size))[0] == 400
    assert (Image.objects.count(), kept()) == (0, [])
    right = str(len(DISK))
    assert alice.ask("PUT", f"{upload.pk}/file", pieces(), **told, X_OpenStack_Image_Size=right)[0] == 204
