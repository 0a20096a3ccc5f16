"""Addresses of OpenStack Image v2, below /image/ and /image/<region>/."""

from django.urls import URLPattern, re_path

from api.endpoints import NotInImage
from api.image.images import OneImage

urlpatterns: list[URLPattern] = [
    re_path(r"^v2/images/(?P<image_id>[^/]+)$", OneImage.as_view()),
    re_path(r"^.*$", NotInImage.as_view()),
]
