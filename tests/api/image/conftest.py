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


def share_with_beta(image: Image, cast: Cast, status: str = "pending") -> None:
    """Offer an image of Acme to Beta, and decide for Beta.

    Args:
        status: pending, accepted or rejected.
    """
    [offered] = actions.offer(image.pk, by=cast.producer, addresses=parse(cast.beta.number))
    if status != "pending":
        decide = actions.accept if status == "accepted" else actions.reject
        decide(offered.share.pk, by=cast.consumer)
