"""Where clients begin: which versions of the API there are (wire contract, rule 6)."""

from typing import cast

from django.http import HttpRequest, JsonResponse

from api.endpoints import ApiRequest, ImageEndpoint, json_answer

# Those that Glance 33 names; the newest is the current one. What each brought is told by the history of the API.
VERSIONS = ("2.17", "2.15", "2.13", "2.12", "2.11", "2.10", "2.9", "2.8", "2.7", "2.6", "2.5", "2.4", "2.3", "2.2",
            "2.1", "2.0")  # fmt: skip


class Choices(ImageEndpoint):
    """The address of the service, of all regions or of one: a client without a token asks here first."""

    is_open = True

    def get(self, request: HttpRequest) -> JsonResponse:
        """All versions, as a choice between them."""
        return json_answer({"versions": versions_of(cast("ApiRequest", request))}, status=300)


class Versions(ImageEndpoint):
    """``/versions``."""

    is_open = True

    def get(self, request: HttpRequest) -> JsonResponse:
        """All versions."""
        return json_answer({"versions": versions_of(cast("ApiRequest", request))})


class CurrentVersion(ImageEndpoint):
    """``/v2`` and ``/v2/``: Glance has nothing there, although its own links lead to it."""

    def get(self, request: HttpRequest) -> JsonResponse:
        """The current version."""
        return json_answer({"version": versions_of(cast("ApiRequest", request))[0]})


def versions_of(request: ApiRequest) -> list[dict[str, object]]:
    """Each version with its address, in the region that was asked."""
    region = f"{request.region_code}/" if request.region_code else ""
    link = {"rel": "self", "href": request.build_absolute_uri(f"/image/{region}v2/")}
    current = VERSIONS[0]
    return [
        {"id": f"v{version}", "status": "CURRENT" if version == current else "SUPPORTED", "links": [link]}
        for version in VERSIONS
    ]
