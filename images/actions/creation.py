"""From an upload to an image."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.errors import Conflict
from accounts.permissions import lock_groups
from accounts.viewer import Viewer
from images import hooks
from images.actions.events import record_image
from images.actions.uploads import find_upload
from images.models import Image, ImageTag, Region, Upload
from images.permissions import Verb, require, visibility_refusal


@dataclass(frozen=True)
class NewImage:
    """What somebody says of a new image.

    Attributes:
        facts: other columns of ``Image``: description, os_family, min_disk …
        recipients: the first recipients of a shared image, as typed.
    """

    name: str
    region: Region
    visibility: str = Image.Visibility.PRIVATE
    facts: dict[str, Any] = field(default_factory=dict)
    tags: Sequence[str] = ()
    recipients: str = ""


@transaction.atomic
def create_image(upload_id: UUID, *, by: Viewer, new: NewImage) -> Image:
    """Make an image of an upload whose data has come; the upload ends with that.

    Raises:
        Http404: no such upload for this viewer, or they are no longer in the account.
        PermissionDenied: they may not add images, or not with this visibility.
        Conflict: the data has not come yet.
        ValidationError: per field, the recipients included; the upload stays.
    """
    upload = find_upload(upload_id, by=by)
    if upload.data is None:
        raise Conflict("The file has not come yet. Wait until it is there, then send the form again.")
    image = _built(upload, by, new)
    _require_rights(image, by)
    _check(image)
    image.save()
    ImageTag.objects.bulk_create(ImageTag(image=image, name=name) for name in new.tags)
    upload.delete()
    record_image("created", image, by, visibility=image.visibility, source=image.source)
    if image.visibility == Image.Visibility.SHARED and new.recipients.strip():
        _offer_to_first(image, by, new.recipients)
    # A file may take hours to come, and meanwhile somebody may have removed the person or closed the account. Asked
    # last, because the offer takes all groups that it needs in one order.
    _require_rights(image, lock_groups(by))
    return image


def _offer_to_first(image: Image, by: Viewer, recipients: str) -> None:
    """Whatever is wrong with the recipients is told at their field."""
    try:
        hooks.image_created.ask(image, by, recipients)
    except ValidationError as error:
        raise ValidationError({"recipients": error.messages}) from error


def _built(upload: Upload, by: Viewer, new: NewImage) -> Image:
    return Image(
        account=by.account,
        region=new.region,
        data=upload.data,
        name=new.name,
        visibility=new.visibility,
        source=Image.Source.UPLOAD,
        created_at=timezone.now(),
        created_by=by.user,
        **new.facts,
    )


def _require_rights(image: Image, by: Viewer) -> None:
    require(by, Verb.CREATE)
    if reason := visibility_refusal(by, image.visibility):
        raise PermissionDenied(reason)


def _check(image: Image) -> None:
    if image.region.closed_at:
        raise ValidationError({"region": f"{image.region.name} takes no new images. Choose another region."})
    image.clean_fields(exclude=["account", "region", "data", "created_by", "parent"])
