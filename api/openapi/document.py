"""The OpenAPI 3.1 document of a service, made of its description."""

from api.errors import TITLES
from api.openapi.parts import TEXT, Json, Operation, Service

# What the client can always be told, whatever it asks for.
UNAUTHORIZED = "There is no token, or it is worth nothing any more, or it is for no account."
TOO_OFTEN = "The account asks too often. Ask again after the seconds in Retry-After."
HEADERS = {
    401: {"WWW-Authenticate": 'where to get a token: Keystone uri="…/identity/v3"'},
    405: {"Allow": "the methods that there are"},
    429: {"Retry-After": "seconds until the account may ask again"},
}
SECURITY = {
    "token": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Auth-Token",
        "description": "What POST /identity/v3/auth/tokens gave as X-Subject-Token.",
    }
}


def document(service: Service) -> Json:
    """The document of a service (OpenAPI Specification 3.1.1)."""
    paths: dict[str, Json] = {}
    for operation in service.operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.1",
        "jsonSchemaDialect": "https://spec.openapis.org/oas/3.1/dialect/base",
        "info": {"title": service.title, "version": service.version, "description": service.text},
        "servers": list(service.servers),
        "security": [{"token": []}],
        "tags": [{"name": name, "description": text} for name, text in service.sections.items()],
        "paths": paths,
        "components": {
            "schemas": dict(service.schemas),
            "responses": _refusals(service),
            "securitySchemes": SECURITY,
        },
    }


def refusals_of(operation: Operation) -> dict[int, str]:
    """When an operation says no, by status: its own reasons, and those that every one of its kind has."""
    known = dict(operation.refusals)
    if not operation.is_open:
        known = {401: UNAUTHORIZED, 429: TOO_OFTEN} | known
    return dict(sorted(known.items()))


def _operation(operation: Operation) -> Json:
    said: Json = {
        "operationId": operation.name,
        "summary": operation.title,
        "description": "\n\n".join(filter(None, [operation.text, operation.who and f"Who may: {operation.who}"])),
        "tags": [operation.section],
        "responses": {str(answer.status): answer.described() for answer in operation.answers}
        | {str(status): _refusal(status, text) for status, text in refusals_of(operation).items()},
    }
    if operation.parameters:
        said["parameters"] = [parameter.described() for parameter in operation.parameters]
    if operation.body:
        said["requestBody"] = operation.body.described()
    if operation.is_open:
        said["security"] = []
    return said | {"x-stockroom-only": True} if operation.is_ours else said


def _refusal(status: int, text: str) -> Json:
    return {"$ref": f"#/components/responses/{status}", "description": text}


def _refusals(service: Service) -> Json:
    used = {status for operation in service.operations for status in refusals_of(operation)}
    return {str(status): _no(service, status) for status in sorted(used)}


def _no(service: Service, status: int) -> Json:
    said: Json = {"description": TITLES[status], "content": service.refusal}
    if headers := HEADERS.get(status):
        said["headers"] = {name: {"description": text, "schema": TEXT} for name, text in headers.items()}
    return said
