"""Where a person goes after a form: back to the page that they came from, when it is one of ours."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme


def next_url(request: HttpRequest, default: str) -> str:
    """The page named by ``next``, never one of another site."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    hosts = {request.get_host()}
    if url_has_allowed_host_and_scheme(wanted, allowed_hosts=hosts, require_https=request.is_secure()):
        return wanted
    return default


def go_back(request: HttpRequest, default: str) -> HttpResponse:
    """Send the browser there with GET."""
    return redirect(next_url(request, default))
