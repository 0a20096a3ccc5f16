"""Requests of every shape that the documents allow, and that they forbid: the API answers as they say, and never 5xx.

Schemathesis makes them out of the documents. What stands in addresses is often something that is there, so that
requests come further than to 404.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from django.test import override_settings
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_django import DjangoDbBlocker
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi import checks

from api.image.patches import NEW
from api.openapi.document import document
from api.openapi.parts import Json, Operation, Service
from api.openapi.views import SERVICES
from tests.people import call_together
from tests.permissions.api_world import ApiWorld, build

pytestmark = pytest.mark.django_db

OPERATIONS = [(service, operation) for service in SERVICES.values() for operation in service.operations]
PERSONAS = ("adm", "cre", "obs", "low", "p-a", "a-a", "r-a", "str", "none")
TAKING = [each for each in OPERATIONS if each[1].parameters or each[1].body]  # what can be asked for wrongly
FEW, MANY = 3, 200  # requests for each operation: daily, and in the long tests
ALWAYS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
]


# Operations that may refuse as malformed what their schemas allow, and why.
KNOWS_MORE = {
    "add_member": "a recipient is a number, a login, an address or the id of a group",
    "change_image": "what a value can be depends on the property",
    "create_application_credential": "an end lies ahead",
    "import_data": "which addresses are fetched is a setting",
    "offer_image": "as add_member, and an end lies ahead",
    "set_end": "an end lies ahead",
}
# Operations that take more than their schemas say, and why.
TAKES_MORE = {
    "create_application_credential": "times are read in every form of ISO 8601",
    "list_images": "sort_key may come several times, where as many directions or one come with it",
}
# One of these has to fit the others, or what is there.
DEPENDING = {"marker", "sort_key", "sort_dir"}
schemathesis.serializer.alias([NEW], "application/json")


@dataclass(frozen=True)
class Tried:
    """What is needed to make requests, made once."""

    world: ApiWorld
    schemas: Mapping[tuple[str, GenerationMode], Any]


@pytest.fixture(scope="module")
def tried(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Tried]:
    store = override_settings(IMAGE_STORE_DIR=tmp_path_factory.mktemp("images"))
    with django_db_blocker.unblock(), store, _one_connection(), transaction.atomic():
        world = build(call_together())
        modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        both = {(service.name, mode): _loaded(service, world, mode) for service in SERVICES.values() for mode in modes}
        yield Tried(world, both)
        transaction.set_rollback(True)


@contextmanager
def _one_connection() -> Iterator[None]:
    """Requests keep the connection, as with Django's own client: everything is in one transaction."""
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    yield
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


def _loaded(service: Service, world: ApiWorld, mode: GenerationMode) -> Any:
    said = document(service) | {"servers": [{"url": service.address}]}
    loaded = schemathesis.openapi.from_dict(_with_what_is_there(deepcopy(said), world))
    loaded.app = get_wsgi_application()
    # No text of the API holds the character NUL; to say so at each would hide what else is said there.
    loaded.config.generation.update(allow_x00=mode is GenerationMode.NEGATIVE)
    return loaded


def _with_what_is_there(said: Json, world: ApiWorld) -> Json:
    """The document, in which addresses name what is there, or anything else."""
    for operations in said["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", []):
                known = [str(named[parameter["name"]]) for named in world.named.values() if parameter["name"] in named]
                if known and parameter["in"] == "path":
                    schema = parameter["schema"]
                    numbers = [int(each) for each in known] if schema.get("type") == "integer" else known
                    parameter["schema"] = {"anyOf": [{"enum": numbers}, schema]}
    return said


def label(said: object) -> str:
    return said.name if isinstance(said, Service | Operation) else ""


def ask(tried: Tried, case: Case[Any], persona: str, *more: Any) -> None:
    """Send a request and look at the answer. Whatever was changed is taken back."""
    token = tried.world.personas[persona].token
    headers = {"X-Auth-Token": token} if token else {}
    with transaction.atomic():
        case.call_and_validate(headers=headers, checks=[*ALWAYS, *more])
        transaction.set_rollback(True)


def try_them(tried: Tried, service: Service, operation: Operation, mode: GenerationMode, examples: int) -> None:
    """Make requests for an operation by many personas, and hold that each is answered as the document says."""
    described = tried.schemas[service.name, mode][operation.path][operation.method]

    @settings(max_examples=examples)
    @given(case=described.as_strategy(generation_mode=mode), persona=st.sampled_from(PERSONAS))
    def answered(case: Case[Any], persona: str) -> None:
        if mode is GenerationMode.NEGATIVE:
            # A parameter that nobody knows is left aside, as in Keystone and Glance.
            unknown = set(case.query or {}) - {each.name for each in case.operation.query}
            strict = operation.name not in TAKES_MORE and not unknown
            ask(tried, case, persona, *([checks.negative_data_rejection] if strict else []))
        elif operation.name in KNOWS_MORE or DEPENDING & set(case.query or {}):
            ask(tried, case, persona)
        else:
            ask(tried, case, persona, checks.positive_data_acceptance)

    answered()


@pytest.mark.parametrize(("service", "operation"), OPERATIONS, ids=label)
def test_what_the_document_allows(tried: Tried, service: Service, operation: Operation) -> None:
    try_them(tried, service, operation, GenerationMode.POSITIVE, FEW)


@pytest.mark.parametrize(("service", "operation"), TAKING, ids=label)
def test_what_the_document_forbids(tried: Tried, service: Service, operation: Operation) -> None:
    try_them(tried, service, operation, GenerationMode.NEGATIVE, FEW)


@pytest.mark.long
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: str(mode.value))
@pytest.mark.parametrize(("service", "operation"), TAKING, ids=label)
def test_many_requests(tried: Tried, service: Service, operation: Operation, mode: GenerationMode) -> None:
    try_them(tried, service, operation, mode, MANY)
