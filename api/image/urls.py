"""Addresses of OpenStack Image v2, below /image/ and /image/<region>/."""

from django.urls import URLPattern, re_path

from api.endpoints import NotInImage
from api.image.actions import Deactivate, Reactivate
from api.image.data import ImageFile, ImageStage
from api.image.images import Images, OneImage
from api.image.imports import ImageImport
from api.image.info import ImportInfo, StoresInfo, Usage
from api.image.members import Members, OneMember
from api.image.metadefs import Namespace, Namespaces, ResourceTypes
from api.image.schemas import OneSchema
from api.image.sharing import urls as sharing_urls
from api.image.tags import OneTag
from api.image.tasks import OneTask, Tasks, TasksOfImage
from api.image.versions import Choices, CurrentVersion, Versions
from api.openapi.views import ImageDocument

urlpatterns: list[URLPattern] = [
    re_path(r"^$", Choices.as_view()),
    re_path(r"^versions$", Versions.as_view()),
    re_path(r"^v2/?$", CurrentVersion.as_view()),
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
    re_path(r"^v2/schemas/(?P<name>.+)$", OneSchema.as_view()),
    re_path(r"^v2/info/import$", ImportInfo.as_view()),
    re_path(r"^v2/info/stores$", StoresInfo.as_view()),
    re_path(r"^v2/info/usage$", Usage.as_view()),
    re_path(r"^v2/metadefs/namespaces$", Namespaces.as_view()),
    re_path(r"^v2/metadefs/namespaces/(?P<namespace>[^/]+)(?:/.*)?$", Namespace.as_view()),
    re_path(r"^v2/metadefs/resource_types$", ResourceTypes.as_view()),
    re_path(r"^v2/openapi\.json$", ImageDocument.as_view()),
    *sharing_urls.urlpatterns,
    re_path(r"^.*$", NotInImage.as_view()),
]
