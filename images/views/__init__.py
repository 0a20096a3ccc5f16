from images.views.changes import (
    image_deactivate,
    image_delete,
    image_edit,
    image_protect,
    image_reactivate,
    image_unprotect,
    image_visibility,
)
from images.views.conversions import image_convert
from images.views.details import image_detail, image_download
from images.views.imports import image_import, image_incoming, import_retry
from images.views.lists import image_list
from images.views.looks import image_inside
from images.views.quotas import quota_request, quota_withdraw
from images.views.references import reference_add, reference_edit, reference_remove
from images.views.tus import upload_collection, upload_resource
from images.views.uploads import image_upload, upload_discard

__all__ = [
    "image_convert",
    "image_deactivate",
    "image_delete",
    "image_detail",
    "image_download",
    "image_edit",
    "image_import",
    "image_incoming",
    "image_inside",
    "image_list",
    "image_protect",
    "image_reactivate",
    "image_unprotect",
    "image_upload",
    "image_visibility",
    "import_retry",
    "quota_request",
    "quota_withdraw",
    "reference_add",
    "reference_edit",
    "reference_remove",
    "upload_collection",
    "upload_discard",
    "upload_resource",
]
