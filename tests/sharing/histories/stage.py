"""The two worlds, and how plain names become what the panel knows."""

from collections.abc import Callable, Iterable
from copy import copy
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from accounts.addresses import Address, Kind
from accounts.errors import Conflict
from accounts.viewer import Viewer
from images.models import Family, Image, ImageData
from sharing.models import Share
from tests import factories
from tests.people import Cast
from tests.sharing.world import World
from tests.sharing.world.things import (
    CONFLICT,
    DONE,
    FORBIDDEN,
    INVALID,
    MARKETPLACE,
    NOT_FOUND,
    ORGANIZATIONS,
    TEAMS,
    UNPROVED,
    Eye,
    OfferKey,
    Picture,
)

START = datetime(2026, 3, 1, tzinfo=UTC)
NOBODYS_NUMBER = "1000000008"
CHOSEN = ("team", "organization")

ALICE, CAROL, BOB, DAVE, RHEA, ERIN, ALICE_HERSELF, BOB_HIMSELF = EYES = [
    Eye("alice", "acme"),
    Eye("carol", "acme"),
    Eye("bob", "beta"),
    Eye("dave", "beta"),
    Eye("rhea", "rival"),
    Eye("erin", "erin"),
    Eye("alice", "alice"),
    Eye("bob", "bob"),
]
ROLES = {
    ("alice", "acme"): "admin",
    ("carol", "acme"): "creator",
    ("bob", "beta"): "admin",
    ("dave", "beta"): "observer",
    ("rhea", "rival"): "admin",
    ("alice", "acme_group"): "manager",
    ("rhea", "acme_group"): "manager",
    ("bob", "beta_holdings"): "manager",
    ("carol", "beta_holdings"): "manager",
    ("alice", "golden_testers"): "manager",
    ("erin", "golden_testers"): "member",
    ("bob", "night_shift"): "manager",
} | {(login, login): "admin" for login in ("alice", "bob", "carol", "dave", "erin", "rhea")}
TARGETS = [
    *[("number", "beta")] * 8,
    *[("login", "bob"), ("team", "golden_testers"), ("organization", "acme_group")] * 3,
    *(("number", account) for account in ("acme", "rival", "nobody")),
    *(("login", person) for person in ("alice", "bob", "carol", "dave", "erin", "nobody")),
    *(("email", person) for person in ("bob", "erin", "nobody")),
    *(("team", team) for team in TEAMS),
    *(("organization", organization) for organization in ORGANIZATIONS),
]
REFUSALS: dict[str, type[Exception]] = {
    NOT_FOUND: Http404,
    FORBIDDEN: PermissionDenied,
    CONFLICT: Conflict,
    INVALID: ValidationError,
}

WHOEVER_MAY = Eye("", "")  # stands for the one who most likely may do something
OWNERS = {eye.account: eye for eye in EYES if eye not in (CAROL, DAVE)}
DECIDERS = OWNERS | {
    "dave": DAVE,
    "carol": CAROL,
    "acme_group": ALICE,
    "golden_testers": ALICE,
    "beta_holdings": BOB,
    "night_shift": BOB,
}

eyes = st.sampled_from([*[WHOEVER_MAY] * 32, *EYES])
any_number = st.integers(0, 9)
any_image = st.sampled_from([*[0] * 9, 1, 2, 2, 3, 4])  # most of a history is about one image
some_days = st.sampled_from([None, None, None, 3, 12, 40])


