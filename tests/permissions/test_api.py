"""Every persona's program asks for every operation of the API, and is answered exactly what the tables say."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
from django.db import transaction
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from api.openapi.parts import Operation, Service
from api.openapi.views import SERVICES
from tests.people import call_together
from tests.permissions.api_tables import IDENTITY, IMAGE
from tests.permissions.api_world import ApiWorld, build

pytestmark = pytest.mark.django_db  # what one row changes is taken back before the next

OPERATIONS = {
    (service.name, operation.name): (service, operation)
    for service in SERVICES.values()
    for operation in service.operations
}


@dataclass(frozen=True)
class Row:
    """One line of a table: an operation, what it is asked for, and the status for each persona."""

    service: str
    name: str
    variant: str
    statuses: Mapping[str, int]

    @property
    def described(self) -> tuple[Service, Operation]:
        """The service and the operation."""
        return OPERATIONS[self.service, self.name]


def rows(service: str, table: str) -> list[Row]:
    head, *lines = [line.split() for line in table.strip().splitlines()]
    names = [line[0].partition("@") for line in lines]
    statuses = [dict(zip(head[1:], map(int, line[1:]), strict=True)) for line in lines]
    return [Row(service, name, variant, answers) for (name, _at, variant), answers in zip(names, statuses, strict=True)]


ROWS = [*rows("image", IMAGE), *rows("identity", IDENTITY)]


def label(row: object) -> str:
    return f"{row.service}-{row.name}@{row.variant}" if isinstance(row, Row) else ""


@pytest.fixture(scope="module")
def world(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ApiWorld]:
    """Everybody and everything, made once for all rows: that takes longer than a request."""
    store = override_settings(IMAGE_STORE_DIR=tmp_path_factory.mktemp("images"))
    with django_db_blocker.unblock(), store, transaction.atomic():
        yield build(call_together())
        transaction.set_rollback(True)


def ask(world: ApiWorld, persona: str, row: Row) -> int:
    """The status of an answer. Whatever was changed is taken back."""
    with transaction.atomic():
        status = world.ask(persona, *row.described, row.variant)
        transaction.set_rollback(True)
    return status


@pytest.mark.parametrize("row", ROWS, ids=label)
def test_each_persona_is_answered(row: Row, world: ApiWorld) -> None:
    assert {persona: ask(world, persona, row) for persona in row.statuses} == row.statuses


def test_every_persona_is_in_the_tables(world: ApiWorld) -> None:
    assert {frozenset(row.statuses) for row in ROWS} == {frozenset(world.personas)}


def test_every_operation_has_its_row() -> None:
    """What asks for no token is listed in tests/architecture/test_endpoints.py."""
    asking = {names for names, (_service, operation) in OPERATIONS.items() if not operation.is_open}
    missing = asking - {(row.service, row.name) for row in ROWS}
    assert not missing, f"Say in tests/permissions/api_tables.py who is answered what: {sorted(missing)}."


def test_every_row_has_its_operation() -> None:
    gone = {(row.service, row.name) for row in ROWS} - set(OPERATIONS)
    assert not gone, f"There are no operations {sorted(gone)} any more: take their rows away."
