"""Every address of the API asks for a token, unless it stands on a list with a reason."""

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver

from api.endpoints import Endpoint
from tests.architecture.endpoints import ENDPOINTS, Address
from tests.architecture.test_urls import ADDRESSES

# By the name of the view.
OPEN: dict[str, str] = {
    "Tokens": "whoever has no token yet asks for one; to look at one and to end it, one is needed",
    "Version": "where Identity is, and which version",
    "Versions": "where the versions of Identity are",
}


def label(address: Address) -> str:
    return f"{address.service}{address.path}"


def test_an_endpoint_asks_for_a_token_or_is_listed() -> None:
    unknown = {label(address) for address in ENDPOINTS if address.view.is_open and address.view.__name__ not in OPEN}
    assert not unknown, f"{unknown} answer without a token: take is_open away, or add the views to OPEN with a reason."


def test_a_listed_endpoint_exists_and_is_open() -> None:
    stale = set(OPEN) - {address.view.__name__ for address in ENDPOINTS if address.view.is_open}
    assert not stale, f"There are no open endpoints {stale} any more: take them off OPEN."


@pytest.mark.django_db
def test_without_a_token_an_endpoint_says_how_to_get_one(client: Client) -> None:
    for address in ENDPOINTS:
        for method in () if address.view.is_open else (*address.methods, "OPTIONS", "TRACE"):
            answer = client.generic(method, address.filled())
            assert answer.status_code == 401, f"{method} {label(address)}"
            assert answer.headers["WWW-Authenticate"].startswith('Keystone uri="http'), label(address)


def test_what_speaks_to_programs_is_an_endpoint_of_a_service() -> None:
    """Then it is in the document, in the matrix, and limited."""
    resolver = get_resolver("api.urls")
    pages = [entry for entry in resolver.url_patterns if isinstance(entry, URLPattern)]
    assert not [page for page in pages if issubclass(getattr(page.callback, "view_class", object), Endpoint)]


def test_each_region_has_all_of_image() -> None:
    """The addresses of one region lead to the same views."""
    routes = {page.route for page in ADDRESSES}
    everywhere = {route.removeprefix("image/") for route in routes if route.startswith("image/")}
    region = "^image/(?P<region>[A-Z][A-Z0-9-]*)/"
    assert {route.removeprefix(region) for route in routes if route.startswith(region)} == everywhere
