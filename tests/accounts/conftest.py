"""Fixtures of the tests of people, accounts, groups and organizations."""

from collections.abc import Callable

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import User

Browse = Callable[[User], Client]


@pytest.fixture
def browse(db: None) -> Browse:
    """The browser of a person who is signed in: ``browse(cast.alice)``."""

    def browse(user: User) -> Client:
        client = Client()
        client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
        return client

    return browse
