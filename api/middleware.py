"""The short way of programs: past sessions, forms and signing in, which are for browsers."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

from accounts.middleware import client_address
from accounts.records import network_address

SERVICES = ("/identity", "/image/")
URLCONF = "api.urls"
# What other middleware would add. The policy is stricter than that of pages: an answer loads nothing.
HEADERS = {
    "Cache-Control": "private, no-cache",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Vary": "X-Auth-Token",
    "X-Frame-Options": "DENY",
}


class ServicesMiddleware:
    """Leads requests for Identity and Image to their endpoints.

    These ask for a token themselves, answer whatever goes wrong themselves, and know nothing of cookies, so that
    nothing of what comes after this is of use to them; it would cost more than many of their answers. The host, TLS
    and static files are looked at before it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(SERVICES):
            return self.get_response(request)
        try:
            match = resolve(request.path_info, URLCONF)
        except Resolver404:
            return self.get_response(request)
        request.resolver_match = match
        origin = network_address.set(client_address(request))
        try:
            response: HttpResponse = match.func(request, *match.args, **match.kwargs)
        finally:
            network_address.reset(origin)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response
