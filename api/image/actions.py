"""Switching images off and on."""

from typing import cast

from django.http import HttpRequest, HttpResponse

from api.endpoints import ApiRequest, ImageEndpoint
from api.image import writing
from images import actions


class Deactivate(ImageEndpoint):
    """``/v2/images/{image_id}/actions/deactivate``."""

    def post(self, request: HttpRequest, image_id: str) -> HttpResponse:
        """Let nobody boot or copy it for now."""
        writing.switch(cast("ApiRequest", request), image_id, actions.deactivate)
        return HttpResponse(status=204)


class Reactivate(ImageEndpoint):
    """``/v2/images/{image_id}/actions/reactivate``."""

    def post(self, request: HttpRequest, image_id: str) -> HttpResponse:
        """Let it be used again."""
        writing.switch(cast("ApiRequest", request), image_id, actions.reactivate)
        return HttpResponse(status=204)
