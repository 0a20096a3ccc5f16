"""Images that are in the cloud of a region already: registered here by their id there, and shared like any other.

Their data never comes here. What is known of it is what the cloud says, and it belongs to the project of the cloud key.
"""

from collections.abc import Collection
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.errors import Conflict
from accounts.permissions import lock_groups
from accounts.viewer import Viewer
from images.actions.events import record_image
from images.models import Image, ImageData, Region
from images.permissions import Verb as ImageVerb
from images.permissions import require as require_for_image
from images.quotas import confirm, reserve
from images.stores import ELSEWHERE
from servers.clouds.base import Found
from servers.registering import Registration


@transaction.atomic
def register_image(wanted: Registration, found: Found, *, by: Viewer) -> Image:
    """Make a private image of one that the cloud has.

    Args:
        found: what the cloud has just said (``servers.registering``).

    Raises:
        PermissionDenied: the viewer may not add images.
        Conflict: it is registered already.
        QuotaExceeded: the account has no room for another image.
        ValidationError: per field.
    """
    reserve(by.account, images=1)
    by = lock_groups(by)
    require_for_image(by, ImageVerb.CREATE)
    image = Image(
        account=by.account,
        region=wanted.region,
        data=_data_of(wanted.region, found),
        name=wanted.name or found.name or found.id,
        source=Image.Source.REGISTERED,
        architecture=found.architecture or "x86_64",
        min_disk=found.min_disk,
        min_ram=found.min_ram,
        created_at=timezone.now(),
        created_by=by.user,
    )
    _check(image, of_form=("name",), leave_out={"account", "region", "data", "created_by"})
    image.save()
    confirm(by.account, images=1)
    record_image("created", image, by, visibility=image.visibility, source=image.source)
    return image


def _data_of(region: Region, found: Found) -> ImageData:
    """The row of data that lies there, locked. One that was registered and deleted before is taken up again."""
    facts = _facts(found)
    place = {"store": ELSEWHERE, "store_key": f"{region.pk}/{found.id}"}
    _check(ImageData(**place, **facts), leave_out={name for name, value in facts.items() if value == ""})
    data, is_new = ImageData.objects.get_or_create(**place, defaults=facts)
    if is_new:
        return data
    data = ImageData.objects.select_for_update(of=("self",)).get(pk=data.pk)
    if Image.objects.live().filter(data=data).exists():
        raise Conflict("This image is registered already: an image of this panel stands for it.")
    for name, value in facts.items():
        setattr(data, name, value)
    data.removed_at = None
    data.save()
    return data


def _check(row: Image | ImageData, *, of_form: Collection[str] = (), leave_out: Collection[str]) -> None:
    """Whether what the cloud says can be kept. What nobody typed is told on the id, by which it was found."""
    try:
        row.clean_fields(exclude=leave_out)
    except ValidationError as error:
        typed = {name: errors for name, errors in error.error_dict.items() if name in of_form}
        fields = sorted(name.replace("_", " ") for name in error.error_dict if name not in of_form)
        if fields:
            text = f"What the cloud says of it cannot be kept here: {', '.join(fields)}."
            typed["cloud_id"] = [ValidationError(text, code="unfit")]
        raise ValidationError(typed) from None


def _facts(found: Found) -> dict[str, Any]:
    return {
        "disk_format": found.disk_format,
        "container_format": found.container_format,
        "size": found.size,
        "virtual_size": found.virtual_size,
        "checksum": found.md5,
        "os_hash_value": found.sha512,
    }
