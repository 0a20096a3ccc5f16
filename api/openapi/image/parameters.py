"""What stands in addresses of OpenStack Image v2, and which filters the list of images knows."""

from api.image import filters
from api.image.fields import CONTAINER_FORMATS, DISK_FORMATS
from api.openapi.image.examples import IMAGE_ID, MEMBER
from api.openapi.image.shapes import SHORT, STATUSES, UUID
from api.openapi.parts import Json, Parameter

NAME: Json = {"type": "string", "minLength": 1}
TEXT: Json = {"type": "string", "pattern": r"^[^\x00]*$"}
# One value, or several after "in:".
LIST: Json = {"type": "string", "pattern": r"^(in:[^\",\x00]+(,[^\",\x00]+)*|(?!in:)[^\x00]*)$"}
NUMBER: Json = {"type": "integer"}
YES_OR_NO: Json = {"type": "string", "enum": ["true", "false"]}
TIME: Json = {
    "type": "string",
    "pattern": r"^((gt|gte|lt|lte|eq|neq):)?[12]\d{3}-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])"
    r"T([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$",
}
KEY = f"({'|'.join(filters.SORT_KEYS)})(:(asc|desc))?"
SORT: Json = {"type": "string", "pattern": f"^{KEY}(,{KEY})*$"}

IMAGE = Parameter(name="image_id", place="path", text="the id of the image", schema=UUID, shown=IMAGE_ID)
MEMBER_NAME = Parameter(
    name="member",
    place="path",
    text="the number of the account; for its owner also a login, an email address, organization:<id> or group:<id>",
    schema=NAME,
    shown=MEMBER,
)
TAG = Parameter(name="tag", place="path", text="the tag", schema=SHORT | {"minLength": 1}, shown="golden")

FILTERS = (
    dict.fromkeys(filters.LISTS, (LIST, "of this {}, or one of several: in:first,second"))
    | dict.fromkeys((*filters.TEXTS, *filters.COMMON, *filters.OWN), (TEXT, "of this {}"))
    | dict.fromkeys(filters.NUMBERS, (NUMBER, "of this {}"))
    | {f"{name}_min": (NUMBER, "of this {} at least") for name in filters.NUMBERS}
    | {f"{name}_max": (NUMBER, "of this {} at most") for name in filters.NUMBERS}
    | dict.fromkeys(filters.SWITCHES, (YES_OR_NO, "only those, or only the others"))
    | dict.fromkeys(filters.TIMES, (TIME, "then, or as told by gt:, gte:, lt:, lte: or neq: before it"))
)
MORE = {
    "status": f": {', '.join(STATUSES)}",
    "disk_format": f": {', '.join(DISK_FORMATS)}",
    "container_format": f": {', '.join(CONTAINER_FORMATS)}",
    "owner": ", which is the number of an account",
    "os_hidden": "; without it only those that are not hidden",
    "os_distro": "; any other property of an image is a filter in the same way",
}
SHOWN = {"name": "debian-12-golden", "os_distro": "debian", "created_at": "gt:2026-01-15T12:00:00Z"}


def _filter(name: str) -> Parameter:
    schema, text = FILTERS[name]
    said = text.format(name.removesuffix("_min").removesuffix("_max").replace("_", " "))
    return Parameter(name=name, text=said + MORE.get(name, ""), schema=schema, shown=SHOWN.get(name))


PAGING = (
    Parameter(
        name="limit",
        text=f"how many images on a page; {filters.PAGE_SIZE} if it is not given, {filters.LARGEST_PAGE} at most",
        schema={"type": "integer", "minimum": 0},
        shown=filters.PAGE_SIZE,
    ),
    Parameter(name="marker", text="the id of the last image of the page before", schema=UUID),
    Parameter(
        name="sort",
        text=f"by what, and how: {', '.join(filters.SORT_KEYS)}; the newest first if it is not given",
        schema=SORT,
        shown="name:asc,created_at:desc",
    ),
    Parameter(
        name="sort_key",
        text="the older way to say by what, instead of sort; once or several times",
        schema={"type": "array", "items": {"type": "string", "enum": list(filters.SORT_KEYS)}, "maxItems": 1},
    ),
    Parameter(
        name="sort_dir",
        text="the older way to say how; once, or as often as sort_key",
        schema={"type": "array", "items": {"type": "string", "enum": list(filters.DIRECTIONS)}, "maxItems": 1},
    ),
)
WHICH = (
    Parameter(
        name="visibility",
        text="of this visibility; images of the community are listed only when asked for",
        schema={"type": "string", "enum": list(filters.VISIBILITIES)},
    ),
    Parameter(
        name="member_status",
        text="which of the images that others share are listed; accepted ones if it is not given",
        schema={"type": "string", "enum": list(filters.MEMBER_STATUSES)},
    ),
    Parameter(
        name="tag",
        text="with this tag; several times: with all of them",
        schema={"type": "array", "items": TEXT},
        shown=["golden"],
    ),
)
LISTING = (*PAGING, *WHICH, *map(_filter, FILTERS))

RANGE = Parameter(
    name="Range",
    place="header",
    text="a part of it (RFC 9110, section 14.2)",
    schema={"type": "string", "pattern": r"^bytes=\d{1,15}-$"},
    shown="bytes=1048576-",
)
