"""Files that somebody has begun to send and that are no image yet, as the upload page shows them."""

from dataclasses import dataclass

from accounts.viewer import Viewer
from images.actions.reception import is_alive
from images.models import Upload


@dataclass(frozen=True)
class Unfinished:
    """A row of "Unfinished uploads", and the upload that the page is opened for.

    Attributes:
        status: for the tag of the same name.
        word: what it says.
        percent: how far it is, if that is known and not over.
        next: what can be done: "continue" with the same file, "use" what has come, or nothing but to discard it.
    """

    upload: Upload
    status: str
    word: str
    percent: int | None = None
    next: str = ""

    @classmethod
    def of(cls, upload: Upload) -> "Unfinished":
        """How it looks at this moment."""
        match upload.status:
            case Upload.Status.RECEIVED:
                return cls(upload, "done", "Uploaded", next="use")
            case Upload.Status.PROCESSING:
                return cls(upload, "uploading", "Unpacking", upload.percent, "" if upload.plan else "use")
            case Upload.Status.FAILED:
                return cls(upload, "failed", "Refused")
        sent = upload.offset * 100 // upload.size if upload.size else None
        if is_alive(upload):
            return cls(upload, "uploading", "Uploading", sent)
        return cls(upload, "stopped", "Stopped", sent, "continue")

    @property
    def note(self) -> str:
        """One more sentence, where there is something to say."""
        if self.upload.plan:
            return "The image is made by itself when this is done."
        if self.status == "uploading" and self.word == "Uploading":
            return "It is being sent at this moment, maybe in another tab."
        return self.upload.problem


def unfinished_of(viewer: Viewer) -> list[Unfinished]:
    """What the viewer can go on with, the newest first. One query."""
    uploads = Upload.objects.visible_to(viewer).unexpired().filter(origin=Upload.Origin.UPLOAD)
    return [Unfinished.of(upload) for upload in uploads.select_related("data", "created_by").order_by("-created_at")]
