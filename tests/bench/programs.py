"""Programs with tokens, and what they ask for in the benchmark of the API."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.viewer import Viewer
from api import tokens
from images.models import Image, ImageGroupObjectPermission, ImageTag
from images.permissions import Right
from tests.bench.visits import fill
from tests.people import call_together

LATEST = datetime(2026, 1, 1, tzinfo=UTC)
BATCH = 5_000
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


class World:
    """A panel with some images, and later with more: half are Acme's, a quarter are given to Beta."""

    def __init__(self) -> None:
        self.cast = call_together()
        self.golden = fill(self.cast, 1)
        self.count = 0

    def grow(self, count: int) -> None:
        """Make it so many images."""
        new = Image.objects.bulk_create((self._image(number) for number in range(self.count, count)), batch_size=BATCH)
        ImageTag.objects.bulk_create(
            (ImageTag(image=image, name=name) for image in new for name in ("golden", "base")), batch_size=BATCH
        )
        self._give([image for image in new if image.visibility == Image.Visibility.SHARED])
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
        ]

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
            visibility=["private", "community", "shared", "public" if number % 100 == 3 else "private"][kind],
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
