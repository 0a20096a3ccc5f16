"""What all addresses of the API have in common: who asks, and how an answer looks.

An endpoint is a class with a method for each HTTP method that it knows. It parses, asks one query or one action, and
gives back what stands in the answer; what it raises becomes an answer in the form of its service.
"""

import logging
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from accounts.middleware import is_welcome
from accounts.viewer import Viewer
from api import limits
from api.errors import NOT_SIGNED_IN, Refusal, identity_error, image_error, refusal_of
from api.tokens import Caller, caller_of

logger = logging.getLogger(__name__)

REQUEST_ID = "x-openstack-request-id"


class ApiRequest(HttpRequest):
    """A request of a program that has a token (type only).

    Attributes:
        region_code: of the address of the service; empty for all regions.
    """

    caller: Caller
    viewer: Viewer
    region_code: str


class Endpoint(View, ABC):
    """One address of the API. It needs no token of forms: a browser sends no ``X-Auth-Token`` by itself.

    Attributes:
        is_open: whether it answers without a token, as discovery does.
        needs_scope: whether the token has to be for an account.
    """

    is_open: ClassVar[bool] = False
    needs_scope: ClassVar[bool] = True

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Callable[..., HttpResponseBase]:
        """The view. It is decorated once: a decorated ``dispatch`` is wrapped anew for each request."""
        return csrf_exempt(login_not_required(super().as_view(**initkwargs)))

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Find out who asks, and answer."""
        answer: HttpResponseBase
        try:
            request.region_code = kwargs.pop("region", "")  # type: ignore[attr-defined]
            if not self.is_open:
                identify(request, needs_scope=self.needs_scope)
            answer = self.answer(request, *args, **kwargs)
        except Exception as problem:
            refusal = refusal_of(problem)
            if refusal is None:
                logger.exception("Nobody expected this: %s %s", request.method, request.path)
                refusal = Refusal(500, "The panel failed to answer. Whoever runs it can read why in its log.")
            answer = self.refuse(refusal)
        answer.headers.setdefault(REQUEST_ID, new_request_id())
        return answer

    def answer(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """What the method of the request gives."""
        return super().dispatch(request, *args, **kwargs)

    @abstractmethod
    def refuse(self, refusal: Refusal) -> HttpResponse:
        """Say no, in the form of the service."""

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Say which methods there are."""
        known = [method.upper() for method in self.http_method_names if hasattr(self, method)]
        text = f"The method {request.method} is not allowed for this resource."
        raise Refusal(405, text, {"Allow": ", ".join(known)})


class NotThere(Endpoint):
    """Every address below a service that it does not have."""

    is_open = True

    def answer(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """404, whatever the method."""
        raise Refusal(404, "The resource could not be found.")


class IdentityEndpoint(Endpoint):
    """One address of OpenStack Identity v3."""

    def refuse(self, refusal: Refusal) -> HttpResponse:
        """As Keystone does."""
        return identity_error(refusal)


class ImageEndpoint(Endpoint):
    """One address of OpenStack Image v2."""

    def refuse(self, refusal: Refusal) -> HttpResponse:
        """As Glance does.

        The empty header with which openstacksdk sends data asks for nothing in particular. It gets HTML: the command
        ``openstack`` shows people the reason out of that, and nothing of a plain text.
        """
        accept = self.request.headers.get("Accept")
        return image_error(refusal, accept="*/*" if accept == "" else accept or "")


class NotInIdentity(NotThere, IdentityEndpoint):
    """Nothing of OpenStack Identity."""


class NotInImage(NotThere, ImageEndpoint):
    """Nothing of OpenStack Image."""


def identify(request: HttpRequest, *, needs_scope: bool = True) -> None:
    """Set ``request.caller`` and ``request.viewer`` by the token of the request. One query.

    Raises:
        Refusal: 401, whatever is wrong with the token; 429, the account asks too often.
    """
    caller = caller_of(request.META.get("HTTP_X_AUTH_TOKEN", ""))
    if caller is None or (needs_scope and caller.viewer is None):
        raise unauthorized(request)
    if caller.user.is_demo and not is_welcome(caller.user, request):
        raise unauthorized(request)
    limits.count(caller, str(request.method))
    request.caller = caller  # type: ignore[attr-defined]
    request.viewer = caller.viewer  # type: ignore[attr-defined]


def unauthorized(request: HttpRequest) -> Refusal:
    """401, with where to get a token (keystonemiddleware's header)."""
    where = request.build_absolute_uri("/identity/v3")
    return Refusal(401, NOT_SIGNED_IN, {"WWW-Authenticate": f'Keystone uri="{where}"'})


def new_request_id() -> str:
    """What an answer is known by, as oslo.middleware makes it."""
    return f"req-{uuid.uuid4()}"


def json_answer(said: object, *, status: int = 200, **headers: str) -> JsonResponse:
    """An answer in JSON."""
    return JsonResponse(said, status=status, safe=False, headers=headers)
