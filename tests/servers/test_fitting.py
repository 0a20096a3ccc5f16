"""Why an account boots nothing in a region."""

import pytest

from servers.fitting import place_of
from tests.people import Cast
from tests.servers.keys import make_cloud_key

pytestmark = pytest.mark.django_db


def test_a_cloud_key_that_does_not_work_is_told_with_its_problem(cast: Cast) -> None:
    key = make_cloud_key(cast.consumer, problem="The cloud does not know it.")
    place = place_of(key.region, cast.beta)
    assert place.cloud is None
    assert place.refusal == "The cloud key of Beta Consumers for Chicago does not work: The cloud does not know it."


def test_a_cloud_key_that_works_is_enough(cast: Cast) -> None:
    key = make_cloud_key(cast.consumer)
    assert place_of(key.region, cast.beta).cloud
