"""The verbs of images: each locks, checks, changes, records, and notifies on commit. Nothing else writes."""

from images.actions.changes import (
    Revision,
    deactivate,
    delete,
    edit,
    protect,
    reactivate,
    record_download,
    revise,
    set_visibility,
    unprotect,
)
from images.actions.closing import delete_images_of
from images.actions.collection import Find, collect
from images.actions.conversions import run_conversion, start_conversion
from images.actions.copies import copy_image
from images.actions.creation import NewImage, create_image, make_planned_image, plan_image
from images.actions.ends import End, announce_end, cancel_end, delete_retired, warn_of_ends
from images.actions.families import (
    create_family,
    dissolve_family,
    edit_family,
    leave_family,
    pin_version,
    put_into_family,
    take_out_of_family,
    unpin_version,
)
from images.actions.filling import fill, use_staged
from images.actions.health import (
    Verdict,
    due_for_verification,
    local_file,
    open_data,
    reading,
    verify_data,
    verify_next,
)
from images.actions.hiding import hide, unhide
from images.actions.imports import import_queued, retry_import, run_import, start_import
from images.actions.looks import request_look, run_look
from images.actions.moving import Moved, movable, move_data
from images.actions.neglect import attend_to_uploads, complete_upload
from images.actions.planning import cancel_planned_change, carry_out_due, plan_change, warn_of_planned
from images.actions.plans import end_plans
from images.actions.queued import discard_queued, edit_queued, get_queued, lock_queued, start_queued
from images.actions.quotas import (
    end_quota_requests_of,
    grant_quota_request,
    refuse_quota_request,
    request_quota,
    set_quota,
    withdraw_quota_request,
)
from images.actions.references import add_reference, label, remove_reference, use_theirs
from images.actions.staff import (
    deactivate_for_owner,
    list_in_marketplace,
    publish,
    reactivate_for_owner,
    take_off_marketplace,
    unpublish,
)
from images.actions.unpacking import unpack_upload
from images.actions.uploads import discard_upload, receive_form_file, receive_upload, start_upload

__all__ = [
    "End",
    "Find",
    "Moved",
    "NewImage",
    "Revision",
    "Verdict",
    "add_reference",
    "announce_end",
    "attend_to_uploads",
    "cancel_end",
    "cancel_planned_change",
    "carry_out_due",
    "collect",
    "complete_upload",
    "copy_image",
    "create_family",
    "create_image",
    "deactivate",
    "deactivate_for_owner",
    "delete",
    "delete_images_of",
    "delete_retired",
    "discard_queued",
    "discard_upload",
    "dissolve_family",
    "due_for_verification",
    "edit",
    "edit_family",
    "edit_queued",
    "end_plans",
    "end_quota_requests_of",
    "fill",
    "get_queued",
    "grant_quota_request",
    "hide",
    "import_queued",
    "label",
    "leave_family",
    "list_in_marketplace",
    "local_file",
    "lock_queued",
    "make_planned_image",
    "movable",
    "move_data",
    "open_data",
    "pin_version",
    "plan_change",
    "plan_image",
    "protect",
    "publish",
    "put_into_family",
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
    "revise",
    "run_conversion",
    "run_import",
    "run_look",
    "set_quota",
    "set_visibility",
    "start_conversion",
    "start_import",
    "start_queued",
    "start_upload",
    "take_off_marketplace",
    "take_out_of_family",
    "unhide",
    "unpack_upload",
    "unpin_version",
    "unprotect",
    "unpublish",
    "use_staged",
    "use_theirs",
    "verify_data",
    "verify_next",
    "warn_of_ends",
    "warn_of_planned",
    "withdraw_quota_request",
]
