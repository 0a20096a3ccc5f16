"""How images of the demo live: a family with its versions, an end that was announced, an image that changes hands."""

from datetime import timedelta

from django.utils import timezone

from accounts.addresses import parse_one
from accounts.viewer import Viewer
from images import actions as image_actions
from images.models import Family, Image
from sharing import actions
from sharing.actions import Terms, Wish
from sharing.addresses import parse
from sharing.demo.catalogue import ACME, BETA
from sharing.demo.clock import ago
from sharing.demo.disks import make
from sharing.demo.people import Cast, at


def tell(cast: Cast) -> None:
    """Three versions that Beta follows, the first of them deprecated, and an image that Beta wants to give away."""
    alice, bob = at(cast.alice, cast.acme), at(cast.bob, cast.beta)
    with ago(days=28):
        family = image_actions.create_family(
            by=alice, name="debian-13-base", description="What every new server of ours starts from."
        )
    first = _version(family, alice, "1", days=27)
    with ago(days=26):
        terms = Terms(message="Take the later ones as well: they come every two weeks.", offers_future=True)
        [offered] = actions.offer(first.pk, by=alice, addresses=parse(cast.beta.number), terms=terms)
    with ago(days=25, hours=4):
        actions.accept(offered.share.pk, by=bob, future=True)
    _version(family, alice, "2", days=18)
    third = _version(family, alice, "3", days=4)
    with ago(days=2):
        _announce(first, alice, third)
    given = make(BETA["jump-old"], bob)
    with ago(hours=9):
        wish = Wish(parse_one(cast.acme.number), message="You built it for us. Please look after it.", keep_using=True)
        actions.ask_to_take_over(given.pk, by=bob, wish=wish)


def _version(family: Family, by: Viewer, version: str, *, days: int) -> Image:
    image = make(ACME[f"base-{version}"], by)
    with ago(days=days):
        return image_actions.put_into_family(image.pk, family.pk, by=by, version=version)


def _announce(image: Image, by: Viewer, replacement: Image) -> None:
    """The dates to come are counted from today, whenever somebody looks at the demo."""
    now = timezone.now()
    end = image_actions.End(
        deprecated_at=now,
        obsolete_at=now + timedelta(days=21),
        retired_at=now + timedelta(days=60),
        reason="Its OpenSSL is two releases old.",
        replacement=replacement.pk,
    )
    image_actions.announce_end(image.pk, by=by, end=end)
