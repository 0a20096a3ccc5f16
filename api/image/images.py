"""Images: the collection, and one of them."""

from typing import cast

from django.http import HttpRequest, HttpResponse, JsonResponse

from api.bodies import read_object
from api.endpoints import ApiRequest, ImageEndpoint, json_answer
from api.image import filters, listing, reading, writing
from api.image.patches import read_changes
from api.image.records import queued_record


class Images(ImageEndpoint):
    """``/v2/images``."""

    def get(self, request: HttpRequest) -> JsonResponse:
        """List them: a page, and how to go on."""
        asked = cast("ApiRequest", request)
        wanted = filters.read(request.GET, region=asked.region_code)
        return json_answer(listing.answer(asked.viewer, wanted))

    def post(self, request: HttpRequest) -> JsonResponse:
        """Note a new image, whose data is to come."""
        asked = cast("ApiRequest", request)
        upload = writing.make(asked, read_object(request))
        return json_answer(queued_record(upload), status=201, **writing.headers_of(asked, upload))


class OneImage(ImageEndpoint):
    """``/v2/images/{image_id}``."""

    def get(self, request: HttpRequest, image_id: str) -> JsonResponse:
        """Show it: what it is, or will be, or what is left of it for an account that rejected it."""
        asked = cast("ApiRequest", request)
        return json_answer(reading.record(asked.viewer, image_id, region=asked.region_code))

    def patch(self, request: HttpRequest, image_id: str) -> JsonResponse:
        """Change what is said of it, by JSON Patch: all operations or none."""
        return json_answer(writing.change(cast("ApiRequest", request), image_id, read_changes(request)))

    def delete(self, request: HttpRequest, image_id: str) -> HttpResponse:
        """Delete it. Whoever runs servers from it keeps its data as long as they need it."""
        writing.delete(cast("ApiRequest", request), image_id)
        return HttpResponse(status=204)
