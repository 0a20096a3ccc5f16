"""Fixtures of every test. Those of one app stand in the conftest.py of its folder."""

import os
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.models import OrmQ
from django_q.signing import SignedPackage
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.plugins.browser", "tests.plugins.objects", "tests.people"]

settings.register_profile(
    "short", derandomize=True, deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("long", deadline=None, max_examples=2000, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "short"))

WorkThrough = Callable[[], int]
MoveClock = Callable[[timedelta], None]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what drives a browser, so that `-m "not browser"` leaves out the slow ones."""
    for item in items:
        if {"page", "context", "browser"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(autouse=True)
def forget_limits() -> Iterator[None]:
    """Rate limits of one test do not reach into the next."""
    yield
    cache.clear()


@pytest.fixture
def work_through(db: None) -> WorkThrough:
    """Do all background tasks that wait, as the workers would: ``work_through()`` tells how many there were."""

    def work_through() -> int:
        done = 0
        while row := OrmQ.objects.order_by("pk").first():
            task = SignedPackage.loads(row.payload)
            row.delete()
            import_string(task["func"])(*task["args"], **task["kwargs"])
            done += 1
        return done

    return work_through


@pytest.fixture
def move_clock(monkeypatch: pytest.MonkeyPatch) -> MoveClock:
    """Let time pass: ``move_clock(timedelta(days=7))`` makes it so much later than it is."""
    now = timezone.now

    def move_clock(by: timedelta) -> None:
        monkeypatch.setattr(timezone, "now", lambda: now() + by)

    return move_clock
