"""Who visits which page in the benchmark of pages, and what they find there."""

from dataclasses import dataclass
from http import HTTPStatus

from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Account, User
from images.models import Image
from sharing import actions
from sharing.addresses import parse
from tests import factories
from tests.people import Cast, call_together

RECIPIENTS = 3  # of the image whose page is visited
OFFERS = 5


@dataclass(frozen=True)
class Visit:
    """One page, seen by one person."""

    name: str
    client: Client
    path: str

    def ask(self) -> HttpResponse:
        response = self.client.get(self.path)
        assert response.status_code == HTTPStatus.OK, f"{self.path}: {response.status_code}"
        return response  # type: ignore[return-value]  # the test client's own kind of response

    def weight(self) -> int:
        """The page, in bytes."""
        return len(self.ask().content)

    def queries(self) -> int:
        with CaptureQueriesContext(connection) as captured:
            self.ask()
        return len(captured)


def visits(*, images: int) -> list[Visit]:
    """The pages, the empty one first."""
    cast = call_together()
    golden = fill(cast, images)
    producer, consumer = client_of(cast.alice), client_of(cast.bob)
    return [
        Visit("an empty view", producer, "/empty/"),
        Visit("Saved Images, producer", producer, path_of("image_list", cast.acme)),
        Visit("Saved Images, consumer", consumer, path_of("image_list", cast.beta)),
        Visit("Image Detail, producer", producer, path_of("image_detail", cast.acme, golden)),
        Visit("Image Detail, consumer", consumer, path_of("image_detail", cast.beta, golden)),
        Visit("Shared with us", consumer, path_of("offer_list", cast.beta)),
        Visit("upload page", producer, path_of("image_upload", cast.acme)),
        Visit("sign-in", Client(), reverse("account_login")),
    ]


def fill(cast: Cast, images: int) -> Image:
    """Images of Acme that Beta has accepted, some offered to more accounts, and a few more offers to Beta."""
    made = [factories.make_image(cast.acme, cast.alice, name=f"debian-12-{number}") for number in range(images)]
    for image in made:
        [offered] = actions.offer(image.pk, by=cast.producer, addresses=parse(cast.beta.number))
        actions.accept(offered.share.pk, by=cast.consumer)
    others = [factories.make_account(f"Customer {number}", cast.trudy) for number in range(RECIPIENTS)]
    for image in made[::5]:
        actions.offer(image.pk, by=cast.producer, addresses=parse(", ".join(other.number for other in others)))
    rival = factories.viewer(cast.rhea, cast.rival)
    for number in range(OFFERS):
        image = factories.make_image(cast.rival, cast.rhea, name=f"appliance-{number}")
        actions.offer(image.pk, by=rival, addresses=parse(cast.beta.number))
    return made[0]


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def path_of(name: str, account: Account, image: Image | None = None) -> str:
    return reverse(name, kwargs={"number": account.number} | ({"pk": image.pk} if image else {}))
