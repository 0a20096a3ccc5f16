"""What all tests of the panel's own verbs begin with: an image that is shared, and both sides' programs."""

import pytest

from images.models import Image
from tests.api.conftest import MakeProgram, Program
from tests.people import Cast


@pytest.fixture
def image(golden: Image) -> Image:
    """What every image that programs make is: shared, with nobody yet."""
    Image.objects.filter(pk=golden.pk).update(visibility="shared")
    golden.refresh_from_db()
    return golden


@pytest.fixture
def url(image: Image) -> str:
    """Of its shares."""
    return f"/image/v2/images/{image.pk}/shares"


@pytest.fixture
def producer(api: MakeProgram, cast: Cast) -> Program:
    """Of Alice at Acme Producers."""
    return api(cast.producer)


@pytest.fixture
def consumer(api: MakeProgram, cast: Cast) -> Program:
    """Of Bob at Beta Consumers."""
    return api(cast.consumer)
