"""What the tests of formations begin with: web and db of Beta Consumers, from two images that Acme shares with it."""

from dataclasses import dataclass
from typing import Any

import pytest

from accounts.viewer import Viewer
from images.models import Image
from servers import actions
from servers.models import Flavor, Formation, FormationPart, Server
from sharing.actions import accept
from sharing.models import Share
from tests.factories import make_image
from tests.people import Cast
from tests.sharing.conftest import offer_one


@dataclass(frozen=True)
class Shop:
    """A formation of Beta Consumers: two servers web, and one db.

    Attributes:
        base: the share of the image of web.
        database: the share of the image of db.
    """

    formation: Formation
    web: FormationPart
    db: FormationPart
    base: Share
    database: Share


def share_with_beta(cast: Cast, image: Image) -> Share:
    """Acme offers an image, and Bob accepts it."""
    return accept(offer_one(image, cast.producer, cast.beta.number).pk, by=cast.consumer)


def make_formation(by: Viewer, name: str = "shop") -> Formation:
    """A formation in IAD, without parts."""
    flavor = Flavor.objects.order_by("pk").first()
    assert flavor
    return actions.create_formation(by=by, name=name, region=flavor.region)


def add(formation: Formation, by: Viewer, image: Image, **said: Any) -> FormationPart:
    """A part in the first size that there is."""
    flavor = Flavor.objects.filter(region=formation.region).order_by("pk").first()
    assert flavor
    given: dict[str, Any] = {"name": "web", "image": image.pk, "flavor": flavor.pk} | said
    return actions.add_part(formation.pk, by=by, wanted=actions.WantedPart(**given))


def launch(formation: Formation, by: Viewer, **said: Any) -> list[Server]:
    """Boot all servers of it."""
    return actions.launch_formation(formation.pk, by=by, launch=actions.Launch(**said))


def make_shop(cast: Cast) -> Shop:
    """The formation that most tests are about; there has to be a size."""
    base = share_with_beta(cast, make_image(cast.acme, cast.alice, name="base"))
    database = share_with_beta(cast, make_image(cast.acme, cast.alice, name="postgres"))
    formation = make_formation(cast.consumer)
    web = add(formation, cast.consumer, base.image, count=2)
    return Shop(formation, web, add(formation, cast.consumer, database.image, name="db"), base, database)


@pytest.fixture
def shop(cast: Cast, small: Flavor) -> Shop:
    """Two servers web and one db, not launched."""
    return make_shop(cast)
