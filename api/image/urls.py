"""Addresses of OpenStack Image v2, below /image/ and /image/<region>/."""

from django.urls import URLPattern, re_path

from api.endpoints import NotInImage

urlpatterns: list[URLPattern] = [
    re_path(r"^.*$", NotInImage.as_view()),
]
