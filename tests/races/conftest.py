"""Several people at once, each with a connection of their own."""

import time
from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.http import Http404

from accounts.errors import Conflict
from accounts.models import Event
from accounts.roles import Role
from accounts.viewer import Viewer
from images.models import Image
from images.problems import QuotaExceeded
from sharing.actions import offer
from sharing.addresses import parse
from sharing.models import Share
from tests.factories import join, make_person, viewer
from tests.people import Cast

LINGER = 0.05  # seconds; far longer than it takes to start a thread
PATIENCE = 60  # seconds; the databases give up earlier
REFUSALS: dict[type[Exception], str] = {
    Http404: "not found",
    PermissionDenied: "forbidden",
    Conflict: "conflict",
    ValidationError: "invalid",
    QuotaExceeded: "no room",
}

Act = Callable[[], Any]
AtOnce = Callable[..., list[str]]


@pytest.fixture
def frank(cast: Cast) -> Viewer:
    """The second admin of Beta Consumers."""
    frank = make_person("frank")
    join(frank, cast.beta, Role.ADMIN)
    return viewer(frank, cast.beta)


@pytest.fixture
def pending(cast: Cast, golden: Image) -> Share:
    """An offer that waits for Beta Consumers, made just now."""
    [offered] = offer(golden.pk, by=cast.producer, addresses=parse(cast.beta.number))
    return offered.share


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> AtOnce:
    """Do several things at the same moment: ``at_once(act, act)`` says how each ended, in the order given.

    Every action writes an event just before its end, and lingers there, so that without locks all of them would
    have done their checks before the first one is through. What is no refusal (a deadlock, a constraint) is raised.
    """
    monkeypatch.setattr(Event, "save", slowly(Event.save))

    def at_once(*acts: Act) -> list[str]:
        start_line = Barrier(len(acts))
        racers = [Racer(act, start_line) for act in acts]
        for racer in racers:
            racer.start()
        for racer in racers:
            racer.join(PATIENCE)
        return [racer.outcome() for racer in racers]

    return at_once


def slowly(save: Callable[..., None]) -> Callable[..., None]:
    def save_slowly(event: Event, *args: Any, **kwargs: Any) -> None:
        time.sleep(LINGER)
        save(event, *args, **kwargs)

    return save_slowly


class Racer(Thread):
    """One of those who act at once."""

    def __init__(self, act: Act, start_line: Barrier) -> None:
        super().__init__(daemon=True)
        self.act = act
        self.start_line = start_line
        self.problem: Exception | None = None

    def run(self) -> None:
        try:
            self.start_line.wait()
            self.act()
        except Exception as problem:  # noqa: BLE001 - looked at in the thread of the test
            self.problem = problem
        finally:
            connection.close()

    def outcome(self) -> str:
        assert not self.is_alive(), "It has not ended: two people wait for each other."
        if self.problem is None:
            return "done"
        for kind, name in REFUSALS.items():
            if isinstance(self.problem, kind):
                return name
        raise self.problem
