"""The catalogue: where the services are that a token opens. What the panel does not have is not in it."""

import hashlib
from typing import Any

from django.http import HttpRequest, JsonResponse

from api.endpoints import IdentityEndpoint, json_answer
from api.errors import Refusal
from api.identity.discovery import address
from images.models import Region

INTERFACES = ("public", "internal", "admin")
# The names that Keystone and Glance are registered by everywhere: some programs look for these and not for the type.
NAMES = {"identity": "keystone", "image": "glance"}
NO_REGION = "RegionOne"  # where Identity is in a panel without regions


class CatalogueView(IdentityEndpoint):
    """The catalogue of the token that asks."""

    needs_scope = False

    def get(self, request: HttpRequest) -> JsonResponse:
        """The services.

        Raises:
            Refusal: 403 for a token without a scope: it opens no service.
        """
        if request.viewer is None:  # type: ignore[attr-defined]
            raise Refusal(403, "A token without a scope has no catalog.")
        links = {"self": address(request, "/auth/catalog")}
        return json_answer({"catalog": catalogue(request), "links": links})


def catalogue(request: HttpRequest) -> list[dict[str, Any]]:
    """Identity in every region, and Image with an address for each. One query.

    The default region comes first: it is the one that a program takes which names none.
    """
    codes = list(open_regions())
    places = {"identity": dict.fromkeys(codes or [NO_REGION], request.build_absolute_uri("/identity/v3"))}
    places["image"] = {code: request.build_absolute_uri(f"/image/{code}") for code in codes}
    return [_service(kind, urls) for kind, urls in places.items() if urls]


def open_regions() -> list[str]:
    """The codes of the regions that take images, the default one first."""
    regions = Region.objects.filter(closed_at__isnull=True).order_by("-is_default", "code")
    return list(regions.values_list("code", flat=True))


def _service(kind: str, urls: dict[str, str]) -> dict[str, Any]:
    endpoints = [
        {
            "id": _stable_id(kind, code, interface),
            "interface": interface,
            "region_id": code,
            "url": url,
            "region": code,
        }
        for code, url in urls.items()
        for interface in INTERFACES
    ]
    return {"endpoints": endpoints, "id": _stable_id(kind), "type": kind, "name": NAMES[kind]}


def _stable_id(*parts: str) -> str:
    """An id that is the same at each time and in each process: as many digits as Keystone's."""
    return hashlib.sha256("/".join(parts).encode()).hexdigest()[:32]
