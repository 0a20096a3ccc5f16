"""The browser of the tests: the one that is installed on this machine, held to this machine."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from tests.plugins.chromium import ARGUMENTS, find_browser

SignIn = Callable[[BrowserContext, User], None]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return browser_type_launch_args | {"executable_path": find_browser(), "args": ARGUMENTS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """The size of a laptop, and no motion, so that nothing is clicked while it moves."""
    size = {"width": 1440, "height": 900}
    return browser_context_args | {"viewport": size, "reduced_motion": "reduce", "locale": "en-GB"}


@pytest.fixture
def live_panel(live_server: LiveServer) -> str:
    """The address of a panel that serves the test's own database."""
    return str(live_server.url)


@pytest.fixture
def sign_in(live_panel: str) -> SignIn:
    """Sign a person in without the form: ``sign_in(context, alice)``."""

    def sign_in(context: BrowserContext, user: User) -> None:
        client = Client()
        client.force_login(user)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_panel}])

    return sign_in
