"""Who asks for a token, and what for: by password, by a token that they have, or by an application credential.

Whatever is wrong, the answer is the same 401, and the statements and the slow hash of a password are, too: nobody
finds out which part was right.
"""

from dataclasses import replace
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from accounts.addresses import Address, find_person, parse_person
from accounts.addresses import Kind as AddressKind
from accounts.middleware import is_welcome
from accounts.models import Membership, User
from accounts.proof import NO_LOGIN, Credentials, count_attempt, prove_by_password
from accounts.querysets import NOBODY
from accounts.roles import Role
from api import tokens
from api.actions import used
from api.credentials import credential_for
from api.endpoints import unauthorized
from api.errors import Refusal
from api.identity.asked import Domain, Kind, Scope, expecting, object_in, text_in
from api.identity.ownership import accounts_of
from api.models import ApplicationCredential
from api.tokens import Caller

LOCKED_SECONDS = 300  # after five wrong passwords (allauth: ACCOUNT_RATE_LIMITS["login_failed"])
LONGEST_CHAIN = 8  # tokens made one from another
OTHER_ACCOUNT = "A token for an account cannot be exchanged for one for anything else. Sign in again for that."


@sensitive_variables()
def authenticate(request: HttpRequest, said: Any) -> Caller:
    """Find out who asks, and make a token for them.

    Args:
        said: the body of ``POST /v3/auth/tokens``.

    Raises:
        Refusal: 400 for a body that is none of Identity's, 429 after too many tries, and 401 for all else.
    """
    auth = object_in(said, "auth", "request body")
    identity = object_in(auth, "identity", "auth")
    method = _method(identity)
    scope = Scope.read(auth)
    caller = METHODS[method](request, identity[method], scope) if method in METHODS else None
    if caller is None:
        raise unauthorized(request)
    return caller


def _method(identity: dict[str, Any]) -> str:
    """The one method that is used. Several at once are for second factors, which programs do not have."""
    methods = identity.get("methods")
    if not isinstance(methods, list) or not methods:
        raise expecting("methods", "identity")
    for method in methods:
        if not isinstance(method, str) or not isinstance(identity.get(method), dict):
            raise expecting(method if isinstance(method, str) else "methods", "identity")
    return str(methods[0]) if len(set(methods)) == 1 else ""


@sensitive_variables()
def by_password(request: HttpRequest, said: dict[str, Any], scope: Scope) -> Caller | None:
    """A person by login or email address, and password. Each try counts where signing in counts."""
    user = object_in(said, "user", "password")
    credentials = Credentials(_name(user), text_in(user, "password", "user"))
    try:
        attempt = count_attempt(request, credentials.name)
    except ValidationError as error:
        raise Refusal(429, error.messages[0], {"Retry-After": str(LOCKED_SECONDS)}) from None
    person = prove_by_password(request, credentials)
    membership = scope.choose(accounts_of(person.pk if person else NOBODY))
    if person is None or (membership is None and not scope.is_nothing):
        return None
    attempt.take_back_attempt()
    return _caller(person, membership)


def by_token(request: HttpRequest, said: dict[str, Any], scope: Scope) -> Caller | None:
    """Whoever has a token: one without a scope opens any account of the person, one with a scope only its own."""
    caller = tokens.caller_of(text_in(said, "id", "token"))
    if caller is None or len(caller.token.audit_ids) >= LONGEST_CHAIN or not is_welcome(caller.user, request):
        return None
    if caller.viewer:
        if scope.kind is not Kind.NOT_SAID and not scope.fits(caller.viewer.account):
            raise Refusal(403, OTHER_ACCOUNT)
        return replace(caller, token=caller.token.exchanged(number=caller.token.number))
    membership = scope.choose(accounts_of(caller.user.pk))
    if membership is None:
        return replace(caller, token=caller.token.exchanged(number="")) if scope.is_nothing else None
    viewer = tokens.viewer_for(membership, most=Role(membership.role))
    return replace(caller, viewer=viewer, token=caller.token.exchanged(number=viewer.account.number))


@sensitive_variables()
def by_credential(request: HttpRequest, said: dict[str, Any], scope: Scope) -> Caller | None:
    """An application credential: it gives its account and its role, and nothing else can be asked for."""
    credential = _credential(said)
    memberships = accounts_of(credential.user_id if credential else NOBODY)
    if credential is None or not is_welcome(credential.user, request):
        return None
    membership = next((each for each in memberships if each.group_id == credential.account_id), None)
    if membership is None or not (scope.kind is Kind.NOT_SAID or scope.fits(membership.group.as_account)):
        return None
    used(credential)
    return _caller(credential.user, membership, credential)


METHODS = {"password": by_password, "token": by_token, "application_credential": by_credential}


@sensitive_variables()
def _credential(said: dict[str, Any]) -> ApplicationCredential | None:
    where = "application_credential"
    secret = text_in(said, "secret", where)
    if "id" in said:
        return credential_for(secret=secret, pk=text_in(said, "id", where))
    name, user = text_in(said, "name", where), object_in(said, "user", where)
    return credential_for(secret=secret, user=find_person(_name(user)), name=name)


def _name(user: dict[str, Any]) -> Address:
    """Whom a program names: by id, which is the login, or by login or email address in the default domain."""
    if "id" in user:
        text, is_known = text_in(user, "id", "user"), True
    else:
        text, is_known = text_in(user, "name", "user"), Domain.read(user, "user").is_default
    try:
        return parse_person(text if is_known else NO_LOGIN)
    except ValidationError:
        return Address(AddressKind.LOGIN, NO_LOGIN)


def _caller(user: User, membership: Membership | None, credential: ApplicationCredential | None = None) -> Caller:
    viewer = None
    if membership:
        viewer = tokens.viewer_for(membership, most=credential.most if credential else Role(membership.role))
    method = "application_credential" if credential else "password"
    number = viewer.account.number if viewer else ""
    return Caller(user, viewer, tokens.issue(user, number=number, methods=(method,), credential=credential))
