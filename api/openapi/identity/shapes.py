"""What the bodies of OpenStack Identity v3 look like (JSON Schema 2020-12)."""

from api.identity.asked import LONGEST
from api.openapi.parts import TEXT, Json, described, listed, ref

MOMENT: Json = {"type": "string", "format": "date-time"}
YES_OR_NO: Json = {"type": "boolean"}
LINKS: Json = {"type": "object", "additionalProperties": {"type": ["string", "null"]}}
SAID: Json = {"type": "string", "minLength": 1, "maxLength": LONGEST, "pattern": r"^[^\x00]*$"}
NAMED: Json = {"anyOf": [{"required": ["id"]}, {"required": ["name"]}]}

DOMAIN: Json = {
    "type": "object",
    "properties": {"id": SAID, "name": SAID},
    "description": "default, where all people are and every account is found, or the organization of an account",
    **NAMED,
}
PROJECT: Json = {
    "type": "object",
    "properties": {
        "id": SAID | {"description": "the number of the account"},
        "name": SAID | {"description": "a name that several of one's accounts have means none of them"},
        "domain": ref("NamedDomain"),
    },
    "anyOf": [{"required": ["id"]}, {"required": ["name", "domain"]}],
}
SOMEBODY: Json = {
    "id": SAID | {"description": "a login"},
    "name": SAID | {"description": "a login, or an email address"},
    "domain": ref("NamedDomain"),
}
BY_ID_OR_NAME: Json = {"anyOf": [{"required": ["id"]}, {"required": ["name", "domain"]}]}
PASSWORD = described({"user": described(SOMEBODY | {"password": SAID}, required=("password",), **BY_ID_OR_NAME)})
CREDENTIAL = described(
    {"id": SAID, "name": SAID, "secret": SAID, "user": described(SOMEBODY, required=(), **BY_ID_OR_NAME)},
    required=("secret",),
    anyOf=[{"required": ["id"]}, {"required": ["name", "user"]}],
)


def _by(method: str, proof: Json) -> Json:
    methods: Json = {"type": "array", "items": {"const": method}, "minItems": 1, "maxItems": 1}
    return described({"methods": methods, method: proof})


SCOPE: Json = {
    "anyOf": [{"const": "unscoped"}, described({"project": PROJECT}, additionalProperties=False)],
    "description": "the account that the token is for",
}
IDENTITY: Json = {
    "anyOf": [
        _by("password", PASSWORD),
        _by("token", described({"id": SAID})),
        _by("application_credential", CREDENTIAL),
    ]
}
TOKEN = described(
    {
        "methods": {"type": "array", "items": TEXT},
        "user": described({"id": TEXT, "name": TEXT, "domain": ref("DomainOfRecord")}, required=("id", "name")),
        "audit_ids": {"type": "array", "items": TEXT},
        "expires_at": MOMENT,
        "issued_at": MOMENT,
        "project": described({"id": TEXT, "name": TEXT, "domain": ref("DomainOfRecord")}),
        "is_domain": YES_OR_NO,
        "roles": {"type": "array", "items": described({"id": TEXT, "name": TEXT})},
        "catalog": {"type": "array", "items": ref("CatalogEntry")},
        "application_credential": described({"id": TEXT, "name": TEXT, "restricted": YES_OR_NO}),
    },
    required=("methods", "user", "audit_ids", "expires_at", "issued_at"),
)
RECORD: Json = {"id": TEXT, "name": TEXT, "description": TEXT, "links": LINKS}

SCHEMAS: dict[str, Json] = {
    "NamedDomain": DOMAIN,
    "SignIn": described({"auth": described({"identity": IDENTITY, "scope": SCOPE}, required=("identity",))}),
    "Token": described({"token": TOKEN}),
    "DomainOfRecord": described({"id": TEXT, "name": TEXT}),
    "Endpoint": described({"id": TEXT, "interface": TEXT, "region_id": TEXT, "region": TEXT, "url": TEXT}),
    "CatalogEntry": described(
        {"id": TEXT, "type": TEXT, "name": TEXT, "endpoints": {"type": "array", "items": ref("Endpoint")}}
    ),
    "Catalog": listed("catalog", ref("CatalogEntry"), links=LINKS),
    "Project": described(RECORD | {"domain_id": TEXT, "enabled": YES_OR_NO, "is_domain": YES_OR_NO}),
    "OneProject": described({"project": ref("Project")}),
    "Projects": listed("projects", ref("Project"), links=LINKS),
    "Domain": described(RECORD | {"enabled": YES_OR_NO}),
    "OneDomain": described({"domain": ref("Domain")}),
    "Domains": listed("domains", ref("Domain"), links=LINKS),
    "User": described(RECORD | {"domain_id": TEXT, "enabled": YES_OR_NO}),
    "OneUser": described({"user": ref("User")}),
    "Users": listed("users", ref("User"), links=LINKS),
    "Role": described(RECORD),
    "OneRole": described({"role": ref("Role")}),
    "Roles": listed("roles", ref("Role"), links=LINKS),
    "Nothing": described({"links": LINKS}),
    "Version": described({"id": TEXT, "status": TEXT, "links": {"type": "array", "items": {"type": "object"}}}),
    "OneVersion": described({"version": ref("Version")}),
    "Versions": described({"versions": listed("values", ref("Version"))}),
    "Refusal": described({"error": described({"code": {"type": "integer"}, "message": TEXT, "title": TEXT})}),
}
