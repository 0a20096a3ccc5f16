"""The API reference: the documents, for people."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from accounts.models import User
from api.openapi.image import IMAGE
from api.openapi.page import curl, kind_of
from api.openapi.parts import Json, Operation
from api.openapi.views import SERVICES

OPERATIONS = {operation.name: operation for operation in IMAGE.operations}


@pytest.fixture
def page(client: Client, alice: User) -> str:
    client.force_login(alice)
    return client.get("/api/", headers={"host": "localhost"}).content.decode()


def test_it_has_every_operation_of_both_services(page: str) -> None:
    for service in SERVICES.values():
        assert service.title in page
        for operation in service.operations:
            assert f'id="{service.name}-{operation.name}"' in page


def test_every_shape_that_is_linked_is_on_the_page(page: str) -> None:
    for service in SERVICES.values():
        for name in service.schemas:
            assert f'id="{service.name}-{name}"' in page


def test_it_says_how_often_an_account_may_ask(client: Client, alice: User, settings: Settings) -> None:
    settings.API_READS_PER_MINUTE, settings.API_CHANGES_PER_MINUTE = 50, 10
    client.force_login(alice)
    said = " ".join(client.get("/api/").content.decode().split())
    assert "can ask 50 times in a minute, and change something 10 times" in said


def test_describing_asks_the_database_nothing(
    client: Client, alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Only the frame of the page does: session, person, memberships, offers, notifications, organization."""
    client.force_login(alice)
    client.get("/api/")
    with django_assert_num_queries(6):
        client.get("/api/")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("show_image", ["curl 'https://panel.example/image/v2/images/", '-H "X-Auth-Token: $OS_TOKEN"']),
        ("upload_data", ["-X PUT", '-H "Content-Type: application/octet-stream"', "--data-binary @disk.qcow2"]),
        ("download_data", ['-H "Range: bytes=1048576-"', "-o disk.qcow2"]),
        ("decide", ["-X PUT", '"status": "accepted"']),
    ],
)
def test_the_command_can_be_pasted(name: str, words: list[str]) -> None:
    command = curl(OPERATIONS[name], "https://panel.example/image")
    assert all(word in command for word in words), command


def test_the_command_that_gets_a_token_shows_it() -> None:
    operations = {operation.name: operation for operation in SERVICES["identity"].operations}
    assert curl(operations["sign_in"], "https://panel.example/identity").endswith("-i")


def test_an_open_operation_sends_no_token() -> None:
    operation: Operation = OPERATIONS["list_versions"]
    assert curl(operation, "https://panel.example/image") == "curl 'https://panel.example/image/versions'"


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string"}, "string"),
        ({"type": ["string", "null"]}, "string or null"),
        ({"type": "string", "format": "uuid"}, "UUID"),
        ({"enum": ["a", "b", None]}, "one of a, b or null"),
        ({"const": "unscoped"}, "unscoped"),
        ({"type": "array", "items": {"$ref": "#/components/schemas/Image"}}, "list: Image"),
        ({"anyOf": [{"type": "null"}, {"type": "integer"}]}, "null or integer"),
        ({}, "anything"),
    ],
)
def test_what_a_value_can_be(schema: Json, words: str) -> None:
    assert kind_of(schema) == words
