"""Who is told that an image has come, or does not come. The words are in templates/images/letters."""

from datetime import timedelta
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from accounts.records import notify
from images.models import Image, Upload

# Who has waited no longer than this still looks at the page.
PATIENCE = timedelta(minutes=1)


def image_came(upload: Upload, image: Image) -> None:
    """Tell whoever planned an image that it is there."""
    path = reverse("image_detail", kwargs={"number": upload.account.number, "pk": image.pk})
    _tell("image_came", upload, path=path, image=image)


def upload_stopped(upload: Upload) -> None:
    """Tell whoever waits for an image that it does not come by itself; why stands on the upload."""
    _tell("upload_stopped", upload, path=reverse("image_list", kwargs={"number": upload.account.number}))


def _tell(name: str, upload: Upload, *, path: str, **context: Any) -> None:
    """The first line of a letter is its subject, and what follows is its body."""
    if timezone.now() - upload.created_at < PATIENCE or not upload.created_by.is_active:
        return
    context |= {"upload": upload, "account": upload.account}
    text = render_to_string(f"images/letters/{name}.txt", context)
    subject, _newline, body = text.strip().partition("\n")
    notify([upload.created_by], subject=subject.strip(), body=body.strip(), path=path)
