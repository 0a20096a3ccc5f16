"""Images themselves: what each operation does, in the words of the document and its page."""

from api.image.patches import NEW, OLD
from api.openapi.image.examples import ACTIVE, QUEUED
from api.openapi.image.parameters import IMAGE, LISTING, TAG
from api.openapi.parts import Answer, Body, Operation, answered, done, ref

NOT_FOUND = "Nobody has an image of this id, or whoever asks cannot see it: the answer is the same."
NOT_YOURS = "Somebody else's image that one can see, or one's role is too low: the message says which."
SAID = {"name": "debian-12-golden", "disk_format": "qcow2", "container_format": "bare", "tags": ["golden"]}

IMAGES = (
    Operation(
        method="GET",
        path="/v2/images",
        name="list_images",
        title="List images",
        section="Images",
        text="One's own images, those that others have shared once they are accepted, and public ones. What waits for "
        "a decision is listed with member_status=pending, or all; what was rejected in its reduced form.",
        who="everybody in the account",
        parameters=LISTING,
        answers=answered(
            "One page of them; next leads to the one that follows.",
            "Images",
            {"images": [ACTIVE], "first": "/v2/images", "schema": "/v2/schemas/images"},
        ),
        refusals={400: "A filter, an order or a marker that means nothing."},
        command="openstack image list",
    ),
    Operation(
        method="POST",
        path="/v2/images",
        name="create_image",
        title="Create an image",
        section="Images",
        text="It is queued until its data comes, by upload, stage or import. Its visibility is shared if nothing else "
        "is said: nobody else sees it before it has a member.",
        who="creators and admins; another visibility than private or shared: admins; public: staff",
        body=Body(schema=ref("NewImage"), shown=SAID | {"os_distro": "debian", "os_version": "12"}),
        answers=(
            Answer(
                status=201,
                text="The image, queued.",
                schema=ref("Image"),
                shown=QUEUED,
                headers={
                    "Location": "where it is",
                    "OpenStack-image-import-methods": "how its data can be imported",
                    "OpenStack-image-store-ids": "the codes of the regions where its data can live",
                },
            ),
        ),
        refusals={
            400: "The body is none, or says something that no image has.",
            403: "A field that only the panel writes, another owner, or one's role is too low.",
            409: "Something has this id, or had it.",
            413: "The account has as many images or unfinished uploads as it may.",
        },
        command="openstack image create --disk-format qcow2 --container-format bare debian-12-golden",
    ),
    Operation(
        method="GET",
        path="/v2/images/{image_id}",
        name="show_image",
        title="Show an image",
        section="Images",
        text="Whoever has accepted an image sees it, and whoever is asked. Whoever has rejected it sees what is left "
        "of it, so that they can accept it after all.",
        who="everybody who can see it",
        parameters=(IMAGE,),
        answers=(
            Answer(
                status=200,
                text="The image.",
                schema={"anyOf": [ref("Image"), ref("RejectedImage")]},
                shown=ACTIVE,
            ),
        ),
        refusals={404: NOT_FOUND},
        command="openstack image show debian-12-golden",
    ),
    Operation(
        method="PATCH",
        path="/v2/images/{image_id}",
        name="change_image",
        title="Change an image",
        section="Images",
        text="By a JSON Patch on its properties. A property is named by its path, as a JSON pointer: a slash in its "
        "name is written ~1. With add and replace it gets a value, with remove it goes. The older form, with the "
        f"operation as a key, has the media type {OLD}.",
        who="admins; creators what they made themselves, until it is active, and from private to shared",
        parameters=(IMAGE,),
        body=Body(
            schema=ref("Patch"),
            shown=[{"op": "replace", "path": "/visibility", "value": "shared"}],
            kinds=(NEW,),
        ),
        answers=answered("The image as it is now.", "Image", ACTIVE),
        refusals={
            400: "No patch, or a value that the property cannot have.",
            403: f"A property that only the panel writes. {NOT_YOURS}",
            404: NOT_FOUND,
            409: "A property that is not there cannot be replaced or removed.",
            413: "More than 128 properties, or the body is too large.",
            415: "Another media type; Accept-Patch says which there are.",
        },
        command="openstack image set --shared debian-12-golden",
    ),
    Operation(
        method="DELETE",
        path="/v2/images/{image_id}",
        name="delete_image",
        title="Delete an image",
        section="Images",
        text="Everybody loses it. Servers that run from it go on.",
        who="admins; creators what they made themselves, until it is active",
        parameters=(IMAGE,),
        answers=done("It is gone."),
        refusals={403: f"It is protected. {NOT_YOURS}", 404: NOT_FOUND, 409: "It is in use in a way that keeps it."},
        command="openstack image delete debian-12-golden",
    ),
    Operation(
        method="POST",
        path="/v2/images/{image_id}/actions/deactivate",
        name="deactivate_image",
        title="Deactivate an image",
        section="Images",
        text="Nobody gets its data or boots it until it is reactivated. Its members stay as they are.",
        who="admins",
        parameters=(IMAGE,),
        answers=done("It is deactivated, or was already."),
        refusals={403: NOT_YOURS, 404: NOT_FOUND, 409: "Its data has not come yet."},
        command="openstack image set --deactivate debian-12-golden",
    ),
    Operation(
        method="POST",
        path="/v2/images/{image_id}/actions/reactivate",
        name="reactivate_image",
        title="Reactivate an image",
        section="Images",
        text="It can be used again.",
        who="admins; what staff deactivated, staff reactivate",
        parameters=(IMAGE,),
        answers=done("It is active, or was already."),
        refusals={403: NOT_YOURS, 404: NOT_FOUND, 409: "Its data has not come yet."},
        command="openstack image set --activate debian-12-golden",
    ),
    Operation(
        method="PUT",
        path="/v2/images/{image_id}/tags/{tag}",
        name="add_tag",
        title="Add a tag",
        section="Images",
        text="A tag that it has already stays.",
        who="as for changing it",
        parameters=(IMAGE, TAG),
        answers=done("It has the tag."),
        refusals={400: "No tag.", 403: NOT_YOURS, 404: NOT_FOUND, 413: "It has as many tags as it may."},
        command="openstack image set --tag golden debian-12-golden",
    ),
    Operation(
        method="DELETE",
        path="/v2/images/{image_id}/tags/{tag}",
        name="remove_tag",
        title="Remove a tag",
        section="Images",
        text="",
        who="as for changing it",
        parameters=(IMAGE, TAG),
        answers=done("It has the tag no more."),
        refusals={403: NOT_YOURS, 404: f"It does not have this tag. {NOT_FOUND}"},
        command="openstack image unset --tag golden debian-12-golden",
    ),
)
