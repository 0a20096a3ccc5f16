"""From an upload to an image."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404
from django.utils import timezone
from django_q.tasks import async_task

from accounts.errors import Conflict
from accounts.permissions import lock_groups
from accounts.viewer import Viewer
from images import hooks, letters
from images.actions.events import record_image
from images.actions.rights import rights_now
from images.models import Image, ImageTag, Region, Upload
from images.permissions import Verb, get_upload, require, visibility_refusal
from images.quotas import confirm, reserve
from images.validators import valid_tags

SOURCES = {
    Upload.Origin.UPLOAD: Image.Source.UPLOAD,
    Upload.Origin.IMPORT: Image.Source.IMPORT,
    Upload.Origin.CONVERSION: Image.Source.CONVERSION,
}


@dataclass(frozen=True)
class NewImage:
    """What somebody says of a new image.

    Attributes:
        facts: other columns of ``Image``: description, os_family, min_disk …
        recipients: the first recipients of a shared image, as typed.
        disk_format, container_format: what its data has to be; empty takes whatever the panel takes.
        most, credential: of the token that it was planned with, as ``images.actions.rights`` notes them; the
            credential by which its data was sent for, if that came later.
        members: to whom programs want a shared image to be offered once it is there, as ``sharing`` notes them.
    """

    name: str
    region: Region
    visibility: str = Image.Visibility.PRIVATE
    facts: dict[str, Any] = field(default_factory=dict)
    tags: Sequence[str] = ()
    recipients: str = ""
    disk_format: str = ""
    container_format: str = ""
    most: str = ""
    credential: str = ""
    members: list[dict[str, Any]] = field(default_factory=list)

    def columns(self) -> dict[str, Any]:
        """The columns of ``Image`` that it fills."""
        return {"name": self.name, "region": self.region, "visibility": self.visibility, **self.facts}

    def plan(self) -> dict[str, Any]:
        """The same as JSON, for an upload that will become the image by itself."""
        return vars(self) | {"region": self.region.pk, "tags": list(self.tags)}

    def named(self, pk: UUID) -> "NewImage":
        """The same with a name: that of the id if it has none, which programs need not give."""
        return self if self.name else replace(self, name=str(pk))

    @classmethod
    def planned(cls, plan: dict[str, Any]) -> "NewImage":
        """What ``plan`` gave.

        Raises:
            ValidationError: its region exists no more.
        """
        region = Region.objects.filter(pk=plan["region"]).first()
        if region is None:
            raise ValidationError({"region": "Its region is gone. Choose another one."})
        return cls(**plan | {"region": region})


@transaction.atomic
def create_image(upload_id: UUID, *, by: Viewer, new: NewImage) -> Image:
    """Make an image of an upload whose data has come; the upload ends with that, and the image has its id.

    Raises:
        Http404: no such upload for this viewer, or they are no longer in the account.
        PermissionDenied: they may not add images, or not with this visibility.
        Conflict: the data has not come yet.
        QuotaExceeded: the account has as many images as it may; not where the upload reserved one by its plan.
        ValidationError: per field, the recipients included; the upload stays.
    """
    upload = get_upload(by, upload_id)
    if upload.data is None:
        raise Conflict("The file has not come yet. Wait until it is there, then send the form again.")
    image = _built(upload, by, new)
    _require_rights(image, by)
    _check(image, new)
    image.save(force_insert=True)
    ImageTag.objects.bulk_create(ImageTag(image=image, name=name) for name in dict.fromkeys(new.tags))
    upload.delete()
    record_image("created", image, by, visibility=image.visibility, source=image.source)
    if image.visibility == Image.Visibility.SHARED and new.recipients.strip():
        _offer_to_first(image, by, new.recipients)
    if image.visibility == Image.Visibility.SHARED and new.members:
        hooks.members_planned.ask(image, new.members)
    # A file may take hours to come, and meanwhile somebody may have removed the person or closed the account. Asked
    # last, because the offer takes all groups that it needs in one order.
    _require_rights(image, lock_groups(by))
    if upload.plan is None:
        confirm(by.account, images=1)
    _keep_in_region(image)
    return image


@transaction.atomic
def plan_image(upload_id: UUID, *, by: Viewer, new: NewImage) -> Image | Upload:
    """Make an image of an upload, at once or, if its archive is still being unpacked, as soon as that is done.

    Planned again, it keeps of the earlier plan what nothing is said of now.

    Returns:
        The image, or the upload that will become it.

    Raises:
        As ``create_image``.
    """
    upload = get_upload(by, upload_id)
    if upload.plan is not None:
        # A form does not ask for all that was planned.
        facts = upload.plan.get("facts", {}) | new.facts
        new = replace(new, facts=facts, members=upload.plan.get("members", []))
    if upload.status != Upload.Status.PROCESSING:
        return create_image(upload_id, by=by, new=new)
    require_plan(new, by=by)
    if upload.created_by_id != by.user.pk:
        require_planner(upload, new)
    if upload.plan is None:
        reserve(by.account, images=1)
    upload.plan = new.plan()
    upload.save(update_fields=["plan"])
    return upload


def require_plan(new: NewImage, *, by: Viewer) -> None:
    """Check what can be known of an image before its data is there.

    Raises:
        PermissionDenied: the viewer may not add images, or not with this visibility.
        ValidationError: per field.
    """
    image = Image(account=by.account, created_at=timezone.now(), **new.columns())
    _require_rights(image, by)
    _check(image, new)


def make_planned_image(upload: Upload) -> Image | None:
    """Make the image that was planned for an upload whose data has come, inside a transaction.

    The rights of the person are those of this moment. If something does not fit any more, the upload stays with its
    plan and the reason, for a person to go on with: nothing tries a second time by itself.
    """
    try:
        with transaction.atomic():
            new = NewImage.planned(upload.plan or {}).named(upload.pk)
            image = create_image(upload.pk, by=planner(upload), new=new)
            letters.image_came(upload, image)
            return image
    except ValidationError as refused:
        upload.problem = " ".join(refused.messages)
    except (Conflict, PermissionDenied) as refused:
        upload.problem = str(refused)
    except Http404:
        upload.problem = "Its time was over before it had come."
    letters.upload_stopped(upload)
    upload.save(update_fields=["problem"])
    return None


def _keep_in_region(image: Image) -> None:
    """Move the data where the region keeps it; the region may have been chosen after the file had come."""
    data, store = image.data, image.region.store
    if data.store != store:
        transaction.on_commit(lambda: async_task("images.tasks.move_data", str(data.pk), store, cluster="data"))


def planner(upload: Upload) -> Viewer:
    """Whoever made the plan of an upload, with the rights of this moment, and no more than their token gave.

    Raises:
        PermissionDenied: they are no longer in the account, or the credential of their token is revoked.
    """
    return rights_now(upload.created_by, upload.account, upload.plan or {})


def require_planner(upload: Upload, new: NewImage) -> None:
    """Refuse what an image cannot become, because it will be made with the rights of whoever began it.

    Raises:
        PermissionDenied: with the reason.
    """
    try:
        require_plan(new.named(upload.pk), by=planner(upload))
    except PermissionDenied as refused:
        text = f"It will be made with the rights of {upload.created_by}, who began it. {refused}"
        raise PermissionDenied(text) from None


def _offer_to_first(image: Image, by: Viewer, recipients: str) -> None:
    """Whatever is wrong with the recipients is told at their field."""
    try:
        hooks.image_created.ask(image, by, recipients)
    except ValidationError as error:
        raise ValidationError({"recipients": error.messages}) from error


def _built(upload: Upload, by: Viewer, new: NewImage) -> Image:
    return Image(
        pk=upload.pk,
        account=by.account,
        data=upload.data,
        source=SOURCES[Upload.Origin(upload.origin)],
        parent=upload.conversion.image if upload.origin == Upload.Origin.CONVERSION else None,
        created_at=timezone.now(),
        created_by=by.user,
        **new.columns(),
    )


def _require_rights(image: Image, by: Viewer) -> None:
    require(by, Verb.CREATE)
    if reason := visibility_refusal(by, image.visibility):
        raise PermissionDenied(reason)


def _check(image: Image, new: NewImage) -> None:
    if image.region.closed_at:
        raise ValidationError({"region": f"{image.region.name} takes no new images. Choose another region."})
    image.clean_fields(exclude=["account", "region", "data", "created_by", "parent"])
    valid_tags(new.tags)
