"""The documents of both services for programs, and the page that people read."""

import json
from functools import cache, lru_cache
from typing import ClassVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from api.endpoints import Endpoint, IdentityEndpoint, ImageEndpoint
from api.openapi.document import document
from api.openapi.identity import IDENTITY
from api.openapi.image import IMAGE
from api.openapi.page import Chapter, chapter
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


@require_GET
def reference(request: HttpRequest) -> HttpResponse:
    """The same for people."""
    site = request.build_absolute_uri("/").rstrip("/")
    limits = {"reads": settings.API_READS_PER_MINUTE, "changes": settings.API_CHANGES_PER_MINUTE}
    chapters = [chapters_at(name, site) for name in SERVICES]
    return render(request, "api/reference/page.html", {"site": site, "chapters": chapters, "limits": limits})


@lru_cache(maxsize=32)
def chapters_at(service: str, site: str) -> Chapter:
    """A service as the page shows it, under the name by which people ask for the panel."""
    return chapter(SERVICES[service], site=site)
