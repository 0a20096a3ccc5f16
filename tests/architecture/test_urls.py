"""Every page asks who is there, unless it stands on a list with a reason."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.converters import IntConverter, UUIDConverter

from api.endpoints import Endpoint
from tests.people import Cast

PUBLIC = {
    "account_confirm_email": "the link of a mail; it asks before it confirms",
    "account_email_verification_sent": "says to look for a mail after signing up",
    "account_confirm_login_code": "redirects to signing in, because codes by mail are off",
    "account_inactive": "says why a closed login cannot sign in",
    "account_login": "signing in",
    "account_logout": "harmless, and says so to whoever is signed out already",
    "account_reset_password": "asks for an address when the password is lost",
    "account_reset_password_done": "says to look for a mail",
    "account_reset_password_from_key": "the link of a mail; its key is checked",
    "account_reset_password_from_key_done": "says that the password is new",
    "account_signup": "signing up; closed by STOCKROOM_SIGNUP_OPEN=no",
    "admin:login": "redirects to the panel's own signing in",
    "feed": "the secret of its address is all that a feed reader has; it dies with the membership",
    "healthz": "a load balancer asks whether the panel lives",
    "mfa_authenticate": "the second step of signing in; only somebody who passed the first gets past it",
    "setup": "the first administrator of an empty panel, with a one-time code; gone afterwards",
}
EXAMPLES: dict[type, Any] = {UUIDConverter: UUID(int=1), IntConverter: 1}


@dataclass(frozen=True)
class Page:
    """One address of the URLconf."""

    name: str
    route: str
    pattern: URLPattern
    converters: tuple[tuple[str, Any], ...]

    @property
    def is_public(self) -> bool:
        """Whether LoginRequiredMiddleware lets everybody through."""
        return getattr(self.pattern.callback, "login_required", True) is False

    @property
    def is_of_the_api(self) -> bool:
        """Whether programs ask for it, with a token: tests/architecture/test_endpoints.py looks at those."""
        return issubclass(getattr(self.pattern.callback, "view_class", object), Endpoint)

    def path(self, **arguments: str) -> str:
        """An address that leads here, with made-up ids."""
        filled = self.route
        for name, converter in self.converters:
            value = arguments.get(name) or EXAMPLES.get(type(converter), "x")
            for kind in ("str", "uuid", "int", "slug", "path"):
                filled = filled.replace(f"<{kind}:{name}>", str(value))
        return f"/{filled}"


def walk(resolver: URLResolver, route: str = "", names: str = "", converters: tuple[Any, ...] = ()) -> Iterator[Page]:
    for entry in resolver.url_patterns:
        here = route + str(entry.pattern)
        known = (*converters, *entry.pattern.converters.items())
        if isinstance(entry, URLResolver):
            yield from walk(entry, here, f"{names}{entry.namespace}:" if entry.namespace else names, known)
        else:
            yield Page(f"{names}{entry.name or here}", here, entry, known)


ADDRESSES = list(walk(get_resolver()))
PAGES = [address for address in ADDRESSES if not address.is_of_the_api]
OF_AN_ACCOUNT = [page for page in PAGES if page.route.startswith("a/")]


def test_the_middleware_guards_every_page() -> None:
    assert "django.contrib.auth.middleware.LoginRequiredMiddleware" in settings.MIDDLEWARE


@pytest.mark.parametrize("address", PAGES, ids=lambda each: each.name)
def test_a_page_is_guarded_or_listed(address: Page) -> None:
    assert address.name in PUBLIC or not address.is_public, (
        f"{address.name} ({address.route}) answers people who are not signed in: remove login_not_required, or add it "
        "to PUBLIC with the reason."
    )


@pytest.mark.parametrize("name", PUBLIC)
def test_a_listed_page_exists_and_is_public(name: str) -> None:
    found = [page for page in PAGES if page.name == name]
    assert found, f"There is no page {name} any more: take it off PUBLIC."
    assert any(page.is_public for page in found), f"{name} asks for signing in now: take it off PUBLIC."


@pytest.mark.django_db
def test_pages_of_an_account_are_not_there_for_strangers(cast: Cast, client: Client) -> None:
    client.force_login(cast.trudy)
    answers = {
        f"{method.__name__} {address.name}": method(address.path(number=cast.acme.number)).status_code
        for address in OF_AN_ACCOUNT
        for method in (client.get, client.post)
    }
    wrong = {what: status for what, status in answers.items() if status != 404}
    assert not wrong, (
        f"Somebody who is not in the account gets {wrong} and not 404: name the argument `number`, so that the "
        "middleware resolves the viewer."
    )


def test_the_walk_found_pages() -> None:
    assert len(PAGES) >= 60
    assert len(OF_AN_ACCOUNT) >= 30
