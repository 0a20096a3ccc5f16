"""What all tests of the panel's own verbs begin with."""

import pytest

from images.models import Image


@pytest.fixture
def url(image: Image) -> str:
    """Of its shares."""
    return f"/image/v2/images/{image.pk}/shares"
