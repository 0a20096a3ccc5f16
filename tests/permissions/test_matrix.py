"""Every persona asks for every page by every method, and is answered exactly what the tables say."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.db import transaction
from django.test import Client, override_settings
from pytest_django import DjangoDbBlocker

from accounts.actions import invite
from accounts.models import Notification
from accounts.roles import Role
from tests.architecture.test_urls import PAGES, Page
from tests.people import Cast, call_together
from tests.permissions.tables import ELSEWHERE, OWN, PERSONAL, RECEIVED
from tests.permissions.world import World, build, reported
from tests.servers.keys import make_ssh_key

pytestmark = pytest.mark.django_db  # what one row changes is taken back before the next

BY_NAME = {page.name: page for page in PAGES}
OUTSIDERS = ("stranger", "rival", "invited", "c-observer", "c-admin", "group", "staff", "root")
STAFF = ("staff", "root")


@dataclass(frozen=True)
class Row:
    """One line of a table: a page, a method, and the status for each persona."""

    page: str
    method: str
    statuses: Mapping[str, int]

    @property
    def address(self) -> Page:
        """The page, without the variant after the "@"."""
        return BY_NAME[self.page.partition("@")[0]]


def rows(table: str) -> list[Row]:
    head, *lines = [line.split() for line in table.strip().splitlines()]
    return [
        Row(page, method, dict(zip(head[2:], map(int, statuses), strict=True))) for page, method, *statuses in lines
    ]


def label(row: object) -> str:
    return f"{row.method}-{row.page}" if isinstance(row, Row) else ""


def arguments(known: Mapping[str, Mapping[str, Any]], name: str) -> dict[str, str]:
    """What stands in an address: by the name of the page, or by the longest beginning of it that is known."""
    page, at, variant = name.partition("@")
    words = page.split("_")
    for length in range(len(words), 0, -1):
        key = "_".join(words[:length]) + at + variant
        if key in known:
            return {argument: str(value) for argument, value in known[key].items()}
    return {}


def ask(cookies: SimpleCookie, method: str, path: str) -> int:
    """The status of an answer. Whatever was changed is taken back."""
    client = Client()
    client.cookies.update(cookies)
    with transaction.atomic():
        answer = getattr(client, method.lower())(path)
        if answer.streaming:
            list(answer)
        transaction.set_rollback(True)
    return int(answer.status_code)


def answers(world: World, personas: Any, path: Callable[[str], str], method: str) -> dict[str, int]:
    return {name: ask(world.cookies[name], method, path(name)) for name in personas}


@pytest.fixture(scope="module")
def made(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Cast, World]]:
    """Everybody and everything, made once for all rows: that takes longer than asking for a page."""
    store = override_settings(IMAGE_STORE_DIR=tmp_path_factory.mktemp("images"))
    with django_db_blocker.unblock(), store, transaction.atomic():
        cast = call_together()
        yield cast, build(cast)
        transaction.set_rollback(True)


@pytest.fixture
def cast(made: tuple[Cast, World]) -> Cast:
    return made[0]


@pytest.fixture
def world(made: tuple[Cast, World]) -> World:
    return made[1]


@pytest.mark.parametrize("row", rows(OWN), ids=label)
def test_the_pages_of_an_account(row: Row, world: World, cast: Cast) -> None:
    expected = {"anonymous": 302, **row.statuses, **dict.fromkeys(OUTSIDERS, 404)}
    path = row.address.path(number=cast.acme.number, **arguments(world.own, row.page))
    assert answers(world, expected, lambda _name: path, row.method) == expected


@pytest.mark.parametrize("row", rows(RECEIVED), ids=label)
def test_the_pages_of_somebody_elses_image(row: Row, world: World) -> None:
    expected = {**row.statuses, **dict.fromkeys(STAFF, 404)}

    def path(name: str) -> str:
        number = world.personas[name][1].number
        return row.address.path(number=number, **arguments(world.received, row.page))

    assert answers(world, expected, path, row.method) == expected


@pytest.mark.parametrize("row", rows(PERSONAL), ids=label)
def test_the_pages_of_a_person(row: Row, world: World, cast: Cast) -> None:
    invitation = invite(cast.acme, address="ivy", role=Role.OBSERVER, by=cast.producer)
    notification = Notification.objects.create(user=cast.alice, subject="Hello", body="There.", path="/me/")
    named: dict[str, dict[str, Any]] = {
        "invitation": {"token": invitation.pk},
        "notification_open": {"pk": notification.pk},
        "review": {"pk": reported(cast).pk},
        "ssh_key": {"pk": make_ssh_key(cast.alice).pk},
    }
    path = row.address.path(**arguments(named, row.page))
    assert answers(world, row.statuses, lambda _name: path, row.method) == row.statuses


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_administration_is_for_staff(method: str, world: World) -> None:
    for page in PAGES:
        if page.name.startswith("admin:") and page.name != "admin:login":
            found = {ask(world.cookies[name], method, page.path()) for name in ("anonymous", "admin", "stranger")}
            assert found == {302}, page.name


@pytest.mark.parametrize("verb", ["add", "change", "delete"])
def test_a_reviewer_writes_nothing(verb: str, world: World) -> None:
    for page in PAGES:
        if page.name.startswith("admin:") and page.name.endswith(f"_{verb}") and "password" not in page.name:
            assert ask(world.cookies["staff"], "POST", page.path()) == 403, page.name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_page_has_its_rows(page: Page) -> None:
    table = {(row.page, row.method) for row in (*rows(OWN), *rows(PERSONAL))}
    missing = [method for method in ("GET", "POST") if (page.name, method) not in table]
    elsewhere = any(page.name.startswith(beginning) for beginning in ELSEWHERE)
    assert elsewhere or not missing, (
        f"Say in tests/permissions/tables.py who is answered what: {page.name} has no row for {', '.join(missing)}."
    )


@pytest.mark.parametrize("row", [*rows(OWN), *rows(PERSONAL), *rows(RECEIVED)], ids=label)
def test_every_row_has_its_page(row: Row) -> None:
    assert row.page.partition("@")[0] in BY_NAME, f"There is no page {row.page} any more: take its rows away."


def test_whoever_meets_an_image_of_others_is_in_the_table() -> None:
    table = {row.page for row in rows(RECEIVED)}
    about_an_image = {page.name for page in PAGES if "/images/<uuid:pk>/" in page.route and page.route.startswith("a/")}
    assert about_an_image <= table, f"Add rows to RECEIVED for {', '.join(sorted(about_an_image - table))}."
