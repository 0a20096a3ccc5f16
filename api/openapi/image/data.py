"""Image data: what each operation does, in the words of the document and its page."""

from api.image import tasks
from api.openapi.image.examples import IMAGE_ID
from api.openapi.image.images import NOT_FOUND, NOT_YOURS
from api.openapi.image.parameters import IMAGE, RANGE
from api.openapi.image.shapes import UUID
from api.openapi.parts import BYTES, Answer, Body, Json, Operation, Parameter, answered, done, ref

BINARY: Json = {}  # any bytes (OpenAPI 3.1, "Working with Binary Data")
SIZE = Parameter(
    name="X-OpenStack-Image-Size",
    place="header",
    text="how many bytes there are, where the request itself does not say it",
    schema={"type": "string", "pattern": r"^\d{1,18}$"},
)
SENT = {
    400: "It has no disk format or container format yet, or the bytes are cut off.",
    403: NOT_YOURS,
    404: NOT_FOUND,
    409: "Its data has come already, or is coming.",
    413: "It is larger than the panel takes, or than the account has room for.",
    415: "The body is no application/octet-stream, or the data is not what the image says, or dangerous.",
    503: "As many uploads run at once as the panel takes. Ask again after the seconds in Retry-After.",
}
NO_TASKS: Json = {"tasks": [], "first": "/v2/tasks", "schema": "/v2/schemas/tasks"}
DISK = Body(schema=BINARY, kinds=(BYTES,), text="the bytes of the disk")
UPLOADER = "whoever made the image; admins"

DATA = (
    Operation(
        method="PUT",
        path="/v2/images/{image_id}/file",
        name="upload_data",
        title="Upload data",
        section="Data",
        text="The bytes of the disk, in one request. They are hashed and inspected while they come; the image is "
        "active when all are there. What is not what the image says is refused, and the image is queued again.",
        who=UPLOADER,
        parameters=(IMAGE, SIZE),
        body=DISK,
        answers=done("It is active."),
        refusals=SENT,
        command="openstack image create --file disk.qcow2 --disk-format qcow2 debian-12-golden",
    ),
    Operation(
        method="GET",
        path="/v2/images/{image_id}/file",
        name="download_data",
        title="Download data",
        section="Data",
        text="The bytes of the disk, whole or a part of them. A member that has not accepted gets none: that is "
        "stricter than Glance on purpose.",
        who="the owner's people; members who accepted, unless the offer is for booting only; everybody where it is "
        "public or of the community",
        parameters=(IMAGE, RANGE),
        answers=(
            Answer(
                status=200,
                text="All of it.",
                schema=BINARY,
                kind=BYTES,
                headers={"Content-MD5": "the checksum of all of it", "Accept-Ranges": "bytes"},
            ),
            Answer(
                status=206,
                text="The part that was asked for.",
                schema=BINARY,
                kind=BYTES,
                headers={"Content-Range": "which part it is"},
            ),
            Answer(status=204, text="No data has come yet."),
        ),
        refusals={
            403: "It is deactivated, or not accepted yet, or its offer does not include the data: the message says "
            "which.",
            404: NOT_FOUND,
            416: "The part lies outside of it.",
            503: "As many downloads run at once as the panel takes. Ask again after the seconds in Retry-After.",
        },
        command="openstack image save --file disk.qcow2 debian-12-golden",
    ),
    Operation(
        method="PUT",
        path="/v2/images/{image_id}/stage",
        name="stage_data",
        title="Stage data",
        section="Data",
        text="The bytes of the disk, kept until an import with the method glance-direct makes the image of them.",
        who=UPLOADER,
        parameters=(IMAGE, SIZE),
        body=DISK,
        answers=done("They are here."),
        refusals=SENT,
        command="openstack image stage --file disk.qcow2 debian-12-golden",
    ),
    Operation(
        method="POST",
        path="/v2/images/{image_id}/import",
        name="import_data",
        title="Import data",
        section="Data",
        text="Of what was staged (glance-direct), or from an address that the panel fetches by itself "
        "(web-download). The image shows how far it is.",
        who=UPLOADER,
        parameters=(IMAGE,),
        body=Body(
            schema=ref("Import"),
            shown={"method": {"name": "web-download", "uri": "https://cloud.example.org/debian-12.qcow2"}},
        ),
        answers=(Answer(status=202, text="It has begun."),),
        refusals={
            400: "The body is none, or its method or address is not one that the panel takes.",
            403: NOT_YOURS,
            404: NOT_FOUND,
            409: "Its data has come already, or nothing was staged.",
            413: "The account has no room for it.",
        },
        command="openstack image import --method web-download --uri https://… debian-12-golden",
    ),
    Operation(
        method="GET",
        path="/v2/images/{image_id}/tasks",
        name="list_tasks_of_image",
        title="List tasks of an image",
        section="Data",
        text="How its import stands. Of somebody else's image there is nothing to see.",
        who="everybody who can see the image",
        parameters=(IMAGE,),
        answers=answered("They may be none.", "TasksOfImage"),
        refusals={404: NOT_FOUND},
        command=f"openstack image task list --image {IMAGE_ID}",
    ),
    Operation(
        method="GET",
        path="/v2/tasks",
        name="list_tasks",
        title="List tasks",
        section="Data",
        text="The imports of the account in the last seven days.",
        who="admins",
        parameters=(
            Parameter(name="status", text="of this status", schema={"type": "string", "enum": list(tasks.STATUSES)}),
            Parameter(name="type", text="of this type: all are", schema={"type": "string", "enum": list(tasks.TYPES)}),
            Parameter(name="limit", text="how many on a page", schema={"type": "integer", "minimum": 0}),
            Parameter(name="marker", text="the id of the last task of the page before", schema=UUID),
            Parameter(name="sort_key", text="by what", schema={"type": "string", "enum": list(tasks.SORT_KEYS)}),
            Parameter(name="sort_dir", text="how", schema={"type": "string", "enum": ["asc", "desc"]}),
        ),
        answers=answered("The newest first.", "Tasks", NO_TASKS),
        refusals={400: "A filter, an order or a marker that means nothing.", 403: "One's role is too low."},
        command="openstack image task list",
    ),
    Operation(
        method="GET",
        path="/v2/tasks/{task_id}",
        name="show_task",
        title="Show a task",
        section="Data",
        text="An import has the id of the image that it makes.",
        who="admins",
        parameters=(Parameter(name="task_id", place="path", text="the id of the image", schema=UUID, shown=IMAGE_ID),),
        answers=answered("The task.", "Task"),
        refusals={403: "One's role is too low.", 404: "There is no such import, or it is longer ago than seven days."},
        command=f"openstack image task show {IMAGE_ID}",
    ),
)
