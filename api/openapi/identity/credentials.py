"""Application credentials, in the words of the document and its page."""

from api.models import LONGEST_DESCRIPTION, ApplicationCredential
from api.openapi.identity.accounts import NAME, USER_ID
from api.openapi.identity.shapes import LINKS
from api.openapi.parts import TEXT, Answer, Body, Json, Operation, Parameter, answered, described, done, listed, ref

SECTION = "Application credentials"
OWN = "everybody, their own, for the account of the token"
BY_PASSWORD = f"{OWN}; not with a token that was made with a credential"
SOMEBODY_ELSE = "It is somebody else's, or there is no such person: which of both is not told."
NOT_THERE = "One has no such credential for this account."
PATH = "/v3/users/{user_id}/application_credentials"
CREDENTIAL_ID = Parameter(
    name="credential_id", place="path", text="the id of a credential", shown="eb0e6add9fff41cd844f543fb01938c2"
)
ROLE_NAME: Json = {"type": "string", "enum": ["reader", "member", "manager"]}
OR_NONE: Json = {"type": ["string", "null"]}

SHOWN: Json = {
    "id": "eb0e6add9fff41cd844f543fb01938c2",
    "name": "nightly-builds",
    "description": None,
    "project_id": "4071385962",
    "roles": [{"id": "reader", "name": "reader", "domain_id": None}],
    "expires_at": "2027-02-19T23:59:59.000000",
    "unrestricted": False,
    "access_rules": [],
    "links": {
        "self": f"https://panel.example.org/identity{PATH.format(user_id='alice')}/eb0e6add9fff41cd844f543fb01938c2"
    },
}
ROLE_OF_CREDENTIAL = described({"id": TEXT, "name": TEXT, "domain_id": OR_NONE})
CREDENTIAL = described(
    {
        "id": TEXT,
        "name": TEXT,
        "description": OR_NONE,
        "project_id": TEXT | {"description": "the number of the account"},
        "roles": {"type": "array", "items": ROLE_OF_CREDENTIAL},
        "expires_at": OR_NONE | {"description": "UTC; null: without an end"},
        "unrestricted": {"const": False},
        "access_rules": {"type": "array", "maxItems": 0},
        "secret": TEXT | {"description": "only in the answer to making it"},
        "links": LINKS,
    },
    required=("id", "name", "project_id", "roles", "expires_at", "unrestricted"),
)
WANTED_ROLE: Json = {
    "type": "object",
    "properties": {"id": ROLE_NAME, "name": ROLE_NAME},
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": False,
}
WANTED = described(
    {
        "name": {"type": "string", "minLength": 1, "maxLength": ApplicationCredential.name.field.max_length},
        "description": OR_NONE | {"maxLength": LONGEST_DESCRIPTION},
        "roles": {
            "type": ["array", "null"],
            "items": WANTED_ROLE,
            "description": "the highest of them counts, at most that of the token; none: that of the token",
        },
        "expires_at": {
            "type": ["string", "null"],
            "format": "date-time",
            "description": "within ten years; null: without an end",
        },
        "unrestricted": {"enum": [False, None]},
        "access_rules": {"type": ["array", "null"], "maxItems": 0},
        "secret": {"enum": ["", None], "description": "the panel makes it"},
        "project_id": TEXT | {"description": "only that of the token"},
    },
    required=("name",),
    additionalProperties=False,
)
SCHEMAS: dict[str, Json] = {
    "ApplicationCredential": CREDENTIAL,
    "OneApplicationCredential": described({"application_credential": ref("ApplicationCredential")}),
    "ApplicationCredentials": listed("application_credentials", ref("ApplicationCredential"), links=LINKS),
    "WantedApplicationCredential": described({"application_credential": WANTED}),
}

CREDENTIALS = (
    Operation(
        method="GET",
        path=PATH,
        name="list_application_credentials",
        title="List application credentials",
        section=SECTION,
        text="The newest first. Those that were revoked are not there.",
        who=OWN,
        parameters=(USER_ID, NAME),
        answers=answered(
            "One's own, for the account of the token.", "ApplicationCredentials", {"application_credentials": [SHOWN]}
        ),
        refusals={403: SOMEBODY_ELSE},
        command="openstack application credential list",
    ),
    Operation(
        method="POST",
        path=PATH,
        name="create_application_credential",
        title="Make an application credential",
        section=SECTION,
        text="For the account of the token, with its role at most. The secret is in the answer, and nowhere else: "
        "of what the panel keeps, nobody can make it again. Its person is told by mail.",
        who=BY_PASSWORD,
        parameters=(USER_ID,),
        body=Body(
            schema=ref("WantedApplicationCredential"),
            shown={"application_credential": {"name": "nightly-builds", "roles": [{"name": "reader"}]}},
        ),
        answers=(
            Answer(
                status=201,
                text="The credential, with its secret.",
                schema=ref("OneApplicationCredential"),
                shown={"application_credential": SHOWN | {"secret": "a2ccfd224d50bb67990324260f997d6a…"}},
            ),
        ),
        refusals={
            400: "It cannot be made so. The answer says why.",
            403: f"{SOMEBODY_ELSE} Or a credential asks, or there are too many.",
            404: "There is no such role.",
            409: "One has a credential of this name.",
            413: "The body is too large.",
        },
        command="openstack application credential create nightly-builds --role reader",
    ),
    Operation(
        method="GET",
        path=f"{PATH}/{{credential_id}}",
        name="show_application_credential",
        title="Show an application credential",
        section=SECTION,
        text="Never its secret.",
        who=OWN,
        parameters=(USER_ID, CREDENTIAL_ID),
        answers=answered("The credential.", "OneApplicationCredential", {"application_credential": SHOWN}),
        refusals={403: SOMEBODY_ELSE, 404: NOT_THERE},
        command="openstack application credential show nightly-builds",
    ),
    Operation(
        method="DELETE",
        path=f"{PATH}/{{credential_id}}",
        name="delete_application_credential",
        title="Revoke an application credential",
        section=SECTION,
        text="Programs that use it are refused at once, with the tokens that they have, too.",
        who=BY_PASSWORD,
        parameters=(USER_ID, CREDENTIAL_ID),
        answers=done("It has ended."),
        refusals={403: f"{SOMEBODY_ELSE} Or a credential asks.", 404: NOT_THERE},
        command="openstack application credential delete nightly-builds",
    ),
)
