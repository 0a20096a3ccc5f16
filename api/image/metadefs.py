"""Metadata definitions: a catalogue of properties that Glance keeps. The panel keeps none, and says so."""

from django.http import HttpRequest, JsonResponse

from api.endpoints import ImageEndpoint, json_answer
from api.errors import Refusal


class Namespaces(ImageEndpoint):
    """``/v2/metadefs/namespaces``."""

    def get(self, request: HttpRequest) -> JsonResponse:
        """An empty list."""
        where = "/v2/metadefs/namespaces"
        return json_answer({"namespaces": [], "first": where, "schema": "/v2/schemas/metadefs/namespaces"})


class Namespace(ImageEndpoint):
    """``/v2/metadefs/namespaces/{namespace}`` and everything below it."""

    def get(self, request: HttpRequest, namespace: str) -> JsonResponse:
        """There is none.

        Raises:
            Refusal: 404.
        """
        raise Refusal(404, f"Metadata definition namespace={namespace} was not found.")


class ResourceTypes(ImageEndpoint):
    """``/v2/metadefs/resource_types``."""

    def get(self, request: HttpRequest) -> JsonResponse:
        """An empty list."""
        return json_answer({"resource_types": []})
