"""Application credentials, in the words of the document and its page."""

from api.identity.credentials import ROLES
from api.models import ApplicationCredential
from api.openapi.identity.accounts import USER_ID
from api.openapi.identity.shapes import LINKS, SAID, YES_OR_NO
from api.openapi.parts import TEXT, Answer, Body, Json, Operation, Parameter, described, listed, ref

ID = "6f3a1c0e5b8d4f2a9c7e6d5b4a3f2e1d"
CREDENTIAL_ID = Parameter(name="credential_id", place="path", text="the id of the credential", shown=ID)
MADE_FOR = "oneself, for the account of the token; not by a credential"
ONES_OWN = "oneself, for the account of the token"
LONGEST_NAME = ApplicationCredential._meta.get_field("name").max_length
LONGEST_DESCRIPTION = ApplicationCredential._meta.get_field("description").max_length
ONE_LINE = r"^[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]*[^\s\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]$"

ROLE: Json = {"enum": list(ROLES)}
NEW: Json = {
    "name": {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME, "pattern": ONE_LINE},
    "description": {"type": ["string", "null"], "maxLength": LONGEST_DESCRIPTION, "pattern": r"^[^\x00]*$"},
    "roles": {
        "type": "array",
        "items": described({"name": ROLE}, additionalProperties=False),
        "description": "the highest of them is the one that it has; that of the token if none is given",
    },
    "expires_at": {
        "type": ["string", "null"],
        "pattern": r"^2[1-9]\d{2}-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d$",
        "description": "UTC; without an end if it is not given",
    },
    "unrestricted": {"const": False},
}
RECORD: Json = {
    "id": TEXT,
    "name": TEXT,
    "description": {"type": ["string", "null"]},
    "project_id": TEXT,
    "roles": {"type": "array", "items": {"type": "object"}},
    "expires_at": {"type": ["string", "null"]},
    "unrestricted": YES_OR_NO,
    "links": LINKS,
}
SCHEMAS: dict[str, Json] = {
    "NewCredential": described(
        {"application_credential": described(NEW, required=("name",), additionalProperties=False)}
    ),
    "Credential": described(RECORD),
    "CredentialWithSecret": described(
        {"application_credential": described(RECORD | {"secret": SAID | {"description": "shown this once"}})}
    ),
    "OneCredential": described({"application_credential": ref("Credential")}),
    "Credentials": listed("application_credentials", ref("Credential"), links=LINKS),
}

CREDENTIALS = (
    Operation(
        method="GET",
        path="/v3/users/{user_id}/application_credentials",
        name="list_credentials",
        title="List application credentials",
        section="Credentials",
        text="",
        who=ONES_OWN,
        parameters=(USER_ID, Parameter(name="name", text="only the one of this name")),
        answers=(Answer(status=200, text="They may be none.", schema=ref("Credentials")),),
        refusals={403: "They would be somebody else's."},
        command="openstack application credential list",
    ),
    Operation(
        method="POST",
        path="/v3/users/{user_id}/application_credentials",
        name="make_credential",
        title="Make an application credential",
        section="Credentials",
        text="A program that has it works for the account of the token as oneself, with the role that is chosen here.",
        who=MADE_FOR,
        parameters=(USER_ID,),
        body=Body(
            schema=ref("NewCredential"),
            shown={"application_credential": {"name": "nightly build", "roles": [{"name": "member"}]}},
        ),
        answers=(Answer(status=201, text="It, with its secret.", schema=ref("CredentialWithSecret")),),
        refusals={
            400: "The body is none, or asks for what a credential cannot be.",
            403: "It would be somebody else's, or one has as many as one may, or asks with a credential.",
            404: "There is no such role.",
            409: "One has one of this name.",
            413: "The body is too large.",
        },
        command="openstack application credential create nightly-build --role member",
    ),
    Operation(
        method="GET",
        path="/v3/users/{user_id}/application_credentials/{credential_id}",
        name="show_credential",
        title="Show an application credential",
        section="Credentials",
        text="Never its secret.",
        who=ONES_OWN,
        parameters=(USER_ID, CREDENTIAL_ID),
        answers=(Answer(status=200, text="It.", schema=ref("OneCredential")),),
        refusals={403: "It would be somebody else's.", 404: "There is none."},
        command="openstack application credential show nightly-build",
    ),
    Operation(
        method="DELETE",
        path="/v3/users/{user_id}/application_credentials/{credential_id}",
        name="revoke_credential",
        title="Revoke an application credential",
        section="Credentials",
        text="It ends, with all tokens that were made with it.",
        who=MADE_FOR,
        parameters=(USER_ID, CREDENTIAL_ID),
        answers=(Answer(status=204, text="It has ended."),),
        refusals={403: "It would be somebody else's, or one asks with a credential.", 404: "There is none."},
        command="openstack application credential delete nightly-build",
    ),
)
