"""Bodies of ``POST /v3/auth/tokens``, as the clients send them."""

from typing import Any

from tests.factories import PASSWORD

TOKENS = "/identity/v3/auth/tokens"
DEFAULT = {"name": "Default"}
ACME = {"name": "Acme Producers", "domain": DEFAULT}
UNAUTHORIZED = {
    "error": {
        "code": 401,
        "message": "The request you have made requires authentication.",
        "title": "Unauthorized",
    }
}


def password(name: str = "alice", **user: Any) -> dict[str, Any]:
    """By password; ``user`` replaces parts of the user."""
    said = {"name": name, "domain": DEFAULT, "password": PASSWORD} | user
    return {"methods": ["password"], "password": {"user": said}}


def token(text: str) -> dict[str, Any]:
    """By a token."""
    return {"methods": ["token"], "token": {"id": text}}


def credential(**said: Any) -> dict[str, Any]:
    """By an application credential."""
    return {"methods": ["application_credential"], "application_credential": said}


def asking(identity: dict[str, Any], project: object = None, **scope: Any) -> dict[str, Any]:
    """The whole body, for a project, or for ``scope=``."""
    scope = {"scope": {"project": project}} if project else scope
    return {"auth": {"identity": identity} | scope}
