"""What the service says of itself, in the words of the document and its page."""

from api.image.schemas import SCHEMAS as CLIENT_SCHEMAS
from api.openapi.parts import TEXT, Answer, Json, Operation, Parameter, answered, described, listed, ref

VERSION: Json = {
    "id": "v2.17",
    "status": "CURRENT",
    "links": [{"rel": "self", "href": "https://panel.example.org/image/v2/"}],
}
NAME = Parameter(
    name="name",
    place="path",
    text="what it describes",
    schema={"type": "string", "enum": list(CLIENT_SCHEMAS)},
    shown="image",
)
NAMESPACE = Parameter(name="namespace", place="path", text="any", shown="OS::Compute::Hypervisor")
LEVEL = described(
    {"limit": {"type": "integer", "minimum": -1, "description": "-1: any number"}, "usage": {"type": "integer"}}
)

SCHEMAS: dict[str, Json] = {
    "Version": described({"id": TEXT, "status": TEXT, "links": {"type": "array", "items": {"type": "object"}}}),
    "Versions": listed("versions", ref("Version")),
    "OneVersion": described({"version": ref("Version")}),
    "ClientSchema": {"type": "object", "description": "A JSON schema (draft 4), as clients of OpenStack read it."},
    "ImportMethods": described({"import-methods": described({"value": {"type": "array", "items": TEXT}})}),
    "Stores": listed(
        "stores", described({"id": TEXT, "description": TEXT, "default": {"const": "true"}}, required=("id",))
    ),
    "Usage": described({"usage": {"type": "object", "additionalProperties": LEVEL}}),
    "Namespaces": listed("namespaces", {}, first=TEXT, schema=TEXT),
    "ResourceTypes": listed("resource_types", {}),
}


def _about(path: str, name: str, title: str, answers: tuple[Answer, ...], **more: object) -> Operation:
    """An operation that tells something about the service to whoever has a token for an account."""
    said: Json = {"section": "About", "who": "everybody with a token for an account", "text": ""} | more
    return Operation(method="GET", path=path, name=name, title=title, answers=answers, **said)


VERSIONS: Json = {"schema": ref("Versions"), "shown": {"versions": [VERSION]}}
ABOUT = (
    _about(
        "/",
        "choose_version",
        "Choose a version",
        (Answer(status=300, text="The versions of the API, one of them current.", **VERSIONS),),
        text="Where clients begin.",
        who="",
        is_open=True,
    ),
    _about(
        "/versions",
        "list_versions",
        "List versions",
        (Answer(status=200, text="The same, without a choice to make.", **VERSIONS),),
        who="",
        is_open=True,
    ),
    _about(
        "/v2",
        "show_version",
        "Show the current version",
        answered("The version.", "OneVersion", {"version": VERSION}),
    ),
    _about(
        "/v2/schemas/{name}",
        "show_schema",
        "Show a schema",
        answered("The schema.", "ClientSchema"),
        text="As older clients read it. For all else there is this document.",
        parameters=(NAME,),
        refusals={404: "There is no such schema."},
    ),
    _about(
        "/v2/info/import",
        "show_import_methods",
        "Show import methods",
        answered("How data can be imported.", "ImportMethods"),
        command="openstack image import info",
    ),
    _about(
        "/v2/info/stores",
        "list_stores",
        "List stores",
        answered(
            "The regions: the data of an image is where the image is.",
            "Stores",
            {"stores": [{"id": "IAD", "description": "Ashburn", "default": "true"}]},
        ),
        command="openstack image stores info",
    ),
    _about(
        "/v2/info/usage",
        "show_usage",
        "Show usage",
        answered(
            "What the account may keep and has; bytes in MiB.",
            "Usage",
            {"usage": {"image_count_total": {"limit": 1000, "usage": 12}}},
        ),
    ),
    _about(
        "/v2/metadefs/namespaces",
        "list_namespaces",
        "List metadata definitions",
        answered("None: the panel keeps no catalogue of properties.", "Namespaces"),
    ),
    _about(
        "/v2/metadefs/namespaces/{namespace}",
        "show_namespace",
        "Show a metadata definition",
        (Answer(status=200, text="Never: there is none.", schema={}),),
        parameters=(NAMESPACE,),
        refusals={404: "There is none."},
    ),
    _about(
        "/v2/metadefs/resource_types",
        "list_resource_types",
        "List resource types",
        answered("None.", "ResourceTypes"),
    ),
    _about(
        "/v2/openapi.json",
        "show_document",
        "Show this document",
        (Answer(status=200, text="OpenAPI 3.1.", schema={"type": "object"}),),
        text="What programs read that make clients by themselves.",
        who="",
        is_open=True,
        is_ours=True,
    ),
)
