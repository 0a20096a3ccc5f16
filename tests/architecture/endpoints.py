"""Every address of the API as its URLconfs have it: what the tests of tokens, permissions and the document go by."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module

from django.urls import URLPattern, URLResolver
from django.urls.resolvers import RegexPattern, RoutePattern

from api.endpoints import Endpoint, NotThere

# Where each service begins, and the module of its addresses.
SERVICES = {"identity": "api.identity.urls", "image": "api.image.urls"}
METHODS = ("get", "head", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Address:
    """One address of a service.

    Attributes:
        path: below the service, with names for what differs: "/v2/images/{image_id}".
    """

    service: str
    path: str
    view: type[Endpoint]

    @property
    def methods(self) -> tuple[str, ...]:
        """What it answers. HEAD only where it is written: elsewhere it is GET without a body."""
        return tuple(method.upper() for method in METHODS if hasattr(self.view, method))

    @property
    def names(self) -> tuple[str, ...]:
        """What differs in the path."""
        return tuple(re.findall(r"{(\w+)}", self.path))

    def filled(self, **arguments: object) -> str:
        """An address that leads here."""
        known = {name: str(arguments.get(name, "1")) for name in self.names}
        return f"/{self.service}{self.path.format(**known)}"


def written(pattern: object) -> str:
    """A part of an address, with the names of what differs."""
    if isinstance(pattern, RoutePattern):
        return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(pattern))
    assert isinstance(pattern, RegexPattern)
    plain = re.sub(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)", r"{\1}", str(pattern))
    plain = plain.replace("(?:/.*)?", "")  # whatever may follow
    return plain.replace("^", "").replace("$", "").replace("/?", "").replace("\\", "")


def walk(entries: list[URLPattern | URLResolver], before: str = "/") -> Iterator[tuple[str, type[Endpoint]]]:
    for entry in entries:
        here = before + written(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from walk(entry.url_patterns, here)
        else:
            yield here, entry.callback.view_class  # type: ignore[attr-defined]


def endpoints() -> list[Address]:
    """Every address that answers. One with a slash at its end is the one without it."""
    found = {
        (service, path.rstrip("/") or "/"): view
        for service, module in SERVICES.items()
        for path, view in walk(import_module(module).urlpatterns)
        if not issubclass(view, NotThere)
    }
    return [Address(service, path, view) for (service, path), view in sorted(found.items())]


ENDPOINTS = endpoints()
