"""The documents of the API: valid, complete, and true of the addresses that there are."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from api.openapi.document import document
from api.openapi.parts import Operation, Service
from api.openapi.views import SERVICES
from tests.api.conftest import MakeProgram
from tests.architecture.endpoints import ENDPOINTS

OPERATIONS = [(service, operation) for service in SERVICES.values() for operation in service.operations]


def label(said: object) -> str:
    return said.name if isinstance(said, Service | Operation) else ""


def there(service: str) -> set[tuple[str, str]]:
    """Every method of every address that the URLconf of a service has."""
    return {(method, each.path) for each in ENDPOINTS if each.service == service for method in each.methods}


@pytest.mark.parametrize("name", SERVICES)
def test_it_is_openapi(name: str) -> None:
    OpenAPIV31SpecValidator(document(SERVICES[name])).validate()


@pytest.mark.parametrize("name", SERVICES)
def test_every_address_is_described(name: str) -> None:
    described = {(operation.method, operation.path) for operation in SERVICES[name].operations}
    assert not (missing := there(name) - described), f"Describe {sorted(missing)} in api/openapi/{name}."


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_described_is_there(name: str) -> None:
    described = {(operation.method, operation.path) for operation in SERVICES[name].operations}
    assert not (gone := described - there(name)), f"Take {sorted(gone)} out of api/openapi/{name}."


@pytest.mark.parametrize("name", SERVICES)
def test_it_is_what_the_panel_serves(name: str, api: MakeProgram) -> None:
    answer = api().get(SERVICES[name].document)
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == document(SERVICES[name])


@pytest.mark.parametrize(("service", "operation"), OPERATIONS, ids=label)
def test_an_operation_names_what_its_path_does(service: Service, operation: Operation) -> None:
    named = [parameter.name for parameter in operation.parameters if parameter.place == "path"]
    assert sorted(named) == sorted(re.findall(r"{(\w+)}", operation.path))


@pytest.mark.parametrize(("service", "operation"), OPERATIONS, ids=label)
def test_an_operation_stands_in_a_section_of_the_service(service: Service, operation: Operation) -> None:
    assert operation.section in service.sections


@pytest.mark.parametrize(("service", "operation"), OPERATIONS, ids=label)
def test_an_operation_says_who_may(service: Service, operation: Operation) -> None:
    assert operation.who or operation.is_open


@pytest.mark.parametrize("name", SERVICES)
def test_names_are_unique(name: str) -> None:
    names = [operation.name for operation in SERVICES[name].operations]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", SERVICES)
def test_every_schema_is_used(name: str) -> None:
    said = document(SERVICES[name])
    used = set(re.findall(r"#/components/schemas/(\w+)", str(said)))
    assert set(said["components"]["schemas"]) == used


@pytest.mark.parametrize("name", SERVICES)
def test_examples_are_what_the_schemas_say(name: str) -> None:
    said = document(SERVICES[name])
    found = list(examples(said))
    assert found
    for schema, example in found:
        whole = schema | {"components": said["components"]}
        problems = list(OAS31Validator(whole).iter_errors(example))
        assert not problems, f"{example}: {problems}"


def examples(said: Any) -> Iterator[tuple[dict[str, Any], Any]]:
    """Every schema that stands beside an example, with that example."""
    if isinstance(said, dict):
        if "example" in said and "schema" in said:
            yield said["schema"], said["example"]
        said = list(said.values())
    if isinstance(said, list):
        for part in said:
            yield from examples(part)
