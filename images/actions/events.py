"""The events of images."""

from typing import Any

from accounts.models import Event
from accounts.records import record
from accounts.viewer import Viewer
from images import hooks
from images.models import Image, Upload


def record_image(verb: str, image: Image, by: Viewer | None, **detail: Any) -> Event:
    """Write one event about an image, in the transaction of the change.

    Args:
        verb: past tense ("edited").
        by: None where who did it is not for the account of the event to know.
        detail: what only the account itself sees; ``counterpart`` names who else sees the shared part.
    """
    return record(verb, subject_kind="image", subject_id=image.pk, subject_name=image.name, by=by, **detail)


def record_copy(verb: str, image: Image, by: Viewer, **detail: Any) -> None:
    """Write down that somebody takes the data of an image: for their account, and for the producer's.

    The producer's event names the share, and the address that the producer typed, and nothing else: the account and
    the people behind it are the other side's business.
    """
    record_image(verb, image, by, **detail)
    if image.account_id != by.account.pk:
        hooks.data_taken.ask(image, by)
        for held in filter(None, hooks.known_as.ask(by, image)):
            record_image(verb, image, None, account=image.account, address=held.address, share=held.share)


def record_import(verb: str, upload: Upload, by: Viewer | None, **detail: Any) -> None:
    """Write one event about an import, in the transaction of the change; see ``record_image``."""
    record(
        verb,
        subject_kind="import",
        subject_id=upload.pk,
        subject_name=upload.title,
        by=by,
        account=upload.account,
        **detail,
    )


def record_import_begun(upload: Upload, by: Viewer, **detail: Any) -> None:
    """Write down that somebody has an image made of what is fetched or was staged; again, after it did not come.

    An import is one thing, however often it is tried: it has one event "import started".
    """
    earlier = Event.objects.of("import", upload.pk).filter(verb="import started")
    record_import("import retried" if earlier.exists() else "import started", upload, by, **detail)
