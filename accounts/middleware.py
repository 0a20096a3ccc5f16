"""What every request passes through: who is asking for which account, and how refusals look."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib.auth import logout
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django_htmx.middleware import HtmxDetails

from accounts.errors import Conflict
from accounts.models import User
from accounts.records import in_administration, network_address
from accounts.viewer import Viewer, choose, first_viewer, open_memberships

GetResponse = Callable[[HttpRequest], HttpResponse]


class SignedInRequest(HttpRequest):
    """A request of somebody who is signed in (type only)."""

    user: User


class PanelRequest(SignedInRequest):
    """A request on a page of an account (type only)."""

    viewer: Viewer
    htmx: HtmxDetails


class CurrentAccountMiddleware:
    """Resolves ``/a/<number>/…`` to ``request.viewer``, checked against membership on each request.

    The session only remembers the last account, so that two tabs in two accounts never mix.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.viewer = None  # type: ignore[attr-defined]
        token = network_address.set(client_address(request))
        staff_token = in_administration.set(request.path.startswith((reverse("admin:index"), reverse("review_desk"))))
        try:
            response = self.get_response(request)
        finally:
            network_address.reset(token)
            in_administration.reset(staff_token)
        if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED and request.method == "GET":
            # A form sent after the session had ended leads here by way of signing in.
            response.content = render_to_string("405.html", request=request)
        if not response.has_header("Cache-Control"):
            # What one person sees is for nobody else, and rights can end at any time: no proxy may keep a page.
            patch_cache_control(response, private=True, no_cache=True)
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: dict[str, Any]) -> None:
        """Set the viewer, and take the number out of the view's arguments."""
        number = kwargs.pop("number", None)
        if number is None or not isinstance(request.user, User):
            return
        viewer = Viewer.of(request.user, number=number)
        if viewer is None:
            raise Http404
        request.viewer = viewer  # type: ignore[attr-defined]
        if request.session.get("account") != number:
            request.session["account"] = number

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Tell a person who came second what happened."""
        if isinstance(exception, Conflict):
            return render(request, "409.html", {"message": str(exception)}, status=409)
        return None


def client_address(request: HttpRequest) -> str | None:
    """Where a request comes from, by the same rule as the rate limits (settings: PROXY_COUNT)."""
    try:
        address: str = get_adapter(request).get_client_ip(request)
    except PermissionDenied:  # a Unix socket has no address
        return None
    return address


def last_viewer(request: HttpRequest) -> Viewer | None:
    """The viewer for the account that the session remembers, or else for the likeliest one. One query at most."""
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return None
    memberships = open_memberships(user)
    remembered = choose(user, memberships, number=str(request.session.get("account", "")))
    return remembered or first_viewer(user, memberships)


class DemoHostMiddleware:
    """Everybody knows the password of a demo person: they are served on loopback names only."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not is_welcome(request.user, request):
            logout(request)
            raise PermissionDenied("Demo people can sign in on this machine only (http://localhost).")
        return self.get_response(request)


def is_welcome(user: object, request: HttpRequest) -> bool:
    """Whether this person is served under the name that the browser asked for."""
    host, _port = split_domain_port(request.get_host())
    return host in settings.LOOPBACK_HOSTS or not getattr(user, "is_demo", False)
