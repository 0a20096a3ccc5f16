"""What the bodies of OpenStack Image v2 look like (JSON Schema 2020-12)."""

from api.image import fields, schemas, tasks
from api.openapi.parts import TEXT, Json, described, listed, ref
from images.models import Image
from images.validators import LONGEST_TEXT, MOST_TAGS
from sharing.models import Share

MOST = 2**31 - 1
UUID: Json = {"type": "string", "format": "uuid"}
MOMENT: Json = {"type": "string", "format": "date-time", "description": "UTC, to the second"}
COUNT: Json = {"type": "integer", "minimum": 0, "maximum": MOST}
NULL_OR_TEXT: Json = {"type": ["string", "null"]}
NULL_OR_NUMBER: Json = {"type": ["integer", "null"], "minimum": 0}
# Texts without what no database keeps, and names without what breaks a line or turns the direction of writing.
SHORT: Json = {"type": "string", "maxLength": LONGEST_TEXT, "pattern": r"^[^\x00]*$"}
NO_CONTROLS = r"^[^\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]*$"

VISIBILITIES = Image.Visibility.values
STATUSES = ["queued", "uploading", "saving", "importing", "active", "deactivated"]
MEMBER_STATUSES = Share.Status.values

IMAGE: Json = {
    "id": UUID,
    "name": {"type": ["string", "null"], "maxLength": LONGEST_TEXT},
    "status": {"type": "string", "enum": STATUSES},
    "visibility": {"type": "string", "enum": VISIBILITIES},
    "protected": {"type": "boolean", "description": "a protected image cannot be deleted"},
    "os_hidden": {"type": "boolean", "description": "left out of lists; found by its id"},
    "owner": {"type": "string", "description": "the number of the account"},
    "disk_format": NULL_OR_TEXT,
    "container_format": NULL_OR_TEXT,
    "size": NULL_OR_NUMBER | {"description": "bytes of its data"},
    "virtual_size": NULL_OR_NUMBER | {"description": "bytes of the disk that it unfolds to"},
    "checksum": NULL_OR_TEXT | {"description": "MD5 of its data"},
    "os_hash_algo": NULL_OR_TEXT,
    "os_hash_value": NULL_OR_TEXT | {"description": "of its data"},
    "min_ram": COUNT | {"description": "MiB"},
    "min_disk": COUNT | {"description": "GiB"},
    "created_at": MOMENT,
    "updated_at": MOMENT,
    "tags": {"type": "array", "items": SHORT},
    "self": TEXT,
    "file": TEXT,
    "schema": TEXT,
}
LEFT_OF_REJECTED = ("id", "name", "status", "visibility", "owner", "tags", "self", "file", "schema")

# What can be said of an image that is made, or changed; and those properties for which the panel has a column.
WRITABLE: Json = {
    "name": {"type": ["string", "null"], "maxLength": LONGEST_TEXT, "pattern": NO_CONTROLS},
    "visibility": {"type": "string", "enum": VISIBILITIES, "default": "shared"},
    "protected": {"type": "boolean", "default": False},
    "os_hidden": {"type": "boolean", "default": False},
    "disk_format": {"type": ["string", "null"], "enum": [None, *fields.DISK_FORMATS]},
    "container_format": {"type": ["string", "null"], "enum": [None, *fields.CONTAINER_FORMATS]},
    "min_ram": COUNT | {"default": 0, "description": "MiB"},
    "min_disk": COUNT | {"default": 0, "description": "GiB"},
    "tags": {"type": "array", "items": SHORT | {"minLength": 1}, "uniqueItems": True, "maxItems": MOST_TAGS},
    "os_distro": SHORT | {"maxLength": 40, "description": "the operating system, as Glance names it"},
    "os_version": SHORT | {"maxLength": 40},
    "architecture": SHORT | {"maxLength": 20},
    "os_admin_user": SHORT | {"maxLength": 64, "description": "whom to sign in as on a server"},
    "stockroom_description": SHORT | {"maxLength": 4000},
    "stockroom_ports": {"type": "string", "pattern": r"^([1-9][0-9]{0,3}(,[1-9][0-9]{0,3}){0,9})?$"},
}

