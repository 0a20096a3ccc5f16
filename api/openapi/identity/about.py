"""What Identity says of itself, in the words of the document and its page."""

from api.openapi.parts import Answer, Json, Operation, answered, ref

VERSION: Json = {
    "id": "v3.14",
    "status": "stable",
    "links": [{"rel": "self", "href": "https://panel.example.org/identity/v3/"}],
}

ABOUT = (
    Operation(
        method="GET",
        path="/",
        name="list_versions",
        title="List versions",
        section="About",
        text="Where a client begins that was given the address without a version.",
        is_open=True,
        answers=(
            Answer(
                status=300,
                text="A choice of one.",
                schema=ref("Versions"),
                shown={"versions": {"values": [VERSION]}},
                headers={"Location": "where version 3 is"},
            ),
        ),
    ),
    Operation(
        method="GET",
        path="/v3",
        name="show_version",
        title="Show the version",
        section="About",
        text="The first that every client asks for.",
        is_open=True,
        answers=answered("Version 3.", "OneVersion", {"version": VERSION}),
    ),
    Operation(
        method="GET",
        path="/v3/openapi.json",
        name="show_document",
        title="Show this document",
        section="About",
        text="What programs read that make clients by themselves.",
        is_open=True,
        is_ours=True,
        answers=(Answer(status=200, text="OpenAPI 3.1.", schema={"type": "object"}),),
    ),
)
