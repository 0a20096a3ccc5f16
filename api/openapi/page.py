"""The descriptions of both services as the page shows them."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from api.errors import TITLES
from api.openapi.document import HEADERS, refusals_of
from api.openapi.parts import BYTES, Body, Json, Operation, Parameter, Service

PLACES = {"path": "in the address", "query": "after the ?", "header": "a header"}
REF = "#/components/schemas/"


@dataclass(frozen=True)
class Field:
    """A part of an address or of a body.

    Attributes:
        kind: what it can be.
        shape: the name of the schema that describes it, if one does.
    """

    name: str
    kind: str
    text: str = ""
    is_needed: bool = False
    shape: str = ""


@dataclass(frozen=True)
class Reply:
    """One of the answers of an operation.

    Attributes:
        shape: the name of the schema that describes its body, if one does.
        shown: an example of it.
        headers: with what each says.
    """

    status: int
    title: str
    text: str
    shape: str = ""
    shown: str = ""
    headers: tuple[Field, ...] = ()


@dataclass(frozen=True)
class Entry:
    """An operation.

    Attributes:
        anchor: by which it is linked to.
        path: below the panel.
        curl: how to ask for it on a command line.
    """

    operation: Operation
    anchor: str
    path: str
    curl: str
    parameters: tuple[Field, ...]
    body: Field | None
    replies: tuple[Reply, ...]
    refusals: tuple[Reply, ...]


@dataclass(frozen=True)
class Section:
    """Operations under one heading."""

    name: str
    anchor: str
    text: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Shape:
    """What a body looks like.

    Attributes:
        kind: what it is, where it has no fields.
    """

    name: str
    anchor: str
    kind: str
    text: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Chapter:
    """All of a service."""

    service: Service
    sections: tuple[Section, ...]
    shapes: tuple[Shape, ...]


def chapter(service: Service, *, site: str) -> Chapter:
    """A service as the page shows it.

    Args:
        site: the address of the panel, for examples that can be pasted.
    """
    entries = [_entry(service, operation, site) for operation in service.operations]
    sections = tuple(
        Section(
            name=name,
            anchor=f"{service.name}-{name.lower().replace(' ', '-')}",
            text=text,
            entries=tuple(entry for entry in entries if entry.operation.section == name),
        )
        for name, text in service.sections.items()
    )
    return Chapter(service, sections, tuple(_shape(service, name, said) for name, said in service.schemas.items()))


def curl(operation: Operation, address: str) -> str:
    """How to ask for an operation with curl.

    Args:
        address: of the service.
    """
    asks = operation.method not in {"GET", "HEAD"}
    words = [f"-X {operation.method}"] if asks else []
    words += [] if operation.is_open else ['-H "X-Auth-Token: $OS_TOKEN"']
    words += [
        f'-H "{each.name}: {each.shown}"' for each in operation.parameters if each.place == "header" and each.shown
    ]
    words += list(_sent(operation.body)) if operation.body else []
    if any("X-Subject-Token" in answer.headers for answer in operation.answers):
        words.append("-i")  # or nobody sees the token
    if any(answer.kind == BYTES for answer in operation.answers if answer.schema is not None):
        words.append("-o disk.qcow2")
    return " \\\n  ".join([f"curl '{address}{_filled(operation)}'", *words])


def _sent(body: Body) -> Iterator[str]:
    yield f'-H "Content-Type: {body.kinds[0]}"'
    yield "--data-binary @disk.qcow2" if BYTES in body.kinds else f"-d '{json.dumps(body.shown, indent=2)}'"


def _filled(operation: Operation) -> str:
    shown = {each.name: each.shown for each in operation.parameters if each.place == "path"}
    return operation.path.format(**shown)


def _entry(service: Service, operation: Operation, site: str) -> Entry:
    return Entry(
        operation=operation,
        anchor=f"{service.name}-{operation.name}",
        path=service.address + operation.path,
        curl=curl(operation, site + service.address),
        parameters=tuple(map(_parameter, operation.parameters)),
        body=_body(operation.body) if operation.body else None,
        replies=tuple(_replies(operation)),
        refusals=tuple(
            Reply(status, TITLES[status], text, headers=_headers(HEADERS.get(status, {})))
            for status, text in refusals_of(operation).items()
        ),
    )


def _parameter(parameter: Parameter) -> Field:
    kind = f"{PLACES[parameter.place]}, {kind_of(parameter.schema)}"
    return Field(parameter.name, kind, parameter.text, parameter.place == "path" or parameter.needed)


def _body(body: Body) -> Field:
    kind = " or ".join(body.kinds)
    return Field("body", kind, body.text, is_needed=True, shape=_named(body.schema))


def _replies(operation: Operation) -> Iterator[Reply]:
    for answer in operation.answers:
        shown = json.dumps(answer.shown, indent=2, ensure_ascii=False) if answer.shown is not None else ""
        shape = _named(answer.schema or {})
        title = TITLES[answer.status]
        yield Reply(answer.status, title, answer.text, shape, shown, _headers(answer.headers))


def _headers(headers: Mapping[str, str]) -> tuple[Field, ...]:
    return tuple(Field(name, "a header", text) for name, text in headers.items())


def _shape(service: Service, name: str, said: Json) -> Shape:
    needed = said.get("required", [])
    fields = [_field(field, about, is_needed=field in needed) for field, about in said.get("properties", {}).items()]
    if isinstance(more := said.get("additionalProperties"), dict):
        fields.append(_field("…", more, is_needed=False))
    kind = "" if fields else kind_of(said)
    return Shape(name, f"{service.name}-{name}", kind, said.get("description", ""), tuple(fields))


def _field(name: str, said: Json, *, is_needed: bool) -> Field:
    return Field(name, kind_of(said), said.get("description", ""), is_needed, _named(said))


def _named(said: Json) -> str:
    """The name of the schema that one is, or is made of."""
    first: Json = next(iter(said.get("anyOf", [])), {})
    return str(said.get("$ref") or said.get("items", {}).get("$ref") or first.get("$ref", "")).removeprefix(REF)


def kind_of(said: Json) -> str:
    """What a value can be, in a few words."""
    if "enum" in said:
        return f"one of {_either(map(_literal, said['enum']))}"
    if "const" in said:
        return _literal(said["const"])
    if "$ref" in said:
        return str(said["$ref"]).removeprefix(REF)
    if "anyOf" in said and "type" not in said:
        return _either(map(kind_of, said["anyOf"]))
    return _kind_of_type(said)


def _kind_of_type(said: Json) -> str:
    kind = said.get("type", "anything")
    if isinstance(kind, list):
        return _either(kind)
    if kind == "array":
        return f"list: {kind_of(said.get('items', {}))}"
    return {"uuid": "UUID", "date-time": "time"}.get(said.get("format", ""), str(kind))


def _literal(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _either(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last
