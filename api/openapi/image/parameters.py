"""What stands in addresses of OpenStack Image v2, and which filters the list of images knows."""

from api.openapi.image.examples import IMAGE_ID, MEMBER
from api.openapi.image.shapes import CONTAINER_FORMATS, DISK_FORMATS, MEMBER_STATUSES, STATUSES, UUID, VISIBILITIES
from api.openapi.parts import TEXT, Json, Parameter

SORT_KEYS = (
    "name", "status", "container_format", "disk_format", "size", "id", "created_at", "updated_at",
)  # fmt: skip
COMPARED: Json = {"type": "string", "pattern": "^((gt|gte|lt|lte|eq|neq):)?"}
YES_OR_NO: Json = {"type": "string", "enum": ["true", "false"]}

IMAGE = Parameter(name="image_id", place="path", text="the id of the image", schema=UUID, shown=IMAGE_ID)
MEMBER_NAME = Parameter(name="member", place="path", text="the number of the account", shown=MEMBER)
TAG = Parameter(
    name="tag",
    place="path",
    text="the tag",
    schema={"type": "string", "minLength": 1, "maxLength": 255},
    shown="golden",
)

LIST = (
    Parameter(
        name="limit",
        text="how many images at most, for one page; 25 if it is not given, and never more than 1000",
        schema={"type": "integer", "minimum": 0},
        shown=25,
    ),
    Parameter(name="marker", text="the id of the last image of the page before", schema=UUID),
    Parameter(
        name="sort",
        text=f"what they are sorted by, and how: {', '.join(SORT_KEYS)}; the newest first if it is not given",
        shown="name:asc,created_at:desc",
    ),
    Parameter(
        name="sort_key",
        text="the older way to say it, once or several times",
        schema={"type": "array", "items": {"type": "string", "enum": list(SORT_KEYS)}},
    ),
    Parameter(
        name="sort_dir",
        text="the older way: one for all keys, or one for each",
        schema={"type": "array", "items": {"type": "string", "enum": ["asc", "desc"]}},
    ),
    Parameter(name="name", text="of this name, or of one of several: in:first,second", shown="debian-12-golden"),
    Parameter(name="id", text="of this id, or of one of several: in:first,second"),
    Parameter(name="owner", text="of the account with this number"),
    Parameter(
        name="visibility",
        text="of this visibility; images of the community are listed only when asked for",
        schema={"type": "string", "enum": [*VISIBILITIES, "all"]},
    ),
    Parameter(
        name="member_status",
        text="which of the images that others have shared are listed; accepted if it is not given",
        schema={"type": "string", "enum": [*MEMBER_STATUSES, "all"]},
    ),
    Parameter(name="status", text=f"of this status, or of one of several: in:first,second ({', '.join(STATUSES)})"),
    Parameter(name="protected", text="protected ones, or those that are not", schema=YES_OR_NO),
    Parameter(name="os_hidden", text="hidden ones; those that are not if it is not given", schema=YES_OR_NO),
    Parameter(name="disk_format", text=f"of this format, or in:first,second ({', '.join(DISK_FORMATS)})"),
    Parameter(name="container_format", text=f"of this format, or in:first,second ({', '.join(CONTAINER_FORMATS)})"),
    Parameter(name="size_min", text="of at least so many bytes", schema={"type": "integer", "minimum": 0}),
    Parameter(name="size_max", text="of at most so many bytes", schema={"type": "integer", "minimum": 0}),
    Parameter(name="min_ram", text="that need so many MiB of memory", schema={"type": "integer", "minimum": 0}),
    Parameter(name="min_disk", text="that need so many GiB of disk", schema={"type": "integer", "minimum": 0}),
    Parameter(name="created_at", text="made then, or before or after: gt:2026-01-31T12:00:00Z", schema=COMPARED),
    Parameter(name="updated_at", text="last changed then, or before or after", schema=COMPARED),
    Parameter(
        name="tag",
        text="with this tag; several times: with all of them",
        schema={"type": "array", "items": TEXT},
        shown=["golden"],
    ),
    Parameter(
        name="os_distro",
        text="of this operating system; any other property of an image is a filter in the same way",
        shown="debian",
    ),
)
RANGE = Parameter(
    name="Range",
    place="header",
    text="a part of it (RFC 9110, section 14.2)",
    schema={"type": "string", "pattern": r"^bytes=(\d+-\d*|-\d+)$"},
    shown="bytes=0-1048575",
)
