"""The documents of both services for programs, and the page that people read."""

import json
from functools import cache
from typing import ClassVar

from django.http import HttpRequest, HttpResponse

from api.endpoints import Endpoint, IdentityEndpoint, ImageEndpoint
from api.openapi.document import document
from api.openapi.identity import IDENTITY
from api.openapi.image import IMAGE
from api.openapi.parts import JSON, Service


class Document(Endpoint):
    """The OpenAPI document of a service. It tells nothing that differs between panels, so it asks for no token."""

    is_open = True
    service: ClassVar[Service]

    def get(self, request: HttpRequest) -> HttpResponse:
        """The document."""
        return HttpResponse(written(self.service.name), content_type=JSON)


class IdentityDocument(Document, IdentityEndpoint):
    """Of Identity."""

    service = IDENTITY


class ImageDocument(Document, ImageEndpoint):
    """Of Image."""

    service = IMAGE


SERVICES = {service.name: service for service in (IDENTITY, IMAGE)}


@cache
def written(service: str) -> bytes:
    """The document of a service as it is sent: the same for as long as the process lives."""
    return json.dumps(document(SERVICES[service]), ensure_ascii=False).encode()
