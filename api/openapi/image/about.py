"""What the service says of itself, in the words of the document and its page."""

from api.openapi.parts import Answer, Json, Operation, ref

VERSION: Json = {
    "id": "v2.17",
    "status": "CURRENT",
    "links": [{"rel": "self", "href": "https://panel.example.org/image/v2/"}],
}
EVERYBODY = "everybody with a token"


def _about(path: str, name: str, title: str, text: str, schema: Json) -> Operation:
    """An operation that tells something about the service to whoever has a token."""
    answer = Answer(status=200, text=text, schema=schema)
    return Operation(
        method="GET", path=path, name=name, title=title, section="About", text="", who=EVERYBODY, answers=(answer,)
    )


ABOUT = (
    Operation(
        method="GET",
        path="/",
        name="list_versions",
        title="List versions",
        section="About",
        text="Where clients begin.",
        is_open=True,
        answers=(
            Answer(
                status=300,
                text="The versions of the API, the newest of them current.",
                schema=ref("Versions"),
                shown={"versions": [VERSION]},
            ),
        ),
    ),
    Operation(
        method="GET",
        path="/v2/openapi.json",
        name="show_document",
        title="Show this document",
        section="About",
        text="What programs read that make clients by themselves.",
        is_open=True,
        is_ours=True,
        answers=(Answer(status=200, text="OpenAPI 3.1.", schema={"type": "object"}),),
    ),
)
