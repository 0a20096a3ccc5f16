"""What the service can do, and how much an account may keep (API reference of Image v2, "Discovery")."""

from typing import cast

from django.http import HttpRequest, JsonResponse

from api.endpoints import ApiRequest, ImageEndpoint, json_answer
from api.image.imports import METHODS
from images.models import Region
from images.quotas import Counted, Level, levels_of

MIB = 1024 * 1024

# What Glance calls what is counted here. What an account fetches at once it does not count.
NAMES = {
    Counted.BYTES: "image_size_total",
    Counted.IMAGES: "image_count_total",
    Counted.UPLOADS: "image_count_uploading",
    Counted.IMPORTS: "stockroom_count_importing",
}
UNLIMITED = -1


class ImportInfo(ImageEndpoint):
    """``/v2/info/import``."""

    def get(self, request: HttpRequest) -> JsonResponse:
        """The ways by which data can be imported."""
        said = {"description": "Import methods available.", "type": "array", "value": list(METHODS)}
        return json_answer({"import-methods": said})


class StoresInfo(ImageEndpoint):
    """``/v2/info/stores``: the regions, since the data of an image is where the image is."""

    def get(self, request: HttpRequest) -> JsonResponse:
        """The regions that take new images, or the one of the address."""
        code = cast("ApiRequest", request).region_code
        regions = Region.objects.filter(closed_at=None, **({"code": code} if code else {}))
        return json_answer({"stores": [_store(region, is_default=bool(code)) for region in regions]})


class Usage(ImageEndpoint):
    """``/v2/info/usage``."""

    def get(self, request: HttpRequest) -> JsonResponse:
        """What the account of the token may keep, and what it has: bytes in MiB, rounded up, as Glance counts them."""
        levels = levels_of(cast("ApiRequest", request).viewer.account)
        return json_answer({"usage": {NAMES[counted]: _usage(level) for counted, level in levels.items()}})


def _store(region: Region, *, is_default: bool) -> dict[str, str]:
    said = {"id": region.code, "description": region.name}
    return said | {"default": "true"} if is_default or region.is_default else said


def _usage(level: Level) -> dict[str, int]:
    unit = MIB if level.counted is Counted.BYTES else 1
    limit = UNLIMITED if level.limit is None else level.limit // unit
    return {"limit": limit, "usage": -(-level.used // unit)}
