"""The words in which the API is described: as much of OpenAPI 3.1 as it needs, for the document and for its page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
TEXT: Json = {"type": "string"}
JSON = "application/json"
BYTES = "application/octet-stream"


def ref(name: str) -> Json:
    """A schema that stands once, in the components of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def described(properties: Json, *, required: tuple[str, ...] | None = None, **more: object) -> Json:
    """An object in which all of its properties are needed, unless ``required`` names some of them."""
    needed = list(properties if required is None else required)
    return {"type": "object", "properties": properties, "required": needed, **more}


def listed(name: str, of: Json, **more: Json) -> Json:
    """An answer that holds a list."""
    return described({name: {"type": "array", "items": of}, **more}, required=(name,))


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """Something that stands in an address, or in a header.

    Attributes:
        place: "path", "query" or "header".
        shown: an example.
    """

    name: str
    text: str
    place: str = "query"
    schema: Json = field(default_factory=lambda: TEXT)
    shown: object = None
    needed: bool = False

    def described(self) -> Json:
        """As OpenAPI has it."""
        said: Json = {"name": self.name, "in": self.place, "description": self.text, "schema": self.schema}
        if self.place == "path" or self.needed:
            said["required"] = True
        if self.schema.get("type") == "array":
            said |= {"style": "form", "explode": True}
        return said if self.shown is None else said | {"example": self.shown}


@dataclass(frozen=True, kw_only=True)
class Body:
    """What is sent with a request.

    Attributes:
        kinds: the media types, any of which it may have.
        shown: an example.
    """

    schema: Json
    shown: object = None
    kinds: tuple[str, ...] = (JSON,)
    text: str = ""
    needed: bool = True

    def described(self) -> Json:
        """As OpenAPI has it."""
        content: Json = {"schema": self.schema}
        if self.shown is not None:
            content["example"] = self.shown
        said: Json = {"required": self.needed, "content": dict.fromkeys(self.kinds, content)}
        return said | {"description": self.text} if self.text else said


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What comes back when all is well.

    Attributes:
        schema: of its body; None for an answer without one.
        shown: an example.
        headers: what they say, by their names.
    """

    status: int
    text: str
    schema: Json | None = None
    shown: object = None
    kind: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)

    def described(self) -> Json:
        """As OpenAPI has it."""
        said: Json = {"description": self.text}
        if self.headers:
            said["headers"] = {name: {"description": text, "schema": TEXT} for name, text in self.headers.items()}
        if self.schema is not None:
            content: Json = {"schema": self.schema}
            if self.shown is not None:
                content["example"] = self.shown
            said["content"] = {self.kind: content}
        return said


def answered(text: str, schema: str, shown: object = None) -> tuple[Answer]:
    """What most operations answer: 200, with a body whose schema stands in the components."""
    return (Answer(status=200, text=text, schema=ref(schema), shown=shown),)


def done(text: str) -> tuple[Answer]:
    """What an operation answers that has nothing to tell: 204."""
    return (Answer(status=204, text=text),)


@dataclass(frozen=True, kw_only=True)
class Operation:
    """What one method does at one address.

    Attributes:
        path: below the service: "/v2/images/{image_id}".
        name: unique within the service; the anchor of the page.
        title: what it does, in a few words.
        section: the heading under which it stands.
        text: what it does, in sentences.
        who: who may do it.
        refusals: when it says no, by status. What every operation has is added (``Service``).
        command: the same with the openstack client, where it can.
        is_open: whether it answers without a token.
        is_ours: whether other clouds do not have it.
    """

    method: str
    path: str
    name: str
    title: str
    section: str
    text: str
    who: str = ""
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    answers: tuple[Answer, ...]
    refusals: Mapping[int, str] = field(default_factory=dict)
    command: str = ""
    is_open: bool = False
    is_ours: bool = False


@dataclass(frozen=True, kw_only=True)
class Service:
    """One of the two services, as its document describes it.

    Attributes:
        address: where it stands below the panel.
        document: where its document is, below the panel.
        servers: its addresses as OpenAPI has them, with what is particular about each.
        sections: what each is about, by its name, in the order of the page.
        schemas: by the names that ``ref`` has.
        refusal: what an answer that is no success looks like: the content by media type.
    """

    name: str
    title: str
    version: str
    text: str
    address: str
    document: str
    servers: tuple[Json, ...]
    sections: Mapping[str, str]
    schemas: Mapping[str, Json]
    refusal: Json
    operations: tuple[Operation, ...]
