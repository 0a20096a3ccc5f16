"""Tokens over HTTP: making one, looking at one, ending one."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_variables

from api import limits
from api.actions import revoke_token
from api.bodies import read_json
from api.endpoints import IdentityEndpoint, identify, json_answer
from api.errors import Refusal
from api.identity.asked import MALFORMED, expecting
from api.identity.authentication import authenticate
from api.identity.records import token_record
from api.tokens import Caller, caller_of

NO_JSON = f"Expecting to find valid JSON in request body. {MALFORMED}"
NO_TOKEN = "Could not recognize the token."  # noqa: S105  # a sentence


class Tokens(IdentityEndpoint):
    """Tokens: whoever proves who they are gets one; whoever has one can look at it and end it."""

    is_open = True  # one is asked for here; the other methods identify who asks

    @method_decorator(sensitive_variables())
    def post(self, request: HttpRequest) -> JsonResponse:
        """Make a token (wire contract, rule 2)."""
        caller = authenticate(request, read_json(request, malformed=NO_JSON))
        limits.count(caller, "POST")
        return _answer(caller, request, status=201)

    def get(self, request: HttpRequest) -> JsonResponse:
        """What a token of one's own says."""
        return _answer(_subject(request, "identity:validate_token"), request)

    def delete(self, request: HttpRequest) -> HttpResponse:
        """End a token of one's own, and all that were made from it."""
        revoke_token(_subject(request, "identity:revoke_token").token)
        return HttpResponse(status=204)


def _subject(request: HttpRequest, action: str) -> Caller:
    """Whose token ``X-Subject-Token`` is.

    Raises:
        Refusal: 404, it is none or is worth nothing any more; 403, it is somebody else's.
    """
    identify(request, needs_scope=False)
    text = request.headers.get("X-Subject-Token")
    if text is None:
        raise expecting("X-Subject-Token", "request headers")
    subject = caller_of(text)
    if subject is None:
        raise Refusal(404, NO_TOKEN)
    if subject.user != request.caller.user:  # type: ignore[attr-defined]
        raise Refusal(403, f"You are not authorized to perform the requested action: {action}.")
    return subject


def _answer(caller: Caller, request: HttpRequest, *, status: int = 200) -> JsonResponse:
    headers = {"X-Subject-Token": caller.token.signed(), "Cache-Control": "no-store"}
    return json_answer(token_record(caller, request), status=status, **headers)
