"""What the tests of servers begin with: a region with a cloud and sizes, and an image that is accepted."""

from decimal import Decimal
from typing import Any

import pytest

from images.models import Image
from servers.models import Flavor, RegionCloud
from sharing.actions import accept, offer
from sharing.addresses import parse
from sharing.models import Share
from tests.people import Cast


@pytest.fixture
def cloud(cast: Cast) -> RegionCloud:
    """IAD runs servers on this host."""
    return RegionCloud.objects.create(region=cast.iad)


@pytest.fixture
def tiny(cast: Cast, cloud: RegionCloud) -> Flavor:
    """The smallest size of IAD."""
    return make_flavor(cast, "tiny", ram=64, disk=1)


def make_flavor(cast: Cast, code: str, **fields: Any) -> Flavor:
    """A size of IAD, unless another region is named."""
    given = {"region": cast.iad, "name": code.capitalize(), "ram": 512, "disk": 10, "price": Decimal("0.01")} | fields
    return Flavor.objects.create(code=code, **given)


@pytest.fixture
def pending(cast: Cast, golden: Image) -> Share:
    """Acme's image, offered to Beta."""
    [offered] = offer(golden.pk, by=cast.producer, addresses=parse(cast.beta.number))
    return offered.share


@pytest.fixture
def accepted(cast: Cast, pending: Share) -> Share:
    """Acme's image, accepted by Beta."""
    return accept(pending.pk, by=cast.consumer)
