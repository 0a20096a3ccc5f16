"""Addresses of OpenStack Image v2, below /image/ and /image/<region>/."""

from django.urls import URLPattern, re_path

from api.endpoints import NotInImage
from api.image.actions import Deactivate, Reactivate
from api.image.images import Images, OneImage
from api.image.members import Members, OneMember
from api.image.tags import OneTag

urlpatterns: list[URLPattern] = [
    re_path(r"^v2/images$", Images.as_view()),
    re_path(r"^v2/images/(?P<image_id>[^/]+)$", OneImage.as_view()),
    re_path(r"^v2/images/(?P<image_id>[^/]+)/actions/deactivate$", Deactivate.as_view()),
    re_path(r"^v2/images/(?P<image_id>[^/]+)/actions/reactivate$", Reactivate.as_view()),
    re_path(r"^v2/images/(?P<image_id>[^/]+)/tags/(?P<tag>[^/]+)$", OneTag.as_view()),
    re_path(r"^v2/images/(?P<image_id>[^/]+)/members$", Members.as_view()),
    re_path(r"^v2/images/(?P<image_id>[^/]+)/members/(?P<member>.+)$", OneMember.as_view()),
    re_path(r"^.*$", NotInImage.as_view()),
]
