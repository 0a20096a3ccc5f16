"""Members, which are shares with accounts: what each operation does, in the words of the document and its page."""

from api.openapi.image.examples import MEMBER, PENDING
from api.openapi.image.images import NOT_FOUND, NOT_YOURS
from api.openapi.image.parameters import IMAGE, MEMBER_NAME
from api.openapi.parts import Body, Operation, answered, done, ref

NO_MEMBER = f"The account is no member, or it is somebody else's membership. {NOT_FOUND}"

MEMBERS = (
    Operation(
        method="GET",
        path="/v2/images/{image_id}/members",
        name="list_members",
        title="List members",
        section="Members",
        text="Its owner sees whom it is shared with, and how each has decided; of an image without data, who will be "
        "asked when the data comes. A member sees itself.",
        who="the owner's people; members",
        parameters=(IMAGE,),
        answers=answered("The members.", "Members", {"members": [PENDING], "schema": "/v2/schemas/members"}),
        refusals={403: "The image is not shared: its visibility is another one.", 404: NOT_FOUND},
        command="openstack image member list debian-12-golden",
    ),
    Operation(
        method="POST",
        path="/v2/images/{image_id}/members",
        name="add_member",
        title="Add a member",
        section="Members",
        text="Offer the image to an account by its number. The offer is pending until an admin of that account "
        "accepts it; nothing tells whether there is such an account. A member of an image without data is asked when "
        "the data comes, and sees nothing until then.",
        who="creators and admins of the owner",
        parameters=(IMAGE,),
        body=Body(schema=ref("NewMember"), shown={"member": MEMBER}),
        answers=answered("The offer.", "Member", PENDING),
        refusals={
            400: "No member is given, or what is given cannot be one.",
            403: f"The image is not shared: its visibility is another one. {NOT_YOURS}",
            404: NOT_FOUND,
            409: "It is a member already, whatever it has decided.",
            413: "The account has made as many offers today as it may, or an image without data has 128 members.",
            429: "The account asks too often.",
        },
        command=f"openstack image add project debian-12-golden {MEMBER}",
    ),
    Operation(
        method="GET",
        path="/v2/images/{image_id}/members/{member}",
        name="show_member",
        title="Show a member",
        section="Members",
        text="",
        who="the owner's people; the member itself",
        parameters=(IMAGE, MEMBER_NAME),
        answers=answered("The member.", "Member", PENDING),
        refusals={404: NO_MEMBER},
    ),
    Operation(
        method="PUT",
        path="/v2/images/{image_id}/members/{member}",
        name="decide",
        title="Accept or reject",
        section="Members",
        text="A member decides for itself, and may decide anew. Only who has accepted lists, boots and downloads "
        "the image.",
        who="admins of the member; nobody of the owner",
        parameters=(IMAGE, MEMBER_NAME),
        body=Body(schema=ref("Decision"), shown={"status": "accepted"}),
        answers=answered("As it is now.", "Member", PENDING | {"status": "accepted"}),
        refusals={
            400: "No status, or none that there is.",
            403: "Somebody else decides, one's role is too low, or a policy of the account does not take the image: "
            "the message says which.",
            404: NO_MEMBER,
            409: "Rules that the producer has by now forbid it, or it is too late for it to be pending again.",
        },
        command="openstack image set --accept debian-12-golden",
    ),
    Operation(
        method="DELETE",
        path="/v2/images/{image_id}/members/{member}",
        name="remove_member",
        title="Remove a member",
        section="Members",
        text="From now on the account has no access, as if it had never had any. Its servers go on. A member of an "
        "image without data is just not asked.",
        who="admins of the owner; of an image without data, whoever made it",
        parameters=(IMAGE, MEMBER_NAME),
        answers=done("It is no member any more."),
        refusals={403: NOT_YOURS, 404: NO_MEMBER},
        command=f"openstack image remove project debian-12-golden {MEMBER}",
    ),
)
