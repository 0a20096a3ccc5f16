"""Addresses of the API: Identity, Image in each region and in all of them, and the page that describes them."""

from django.urls import URLPattern, URLResolver, include, path, re_path

from api.openapi.views import reference

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/", reference, name="api_reference"),
    re_path(r"^identity(?:/|$)", include("api.identity.urls")),
    re_path(r"^image/(?P<region>[A-Z][A-Z0-9-]*)(?:/|$)", include("api.image.urls")),
    re_path(r"^image(?:/|$)", include("api.image.urls")),
]
