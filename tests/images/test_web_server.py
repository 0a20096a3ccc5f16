"""Downloads through a real nginx, with the configuration of docs/operating.md, word for word."""

import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest

from images.demo_disks import bootable_raw
from tests.images.served import gunicorn, wait_for

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"  # which is no place for everybody's programs
MANUAL = Path(__file__).parents[2] / "docs" / "operating.md"
DISK = bootable_raw("Sent by nginx", size=307_200)


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of an nginx that stands before gunicorn."""
    folder = tmp_path_factory.mktemp("panel")
    with (
        gunicorn(folder, STOCKROOM_SENDFILE="nginx:/protected/") as port,
        closing(socket.create_server(("", 0))) as own,
    ):
        own_port = own.getsockname()[1]
        own.close()
        process = subprocess.Popen([NGINX, "-c", str(configuration(folder, port, own_port)), "-p", str(folder)])
        try:
            wait_for(own_port)
            yield own_port
        finally:
            process.terminate()
            process.wait(30)


def configuration(folder: Path, panel: int, port: int) -> Path:
    """What the manual says, with the addresses and paths of this test around and in it."""
    [manual] = re.findall(r"```nginx\n(.*?)```", MANUAL.read_text(encoding="utf-8"), re.DOTALL)
    inner = manual.replace("127.0.0.1:8000", f"127.0.0.1:{panel}").replace(
        "/var/lib/stockroom/images", f"{folder}/images"
    )
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    path = folder / "nginx.conf"
    path.write_text(
        f"daemon off;\nuser root;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{temporary}server {{\nlisten 127.0.0.1:{port};\n{inner}\n}}\n}}\n",
        encoding="utf-8",
    )
    return path


@pytest.fixture(scope="module")
def address(front: int) -> str:
    """Where a disk is that was uploaded through nginx."""
    connection = HTTPConnection("127.0.0.1", front)
    with closing(connection):
        connection.request("PUT", "/put", DISK)
        answer = connection.getresponse()
        key = re.findall(rb'"key": "(\w+)"', answer.read())[0].decode()
    return f"/data/{key}"


def ask(port: int, address: str, *, method: str = "GET", **headers: str) -> tuple[HTTPResponse, bytes]:
    connection = HTTPConnection("127.0.0.1", port)
    with closing(connection):
        connection.request(method, address, headers={name.replace("_", "-"): text for name, text in headers.items()})
        answer = connection.getresponse()
        return answer, answer.read()


def test_the_file_comes_with_the_headers_of_the_panel(front: int, address: str) -> None:
    answer, body = ask(front, address)
    assert (answer.status, body) == (200, DISK)
    assert answer.headers["ETag"] == f'"{address.rpartition("/")[2]}"'
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="disk.img"'
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "X-Accel-Redirect" not in answer.headers
    head, _ = ask(front, address, method="HEAD")
    assert head.headers["Content-Length"] == str(len(DISK))
    assert head.headers["ETag"] == answer.headers["ETag"]
    assert head.headers["Last-Modified"] == answer.headers["Last-Modified"]


def test_a_broken_download_goes_on(front: int, address: str) -> None:
    tag = ask(front, address, method="HEAD")[0].headers["ETag"]
    answer, body = ask(front, address, Range="bytes=100-", If_Range=tag)
    assert (answer.status, body) == (206, DISK[100:])
    assert answer.headers["Content-Range"] == f"bytes 100-{len(DISK) - 1}/{len(DISK)}"
    assert answer.headers["ETag"] == tag
    other, body = ask(front, address, Range="bytes=100-", If_Range='"other"')
    assert (other.status, body) == (200, DISK)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Range": "bytes=0-4"}, 206),
        ({"Range": "bytes=0-4,10-14"}, 206),
        ({"Range": "bytes=307200-"}, 416),
        ({"If_None_Match": "*"}, 304),
        ({"If_Match": '"other"'}, 412),
    ],
)
def test_ranges_and_conditions(front: int, address: str, headers: dict[str, str], status: int) -> None:
    assert ask(front, address, **headers)[0].status == status


def test_the_files_have_no_address_of_their_own(front: int, address: str) -> None:
    key = address.rpartition("/")[2]
    assert ask(front, f"/protected/default/data/{key[:2]}/{key}")[0].status == 404


@pytest.mark.parametrize(
    "address",
    [
        "/a/1000000000/uploads/x/data",
        "/image/v2/images/x/file",
        "/image/v2/images/x/stage",
        "/image/IAD/v2/images/x/file",
    ],
)
def test_image_data_of_any_length_comes_as_far_as_the_panel(front: int, address: str) -> None:
    """Of everything else nginx takes 1 MB, and answers 413."""
    connection = HTTPConnection("127.0.0.1", front)
    with closing(connection):
        connection.putrequest("PUT", address)
        connection.putheader("Content-Length", str(2 * 1024 * 1024))
        connection.endheaders()
        assert connection.getresponse().status != 413
