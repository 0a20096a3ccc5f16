"""What tests of the image service have in common: a program, and an offer at any stage."""

import pytest

from images.models import Image
from sharing import actions
from sharing.addresses import parse
from tests.api.conftest import MakeProgram, Program
from tests.people import Cast


@pytest.fixture
def program(api: MakeProgram, cast: Cast) -> Program:
    """Alice's, for Acme Producers."""
    return api(cast.producer)


@pytest.fixture
def producer(program: Program) -> Program:
    """The same, where there are two sides."""
    return program


@pytest.fixture
def consumer(api: MakeProgram, cast: Cast) -> Program:
    """Bob's, for Beta Consumers."""
    return api(cast.consumer)


@pytest.fixture
def image(golden: Image) -> Image:
    """What every image that programs make is: shared, with nobody yet."""
    Image.objects.filter(pk=golden.pk).update(visibility="shared")
    golden.refresh_from_db()
    return golden


def share_with_beta(image: Image, cast: Cast, status: str = "pending") -> None:
    """Offer an image of Acme to Beta, and decide for Beta.

    Args:
        status: pending, accepted or rejected.
    """
    [offered] = actions.offer(image.pk, by=cast.producer, addresses=parse(cast.beta.number))
    if status != "pending":
        decide = actions.accept if status == "accepted" else actions.reject
        decide(offered.share.pk, by=cast.consumer)
