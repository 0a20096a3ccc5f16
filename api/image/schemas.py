"""JSON schemas of what the service answers with: those of Glance 33, and our own properties (section B)."""

from typing import Any

from django.http import HttpRequest, JsonResponse

from api.endpoints import ImageEndpoint, json_answer
from api.errors import Refusal
from api.image.fields import CONTAINER_FORMATS, DISK_FORMATS, ID_PATTERN, LONGEST_DESCRIPTION
from api.image.records import PREFIX
from images.models import Image

Schema = dict[str, Any]

UUID = {"type": "string", "pattern": ID_PATTERN.replace(r"\Z", "$")}


def _text(description: str, most: int = 0, **more: Any) -> Schema:
    limit = {"maxLength": most} if most else {}
    return {"type": "string", "description": description, **limit, **more}


def _maybe(kind: str, description: str, **more: Any) -> Schema:
    return {"type": ["null", kind], "description": description, **more}


READ_ONLY = {"readOnly": True}

STATUSES = ("queued", "saving", "active", "killed", "deleted", "uploading", "importing", "pending_delete",
            "deactivated")  # fmt: skip

BASE: Schema = {
    "id": UUID | {"description": "An identifier for the image"},
    "name": _maybe("string", "Descriptive name for the image", maxLength=255),
    "status": _text("Status of the image", readOnly=True, enum=list(STATUSES)),
    "visibility": _text("Scope of image accessibility", enum=sorted(Image.Visibility.values)),
    "protected": {"type": "boolean", "description": "If true, image will not be deletable."},
    "os_hidden": {"type": "boolean", "description": "If true, image will not appear in default image list response."},
    "checksum": _maybe("string", "md5 hash of image contents.", **READ_ONLY, maxLength=32),
    "os_hash_algo": _maybe("string", "Algorithm to calculate the os_hash_value", **READ_ONLY, maxLength=64),
    "os_hash_value": _maybe(
        "string",
        "Hexdigest of the image contents using the algorithm specified by the os_hash_algo",
        **READ_ONLY,
        maxLength=128,
    ),
    "owner": _maybe("string", "Owner of the image", maxLength=255),
    "size": _maybe("integer", "Size of image file in bytes", **READ_ONLY),
    "virtual_size": _maybe("integer", "Virtual size of image in bytes", **READ_ONLY),
    "container_format": _maybe("string", "Format of the container", enum=[None, *CONTAINER_FORMATS]),
    "disk_format": _maybe("string", "Format of the disk", enum=[None, *DISK_FORMATS]),
    "created_at": _text("Date and time of image registration", **READ_ONLY),
    "updated_at": _text("Date and time of the last image modification", **READ_ONLY),
    "tags": {
        "type": "array",
        "description": "List of strings related to the image",
        "items": {"type": "string", "maxLength": 255},
    },
    "min_ram": {"type": "integer", "description": "Amount of ram (in MB) required to boot image."},
    "min_disk": {"type": "integer", "description": "Amount of disk space (in GB) required to boot image."},
    "self": _text("An image self url", **READ_ONLY),
    "file": _text("An image file url", **READ_ONLY),
    "stores": _text("Region in which image data resides.", **READ_ONLY),
    "schema": _text("An image schema url", **READ_ONLY),
}

# Common properties that have a column here.
COMMON: Schema = {
    "os_distro": _text("Common name of operating system distribution", 40, is_base=False),
    "os_version": _text("Operating system version as specified by the distributor.", 40, is_base=False),
    "architecture": _text("Operating system architecture", 20, is_base=False),
    "os_admin_user": _text("The name of the user with admin privileges.", 64, is_base=False),
}

