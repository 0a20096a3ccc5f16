"""Images: the collection, and one of them."""

from typing import cast

from django.http import HttpRequest, JsonResponse

from api.endpoints import ApiRequest, ImageEndpoint, json_answer
from api.image import reading


class OneImage(ImageEndpoint):
    """``/v2/images/{image_id}``."""

    def get(self, request: HttpRequest, image_id: str) -> JsonResponse:
        """Show it: what it is, or will be, or what is left of it for an account that rejected it."""
        asked = cast("ApiRequest", request)
        return json_answer(reading.record(asked.viewer, image_id, region=asked.region_code))
