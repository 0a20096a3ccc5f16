from images.views.catalogue import community, marketplace
from images.views.changes import (
    image_deactivate,
    image_delete,
    image_edit,
    image_plan_cancel,
    image_protect,
    image_reactivate,
    image_unprotect,
    image_visibility,
)
from images.views.conversions import image_convert
from images.views.copies import image_copy
from images.views.details import image_detail, image_download
from images.views.ends import image_life, image_life_cancel
from images.views.families import (
    family_add,
    family_create,
    family_detail,
    family_dissolve,
    family_edit,
    family_latest,
    family_list,
    family_pin,
    family_unpin,
    image_family,
    image_family_leave,
)
from images.views.imports import image_import, image_incoming, import_retry
from images.views.lists import image_list
from images.views.looks import image_inside
from images.views.quotas import quota_request, quota_withdraw
from images.views.references import (
    image_hide,
    image_unhide,
    reference_add,
    reference_edit,
    reference_remove,
    reference_use_theirs,
)
from images.views.tus import upload_collection, upload_resource
from images.views.uploads import image_upload, upload_discard

__all__ = [
    "community",
    "family_add",
    "family_create",
    "family_detail",
    "family_dissolve",
    "family_edit",
    "family_latest",
    "family_list",
    "family_pin",
    "family_unpin",
    "image_convert",
    "image_copy",
    "image_deactivate",
    "image_delete",
    "image_detail",
    "image_download",
    "image_edit",
    "image_family",
    "image_family_leave",
    "image_hide",
    "image_import",
    "image_incoming",
    "image_inside",
    "image_life",
    "image_life_cancel",
    "image_list",
    "image_plan_cancel",
    "image_protect",
    "image_reactivate",
    "image_unhide",
    "image_unprotect",
    "image_upload",
    "image_visibility",
    "import_retry",
    "marketplace",
    "quota_request",
    "quota_withdraw",
    "reference_add",
    "reference_edit",
    "reference_remove",
    "reference_use_theirs",
    "upload_collection",
    "upload_discard",
    "upload_resource",
]
