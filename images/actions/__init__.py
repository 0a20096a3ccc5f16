"""The verbs of images: each locks, checks, changes, records, and notifies on commit. Nothing else writes."""

from images.actions.changes import (
    deactivate,
    delete,
    edit,
    protect,
    reactivate,
    record_download,
    set_visibility,
    unprotect,
)
from images.actions.closing import delete_images_of
from images.actions.collection import Find, collect
from images.actions.conversions import run_conversion, start_conversion
from images.actions.creation import NewImage, create_image, make_planned_image, plan_image
from images.actions.health import (
    Verdict,
    due_for_verification,
    local_file,
    open_data,
    reading,
    verify_data,
    verify_next,
)
from images.actions.imports import retry_import, run_import, start_import
from images.actions.looks import request_look, run_look
from images.actions.moving import Moved, movable, move_data
from images.actions.neglect import attend_to_uploads, complete_upload
from images.actions.quotas import (
    end_quota_requests_of,
    grant_quota_request,
    refuse_quota_request,
    request_quota,
    set_quota,
    withdraw_quota_request,
)
from images.actions.references import add_reference, label, remove_reference
from images.actions.staff import deactivate_for_owner, publish, reactivate_for_owner, unpublish
from images.actions.unpacking import unpack_upload
from images.actions.uploads import discard_upload, receive_form_file, receive_upload, start_upload

__all__ = [
    "Find",
    "Moved",
    "NewImage",
    "Verdict",
    "add_reference",
    "attend_to_uploads",
    "collect",
    "complete_upload",
    "create_image",
    "deactivate",
    "deactivate_for_owner",
    "delete",
    "delete_images_of",
    "discard_upload",
    "due_for_verification",
    "edit",
    "end_quota_requests_of",
    "grant_quota_request",
    "label",
    "local_file",
    "make_planned_image",
    "movable",
    "move_data",
    "open_data",
    "plan_image",
    "protect",
    "publish",
    "reactivate",
    "reactivate_for_owner",
    "reading",
    "receive_form_file",
    "receive_upload",
    "record_download",
    "refuse_quota_request",
    "remove_reference",
    "request_look",
    "request_quota",
    "retry_import",
    "run_conversion",
    "run_import",
    "run_look",
    "set_quota",
    "set_visibility",
    "start_conversion",
    "start_import",
    "start_upload",
    "unpack_upload",
    "unprotect",
    "unpublish",
    "verify_data",
    "verify_next",
    "withdraw_quota_request",
]
