"""Every address of the API asks for a token, unless it stands on a list with a reason."""

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver

from api.endpoints import Endpoint
from tests.architecture.endpoints import ENDPOINTS, Address
from tests.architecture.test_urls import ADDRESSES

# By the name of the view, the methods that ask for no token, and why.
OPEN: dict[str, tuple[set[str], str]] = {
    "Choices": ({"GET"}, "where clients begin before they have a token (wire contract, rule 6)"),
    "IdentityDocument": ({"GET"}, "the document of the API is the same for every panel"),
    "ImageDocument": ({"GET"}, "as IdentityDocument"),
    "Tokens": ({"POST"}, "whoever has no token asks for one here; the other methods ask for it themselves"),
    "Version": ({"GET"}, "the first that every client asks for (wire contract, rule 1)"),
    "Versions": ({"GET"}, "where clients begin that were given the address without a version"),
}


def label(address: Address) -> str:
    return f"{address.service}{address.path}"


def asking(address: Address) -> set[str]:
    """The methods that ask for a token."""
    known = {*address.methods}
    return known - OPEN[address.view.__name__][0] if address.view.is_open else known | {"OPTIONS", "TRACE"}


def test_an_endpoint_asks_for_a_token_or_is_listed() -> None:
    unknown = {label(address) for address in ENDPOINTS if address.view.is_open and address.view.__name__ not in OPEN}
    assert not unknown, f"{unknown} answer without a token: take is_open away, or add the views to OPEN with a reason."


def test_a_listed_endpoint_exists_and_is_open() -> None:
    stale = set(OPEN) - {address.view.__name__ for address in ENDPOINTS if address.view.is_open}
    assert not stale, f"There are no open endpoints {stale} any more: take them off OPEN."


@pytest.mark.django_db
def test_without_a_token_an_endpoint_says_how_to_get_one(client: Client) -> None:
    for address in ENDPOINTS:
        for method in asking(address):
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
