"""Copies: an image of one's own with the data of another one."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.errors import wrong
from accounts.permissions import lock_groups
from accounts.viewer import Viewer
from images.actions.events import record_copy, record_image
from images.models import Image, ImageTag
from images.permissions import Verb, get_image
from images.quotas import confirm

# What a copy says of itself as the original did. The owner's family, protection and dates are the owner's business.
COPIED = (
    "description", "os_family", "os_version", "architecture", "min_disk", "min_ram", "properties", "default_login",
    "ports",
)  # fmt: skip


@transaction.atomic
def copy_image(image_id: UUID, *, by: Viewer, name: str) -> Image:
    """Make an image of the account with the data of one that it may export. The data is stored once.

    The copy is private, stays when the original is taken back or deleted, and counts for the account.

    Raises:
        Http404: the viewer cannot see the image.
        PermissionDenied: they may not copy it.
        Conflict: its data is damaged.
        ValidationError: per field; its region takes no new images.
        QuotaExceeded: the account has no room for it.
    """
    get_image(by, image_id, Verb.COPY)  # nobody holds up somebody else's image without the right
    by = lock_groups(by)
    original = get_image(by, image_id, Verb.COPY, lock=True)
    if original.region.closed_at:
        raise wrong("name", f"{original.region.name} takes no new images, so that nothing is copied there.", "closed")
    is_new_data = not Image.objects.live().filter(account=by.account, data=original.data_id).exists()
    copy = _copied(original, by, name)
    copy.clean_fields(exclude=["account", "region", "data", "created_by", "parent", "family"])
    copy.save()
    ImageTag.objects.bulk_create(ImageTag(image=copy, name=tag) for tag in original.tag_names)
    confirm(by.account, size=original.data.size if is_new_data else 0, images=1)
    record_copy("copied", original, by, name=name)
    record_image("created", copy, by, visibility=copy.visibility, source=copy.source)
    return copy


def _copied(original: Image, by: Viewer, name: str) -> Image:
    facts: dict[str, Any] = {column: getattr(original, column) for column in COPIED}
    return Image(
        account=by.account,
        region=original.region,
        data=original.data,
        name=name,
        source=Image.Source.COPY,
        parent=original,
        created_at=timezone.now(),
        created_by=by.user,
        **facts,
    )