MEMBER: Json = {
    "member_id": {"type": "string", "description": "the number of the account"},
    "image_id": UUID,
    "status": {"type": "string", "enum": MEMBER_STATUSES},
    "created_at": MOMENT,
    "updated_at": MOMENT,
    "schema": TEXT,
}


# What the panel adds to an image. Like every property each is a text, and is there only when there is something to say.
OWN = {name: {"type": "string", "description": said["description"]} for name, said in schemas.OWN.items()}
NAME_OF_PROPERTY: Json = {"minLength": 1, "maxLength": LONGEST_TEXT, "pattern": r"^[^\x00]*$"}
FREE: Json = {"type": "string", "description": "any other property"}
PAGE: Json = {
    "first": TEXT | {"description": "the address of the first page"},
    "next": TEXT | {"description": "the address of the page that follows; there is none after the last one"},
    "schema": TEXT,
}

TASK: Json = {
    "id": UUID,
    "type": {"const": "api_image_import"},
    "status": {"type": "string", "enum": list(tasks.STATUSES)},
    "owner": TEXT | {"description": "the number of the account"},
    "created_at": MOMENT,
    "updated_at": MOMENT,
    "expires_at": MOMENT,
    "self": TEXT,
    "schema": TEXT,
}

SCHEMAS: dict[str, Json] = {
    "Image": described(
        IMAGE | {"stores": TEXT | {"description": "the code of the region"}} | OWN,
        required=tuple(IMAGE),
        additionalProperties=FREE,
        description="An image. An answer of a region's own address has only images of that region.",
    ),
    "RejectedImage": described(
        {name: IMAGE[name] for name in LEFT_OF_REJECTED} | OWN,
        required=LEFT_OF_REJECTED,
        description="What is left of an image for an account that has rejected it: enough to accept it after all.",
    ),
    "Images": listed("images", {"anyOf": [ref("Image"), ref("RejectedImage")]}, **PAGE),
    "NewImage": described(
        {"id": UUID | {"description": "a fresh one if it is not given"}}
        | {"owner": TEXT | {"description": "the account of the token, if it is given at all"}}
        | WRITABLE,
        required=(),
        maxProperties=100,
        propertyNames=NAME_OF_PROPERTY,
        additionalProperties=SHORT | {"description": "any other property"},
    ),
    "Patch": {
        "type": "array",
        "description": "Operations of JSON Patch (RFC 6902) on properties of an image: all of them, or none.",
        "items": described(
            {
                "op": {"type": "string", "enum": ["add", "replace", "remove"]},
                "path": {"type": "string", "pattern": "^/", "description": "the name of the property, after a slash"},
                "value": {"description": "what it is from now on; not with remove"},
            },
            required=("op", "path"),
        ),
    },
    "Member": described(MEMBER),
    "Members": listed("members", ref("Member"), schema=TEXT),
    "NewMember": described({"member": {"type": "string", "minLength": 1, "maxLength": 255}}),
    "Decision": described({"status": {"type": "string", "enum": MEMBER_STATUSES}}),
    "Import": described(
        {
            "method": {
                "anyOf": [
                    described({"name": {"const": "glance-direct"}}),
                    described({"name": {"const": "web-download"}, "uri": {"type": "string", "format": "uri"}}),
                ]
            }
        }
    ),
    "Task": described(
        TASK
        | {
            "image_id": UUID,
            "user_id": TEXT | {"description": "the login of who began it"},
            "request_id": {
                "type": ["string", "null"],
                "description": "the x-openstack-request-id of the answer by which it began; null if that was a page's",
            },
            "input": {"type": "object"},
            "result": {"type": ["object", "null"]},
            "message": TEXT,
        }
    ),
    "Tasks": listed("tasks", described(TASK), **PAGE),
    "TasksOfImage": listed("tasks", ref("Task")),
    "Refusal": described(
        {
            "message": TEXT | {"description": "what is wrong, with entities of HTML and line breaks"},
            "code": TEXT | {"description": 'status and title: "404 Not Found"'},
            "title": TEXT,
        }
    ),
}