class Stage(RuleBasedStateMachine):
    """Both worlds, side by side."""

    cast: Cast
    data: ImageData

    def __init__(self) -> None:
        super().__init__()
        organization_of = {"acme": "acme_group", "beta": "beta_holdings"}
        self.world = World(now=START, roles=dict(ROLES), organization_of=organization_of)
        self.images: list[Image] = []
        self.families: dict[str, Family] = {}
        self.codes: dict[str, str] = {}
        self.made: list[tuple[OfferKey, datetime]] = []  # every code that there ever was, by its moment
        self.planned: list[datetime] = []  # every day that there ever was a plan for
        self.trusted: list[tuple[str, str]] = []  # every recipient that ever trusted a producer
        self.history = transaction.atomic()
        self.history.__enter__()
        self.clock = mock.patch("django.utils.timezone.now", side_effect=lambda: self.world.now)
        self.clock.start()

    def teardown(self) -> None:
        self.clock.stop()
        transaction.set_rollback(True)
        self.history.__exit__(None, None, None)

    def compare(self, expected: str, act: Callable[[], object]) -> None:
        """Do in the panel what was done in the model, and see that it ends the same way."""
        if expected == DONE:
            act()
        elif expected == UNPROVED:
            assert act() is None
        else:
            with pytest.raises(REFUSALS[expected]):
                act()
        self.world.now += timedelta(seconds=1)

    def make_image(self, eye: Eye) -> None:
        self.world.now += timedelta(seconds=1)
        viewer = self.viewer(eye)
        data = copy(self.data)  # nobody reads it, but everybody's is looked into apart
        data.pk, data.store_key, data._state.adding = uuid4(), f"{self.data.store_key}-{len(self.images)}", True
        data.save()
        self.images.append(factories.make_image(viewer.account, viewer.user, data=data, region=self.cast.iad))
        self.world.pictures.append(Picture(eye.account, self.world.now))

    # From plain names to what the panel knows.

    def group(self, name: str) -> Any:
        if name in ("acme", "beta", "rival", *TEAMS, *ORGANIZATIONS):
            return getattr(self.cast, name)
        return getattr(self.cast, name).personal_account

    def viewer(self, eye: Eye) -> Viewer:
        return factories.viewer(getattr(self.cast, eye.person), self.group(eye.account))

    def viewer_of(self, person: str) -> Viewer:
        return factories.viewer(getattr(self.cast, person))

    def address(self, kind: str, name: str) -> str:
        match kind:
            case "number":
                return NOBODYS_NUMBER if name == "nobody" else self.group(name).number
            case "login":
                return name
            case "email":
                return f"{name}@example.org"
            case "code":
                return self.codes[name]
            case "marketplace":
                return name
        return str(self.group(name).pk)

    def named(self, kind: str, name: str) -> dict[str, Any]:
        """What ``offer`` takes for one recipient."""
        if kind in CHOSEN:
            return {"groups": [self.group(name).group_ptr]}
        if kind == MARKETPLACE:
            return {"addresses": [Address(Kind.LOGIN, settings.MARKETPLACE_LOGIN)]}
        return {"addresses": [Address(Kind(kind), self.address(kind, name))]}

    def share(self, key: OfferKey) -> Share:
        number, kind, name = key
        return Share.objects.get(image=self.images[number], kind=kind, address=self.address(kind, name))

    def some_key(self, number: int) -> OfferKey:
        keys = list(self.world.offers)
        return keys[number % len(keys)]

    def some_image(self, number: int) -> int:
        """One that there still is, but for the last number: that is also what was deleted."""
        there = [each for each in range(len(self.images)) if self.world.pictures[each].status != "deleted"]
        return there[number % len(there)] if there and number < 4 else number % len(self.images)

    def producer(self, eye: Eye, number: int) -> Eye:
        """Who does something with an image: somebody, or its owner."""
        return OWNERS[self.world.pictures[number].owner] if eye == WHOEVER_MAY else eye

    def decider(self, eye: Eye, recipient: str | None) -> Eye:
        """Who does something with what a recipient has got: somebody, or the one who decides there."""
        return DECIDERS.get(recipient or "", BOB) if eye == WHOEVER_MAY else eye

    def receiver(self, eye: Eye, number: int) -> Eye:
        """Who does something with somebody else's image: somebody, or one of those who see it."""
        able = [each for each in EYES if self.world.sees(each, number) and not self.world.owns(each, number)]
        return able[self.world.now.second % len(able)] if eye == WHOEVER_MAY and able else self.decider(eye, None)

    def in_days(self, days: int | None) -> datetime | None:
        return self.world.now + timedelta(days=days) if days else None

    def numbers(self, found: Iterable[Image]) -> set[int]:
        ids = [image.pk for image in self.images]
        return {ids.index(image.pk) for image in found}


def reached_by(key: OfferKey) -> str | None:
    """Whom naming a recipient once more reaches."""
    return None if key[2] == "nobody" or key[1] in ("code", MARKETPLACE) else key[2]
