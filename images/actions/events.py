"""The events of images."""

from typing import Any

from accounts.models import Event
from accounts.records import record
from accounts.viewer import Viewer
from images.models import Image


def record_image(verb: str, image: Image, by: Viewer | None, **detail: Any) -> Event:
    """Write one event about an image, in the transaction of the change.

    Args:
        verb: past tense ("edited").
        by: None where who did it is not for the account of the event to know.
        detail: what only the account itself sees; ``counterpart`` names who else sees the shared part.
    """
    return record(verb, subject_kind="image", subject_id=image.pk, subject_name=image.name, by=by, **detail)
