"""One world for all tests of a module: that is made once, and what a test does to it is taken back."""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import pytest
from django.db import transaction
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from images.models import Image
from servers.models import Flavor
from sharing import actions as sharing
from sharing.models import Share
from tests import factories
from tests.people import Cast, call_together
from tests.servers.conftest import make_flavor
from tests.sharing.conftest import offer_one

World = tuple[Cast, Flavor, Share]


@pytest.fixture(scope="module")
def world(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """Everybody, a size in IAD, and golden, which Beta Consumers have accepted: that takes longer than most tests."""
    store = override_settings(IMAGE_STORE_DIR=tmp_path_factory.mktemp("images"))
    with django_db_blocker.unblock(), store, transaction.atomic():
        cast = call_together()
        golden = factories.make_image(cast.acme, cast.alice)
        offered = offer_one(golden, cast.producer, cast.beta.number)
        yield cast, make_flavor(cast.iad), sharing.accept(offered.pk, by=cast.consumer)
        transaction.set_rollback(True)


@pytest.fixture
def own_world(db: None, image_store: Path, world: World) -> World:
    """The same, as values that the test may change, and with a store of its own."""
    return deepcopy(world)


@pytest.fixture
def cast(own_world: World) -> Cast:
    return own_world[0]


@pytest.fixture
def small(own_world: World) -> Flavor:
    return own_world[1]


@pytest.fixture
def lent(own_world: World) -> Share:
    return own_world[2]


@pytest.fixture
def golden(lent: Share) -> Image:
    return lent.image
