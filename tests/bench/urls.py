"""The panel's addresses, and pages with nothing on them: for people, for everybody, and for who has a token."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, path

from api.endpoints import ImageEndpoint
from config import urls


def empty(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@login_not_required
def empty_for_all(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


class EmptyForToken(ImageEndpoint):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse()


urlpatterns: list[URLPattern | URLResolver] = [
    path("empty/", empty),
    path("empty/program/", empty_for_all),
    path("empty/token/", EmptyForToken.as_view()),
    *urls.urlpatterns,
]
