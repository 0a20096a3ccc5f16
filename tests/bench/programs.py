"""Programs with tokens, and what they ask for in the benchmark of the API."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher, make_password
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.viewer import Viewer
from api import tokens
from images.actions.creation import NewImage
from images.actions.queued import start_queued
from images.demo_disks import bootable_raw
from images.models import Image, ImageGroupObjectPermission, ImageTag
from images.permissions import Right
from sharing.models import Share
from tests import factories
from tests.bench.visits import fill
from tests.people import call_together

LATEST = datetime(2026, 1, 1, tzinfo=UTC)
BATCH = 5_000
UPLOADS = 600
PROPERTIES = {
    "owner_specified.openstack.md5": "",
    "owner_specified.openstack.object": "images/x",
    "hw_disk_bus": "virtio",
}


@dataclass(frozen=True)
class Request:
    """One question of one program."""

    name: str
    path: str
    token: str = ""
    client: Client = field(default_factory=Client)

    def ask(self) -> None:
        headers = {"X-Auth-Token": self.token} if self.token else {}
        answer = self.client.get(self.path, headers=headers)
        assert answer.status_code < 300, f"{self.path}: {answer.content!r}"  # any success

    def queries(self) -> int:
        with CaptureQueriesContext(connection) as captured:
            self.ask()
        return len(captured)


@dataclass
class Load:
    """One kind of request, as wrk is told it.

    Attributes:
        lines: of ``ask.lua``.
        is_once: whether each is asked only once, because it changes something.
        after: what has to be done before, line by line.
        rounds: in how many rounds all lines are asked.
    """

    name: str
    lines: list[str]
    is_once: bool = False
    after: "Load | None" = None
    rounds: int = 1
    done: int = 0

    def next_lines(self) -> list[str]:
        """Those that have not been asked, where each is asked once: an equal part of them for each round to come."""
        if not self.is_once:
            return self.lines
        possible = self.after.done if self.after else len(self.lines)
        return self.lines[self.done : self.done + (possible - self.done) // self.rounds]

    def asked(self, count: int) -> None:
        """Note that so many have been."""
        self.done += count
        self.rounds = max(1, self.rounds - 1)


class World:
    """A panel with some images, and later with more: half are Acme's, a quarter are given to Beta."""

    def __init__(self) -> None:
        self.cast = call_together()
        self.golden = fill(self.cast, 1)
        self.count = 0

    def keep_password_for_real(self) -> None:
        """Hash Alice's password as the panel does, and not as tests do."""
        alice = self.cast.alice
        alice.password = make_password(factories.PASSWORD, hasher=PBKDF2PasswordHasher())
        alice.save()

    def grow(self, count: int) -> None:
        """Make it so many images."""
        new = Image.objects.bulk_create((self._image(number) for number in range(self.count, count)), batch_size=BATCH)
        ImageTag.objects.bulk_create(
            (ImageTag(image=image, name=name) for image in new for name in ("golden", "base")), batch_size=BATCH
        )
        self._give([image for image in new if image.account_id == self.cast.rival.pk and image.visibility == "shared"])
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        self.count = count

    def requests(self) -> list[Request]:
        """The empty view first."""
        producer, consumer = token_of(self.cast.producer), token_of(self.cast.consumer)
        images = "/image/v2/images"
        return [
            Request("an empty view", "/empty/program/"),
            Request("an empty view with a token", "/empty/token/", producer),
            Request("list 25, owner", images, producer),
            Request("list 25, consumer", images, consumer),
            Request("list 25, after a marker", f"{images}?marker={self._in_the_middle()}", producer),
            Request("list of a name, owner", f"{images}?name=image-1000", producer),
            Request("list of a name, consumer", f"{images}?name=image-1000", consumer),
            Request("list of what waits", f"{images}?visibility=shared&member_status=pending", consumer),
            Request("list shared, consumer", f"{images}?visibility=shared", consumer),
            Request("show, owner", f"{images}/{self.golden.pk}", producer),
            Request("show, consumer", f"{images}/{self.golden.pk}", consumer),
            Request("members of 1,000", f"{images}/{self._popular.pk}/members", producer),
        ]

    def loads(self) -> list[Load]:
        """What wrk asks for. Each image is offered once, and accepted once."""
        producer, consumer = token_of(self.cast.producer), token_of(self.cast.consumer)
        reads = [Load(request.name, [f"GET {request.path} {request.token or '-'}"]) for request in self.requests()]
        own = Image.objects.filter(account=self.cast.acme, visibility=Image.Visibility.SHARED).values_list(
            "pk", flat=True
        )
        added, accepted = json.dumps({"member": self.cast.beta.number}), json.dumps({"status": "accepted"})
        members = [f"/image/v2/images/{pk}/members" for pk in own]
        offers = [f"POST {path} {producer} {added}" for path in members]
        answers = [f"PUT {path}/{self.cast.beta.number} {consumer} {accepted}" for path in members]
        sign_in = f"POST /identity/v3/auth/tokens - {json.dumps(self._password())}"
        adding = Load("add a member", offers, is_once=True, rounds=2)
        files = self._files()
        return [
            *reads,
            adding,
            Load("accept", answers, is_once=True, after=adding, rounds=2),
            Load("upload 1 MiB", [f"PUT {path} {producer} @{self._disk()}" for path in files], is_once=True, rounds=2),
            Load("download 1 MiB", [f"GET {files[0]} {producer}"]),
            Load("token by password", [sign_in]),
        ]

    def _files(self) -> list[str]:
        """Where the data of images is sent that have none."""
        new = (
            NewImage(f"sent-{number}", self.cast.iad, disk_format="raw", container_format="bare")
            for number in range(UPLOADS)
        )
        queued = [start_queued(by=self.cast.producer, new=one) for one in new]
        return [f"/image/v2/images/{upload.pk}/file" for upload in queued]

    def _disk(self) -> Path:
        disk = Path(settings.DATA_DIR) / "disk.raw"
        disk.write_bytes(bootable_raw("Sent by the benchmark."))
        return disk

    def _password(self) -> dict[str, Any]:
        person = {"name": self.cast.alice.username, "password": factories.PASSWORD, "domain": {"id": "default"}}
        identity = {"methods": ["password"], "password": {"user": person}}
        return {"auth": {"identity": identity, "scope": {"project": {"id": self.cast.acme.number}}}}

    @cached_property
    def _popular(self) -> Image:
        """An image that is offered to a thousand."""
        image = factories.make_image(self.cast.acme, self.cast.alice, data=self.golden.data, visibility="shared")
        Share.objects.bulk_create(
            Share(image=image, kind="number", address=f"{number:010}", offered_by=self.cast.alice)
            for number in range(1_000_000_000, 1_000_001_000)
        )
        return image

    def _image(self, number: int) -> Image:
        cast, kind = self.cast, number % 4
        return Image(
            account=cast.acme if kind < 2 else cast.rival,  # half of them
            region=cast.iad,
            data=self.golden.data,
            name=f"image-{number}",
            description="An image for the benchmark.",
            os_family="Debian",
            os_version="12",
            properties=PROPERTIES,
            visibility=["shared", "community", "shared", "public" if number % 100 == 3 else "private"][kind],
            created_by=cast.alice,
            created_at=LATEST - timedelta(minutes=number),
        )

    def _give(self, images: list[Image]) -> None:
        rights = Permission.objects.filter(content_type__app_label="images", codename__in=Right)
        ImageGroupObjectPermission.objects.bulk_create(
            (
                ImageGroupObjectPermission(
                    group_id=self.cast.beta.pk,
                    permission=right,
                    content_object=image,
                    image_created_at=image.created_at,
                )
                for image in images
                for right in rights
            ),
            batch_size=BATCH,
        )

    def _in_the_middle(self) -> str:
        own = Image.objects.filter(account=self.cast.acme).order_by("-created_at")
        return str(own[self.count // 4].pk)


def token_of(viewer: Viewer) -> str:
    return tokens.issue(viewer.user, number=viewer.account.number, methods=("password",)).signed()
