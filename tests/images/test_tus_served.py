"""The tus protocol through a real server: stalled and broken lines, and a client that others have written."""

import hashlib
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from io import BytesIO
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from tusclient.client import TusClient

from images.demo_disks import MIB, SECTOR, bootable_raw
from images.models import ImageData, Upload
from tests.people import Cast
from tests.plugins.real_panel import RealPanel, running

pytestmark = pytest.mark.django_db(transaction=True)

DISK = bootable_raw("Hello")[:SECTOR] + secrets.token_bytes(2 * MIB - SECTOR)
TRANSFERS = 6
PATIENCE = 20  # seconds
PART = 300 * 1024  # bytes


@pytest.fixture
def panel(transactional_db: None, image_store: Path, tmp_path: Path) -> Iterator[RealPanel]:
    with running(tmp_path, WEB_THREADS="8", STOCKROOM_TRANSFERS=str(TRANSFERS)) as panel:
        yield panel


class Caller:
    """Carol, with the cookies and the token of a browser."""

    def __init__(self, panel: RealPanel, cast: Cast) -> None:
        self.panel = panel
        client = Client()
        client.force_login(cast.carol, backend=settings.AUTHENTICATION_BACKENDS[0])
        page = client.get(reverse("image_upload", kwargs={"number": cast.acme.number}))
        token = page.content.decode().split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        cookies = "; ".join(f"{name}={cookie.value}" for name, cookie in client.cookies.items())
        self.headers = {"Cookie": cookies, "X-CSRFToken": token, "Tus-Resumable": "1.0.0"}
        self.collection = reverse("upload_collection", kwargs={"number": cast.acme.number})
        self.page = reverse("image_list", kwargs={"number": cast.acme.number})

    def ask(self, method: str, path: str, **headers: str) -> tuple[int, dict[str, str]]:
        """One request without a body."""
        line = HTTPConnection("127.0.0.1", self.panel.port, timeout=PATIENCE)
        try:
            line.request(
                method, path, headers=self.headers | {name.replace("_", "-"): text for name, text in headers.items()}
            )
            answer = line.getresponse()
            answer.read()
            return answer.status, dict(answer.headers)
        finally:
            line.close()

    def begin(self) -> str:
        """The address of a new upload."""
        _status, headers = self.ask("POST", self.collection, Upload_Length=str(len(DISK)), Content_Length="0")
        return headers["Location"]

    def send(self, url: str, body: bytes, *, offset: int = 0) -> socket.socket:
        """A line on which the rest of the file was announced and this much of it was sent."""
        told = self.headers | {
            "Host": f"127.0.0.1:{self.panel.port}",
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
            "Content-Length": str(len(DISK) - offset),
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        line = socket.create_connection(("127.0.0.1", self.panel.port), timeout=PATIENCE)
        line.sendall(f"PATCH {url} HTTP/1.1\r\n{head}\r\n".encode() + body)
        return line

    def offset(self, url: str) -> int:
        """What the server says, once nobody sends any more."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            status, headers = self.ask("HEAD", url)
            if status == 200:
                return int(headers["Upload-Offset"])
            assert status == 423
            time.sleep(0.05)
        raise TimeoutError(url)


@pytest.fixture
def carol(panel: RealPanel, cast: Cast) -> Caller:
    return Caller(panel, cast)


def wait_for(uploads: int) -> None:
    """Until the server has begun to receive so many."""
    deadline = time.monotonic() + PATIENCE
    while Upload.objects.filter(status="receiving").count() < uploads:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_stalled_uploads_leave_room_for_pages(carol: Caller) -> None:
    urls = [carol.begin() for _ in range(TRANSFERS + 1)]
    with ExitStack() as lines:
        for url in urls[:TRANSFERS]:
            lines.enter_context(carol.send(url, DISK[:SECTOR]))
        wait_for(TRANSFERS)
        begun = time.monotonic()
        assert carol.ask("GET", carol.page)[0] == 200
        assert time.monotonic() - begun < 5
        with carol.send(urls[-1], DISK[:SECTOR]) as line:
            answer = line.recv(2000).decode()
        assert answer.startswith("HTTP/1.1 503")
        assert "Retry-After" in answer
    assert carol.offset(urls[0]) == SECTOR
    with carol.send(urls[-1], DISK) as line:
        assert line.recv(2000).startswith(b"HTTP/1.1 204")


def test_what_came_before_the_line_broke_is_kept(carol: Caller) -> None:
    url, sent = carol.begin(), PART + 7
    carol.send(url, DISK[:sent]).close()
    wait_until_kept(sent)
    assert carol.offset(url) == sent
    with carol.send(url, DISK[sent:], offset=sent) as line:
        assert line.recv(2000).startswith(b"HTTP/1.1 204")
    assert ImageData.objects.get().os_hash_value == hashlib.sha512(DISK).hexdigest()


def test_a_client_that_only_stops_to_send_hears_where_to_go_on(carol: Caller) -> None:
    url = carol.begin()
    with carol.send(url, DISK[:PART]) as line:
        line.shutdown(socket.SHUT_WR)
        assert line.recv(2000).startswith(b"HTTP/1.1 409")
    assert carol.offset(url) == PART


def wait_until_kept(offset: int) -> None:
    """Until the server has noticed that nothing more comes."""
    deadline = time.monotonic() + PATIENCE
    while Upload.objects.get().offset < offset:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_another_client_goes_on_after_a_break(carol: Caller, panel: RealPanel) -> None:
    """tuspy, in parts with checksums; the server is killed between two of them."""
    disk = BytesIO(DISK)
    client = TusClient(f"{panel.url}{carol.collection}", headers=carol.headers)
    uploader = client.uploader(
        file_stream=disk, chunk_size=PART, metadata={"filename": "disk.img"}, upload_checksum=True
    )
    uploader.upload(stop_at=2 * PART)
    assert uploader.offset == 2 * PART
    panel.kill()
    panel.start()
    resumed = client.uploader(file_stream=disk, chunk_size=PART, url=uploader.url, upload_checksum=True)
    assert resumed.offset == 2 * PART
    resumed.upload()
    assert Upload.objects.get().filename == "disk.img"
    assert ImageData.objects.get().os_hash_value == hashlib.sha512(DISK).hexdigest()
