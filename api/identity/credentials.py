"""Application credentials by the API: one's own, for the account of the token.

After the API reference of Identity v3, "Application credentials". Stricter in two things: a secret is always the
panel's own, because only a hash is kept that guesses would be too quick for; and a token shows those of its account.
"""

from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpResponse, JsonResponse
from django.views.decorators.debug import sensitive_variables

from accounts.roles import Role
from api import actions
from api.bodies import read_object
from api.endpoints import ApiRequest, IdentityEndpoint, json_answer
from api.errors import Refusal, sentence_of
from api.identity.asked import expecting, object_in, text_in
from api.identity.discovery import address
from api.identity.people import own
from api.identity.records import OPENSTACK_ROLES, listed
from api.models import ApplicationCredential
from api.querysets import CredentialQuerySet
from api.validators import storable

PART = "application_credential"
ROLES = {names[0]: role for role, names in OPENSTACK_ROLES.items()}
EMPTY = (None, "")
KNOWN = frozenset(
    {"name", "description", "expires_at", "roles", "unrestricted", "access_rules", "secret", "project_id"}
)
NOT_BY_CREDENTIAL = (
    "You are not authorized to perform the requested action: Using method 'application_credential' is not allowed for "
    "managing additional application credentials."
)
# What cannot be asked for, with the values that ask for nothing.
UNSUPPORTED: dict[str, tuple[tuple[object, ...], str]] = {
    "unrestricted": ((None, False), "Credentials that make further credentials are not supported."),
    "access_rules": ((None, []), "Access rules are not supported: choose a role instead."),
    "secret": ((None, ""), "Secrets of your own are not supported: the answer holds one of 256 random bits."),
}
STATUSES = {"taken": 409, "too_many": 403}  # Keystone's; anything else is 400


class Credentials(IdentityEndpoint):
    """Those of the caller, for the account of the token."""

    def get(self, request: ApiRequest, user_id: str) -> JsonResponse:
        """All of them, or the one of this name.

        Raises:
            Refusal: 403, they are somebody else's.
        """
        own(request, user_id, "list_application_credentials")
        found = _own(request)
        if (name := request.GET.get("name")) is not None:
            found = found.filter(name=storable(name))
        return json_answer(listed("application_credentials", (record(each, request) for each in found), request))

    @sensitive_variables()
    def post(self, request: ApiRequest, user_id: str) -> JsonResponse:
        """Make one. The answer holds its secret, this once.

        Raises:
            Refusal: 400 for what cannot be made, 403 for somebody else, by a credential, and when there are too many,
                409 for a name that is taken.
        """
        own(request, user_id, "create_application_credential")
        _refuse_credentials(request)
        asked = object_in(read_object(request), PART, "request body")
        credential, secret = _made(request, _arguments(asked, request))
        said = {PART: record(credential, request) | {"secret": secret}}
        return json_answer(said, status=201, **{"Cache-Control": "no-store"})


class Credential(IdentityEndpoint):
    """One of the caller's, for the account of the token."""

    def get(self, request: ApiRequest, user_id: str, credential_id: str) -> JsonResponse:
        """What is known of it; never its secret.

        Raises:
            Refusal: 403, it would be somebody else's; 404, there is none.
        """
        own(request, user_id, "get_application_credential")
        return json_answer({PART: record(_found(request, credential_id), request)})

    def delete(self, request: ApiRequest, user_id: str, credential_id: str) -> HttpResponse:
        """Revoke it.

        Raises:
            Refusal: as ``get``; 403 by a credential.
        """
        own(request, user_id, "delete_application_credential")
        _refuse_credentials(request)
        actions.revoke_credential(_found(request, credential_id).pk, by=request.viewer)
        return HttpResponse(status=204)


def record(credential: ApplicationCredential, request: ApiRequest) -> dict[str, Any]:
    """A credential in the JSON of Identity v3."""
    path = f"/users/{request.caller.user.username}/application_credentials/{credential.pk}"
    ends = credential.expires_at
    return {
        "id": credential.pk,
        "name": credential.name,
        "description": credential.description or None,
        "project_id": request.viewer.account.number,
        "roles": [{"id": name, "name": name, "domain_id": None} for name in OPENSTACK_ROLES[credential.most]],
        "expires_at": ends.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") if ends else None,
        "unrestricted": False,
        "access_rules": [],
        "links": {"self": address(request, path)},
    }


def _own(request: ApiRequest) -> CredentialQuerySet:
    return ApplicationCredential.objects.of(request.caller.user, request.viewer.account)


def _found(request: ApiRequest, credential_id: str) -> ApplicationCredential:
    credential = _own(request).filter(pk=storable(credential_id)).first()
    if credential is None:
        raise Refusal(404, f"Could not find Application Credential: {credential_id}.")
    return credential


def _refuse_credentials(request: ApiRequest) -> None:
    """Whoever has a credential makes and ends none with it: what leaks ends with the one that leaked."""
    if request.caller.token.credential:
        raise Refusal(403, NOT_BY_CREDENTIAL)


def _made(request: ApiRequest, arguments: dict[str, Any]) -> tuple[ApplicationCredential, str]:
    try:
        return actions.make_credential(by=request.viewer, **arguments)
    except ValidationError as error:
        codes = [each.code for errors in error.error_dict.values() for each in errors]
        raise Refusal(next((STATUSES[code] for code in codes if code in STATUSES), 400), sentence_of(error)) from None


def _arguments(asked: dict[str, Any], request: ApiRequest) -> dict[str, Any]:
    """What the action takes."""
    if unknown := sorted(set(asked) - KNOWN):
        raise Refusal(400, f"Additional properties are not allowed ({', '.join(map(repr, unknown))}).")
    for name, (nothing, why) in UNSUPPORTED.items():
        if not any(_is_same(asked.get(name), each) for each in nothing):
            raise Refusal(400, why)
    if asked.get("project_id", request.viewer.account.number) != request.viewer.account.number:
        raise Refusal(400, "A credential is for the project of the token that asks for it.")
    return {
        "name": text_in(asked, "name", PART),
        "description": "" if asked.get("description") in EMPTY else text_in(asked, "description", PART),
        "role": _role(asked.get("roles"), request),
        "expires_at": None if asked.get("expires_at") in EMPTY else _moment(asked["expires_at"]),
    }


def _is_same(said: object, value: object) -> bool:
    """Whether it is the value, and of its kind: in JSON, 0 is not false."""
    return type(said) is type(value) and said == value


def _role(said: Any, request: ApiRequest) -> Role:
    """The highest of the roles that are asked for; that of the token, where none is."""
    if said is None or said == []:
        return request.viewer.role
    if not isinstance(said, list):
        raise expecting("a list of roles", PART)
    return max((_one_role(each) for each in said), key=lambda role: role.rank)


def _one_role(said: Any) -> Role:
    if not isinstance(said, dict) or len(said) != 1 or not set(said) <= {"id", "name"}:
        raise expecting("id or name of each of the roles", PART)
    [name] = [text_in(said, key, "role") for key in said]
    if name not in ROLES:
        raise Refusal(404, f"Could not find role: {name}.")
    return ROLES[name]


def _moment(said: Any) -> datetime:
    """A time as ISO 8601; UTC where it says nothing else."""
    try:
        moment = datetime.fromisoformat(said)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise Refusal(400, "expires_at: Timestamp not in expected format, as 2027-01-31T12:00:00Z.") from None
