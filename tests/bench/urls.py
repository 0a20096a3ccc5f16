"""The panel's addresses, and a page with nothing on it."""

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, path

from config import urls


def empty(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


urlpatterns: list[URLPattern | URLResolver] = [path("empty/", empty), *urls.urlpatterns]
