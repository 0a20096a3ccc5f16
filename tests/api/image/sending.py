"""Queued images, and programs that send them data."""

from contextlib import closing
from dataclasses import replace
from typing import Any

from accounts.roles import Role
from images.actions import NewImage, start_queued
from images.demo_disks import bootable_qcow2, bootable_raw
from images.models import Image, Upload
from images.stores import get_store
from tests.api.conftest import Program
from tests.people import Cast

RAW = bootable_raw("Sent by a program.", size=8192)
QCOW2 = bootable_qcow2("Sent by a program.")
BYTES = "application/octet-stream"


def queue(cast: Cast, disk_format: str = "raw", **said: Any) -> Upload:
    """A queued image of Acme Producers, made by Alice's program."""
    new = NewImage("jammy", cast.iad, "shared", disk_format=disk_format, container_format="bare")
    return start_queued(by=cast.producer.by_token(Role.ADMIN), new=replace(new, **said))


def put(program: Program, upload: object, data: bytes = RAW, *, to: str = "file", **headers: str) -> Any:
    """Send data to a queued image, or to whatever has this id."""
    pk = getattr(upload, "pk", upload)
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return program.put(f"/image/v2/images/{pk}/{to}", data=data, content_type=BYTES, headers=named)


def show(program: Program, upload: object) -> dict[str, Any]:
    """What a program sees of it."""
    said: dict[str, Any] = program.get(f"/image/v2/images/{getattr(upload, 'pk', upload)}").json()
    return said


def kept() -> list[int]:
    """The sizes of everything that lies in the store."""
    return [each.size for each in get_store().stored()]


def bytes_of(image: Image) -> bytes:
    """The data of an image, as it is stored."""
    with closing(get_store(image.data.store).read(image.data.store_key)) as stored:
        return b"".join(stored)