# What is said of images here and nowhere else, by its name without the prefix (``api.image.records``).
WRITABLE_OWN = {
    "description": ("What its owner says of it.", LONGEST_DESCRIPTION),
    "ports": ("The ports that servers listen on, as 22,443.", 0),
}
READ_ONLY_OWN = {
    "region": "The region in which the image lives.",
    "source": "How it came: upload, import, snapshot, registered, conversion or copy.",
    "owner_name": "The name of the account that owns it.",
    "family": "The family of which it is a version.",
    "version": "Which version of its family it is.",
    "deprecated_at": "From when on whoever uses it is warned.",
    "obsolete_at": "From when on nobody can begin to use it.",
    "retired_at": "When it is deleted.",
    "end_reason": "Why it ends.",
    "replacement": "The id of the image to use instead.",
    "listed_at": "Since when it is in the marketplace.",
    "boot_only": "true: nobody gets its data, not even its owner.",
    "problem": "Why nobody gets its data, or why the last data was refused.",
    "label": "What the account of the token calls it.",
    "notes": "What the account of the token notes of it.",
    "login": "The login name that the account of the token notes.",
    "own_ports": "The ports that the account of the token notes.",
    "progress": "How far an image is that is on its way, in percent.",
    "member_status": "rejected: this is all that an account sees of an image that it has rejected.",
}
OWN: Schema = {PREFIX + name: _text(said, most, is_base=False) for name, (said, most) in WRITABLE_OWN.items()} | {
    PREFIX + name: _text(said, readOnly=True, is_base=False) for name, said in READ_ONLY_OWN.items()
}


def _link(relation: str, name: str) -> Schema:
    return {"rel": relation, "href": f"{{{name}}}"}


IMAGE: Schema = {
    "name": "image",
    "properties": BASE | COMMON | OWN,
    "additionalProperties": {"type": "string"},
    "links": [_link("self", "self"), _link("enclosure", "file"), _link("describedby", "schema")],
}
MEMBER: Schema = {
    "name": "member",
    "properties": {
        "member_id": _text("An identifier for the image member (tenantId)"),
        "image_id": UUID | {"description": "An identifier for the image"},
        "created_at": _text("Date and time of image member creation"),
        "updated_at": _text("Date and time of last modification of image member"),
        "status": _text("The status of this image member", enum=["pending", "accepted", "rejected"]),
        "schema": {"readOnly": True, "type": "string"},
    },
    "additionalProperties": {"type": "string"},
}
TASK: Schema = {
    "name": "task",
    "properties": {
        "id": UUID | {"description": "An identifier for the task"},
        "type": _text("The type of task represented by this content", enum=["import", "api_image_import"]),
        "status": _text("The current status of this task", enum=["pending", "processing", "success", "failure"]),
        "input": {"type": ["null", "object"], "description": "The parameters required by task, JSON blob"},
        "result": {"type": ["null", "object"], "description": "The result of current task, JSON blob"},
        "owner": _text("An identifier for the owner of this task"),
        "message": _text("Human-readable informative message only included when appropriate (usually on failure)"),
        "image_id": _text("Image associated with the task"),
        "user_id": _text("User associated with the task"),
        "expires_at": _maybe("string", "Datetime when this resource would be subject to removal"),
        "created_at": _text("Datetime when this resource was created"),
        "updated_at": _text("Datetime when this resource was updated"),
        "self": {"readOnly": True, "type": "string"},
        "schema": {"readOnly": True, "type": "string"},
    },
}


def _list(name: str, item: Schema, *, has_pages: bool) -> Schema:
    pages = ("first", "next") if has_pages else ()
    return {
        "name": name,
        "properties": {name: {"type": "array", "items": item}}
        | {word: {"type": "string"} for word in (*pages, "schema")},
        "links": [*(_link(word, word) for word in pages), _link("describedby", "schema")],
    }


SCHEMAS: dict[str, Schema] = {
    "image": IMAGE,
    "images": _list("images", IMAGE, has_pages=True),
    "member": MEMBER,
    "members": _list("members", MEMBER, has_pages=False),
    "task": TASK,
    "tasks": _list("tasks", TASK, has_pages=True),
}


class OneSchema(ImageEndpoint):
    """``/v2/schemas/{name}``."""

    def get(self, request: HttpRequest, name: str) -> JsonResponse:
        """Show it.

        Raises:
            Refusal: 404 for one that there is not.
        """
        if name not in SCHEMAS:
            raise Refusal(404, "The resource could not be found.")
        return json_answer(SCHEMAS[name])
