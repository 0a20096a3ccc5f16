"""Addresses of the API: one for Identity, and one for Image in each region and in all of them."""

from django.urls import URLPattern, URLResolver, include, path, re_path

urlpatterns: list[URLPattern | URLResolver] = [
    re_path(r"^identity(?:/|$)", include("api.identity.urls")),
    re_path(r"^image/(?P<region>[A-Z][A-Z0-9-]*)/", include("api.image.urls")),
    path("image/", include("api.image.urls")),
]
