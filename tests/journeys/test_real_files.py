"""Files as people have them, made by qemu-img and friends: what is uploaded is what somebody else downloads."""

from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from accounts.models import Account, User
from images.models import Image
from sharing import actions
from sharing.addresses import parse
from tests.images.files import Maker, by_qemu, hybrid_iso, iso
from tests.people import Cast

FILES: dict[str, tuple[str, Maker]] = {
    "debian.img": ("raw", by_qemu("raw")),
    "debian.qcow2": ("qcow2", by_qemu("qcow2")),
    "packed.qcow2": ("qcow2", by_qemu("qcow2", "compat=0.10")),
    "debian.vmdk": ("vmdk", by_qemu("vmdk")),
    "stream.vmdk": ("vmdk", by_qemu("vmdk", "subformat=streamOptimized")),
    "debian.vhd": ("vhd", by_qemu("vpc")),
    "debian.vhdx": ("vhdx", by_qemu("vhdx")),
    "debian.vdi": ("vdi", by_qemu("vdi")),
    "installer.iso": ("iso", lambda _folder: iso()),
    "hybrid.iso": ("iso", lambda _folder: hybrid_iso()),
}


@pytest.mark.parametrize("name", FILES)
def test_what_is_uploaded_is_what_a_consumer_downloads(cast: Cast, tmp_path: Path, name: str) -> None:
    disk_format, make = FILES[name]
    content = make(tmp_path)

    image = _uploaded(_signed_in(cast.alice), cast.acme, name, content)
    [offered] = actions.offer(image.pk, by=cast.producer, addresses=parse(cast.beta.number))
    actions.accept(offered.share.pk, by=cast.consumer)

    assert image.data.disk_format == disk_format
    assert _downloaded(_signed_in(cast.bob), cast.beta, image) == content


def _signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return client


def _uploaded(client: Client, account: Account, name: str, content: bytes) -> Image:
    """As the page does it: announce, send, describe."""
    version = {"Tus-Resumable": "1.0.0"}
    told = version | {"Upload-Length": str(len(content))}
    address = client.post(_url("upload_collection", account), headers=told, content_type="").headers["Location"]
    told = version | {"Upload-Offset": "0"}
    sent = client.patch(address, content, content_type="application/offset+octet-stream", headers=told)
    assert sent.status_code == 204, sent.content
    form = {"upload": client.get(address).json()["id"], "name": name, "region": "IAD", "visibility": "private"}
    answer = client.post(_url("image_upload", account), form)
    assert answer.status_code == 302, answer.content
    return Image.objects.select_related("data").get(name=name)


def _downloaded(client: Client, account: Account, image: Image) -> bytes:
    answer = client.get(_url("image_download", account, pk=image.pk))
    assert answer.status_code == 200
    return answer.getvalue()


def _url(name: str, account: Account, **more: object) -> str:
    return reverse(name, kwargs={"number": account.number} | more)
