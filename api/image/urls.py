"""Addresses of OpenStack Image v2, below /image/ and /image/<region>/."""

from django.urls import URLPattern, re_path

from api.endpoints import NotInImage
from api.image.actions import Deactivate, Reactivate
from api.image.data import ImageFile, ImageStage
from api.image.images import Images, OneImage
from api.image.imports import ImageImport
from api.image.members import Members, OneMember
from api.image.sharing import urls as sharing_urls
from api.image.tags import OneTag
from api.image.tasks import OneTask, Tasks, TasksOfImage
from api.openapi.views import ImageDocument

urlpatterns: list[URLPattern] = [
    re_path(r"^v2/images$", Images.as_view()),
    re_path(r"^v2/images/(?P<image_id>[^/]+)$", OneImage.as_view()),
    re_path(r"^v2/images/(?P<image_id>[^/]+)/actions/deactivate$", Deactivate.as_view()),
    re_path(r"^v2/images/(?P<image_id>[^/]+)/actions/reactivate$", Reactivate.as_view()),
    re_path(r"^v2/images/(?P<image_id>[^/]+)/file$", ImageFile.as_view()),
    re_path(r"^v2/images/(?P<image_id>[^/]+)/stage$", ImageStage.as_view()),
    re_path(r"^v2/images/(?P<image_id>[^/]+)/import$", ImageImport.as_view()),
    re_path(r"^v2/images/(?P<image_id>[^/]+)/tasks$", TasksOfImage.as_view()),
    re_path(r"^v2/tasks$", Tasks.as_view()),
    re_path(r"^v2/tasks/(?P<task_id>[^/]+)$", OneTask.as_view()),
    re_path(r"^v2/images/(?P<image_id>[^/]+)/tags/(?P<tag>[^/]+)$", OneTag.as_view()),
    re_path(r"^v2/images/(?P<image_id>[^/]+)/members$", Members.as_view()),
    re_path(r"^v2/images/(?P<image_id>[^/]+)/members/(?P<member>.+)$", OneMember.as_view()),
    re_path(r"^v2/openapi\.json$", ImageDocument.as_view()),
    *sharing_urls.urlpatterns,
    re_path(r"^.*$", NotInImage.as_view()),
]
