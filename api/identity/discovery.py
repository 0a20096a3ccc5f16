"""Which versions of Identity there are, and where: the first that a program asks for (wire contract, rule 1)."""

from typing import Any

from django.http import HttpRequest, JsonResponse

from api.endpoints import IdentityEndpoint, json_answer

MEDIA_TYPES = [{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}]


class Versions(IdentityEndpoint):
    """All versions: the one that there is."""

    is_open = True

    def get(self, request: HttpRequest) -> JsonResponse:
        """300 with a choice of one, as Keystone answers."""
        values = [version(request)]
        return json_answer({"versions": {"values": values}}, status=300, Location=address(request, "/"))


class Version(IdentityEndpoint):
    """Version 3."""

    is_open = True

    def get(self, request: HttpRequest) -> JsonResponse:
        """What it is and where."""
        return json_answer({"version": version(request)})


def version(request: HttpRequest) -> dict[str, Any]:
    """Version 3 as discovery tells of it. 3.14 is the newest that there is."""
    return {
        "id": "v3.14",
        "status": "stable",
        "updated": "2020-04-07T00:00:00Z",
        "links": [{"rel": "self", "href": address(request, "/")}],
        "media-types": MEDIA_TYPES,
    }


def address(request: HttpRequest, path: str) -> str:
    """An address of Identity, under the name by which the program asked for the panel.

    Args:
        path: below version 3.
    """
    return request.build_absolute_uri(f"/identity/v3{path}")
