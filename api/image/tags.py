"""Tags of an image, one at a time."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import cast

from django.http import HttpRequest, HttpResponse

from api.endpoints import ApiRequest, ImageEndpoint
from api.errors import Refusal
from api.image import fields, writing
from images.actions import NewImage, Revision
from images.actions.changes import tags_of
from images.models import Image, Upload
from images.permissions import Verb


class OneTag(ImageEndpoint):
    """``/v2/images/{image_id}/tags/{tag}``."""

    def put(self, request: HttpRequest, image_id: str, tag: str) -> HttpResponse:
        """Add it; it may be there already."""
        fields.check("tags", [tag])

        def added(tags: Sequence[str]) -> Sequence[str]:
            return tags if tag in tags else [*tags, tag]

        return _revise(request, image_id, added)

    def delete(self, request: HttpRequest, image_id: str, tag: str) -> HttpResponse:
        """Remove it."""

        def removed(tags: Sequence[str]) -> Sequence[str]:
            if tag not in tags:
                raise Refusal(404, "The resource could not be found.")
            return [each for each in tags if each != tag]

        return _revise(request, image_id, removed)


def _revise(request: HttpRequest, image_id: str, alter: Callable[[Sequence[str]], Sequence[str]]) -> HttpResponse:
    def decide(image: Image) -> Revision:
        return Revision(tags=alter(tags_of(image)))

    def decide_queued(_upload: Upload, new: NewImage) -> NewImage:
        return replace(new, tags=alter(new.tags))

    asked = cast("ApiRequest", request)
    writing.revise(asked, image_id, decide=decide, decide_queued=decide_queued, verb=Verb.EDIT)
    return HttpResponse(status=204)
